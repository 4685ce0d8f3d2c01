//! Who looked at the people of a home, at what and why: the last looks for the home's page, and all of a month.
//!
//! Two people of one name are two: each stands with their staff number. Not here: what is written down (`desk::rights`).

use maud::{Markup, html};

use crate::pages::top::{Here, top};
use crate::pages::{Frame, desk};
use crate::words::Words;
use centre::auth::Staff;
use centre::lang::Lang;
use centre::zone::Wall;
use records::look::Looked;

/// Months that are listed, newest first.
const MONTHS: usize = 36;
/// Most looks on the page of a month.
pub const LOOKS_MAX: usize = 2_000;

/// The looks of a month.
pub struct Month<'a> {
    /// Id of the home as printed.
    pub id: &'a str,
    /// Where it is.
    pub address: &'a str,
    /// The month, `2026-11`.
    pub month: &'a str,
    /// The one before, and the one after unless it has not begun.
    pub beside: (String, Option<String>),
    /// The day before which looks are forgotten, if that is later than the month's beginning.
    pub kept: Option<String>,
    /// All months that have looks or could have.
    pub months: &'a [String],
    /// Newest first.
    pub looks: &'a [Looked],
    /// Now, in the zone of the homes.
    pub wall: Wall<'a>,
}

fn lines(lang: Lang, wall: Wall<'_>, looks: &[Looked]) -> Markup {
    html! {
        @for look in looks {
            tr data-state=(if look.shown && look.why != "claim" { "due" } else { "fine" }) {
                td class="nowrap" { (wall.table(look.wall)) }
                td { bdi { (look.display) } " " (look.number) (lang.t("js.gap")) (lang.t(&format!("role.{}", look.role))) }
                td {
                    (lang.t(&format!("look.{}", look.what)))
                    @if look.shown { (lang.t("js.gap")) (lang.t("look.shown")) }
                }
                td {
                    @if !look.why.is_empty() { (lang.t(&format!("why.{}", look.why))) }
                    @if look.why == "glass" { " " bdi { (look.detail) } }
                }
            }
        }
    }
}

fn table(lang: Lang, wall: Wall<'_>, looks: &[Looked]) -> Markup {
    html! {
        table class="data" {
            thead { tr {
                th { (lang.t("home.time")) } th { (lang.t("look.who")) } th { (lang.t("look.at")) } th { (lang.t("look.why")) }
            } }
            tbody { (lines(lang, wall, looks)) }
        }
    }
}

/// The months from the first look on that are not forgotten, newest first.
pub fn months(wall: Wall<'_>, first: Option<i64>, kept: Option<i64>) -> Vec<String> {
    let Some(first) = first else { return Vec::new() };
    let begin = wall.date(kept.map_or(first, |edge| edge.max(first))).first_of_month();
    let mut month = wall.date(wall.now_ms).first_of_month();
    let mut all = Vec::new();
    while month >= begin && all.len() < MONTHS {
        all.push(month.strftime("%Y-%m").to_string());
        month = month.saturating_sub(jiff::Span::new().months(1));
    }
    all
}

/// One press leads to any month.
fn choice(lang: Lang, id: &str, months: &[String], shown: &str) -> Markup {
    html! {
        nav class="months" aria-label=(lang.t("look.months")) {
            @for month in months {
                a href={ "/homes/" (id) "/looks?month=" (month) } aria-current=[(month == shown).then_some("page")] { (month) }
            }
        }
    }
}

/// The last looks, for the page of a home.
pub fn section(
    lang: Lang,
    wall: Wall<'_>,
    (id, months): (&str, &[String]),
    looks: &[Looked],
) -> Markup {
    html! {
        section class="sheet" aria-labelledby="vw" {
            header {
                h2 id="vw" { (lang.t("home.viewed")) }
                a href={ "/homes/" (id) "/looks" } { (lang.t("look.months")) }
            }
            (choice(lang, id, months, ""))
            @if looks.is_empty() { p class="quiet" { (lang.t("home.nobody")) } }
            @else { (table(lang, wall, looks)) }
        }
    }
}

/// The page of a month.
pub fn page(me: &Staff, month: &Month<'_>) -> Markup {
    let lang = me.lang;
    let people: std::collections::BTreeSet<&str> =
        month.looks.iter().map(|look| look.staff.as_str()).collect();
    let shown = month.looks.iter().filter(|look| look.shown).count();
    let count = lang.fill(
        "look.count",
        &[
            ("n", &month.looks.len().to_string()),
            ("people", &people.len().to_string()),
            ("shown", &shown.to_string()),
        ],
    );
    let to = |text: &str| format!("/homes/{}/looks?month={text}", month.id);
    let title = format!("{} {} · {}", lang.t("home.viewed"), month.month, lang.t("app.name"));
    let body = html! {
            div class="home" {
                (top(me, month.wall, Here::Homes))
                main {
                    p class="crumbs" { a href={ "/homes/" (month.id) } { (month.address) } span { (count) } }
                    section class="sheet" {
                        header {
                            h1 { b { (lang.t("home.viewed")) " " (month.month) } }
                            nav class="figures" aria-label=(lang.t("look.beside")) {
                                a href=(to(&month.beside.0)) { (month.beside.0) }
                                @if let Some(next) = &month.beside.1 { a href=(to(next)) { (next) } }
                            }
                        }
                        (choice(lang, month.id, month.months, month.month))
                        @if month.looks.len() >= LOOKS_MAX {
                            p class="quiet" { (lang.fill("look.more", &[("n", &LOOKS_MAX.to_string())])) }
                        }
                        @if let Some(day) = &month.kept { p class="quiet" { (lang.fill("look.kept", &[("day", day)])) } }
                        @if month.looks.is_empty() { p class="quiet" { (lang.t("home.nobody")) } }
                        @else { (table(lang, month.wall, month.looks)) }
                    }
                }
            }
    };
    let frame = Frame {
        title: &title,
        lang,
        theme: &me.theme,
        css: &["desk.css", "home.css"],
        script: "page.js",
    };
    frame.around(&desk::body(me, "office", &title, &body))
}
