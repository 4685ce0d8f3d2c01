//! The list of homes: found by name, room or number, each with what is open.
//!
//! A screen for looking somebody up, not for watching. Not here: one home (`home`).

use maud::{Markup, html};

use crate::auth::Staff;
use crate::pages::home::top;
use crate::pages::{Frame, sprite};

/// One line of the list.
pub struct Line {
    /// Id as printed.
    pub id: String,
    /// Where.
    pub label: String,
    /// Who.
    pub person: String,
    /// Alerts that are not closed.
    pub open: usize,
}

/// The page. `asked`: what was searched for; `more`: whether further homes fit.
pub fn page(me: &Staff, now_ms: i64, asked: &str, lines: &[Line], more: bool) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    let count = lines.len().to_string();
    let title = format!("{} · {}", t("homes.title"), t("app.name"));
    let body = html! {
        body data-now-ms=(now_ms) {
            (sprite())
            div class="home" {
                (top(me, now_ms))
                main {
                    form class="search" action="/homes" method="get" role="search" {
                        label for="q" { (t("homes.search")) }
                        input id="q" name="q" value=(asked) autocomplete="off" autofocus;
                        button class="button next" { (t("homes.go")) }
                    }
                    section class="sheet" {
                        header {
                            h1 { b { (me.lang.fill("homes.count", &[("n", &count)])) } }
                            @if more { span class="quiet" { (me.lang.fill("homes.more", &[("n", &count)])) } }
                        }
                        @if lines.is_empty() { p class="quiet" { (t("homes.none")) } }
                        table class="data" {
                            thead { tr { th { (t("homes.home")) } th { (t("homes.person")) } th { (t("home.id")) } th class="end" { (t("homes.open")) } } }
                            tbody {
                                @for line in lines {
                                    tr {
                                        td { a href={ "/homes/" (line.id) } { (line.label) } }
                                        td { (line.person) }
                                        td { (line.id) }
                                        td class="end" { (line.open) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    let frame = Frame {
        title: &title,
        lang: me.lang,
        theme: &me.theme,
        css: &["home.css"],
        script: "page.js",
    };
    frame.around(&body)
}
