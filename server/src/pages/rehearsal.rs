//! The rehearsal of one home: other settings above, what its own past would have told below.
//!
//! A plain form: what is asked stands in the address, so that two people look at the same answer. Nothing here
//! changes how the home is judged. Not here: how a past is judged (`rehearsal`).

use care::policy::{Rules, Watch};
use maud::{Markup, html};
use proto::unit::Millis;

use crate::pages::top::{Here, top};
use crate::pages::{Frame, desk, when};
use crate::words::Words;
use centre::auth::Staff;
use centre::lang::Lang;
use centre::rehearsal::compare::{Comparison, Moved, Sum, Told};
use centre::zone::Wall;

/// Alarms of one list on the page; the rest is in the answer of the API.
const SHOWN: usize = 20;
/// Choices: minutes out of bed at night, hours of stillness, seconds of asking, days of past. 0 = not at all.
const BED_MIN: [u64; 6] = [15, 20, 30, 45, 60, 0];
const STILL_H: [u64; 5] = [6, 8, 12, 16, 0];
const ASK_S: [u64; 4] = [30, 60, 120, 0];
const DAYS: [u64; 4] = [7, 30, 60, 90];
const WATCHES: [(&str, Watch, &str); 2] =
    [("calm", Watch::Calm, "rehearse.calm"), ("alert", Watch::Alert, "rehearse.alert")];

/// What somebody has chosen.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    /// Rules as chosen.
    pub rules: Rules,
    /// Days of past.
    pub days: u16,
}

/// The page.
pub struct Rehearsal<'a> {
    /// Home id as printed.
    pub id: &'a str,
    /// Where it is.
    pub label: &'a str,
    /// Who lives there.
    pub person: &'a str,
    /// What is chosen in the form.
    pub chosen: Chosen,
    /// What came of it, if anything was asked; the error in words if it could not be told.
    pub answer: Option<Result<Comparison, String>>,
    /// Now.
    pub wall: Wall<'a>,
}

/// Draws it.
pub fn page(me: &Staff, home: &Rehearsal<'_>) -> Markup {
    let lang = me.lang;
    let t = |key: &'static str| lang.t(key);
    let name = if home.person.is_empty() { home.label } else { home.person };
    let title = lang.fill("rehearse.title", &[("name", name), ("app", t("app.name"))]);
    let content = html! {
            div class="home" {
                (top(me, home.wall, Here::Homes))
                main {
                    p class="crumbs" {
                        a href={ "/homes/" (home.id) } { (home.label) }
                        span { (t("rehearse.untouched")) }
                    }
                    (form(lang, home))
                    @match &home.answer {
                        Some(Ok(answer)) => (told(lang, home.wall, answer))
                        Some(Err(sentence)) => section class="sheet" { p { (sentence) } }
                        None => {}
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
    frame.around(&desk::body(me, "office", &title, &content))
}

fn form(lang: Lang, home: &Rehearsal<'_>) -> Markup {
    let t = |key: &'static str| lang.t(key);
    let rules = &home.chosen.rules;
    let days = Some(Millis::secs(u64::from(home.chosen.days) * 86_400));
    let fields = [
        ("bed", "rehearse.bed", ("age.minutes", 60_000), rules.bed_out_night, &BED_MIN[..]),
        ("still", "rehearse.still", ("age.hours", 3_600_000), rules.still_max, &STILL_H),
        ("ask", "rehearse.ask", ("age.seconds", 1_000), rules.ask, &ASK_S),
        ("days", "rehearse.days", ("age.days", 86_400_000), days, &DAYS),
    ];
    html! {
        section class="sheet" aria-labelledby="rh" {
            header {
                h1 id="rh" { b { (t("rehearse.head")) } }
                span class="quiet" { (t("rehearse.what")) }
            }
            form class="rehearse" action={ "/homes/" (home.id) "/rehearsal" } method="get" {
                @for (name, label, unit, span, choices) in fields {
                    label {
                        span { (t(label)) }
                        select name=(name) { (options(lang, unit, span, choices)) }
                    }
                }
                label {
                    span { (t("rehearse.watch")) }
                    select name="watch" {
                        @for (word, watch, text) in WATCHES {
                            option value=(word) selected[watch == rules.watch] { (t(text)) }
                        }
                    }
                }
                button class="button next" { (t("rehearse.go")) }
            }
        }
    }
}

/// The choices. A span that is no whole number of units stays as it is: it is sent as nothing.
fn options(lang: Lang, unit: (&str, u64), span: Option<Millis>, choices: &[u64]) -> Markup {
    let ms = span.map_or(0, Millis::get);
    let word = |n: u64| match n {
        0 => lang.t("rehearse.never").to_owned(),
        n => lang.fill(unit.0, &[("n", &n.to_string())]),
    };
    let whole = ms.is_multiple_of(unit.1).then_some(ms / unit.1);
    let own = whole.filter(|n| !choices.contains(n));
    html! {
        @if whole.is_none() {
            option value="" selected { (when::span(i64::try_from(ms).unwrap_or(i64::MAX), lang)) }
        }
        @for n in own.into_iter().chain(choices.iter().copied()) {
            option value=(n) selected[Some(n) == whole] { (word(n)) }
        }
    }
}

fn told(lang: Lang, wall: Wall<'_>, answer: &Comparison) -> Markup {
    let t = |key: &'static str| lang.t(key);
    #[expect(clippy::cast_possible_truncation, reason = "at most 90 days")]
    let span = when::span((answer.days * 86_400_000.0) as i64, lang);
    let minutes = answer.closed_after_min.to_string();
    html! {
        section class="sheet" aria-labelledby="an" {
            header {
                h2 id="an" { (lang.fill("rehearse.gained_lost", &[
                    ("gained", &answer.gained.to_string()), ("lost", &answer.lost.to_string()),
                    ("moved", &answer.moved.to_string())])) }
                span class="quiet" { (lang.fill("rehearse.over", &[("age", &span)])) }
            }
            table class="data" {
                thead { tr {
                    th { } th class="end" { (t("rehearse.alarms")) } th class="end" { (t("rehearse.emergencies")) }
                    th class="end" { (t("rehearse.asked")) } th class="end" { (t("rehearse.answered")) }
                } }
                tbody { (sum(t("rehearse.present"), &answer.present)) (sum(t("rehearse.changed"), &answer.changed)) }
            }
            p class="second" { (lang.fill("rehearse.assumed", &[("n", &minutes)])) }
            @if answer.cut { p { b { (t("rehearse.cut")) } } }
        }
        (list(lang, wall, t("rehearse.gained"), (&answer.gained_alarms, answer.gained)))
        (list(lang, wall, t("rehearse.lost"), (&answer.lost_alarms, answer.lost)))
        (moved(lang, wall, answer))
    }
}

fn sum(name: &str, sum: &Sum) -> Markup {
    html! {
        tr {
            td { (name) } td class="end" { (sum.alarms) } td class="end" { (sum.emergencies) }
            td class="end" { (sum.asked) } td class="end" { (sum.answered) }
        }
    }
}

fn list(lang: Lang, wall: Wall<'_>, head: &str, (alarms, all): (&[Told], usize)) -> Markup {
    html! {
        section class="sheet" {
            header { h2 { (head) " " (all) } @if all > SHOWN { span class="quiet" { (lang.fill("homes.more", &[("n", &SHOWN.to_string())])) } } }
            @if alarms.is_empty() { p class="quiet" { (lang.t("rehearse.none")) } }
            table class="data" { tbody { @for alarm in alarms.iter().take(SHOWN) { (line(lang, wall, alarm, None)) } } }
        }
    }
}

fn moved(lang: Lang, wall: Wall<'_>, answer: &Comparison) -> Markup {
    let shift = |alarm: &Moved| {
        let key = if alarm.later_ms < 0 { "rehearse.sooner" } else { "rehearse.later" };
        lang.fill(key, &[("age", &when::span(alarm.later_ms.abs(), lang))])
    };
    html! {
        @if answer.moved > 0 {
            section class="sheet" {
                header { h2 { (lang.t("rehearse.moved")) " " (answer.moved) } }
                table class="data" { tbody {
                    @for alarm in answer.moved_alarms.iter().take(SHOWN) {
                        (line(lang, wall, &alarm.alarm, Some(shift(alarm))))
                    }
                } }
            }
        }
    }
}

fn line(lang: Lang, wall: Wall<'_>, alarm: &Told, more: Option<String>) -> Markup {
    let reason = |item: &serde_json::Value| {
        let word = item.get("what").and_then(serde_json::Value::as_str).unwrap_or_default();
        let for_it = item.get("supports").and_then(serde_json::Value::as_bool).unwrap_or(true);
        let side = lang.t(if for_it { "card.for" } else { "card.against" });
        format!("{} ({side})", lang.t(&format!("seen.{word}")))
    };
    let reasons: Vec<String> = alarm.evidence.iter().map(reason).collect();
    html! {
        tr {
            td { (wall.table(alarm.raised_ms)) }
            td { (lang.t(&format!("kind.{}", alarm.kind))) }
            td { (lang.t(&format!("severity.{}", alarm.worst))) }
            td { (reasons.join(lang.t("js.gap"))) }
            @if let Some(more) = more { td class="end" { (more) } }
        }
    }
}
