//! The bar above office pages: the alarm or the menu, who is on duty, the seat; under it what every page has.
//!
//! The menu marks the page that somebody is on, and no other. Not here: the console's own bar (`console`).

use maud::{Markup, html};

use crate::pages::desk;
use crate::words::Words;
use centre::auth::Staff;
use centre::auth::role::{Administering, Duty, Releasing};
use centre::zone::Wall;

/// A place of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Here {
    /// Homes, and what belongs to one.
    Homes,
    /// The fault desk.
    Faults,
    /// What has ended.
    Closed,
    /// Programs and their tokens.
    Tokens,
    /// A page that the menu does not lead to.
    Apart,
}

/// The bar, and the bars under it.
pub(super) fn top(me: &Staff, wall: Wall<'_>, here: Here) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    let places = [
        (Here::Homes, "/homes", t("app.homes"), true),
        (Here::Faults, "/faults", t("faults.title"), true),
        (Here::Closed, "/closed", t("closed.title"), Releasing::allows(me.role)),
        (Here::Tokens, "/tokens", t("tokens.title"), Administering::allows(me.role)),
    ];
    html! {
        header class="top" {
            (desk::alarm_line(me))
            div class="group" id="menu" {
                b { (t("app.name")) }
                nav class="group" aria-label=(t("app.menu")) {
                    a href="/console" { (t("app.room")) }
                    @for (place, href, name, _) in places.into_iter().filter(|place| place.3) {
                        @if place == here { a href=(href) aria-current="page" { b { (name) } } }
                        @else { a href=(href) { (name) } }
                    }
                }
            }
            div class="group push second aside" {
                (desk::on_duty(me))
                a href="/homes" { (t("console.find")) } kbd class="cap" { "Ctrl K" }
            }
            (desk::seat(me, wall))
        }
        (desk::bars(me))
        (desk::fallback(me, ""))
    }
}
