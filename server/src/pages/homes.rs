//! The list of homes: found by name, room or number, each with what is open.
//!
//! A screen for looking somebody up, not for watching. Not here: one home (`home`).

use maud::{Markup, html};

use crate::pages::protected::headline;
use crate::pages::top::{Here, top};
use crate::pages::{Frame, desk};
use crate::words::Words;
use centre::auth::Staff;
use centre::desk::chain::Protected;
use centre::zone::Wall;

/// One line of the list.
pub struct Line {
    /// Id as printed.
    pub id: String,
    /// Where.
    pub label: String,
    /// Who.
    pub person: String,
    /// How far it is protected.
    pub protected: Protected,
    /// Alerts that are not closed.
    pub open: usize,
}

/// Order of a door among doors: its numbers count as numbers, so that 2-101 stands before 10-101.
pub fn door(label: &str) -> Vec<(String, u64)> {
    let mut parts = vec![(String::new(), 0_u64)];
    let mut in_number = false;
    for c in label.chars() {
        match (c.to_digit(10), parts.last_mut()) {
            (Some(digit), Some((_, number))) => {
                *number = number.saturating_mul(10).saturating_add(u64::from(digit));
                in_number = true;
            }
            (None, Some((word, _))) if !in_number => word.push(c),
            _ => {
                parts.push((c.to_string(), 0));
                in_number = false;
            }
        }
    }
    parts
}

/// The page; `asked`: what is looked for, all if nothing is; `more`: whether further homes fit. The field asks in the
/// body of a request, so that no name stands in an address, a history or a log.
pub fn page(me: &Staff, wall: Wall<'_>, asked: &str, lines: &[Line], more: bool) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    let count = lines.len().to_string();
    let title = format!("{} · {}", t("homes.title"), t("app.name"));
    let content = html! {
        div class="home" {
            (top(me, wall, Here::Homes))
            main {
                form class="search" id="search" action="/homes" method="post" role="search" {
                    label for="q" { (t("homes.search")) }
                    input id="q" name="q" value=(asked) maxlength="100" autocomplete="off" autofocus;
                    button class="button next" { (t("homes.go")) }
                    p class="quiet" id="found-say" role="status" {}
                    ol class="found sheet" id="found" hidden {}
                }
                section class="sheet" id="all" {
                    header {
                        h1 { b { (me.lang.fill("homes.count", &[("n", &count)])) } }
                        @if more { span class="quiet" { (me.lang.fill("homes.more", &[("n", &count)])) } }
                    }
                    @if lines.is_empty() { p class="quiet" { (t("homes.none")) } }
                    @else { table class="data" {
                        thead { tr { th { (t("homes.home")) } th { (t("homes.person")) } th { (t("home.id")) } th { (t("homes.protection")) } th class="end" { (t("homes.open")) } } }
                        tbody data-now=[asked.is_empty().then_some("homes")] {
                            @for line in lines {
                                tr {
                                    td { a href={ "/homes/" (line.id) } { (line.label) } }
                                    td { (line.person) }
                                    td { (line.id) }
                                    td { (headline(me.lang, &line.protected)) }
                                    td class="end" { (line.open) }
                                }
                            }
                        }
                    } }
                }
            }
        }
    };
    let frame = Frame {
        title: &title,
        lang: me.lang,
        theme: &me.theme,
        css: &["desk.css", "home.css"],
        script: "page.js",
    };
    frame.around(&desk::body(me, "office", &title, &content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_stand_in_the_order_of_their_numbers() {
        let mut doors = ["10-101", "2-1102", "2-203", "甲栋 3号 12", "甲栋 3号 4"];
        doors.sort_by_cached_key(|label| door(label));
        assert_eq!(doors, ["2-203", "2-1102", "10-101", "甲栋 3号 4", "甲栋 3号 12"]);
    }
}
