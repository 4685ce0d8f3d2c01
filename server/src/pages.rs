//! The screens, drawn on the server: one file a screen, one frame around all.
//!
//! State is in attributes (`data-theme`, `data-state`, `data-p`), words are in the locale files, and
//! neither styles nor scripts are ever inline. Not here: who may see what (`routes::pages`).

pub mod card;
pub mod chart;
pub mod closed;
pub mod console;
pub mod day;
pub mod desk;
pub mod fallback;
pub mod faults;
pub mod home;
pub mod homes;
pub mod login;
pub mod looks;
pub mod me;
pub mod people;
pub mod protected;
pub mod refused;
pub mod rehearsal;
pub mod setup;
pub mod start;
pub mod tokens;
pub mod top;
pub mod when;

use maud::{DOCTYPE, Markup, html};

use crate::assets;
use centre::lang::Lang;

/// Head and frame of a page.
pub struct Frame<'a> {
    /// Text of the tab.
    pub title: &'a str,
    /// Language of the page.
    pub lang: Lang,
    /// `day` or `night`.
    pub theme: &'a str,
    /// Stylesheets beside tokens and base.
    pub css: &'a [&'a str],
    /// The page's script.
    pub script: &'a str,
}

impl Frame<'_> {
    /// The whole document around `body`, which brings its own `body` element.
    pub fn around(&self, body: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang=(self.lang.tag()) data-theme=(self.theme) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) }
                    link rel="icon" href="data:,";
                    @for sheet in ["tokens.css", "base.css"].iter().chain(self.css) {
                        link rel="stylesheet" href=(assets::url(sheet));
                    }
                    script type="module" src=(assets::url(self.script)) {}
                }
                (body)
            }
        }
    }
}

/// The marks and patterns that pages refer to.
pub fn sprite() -> Markup {
    html! {
        svg class="sprite" aria-hidden="true" {
            defs {
                pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    line class="hatch-line" x1="0" y1="0" x2="0" y2="6" {}
                }
            }
            symbol id="p1" viewBox="0 0 16 16" { path d="M8 0.5 15.5 8 8 15.5 0.5 8Z" {} }
            symbol id="p1-open" viewBox="0 0 16 16" { path d="M8 1.5 14.5 8 8 14.5 1.5 8Z" fill="none" stroke="currentColor" stroke-width="2" {} }
            symbol id="p2" viewBox="0 0 16 16" { path d="M8 1 15.5 15H0.5Z" {} }
            symbol id="p3" viewBox="0 0 16 16" { circle cx="8" cy="8" r="6" {} }
            symbol id="pf" viewBox="0 0 16 16" { circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="3.1 3.18" {} }
            symbol id="tick" viewBox="0 0 16 16" { path d="M2.5 8.5 6.5 12.5 13.5 4" fill="none" stroke="currentColor" stroke-width="2" {} }
            symbol id="broken" viewBox="0 0 16 16" { path d="M1 8H5M11 8H15M6.5 11.5 9.5 4.5" fill="none" stroke="currentColor" stroke-width="2" {} }
        }
    }
}

/// A mark from the sprite.
pub fn mark(name: &str) -> Markup {
    html! { svg class="icon solid" aria-hidden="true" { use href={ "#" (name) } {} } }
}
