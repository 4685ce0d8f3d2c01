//! The facts of one card as parts that the console puts into their places, in the fixed order.
//!
//! Order: who, how to call them, where, how to get in, can they talk, health, what the sensors saw,
//! contacts, earlier alerts, faults; then script and story. What is not recorded says so in words.
//! Not here: band, timer and keys, which the console's scripts keep current.

mod equipment;
mod evidence;
mod people;

use maud::{Markup, html};
use serde_json::Value;

use self::people::{contacts, entry, health, named, phones, talk};
use crate::pages::desk::tel;
use crate::pages::protected::Shown;
use crate::pages::when;
use crate::words::Words;
use centre::alert::story::{self, What};
use centre::auth::Staff;
use centre::desk::card::Card;
use centre::lang::Lang;
use centre::live::names::Names;
use centre::zone::Wall;
use records::story::{ActionRow, TimelineRow};

/// An action was written down at most this long before its line, ms.
const DATED_MS: i64 = 2_000;
/// Lines of a story on the screen.
const STORY: usize = 8;
/// Contacts on a card.
const CONTACTS: usize = 5;

/// All parts of a card. `seen`: the chart of the last half hour, and how far the home is protected; `wall`:
/// now.
pub fn parts(
    names: &Names,
    card: &Card,
    me: &Staff,
    (seen, guarded): (&Markup, &Markup),
    wall: Wall<'_>,
) -> Markup {
    let lang = me.lang;
    html! {
        (band(card, lang, wall))
        div data-into="facts" {
            // What no home is known for has nobody to be called by name.
            @if card.row.home == 0 || equipment::is(card) { (equipment::facts(card, lang, wall)) }
            @if card.row.home != 0 { (entry(card, lang)) }
            @if card.row.home != 0 && !equipment::is(card) { (talk(card, lang)) (health(card, lang)) (seen) }
        }
        div data-into="people" {
            @if card.row.home != 0 { (contacts(card, me)) (past(card, lang, wall)) }
            (guarded)
            (evidence::section(&card.view, lang, wall)) }
        div data-into="script" {
            @if equipment::is(card) { (equipment::script(card, me)) } @else { (script(card, me)) }
            (story(names, card, lang, wall)) }
    }
}

fn band(card: &Card, lang: Lang, wall: Wall<'_>) -> Markup {
    let gap = lang.t("js.gap");
    let mut more = Vec::new();
    let mut call = Vec::new();
    for person in card.residents() {
        let mut facts = Vec::new();
        if !person.sex.is_empty() {
            facts.push(lang.t(&format!("sex.{}", person.sex)).to_owned());
        }
        if let Some(born) = person.born {
            let age = wall.year(wall.now_ms) - born;
            facts.push(lang.fill("card.age", &[("n", &age.to_string())]));
        }
        if person.alone {
            facts.push(lang.t("card.lives_alone").to_owned());
        }
        let comma = if lang == Lang::Zh { "，" } else { ", " };
        more.push(named(card, &person.name, &facts.join(comma)));
        let mut facts = Vec::new();
        if !person.call_as.is_empty() {
            facts.push(lang.fill("card.call_as", &[("name", &person.call_as)]));
        }
        if !person.dialect.is_empty() {
            facts.push(lang.fill("card.dialect", &[("name", &person.dialect)]));
        }
        call.push(named(card, &person.name, &facts.join(comma)));
    }
    more.retain(|text| !text.is_empty());
    call.retain(|text| !text.is_empty());
    let between = if lang == Lang::Zh { "；" } else { "; " };
    let device = card.view.device.as_deref().map(|id| lang.fill("card.device", &[("id", id)]));
    html! {
        div data-into="who" { (more.join(between)) }
        div data-into="address-as" { (call.join(between)) (phones(card, lang)) }
        div data-into="address" {
            (card.whose.address)
            @if let Some(left) = card.whose.left_ms { (gap) (lang.fill("card.last_place", &[("time", &wall.table(left))])) }
            @if card.edited { (gap) (lang.t("card.edited")) }
        }
        div data-into="device" {
            (card.view.device_label)
            @if let Some(device) = device {
                @if !card.view.device_label.is_empty() { (gap) }
                (device)
            }
        }
    }
}

fn section(label: &str, right: &str, body: &Markup) -> Markup {
    html! { section { h2 class="label" { span { (label) } span { (right) } } (body) } }
}

fn lines(text: &str, lang: Lang) -> Markup {
    let parts: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    html! {
        @if parts.is_empty() { p class="fact quiet" { (lang.t("card.not_recorded")) } }
        @for part in parts.iter().take(8) { p class="fact" { (part) } }
    }
}

fn past(card: &Card, lang: Lang, wall: Wall<'_>) -> Markup {
    let body = html! {
        @if card.past.is_empty() { p class="quiet" { (lang.t("card.no_past")) } }
        table class="past" {
            @for row in &card.past {
                tr {
                    td { (wall.day(row.raised_wall)) }
                    td { (lang.t(&format!("kind.{}", row.kind.word()))) }
                    td { @if let Some(outcome) = row.outcome { (outcome.code()) " " (lang.t(&format!("outcome.{}", outcome.code()))) } }
                }
            }
        }
    };
    section(lang.t("card.past"), lang.t("card.outcome"), &body)
}

/// How far the home is protected, for the card of one of its alerts.
pub fn guarded(shown: &Shown<'_>) -> Markup {
    html! {
        section data-now="guarded" {
            h2 class="label" { span { (shown.lang.t("card.protection")) } span { (shown.word()) } }
            (shown.on_card())
        }
    }
}

fn done(card: &Card, kind: &str) -> bool {
    card.actions.iter().any(|action| action.kind == kind)
}

/// Keys of the script's steps, in its order.
const KEYS: [&str; 6] = ["claim", "call_resident", "call_120", "call_family", "send", "close"];

/// Which step comes next. Who was reached needs no ambulance; who was not is called twice before 120.
fn step(card: &Card) -> usize {
    let calls: Vec<_> = card.actions.iter().filter(|a| a.kind == KEYS[1]).collect();
    let reached = calls.last().is_some_and(|call| call.result.as_deref() == Some("connected"));
    let later = || (2..5).find(|n| !done(card, KEYS[*n])).unwrap_or(5);
    let begun = (2..5).any(|n| done(card, KEYS[n]));
    match card.view.state {
        "claimed" | "suspended" if reached && !begun => 5,
        "claimed" | "suspended" if begun || calls.len() >= 2 => later(),
        "claimed" | "suspended" => 1,
        "closed" => 5,
        _ => 0,
    }
}

fn script(card: &Card, me: &Staff) -> Markup {
    let lang = me.lang;
    let t = |key: &'static str| lang.t(key);
    let steps = [
        ("F2", "card.script_claim"),
        ("F3", "card.script_call"),
        ("F4", "card.script_120"),
        ("F5", "card.script_family"),
        ("F6", "card.script_send"),
        ("F8", "card.script_close"),
    ];
    let now = step(card);
    let call_as = card.resident().map(|who| who.call_as).unwrap_or_default();
    let speech = match call_as.as_str() {
        "" => lang.fill("card.say_plain", &[("me", &me.display)]),
        name => lang.fill("card.say", &[("name", name), ("me", &me.display)]),
    };
    html! {
        section class="script" data-next=(KEYS[now]) {
            h2 class="label" {
                span { (t("card.script")) }
                span { (lang.fill("card.step", &[("n", &(now + 1).to_string())])) }
            }
            ol {
                @for (n, (cap, word)) in steps.iter().enumerate() {
                    li class=[(n == now).then_some("now")] {
                        span { (n + 1) } span { (t(word)) } kbd { (cap) }
                        @if n == 1 { span class="speech" { (speech) } }
                    }
                    @if n == 1 {
                        li class="answers" {
                            span { (t("card.answers_1")) } span { (t("card.answers_2")) } span { (t("card.answers_3")) }
                        }
                    }
                }
            }
        }
    }
}

/// Words of the action of this kind at that moment; one that is kept from before may have been dated a little earlier.
fn typed<'a>(card: &'a Card, line: &TimelineRow, kind: &str) -> Option<&'a str> {
    let at = |action: &&ActionRow| {
        action.kind == kind
            && line.who.as_deref().is_none_or(|who| who == action.staff)
            && (0..DATED_MS).contains(&(line.wall - action.wall))
    };
    card.actions.iter().filter(at).max_by_key(|action| action.wall)?.text.as_deref()
}

fn detail(names: &Names, card: &Card, line: &TimelineRow, lang: Lang) -> String {
    let who = line.who.as_deref().map(|id| names.staff(id)).unwrap_or_default();
    let raw = line.detail.as_deref().unwrap_or("");
    let text = match (What::word_key(line.what), raw.split_once(':')) {
        ("what.action", Some((kind, result))) => {
            let group = if kind == "send" { "sent" } else { "result" };
            let whom = typed(card, line, kind).unwrap_or_default();
            let parts =
                [lang.t(&format!("key.{kind}")), whom, lang.t(&format!("{group}.{result}"))];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
        ("what.action", None) => {
            typed(card, line, raw).unwrap_or_else(|| lang.t(&format!("key.{raw}"))).to_owned()
        }
        ("what.closed", _) => lang.t(&format!("outcome.{raw}")).to_owned(),
        ("what.step", _) => lang.t(&format!("ladder.{raw}")).to_owned(),
        ("what.nobody" | "what.on_duty" | "what.sent" | "what.told" | "what.untold", parts) => {
            let (step, who) = parts.unwrap_or((raw, ""));
            let step = lang.t(&format!("ladder.who_{step}"));
            lang.fill("ladder.as", &[("who", format!("{step} {who}").trim_end())])
        }
        ("what.graded", _) => lang.t(&format!("severity.{raw}")).to_owned(),
        ("what.suspended", _) => raw.to_owned(),
        ("what.taken", _) if !raw.is_empty() => {
            lang.fill("card.taken_from", &[("name", &names.staff(raw))])
        }
        ("what.note", _) => evidence::words(raw, lang),
        _ => String::new(),
    };
    [who, text].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether a press began it, whatever has joined it since.
fn pressed(card: &Card) -> bool {
    let reasons = card.view.evidence.as_array().map_or(&[][..], Vec::as_slice);
    let at = |reason: &&Value| reason.get("at_ms").and_then(Value::as_i64).unwrap_or(i64::MAX);
    let first = reasons.iter().min_by_key(at).and_then(|reason| reason.get("what"));
    card.view.kind == "help" || first.and_then(Value::as_str) == Some("pressed")
}

/// A line's word: what began it says what it is, since not everything is a press.
fn told(card: &Card, what: i64, lang: Lang) -> &'static str {
    let pressed = pressed(card);
    match What::word_key(what) {
        "what.raised" if !pressed => lang.t(&format!("kind.{}", card.view.kind)),
        "what.again" if !pressed => lang.t("what.more"),
        key => lang.t(key),
    }
}

fn story(names: &Names, card: &Card, lang: Lang, wall: Wall<'_>) -> Markup {
    let from = card.view.raised_ms;
    let lines = story::few(&card.timeline, STORY);
    let after = |wall: i64| {
        let tenths = (wall - from).max(0) / 100;
        if tenths >= 600 {
            return when::stopwatch(wall - from);
        }
        lang.fill("card.after_s", &[("n", &format!("{}.{}", tenths / 10, tenths % 10))])
    };
    let body = html! {
        table class="steps" {
            @if !lines.iter().any(|line| line.what == What::Raised.number()) {
                tr { td { (wall.log(from)) } td { (told(card, What::Raised.number(), lang)) } td { (after(from)) } }
            }
            @for line in lines {
                tr {
                    td { (wall.log(line.until)) }
                    td {
                        (told(card, line.what, lang)) " "
                        @if line.count > 1 { "×" (line.count) " " }
                        (detail(names, card, line, lang))
                    }
                    td { (after(line.until)) }
                }
            }
        }
    };
    let from = if pressed(card) { "card.from_press" } else { "card.from_signal" };
    section(lang.t("card.timeline"), lang.t(from), &body)
}
