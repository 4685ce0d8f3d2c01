//! One home: is it watched over, what happened in a day, what needs doing. Prints on a sheet.
//!
//! A number never stands without its age; silence is the word 未知 on hatch. Not here: the console.

use care::Severity;
use care::policy::Rules;
use maud::{Markup, html};

use crate::pages::protected::Shown;
use crate::pages::top::{Here, top};
use crate::pages::when;
use crate::pages::{Frame, day, desk};
use crate::words::Words;
use centre::auth::Staff;
use centre::desk::chain::state_word;
use centre::desk::protection::Day;
use centre::lang::Lang;
use centre::zone::Wall;
use records::desk::{AlertState, DeskRow};

/// Causes that stand above the day.
const CAUSES: usize = 6;
/// Alerts that are listed.
const SHOWN: i64 = 8;
/// An emergency is to be claimed in this time, ms.
const IN_TIME_MS: i64 = 15_000;

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
    /// Its readings, over [`Home::span`].
    pub day: &'a Day,
    /// How far it is protected.
    pub shown: Shown<'a>,
    /// How far back its chart looks.
    pub span: day::Span,
    /// How it is judged.
    pub rules: &'a Rules,
    /// Its last alerts, newest first.
    pub events: (&'a [DeskRow], i64),
    /// Who lives there and whom to call, as far as it may be read.
    pub people: &'a Markup,
    /// Who looked, newest first.
    pub looks: &'a Markup,
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
    let glass = day::Glass { lang: me.lang, wall: home.wall, day: home.day, rules: home.rules };
    let content = html! {
            div class="home" {
                (top(me, home.wall, Here::Homes))
                main {
                    p class="crumbs" { span { (home.address) } span { (logged) } }
                    (state(me.lang, home))
                    (home.people)
                    (day::sheet(glass, home.span, home.id, home.events.0))
                    p { a class="button" href={ "/homes/" (home.id) "/rehearsal" } { (t("rehearse.open")) } }
                    div class="two" {
                        (home.shown.table())
                        div class="stack" { (events(me.lang, home)) (home.looks) }
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

fn state(lang: Lang, home: &Home<'_>) -> Markup {
    let (day, shown) = (home.day, &home.shown);
    let all = day.devices.len();
    let open = home.events.0.iter().filter(|row| row.state != AlertState::Closed).count();
    html! {
        section class="sheet state" aria-labelledby="st" {
            div {
                p class="second" { b { (home.person) } "　" (home.id) }
                (headline(shown))
                @if open > 0 {
                    p class="line" { a href="/console" { (lang.fill("home.line_open", &[("n", &open.to_string())])) } }
                }
                (causes(shown))
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

fn headline(shown: &Shown<'_>) -> Markup {
    html! {
        h1 id="st" data-now="headline" {
            @if !shown.is_well() { svg class="icon solid" data-p="2" aria-hidden="true" { use href="#p2" {} } }
            (shown.word())
        }
    }
}

fn causes(shown: &Shown<'_>) -> Markup {
    html! {
        div data-now="causes" data-protection=(state_word(shown.protected.protection.state)) {
            @if shown.is_well() { p class="line" { span { (shown.lang.t("home.line_fine")) } } }
            @for cause in shown.causes(CAUSES) { p class="line" { span { (cause) } } }
        }
    }
}

/// What of the page is only true now: the page asks for it again and again.
pub fn now(shown: &Shown<'_>) -> Markup {
    html! { (headline(shown)) (causes(shown)) (shown.table()) }
}

fn stat(label: &str, value: &Markup, age: &str) -> Markup {
    html! { dl class="stat" { dt { (label) } dd { (value) } dd class="age" { (age) } } }
}

fn answered(lang: Lang, home: &Home<'_>) -> Markup {
    let since = home.day.to_ms - 30 * 24 * 3_600_000;
    let share = Share::of(home.events.0, since, home.wall.now_ms);
    let of = lang.fill("home.of", &[("n", &share.all.to_string())]);
    let never = lang.fill("home.never_answered", &[("n", &share.never.to_string())]);
    let at = home.wall.minute(home.wall.now_ms);
    stat(
        lang.t("home.figures_answer"),
        &html! { (share.quick) small { (of) } },
        if share.never > 0 { &never } else { &at },
    )
}

/// How many emergencies were answered in time: of all, who was never answered included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Share {
    quick: usize,
    never: usize,
    all: usize,
}

impl Share {
    fn of(events: &[DeskRow], since_ms: i64, now_ms: i64) -> Self {
        let mut share = Self::default();
        for row in events
            .iter()
            .filter(|row| row.severity == Severity::Emergency && row.raised_wall >= since_ms)
        {
            let wait = row.claimed_wall.unwrap_or(now_ms) - row.raised_wall;
            let over = wait > IN_TIME_MS || row.state == AlertState::Closed;
            match row.claimed_wall {
                Some(_) => share.quick += usize::from(wait <= IN_TIME_MS),
                None if over => share.never += 1,
                // It can still be answered in time.
                None => continue,
            }
            share.all += 1;
        }
        share
    }
}

/// How many alerts are not listed, and how far back the page has read where there are too many.
fn left_out(lang: Lang, home: &Home<'_>) -> String {
    let (events, all) = home.events;
    let places = [("n", SHOWN.to_string()), ("all", all.to_string())];
    let mut text = lang.fill("home.events_more", &places.each_ref().map(|(k, v)| (*k, v.as_str())));
    if let Some(oldest) = events.last().filter(|_| usize::try_from(all).unwrap_or(0) > events.len())
    {
        let time = home.wall.table(oldest.raised_wall);
        text += lang.t("js.gap");
        text += &lang.fill("home.events_from", &[("time", &time)]);
    }
    text
}

fn events(lang: Lang, home: &Home<'_>) -> Markup {
    let t = |key: &'static str| lang.t(key);
    html! {
        section class="sheet" aria-labelledby="in" {
            header {
                h2 id="in" { (t("home.events")) }
                @if home.events.1 > SHOWN { span class="quiet" { (left_out(lang, home)) } }
            }
            @if home.events.0.is_empty() { p class="quiet" { (t("home.no_events")) } }
            @else { div class="scroll" tabindex="0" role="group" aria-labelledby="in" { table class="data" {
                thead { tr { th { (t("home.time")) } th { (t("home.cause")) } th class="end" { (t("home.answered")) } th { (t("card.outcome")) } } }
                tbody {
                    @for row in home.events.0.iter().take(usize::try_from(SHOWN).unwrap_or(8)) {
                        tr {
                            td { (home.wall.table(row.raised_wall)) }
                            td { (lang.t(&format!("kind.{}", row.kind.word()))) }
                            td class="end" { @match row.claimed_wall {
                                Some(at) => { (when::span(at - row.raised_wall, lang)) }
                                None => { @if row.state == AlertState::Open { (t("js.unclaimed")) } }
                            } }
                            td {
                                @match row.outcome {
                                    Some(outcome) => { (outcome.code()) " " (lang.t(&format!("outcome.{}", outcome.code()))) }
                                    None => { @if row.state != AlertState::Closed { (t("home.open_now")) } @else { (t("home.ended")) } }
                                }
                            }
                        }
                    }
                }
            } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use care::{Kind, Trust};

    use super::*;
    use records::chain::NewAlert;

    fn row(raised_wall: i64, claimed_wall: Option<i64>, state: AlertState) -> DeskRow {
        let alert = NewAlert {
            id: String::new(),
            home: 5,
            incident: 1,
            kind: Kind::Help,
            severity: Severity::Emergency,
            device: None,
            gateway: None,
            count: 1,
            trust: Trust::Verified,
            late: false,
            raised_wall,
            raised_mono: 0,
            evidence: Vec::new(),
            cursor: 0,
        };
        DeskRow { claimed_wall, state, ..alert.row(None) }
    }

    #[test]
    fn who_was_never_answered_counts_against_the_share() {
        use AlertState::{Closed, Open};
        let now = 10_000_000;
        let events = [
            row(1_000, Some(9_000), Closed),
            row(2_000, Some(60_000), Closed),
            // Closed without a claim, and waiting for minutes.
            row(3_000, None, Closed),
            row(now - 600_000, None, Open),
            // Raised this moment: nobody knows yet.
            row(now - 5_000, None, Open),
        ];
        let share = Share::of(&events, 0, now);
        assert_eq!(share, Share { quick: 1, never: 2, all: 4 });
    }
}
