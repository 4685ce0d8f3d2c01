//! One home: is it watched over, what happened in a day, what needs doing. Prints on a sheet.
//!
//! A number never stands without its age; silence is the word 未知 on hatch. Not here: the console.

use maud::{Markup, html};

use crate::auth::Staff;
use crate::desk::chain::state_word;
use crate::desk::protection::Day;
use crate::desk::view::{kind_of, kind_word};
use crate::pages::protected::Shown;
use crate::pages::when::{self, Wall};
use crate::pages::{Frame, day, sprite};
use crate::records::desk::DeskRow;
use crate::records::staff::AccessRow;
use crate::words::Lang;

/// Causes that stand above the day.
const CAUSES: usize = 6;

/// What the page shows.
pub struct Home<'a> {
    /// Its id as printed.
    pub id: &'a str,
    /// Where it is.
    pub address: &'a str,
    /// Who lives there; empty when nobody is entered.
    pub person: &'a str,
    /// Now.
    pub wall: Wall<'a>,
    /// The last day.
    pub day: &'a Day,
    /// How far it is protected.
    pub shown: Shown<'a>,
    /// Its last alerts, newest first.
    pub events: &'a [DeskRow],
    /// Who looked, newest first.
    pub looks: &'a [AccessRow],
}

/// The page.
pub fn page(me: &Staff, home: &Home<'_>) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    let name = if home.person.is_empty() { home.address } else { home.person };
    let title = me.lang.fill("home.title", &[("name", name), ("app", t("app.name"))]);
    let logged = me.lang.fill(
        "home.logged",
        &[("who", &me.display), ("role", me.lang.t(&format!("role.{}", me.role.word())))],
    );
    let body = html! {
        body data-now-ms=(home.day.to_ms) {
            (sprite())
            div class="home" {
                (top(me, home.wall))
                main {
                    p class="crumbs" { span { (home.address) } span { (logged) } }
                    (state(me.lang, home))
                    (day::sheet(me.lang, home.wall, home.day, home.events))
                    p { a class="button" href={ "/homes/" (home.id) "/rehearsal" } { (t("rehearse.open")) } }
                    div class="two" {
                        (home.shown.table())
                        div class="stack" { (events(me.lang, home)) (looks(me.lang, home)) }
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

/// The bar above office pages.
pub(super) fn top(me: &Staff, wall: Wall<'_>) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    html! {
        header class="top" {
            b { (t("app.name")) }
            nav class="group" aria-label=(t("app.menu")) {
                a href="/console" { (t("app.room")) }
                a href="/homes" aria-current="page" { b { (t("app.homes")) } }
                a href="/faults" { (t("faults.title")) }
            }
            div class="group push second" { a href="/homes" { (t("console.find")) } }
            (wall.face())
            span class="second" { (me.display) }
        }
    }
}

fn state(lang: Lang, home: &Home<'_>) -> Markup {
    let (day, shown) = (home.day, &home.shown);
    let all = day.devices.len();
    let open = home.events.iter().filter(|row| row.state < 3).count();
    html! {
        section class="sheet state" aria-labelledby="st" data-protection=(state_word(shown.protected.protection.state)) {
            div {
                p class="second" { b { (home.person) } "　" (home.id) }
                h1 id="st" {
                    @if !shown.is_well() { svg class="icon solid" data-p="2" aria-hidden="true" { use href="#p2" {} } }
                    (shown.word())
                }
                @if open > 0 {
                    p class="line" { a href="/console" { (lang.fill("home.line_open", &[("n", &open.to_string())])) } }
                }
                @if shown.is_well() { p class="line" { span { (lang.t("home.line_fine")) } } }
                @for cause in shown.causes(CAUSES) { p class="line" { span { (cause) } } }
            }
            div class="figures" {
                (stat(lang.t("home.figures_open"), &html! { (open) }, lang.t("home.now")))
                (stat(lang.t("home.figures_devices"),
                    &html! { (shown.heard()) small { (lang.fill("home.of", &[("n", &all.to_string())])) } },
                    &home.wall.minute(day.to_ms)))
                (answered(lang, home))
            }
        }
    }
}

fn stat(label: &str, value: &Markup, age: &str) -> Markup {
    html! { dl class="stat" { dt { (label) } dd { (value) } dd class="age" { (age) } } }
}

fn answered(lang: Lang, home: &Home<'_>) -> Markup {
    let since = home.day.to_ms - 30 * 24 * 3_600_000;
    let mine: Vec<i64> = home
        .events
        .iter()
        .filter(|row| row.severity == 3 && row.raised_wall >= since)
        .filter_map(|row| row.claimed_wall.map(|claimed| claimed - row.raised_wall))
        .collect();
    let quick = mine.iter().filter(|ms| **ms <= 15_000).count();
    let of = lang.fill("home.of", &[("n", &mine.len().to_string())]);
    stat(
        lang.t("home.figures_answer"),
        &html! { (quick) small { (of) } },
        &home.wall.minute(home.day.to_ms),
    )
}

fn events(lang: Lang, home: &Home<'_>) -> Markup {
    let t = |key: &'static str| lang.t(key);
    html! {
        section class="sheet" aria-labelledby="in" {
            header { h2 id="in" { (t("home.events")) } }
            @if home.events.is_empty() { p class="quiet" { (t("home.no_events")) } }
            @else { table class="data" {
                thead { tr { th { (t("home.time")) } th { (t("home.cause")) } th class="end" { (t("home.answered")) } th { (t("card.outcome")) } } }
                tbody {
                    @for row in home.events.iter().take(8) {
                        tr {
                            td { (home.wall.table(row.raised_wall)) }
                            td { (lang.t(&format!("kind.{}", kind_word(kind_of(row.kind))))) }
                            td class="end" { @match row.claimed_wall {
                                Some(at) => { (when::span(at - row.raised_wall, lang)) }
                                None => { @if row.state == 0 { (t("js.unclaimed")) } }
                            } }
                            td {
                                @match row.outcome {
                                    Some(code) => { (code) " " (lang.t(&format!("outcome.{code}"))) }
                                    None => { @if row.state < 3 { (t("home.open_now")) } @else { (t("home.ended")) } }
                                }
                            }
                        }
                    }
                }
            } }
        }
    }
}

fn looks(lang: Lang, home: &Home<'_>) -> Markup {
    html! {
        section class="sheet" aria-labelledby="vw" {
            header { h2 id="vw" { (lang.t("home.viewed")) } }
            @if home.looks.is_empty() { p class="quiet" { (lang.t("home.nobody")) } }
            table class="data" { tbody {
                @for look in home.looks.iter().take(6) {
                    tr {
                        td { (home.wall.table(look.wall)) }
                        td { (look.display) (lang.t("js.gap")) (lang.t(&format!("role.{}", look.role))) }
                        td { (lang.t(if look.why == "alert" { "key.claim" } else { "app.homes" })) }
                    }
                }
            } }
        }
    }
}
