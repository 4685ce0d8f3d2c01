//! What has ended over all homes, for supervisors: by day, outcome and how soon it was answered; and what was opened
//! without an alert in hand, until one of them has seen it.
//!
//! Who was never answered is counted as that. Not here: one alert's story (the card).

use care::Severity;
use care::alert::Outcome;
use maud::{Markup, html};

use crate::pages::top::{Here, top};
use crate::pages::when;
use crate::pages::{Frame, desk};
use crate::words::Words;
use centre::auth::Staff;
use centre::lang::Lang;
use centre::live::view::home_text;
use centre::zone::Wall;
use records::closed::{Ended, Wanted};
use records::look::Glass;

/// What the page shows.
pub struct Closed<'a> {
    /// What was asked for, as the form holds it.
    pub days: (&'a str, &'a str),
    /// The same, read.
    pub wanted: &'a Wanted,
    /// Newest first.
    pub rows: &'a [Ended],
    /// How many fit in all.
    pub all: i64,
    /// What was opened and nobody has seen, with what its home is called; and whether there is more.
    pub glass: (&'a [(Glass, String)], bool),
    /// The days before which ended alerts and ended faults are forgotten, where they are later than the first day.
    pub kept: [Option<String>; 2],
    /// Now, in the zone of the homes.
    pub wall: Wall<'a>,
}

/// Answer times that can be asked for, as words.
pub const ANSWERS: [&str; 6] = ["any", "15", "60", "180", "later", "never"];

/// The page.
pub fn page(me: &Staff, closed: &Closed<'_>) -> Markup {
    let lang = me.lang;
    let title = format!("{} · {}", lang.t("closed.title"), lang.t("app.name"));
    let body = html! {
            div class="home" {
                (top(me, closed.wall, Here::Closed))
                main {
                    div data-now="glass" { @if !closed.glass.0.is_empty() { (opened(me, closed.wall, closed.glass)) } }
                    (filter(lang, closed))
                    (list(lang, closed))
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

fn opened(me: &Staff, wall: Wall<'_>, (glass, more): (&[(Glass, String)], bool)) -> Markup {
    let lang = me.lang;
    let n = format!("{}{}", glass.len(), if more { "+" } else { "" });
    html! {
        section class="sheet" aria-labelledby="gl" {
            header { h2 id="gl" { (lang.fill("closed.glass", &[("n", &n)])) } }
            table class="data" { tbody {
                @for (one, label) in glass {
                    tr data-state="due" {
                        td { (wall.table(one.wall)) }
                        td { bdi { (one.display) } " " (one.number) }
                        td { a href={ "/homes/" (home_text(one.home)) } { bdi { (label) } } }
                        td { bdi { (one.reason) } }
                        td class="end" {
                            // Nobody sees what they opened themselves.
                            @if one.staff == me.id { span class="second" { (lang.t("closed.own")) } }
                            @else { form action={ "/glass/" (one.id) "/seen" } method="post" {
                                button class="button" { (lang.t("closed.seen")) }
                            } }
                        }
                    }
                }
            } }
        }
    }
}

fn filter(lang: Lang, closed: &Closed<'_>) -> Markup {
    let wanted = closed.wanted;
    html! {
        form class="rehearse no-print" action="/closed" method="get" {
            label { span { (lang.t("closed.from")) } input type="date" name="from" value=(closed.days.0); }
            label { span { (lang.t("closed.to")) } input type="date" name="to" value=(closed.days.1); }
            label {
                span { (lang.t("card.outcome")) }
                select name="outcome" {
                    option value="" selected[wanted.outcome.is_none()] { (lang.t("closed.all")) }
                    @for outcome in Outcome::ALL {
                        option value=(outcome.code()) selected[wanted.outcome == Some(outcome)] { (lang.t(&format!("outcome.{}", outcome.code()))) }
                    }
                }
            }
            label {
                span { (lang.t("closed.answer")) }
                select name="answer" {
                    @for word in ANSWERS {
                        option value=(word) selected[wanted.answer.word() == word] { (lang.t(&format!("answer.{word}"))) }
                    }
                }
            }
            button class="button next" { (lang.t("homes.go")) }
        }
    }
}

fn list(lang: Lang, closed: &Closed<'_>) -> Markup {
    let t = |key: &'static str| lang.t(key);
    html! {
        section class="sheet" {
            header {
                h1 { b { (lang.fill("closed.count", &[("n", &closed.all.to_string())])) } }
                @if usize::try_from(closed.all).unwrap_or(usize::MAX) > closed.rows.len() {
                    span class="quiet" { (lang.fill("closed.more", &[("n", &closed.rows.len().to_string())])) }
                }
            }
            @for (key, day) in ["closed.kept", "closed.kept_faults"].into_iter().zip(&closed.kept) {
                @if let Some(day) = day { p class="quiet" { (lang.fill(key, &[("day", day)])) } }
            }
            @if closed.rows.is_empty() { p class="quiet" { (t("closed.none")) } }
            @else { table class="data" {
                thead { tr {
                    th { (t("home.time")) } th { (t("homes.home")) } th { (t("home.cause")) }
                    th class="end" { (t("closed.answer")) } th { (t("closed.by")) } th { (t("card.outcome")) }
                } }
                tbody { @for row in closed.rows { (line(lang, closed.wall, row)) } }
            } }
        }
    }
}

fn line(lang: Lang, wall: Wall<'_>, row: &Ended) -> Markup {
    let answer = row.claimed_wall.map(|at| at - row.raised_wall);
    let late = row.severity == Severity::Emergency && answer.is_none_or(|ms| ms > 15_000);
    html! {
        tr data-state=(if late { "due" } else { "fine" }) {
            td { (wall.table(row.raised_wall)) }
            td {
                @if row.home == 0 { bdi { (row.label) } }
                @else { a href={ "/homes/" (home_text(row.home)) } { bdi { (row.label) } } }
                " " bdi { (row.person) }
            }
            td {
                (lang.t(&format!("kind.{}", row.kind.word()))) " "
                span class="second" { (lang.t(&format!("severity.{}", row.severity.word()))) }
            }
            td class="end" {
                @match answer { Some(ms) => { (when::span(ms, lang)) } None => { (lang.t("answer.never")) } }
            }
            td { bdi { (row.closer) } }
            td {
                @match row.outcome {
                    Some(outcome) => { (outcome.code()) " " (lang.t(&format!("outcome.{}", outcome.code()))) }
                    None => { (lang.t("home.ended")) }
                }
                @if !row.note.is_empty() { " " span class="second" { bdi { (row.note) } } }
            }
        }
    }
}
