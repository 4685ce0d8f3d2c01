//! The facts of one card as parts that the console puts into their places, in the fixed order.
//!
//! Order: who, how to call them, where, how to get in, can they talk, health, what the sensors saw,
//! contacts, earlier alerts, faults; then script and story. What is not recorded says so in words.
//! Not here: band, timer and keys, which the console's scripts keep current.

mod equipment;
mod evidence;

use maud::{Markup, html};
use serde_json::Value;

use crate::app::App;
use crate::auth::Staff;
use crate::desk::card::Card;
use crate::desk::story::{self, What};
use crate::desk::view::{kind_of, kind_word};
use crate::pages::desk::tel;
use crate::pages::protected::Shown;
use crate::pages::when::{self, Wall};
use crate::records::resident::Contact;
use crate::records::story::{ActionRow, TimelineRow};
use crate::words::Lang;

/// Lines of a story on the screen.
const STORY: usize = 8;
/// Contacts on a card.
const CONTACTS: usize = 5;

/// All parts of a card. `seen`: the chart of the last half hour, and how far the home is protected; `wall`:
/// now.
pub fn parts(
    app: &App,
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
            (story(app, card, lang, wall)) }
    }
}

fn band(card: &Card, lang: Lang, wall: Wall<'_>) -> Markup {
    let gap = lang.t("js.gap");
    let mut more = Vec::new();
    let mut call = Vec::new();
    if let Some(person) = &card.resident {
        if !person.sex.is_empty() {
            more.push(lang.t(if person.sex == "m" { "sex.male" } else { "sex.female" }).to_owned());
        }
        if let Some(born) = person.born {
            let age = wall.year(wall.now_ms) - born;
            more.push(lang.fill("card.age", &[("n", &age.to_string())]));
        }
        if person.alone {
            more.push(lang.t("card.lives_alone").to_owned());
        }
        if !person.call_as.is_empty() {
            call.push(lang.fill("card.call_as", &[("name", &person.call_as)]));
        }
        if !person.dialect.is_empty() {
            call.push(lang.fill("card.dialect", &[("name", &person.dialect)]));
        }
    }
    let comma = if lang == Lang::Zh { "，" } else { ", " };
    let device = card.view.device.as_deref().map(|id| lang.fill("card.device", &[("id", id)]));
    html! {
        div data-into="who" { (more.join(comma)) }
        div data-into="address-as" {
            (call.join(comma))
            @if let Some(person) = card.resident.as_ref().filter(|person| !person.phone.is_empty()) {
                @if !call.is_empty() { (comma) }
                (lang.t("card.phone")) " " (tel(&person.phone, "own-tel"))
            }
        }
        div data-into="address" { (card.address) }
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
        @for part in parts.iter().take(4) { p class="fact" { (part) } }
    }
}

fn entry(card: &Card, lang: Lang) -> Markup {
    let text = card.resident.as_ref().map_or("", |r| r.entry.as_str());
    section(lang.t("card.entry"), "", &lines(text, lang))
}

fn talk(card: &Card, lang: Lang) -> Markup {
    let text = card.resident.as_ref().map_or("", |r| r.talk.as_str());
    section(lang.t("card.talk"), "", &lines(text, lang))
}

fn health(card: &Card, lang: Lang) -> Markup {
    let text = card.resident.as_ref().map_or("", |r| r.health.as_str());
    section(lang.t("card.health"), "", &lines(text, lang))
}

fn masked(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().collect();
    if digits.len() < 8 {
        return phone.to_owned();
    }
    let (head, tail) = (&digits[..3], &digits[digits.len() - 4..]);
    format!("{}****{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
}

/// Calls of this alert to one contact, oldest first: a call keeps whom it was to in its words.
fn calls<'a>(card: &'a Card, contact: &Contact) -> Vec<&'a ActionRow> {
    let name = called(contact);
    let to = |action: &&ActionRow| {
        action.kind == "call_family" && action.text.as_deref() == Some(name.as_str())
    };
    card.actions.iter().filter(to).collect()
}

/// A contact as a call is written down.
fn called(contact: &Contact) -> String {
    format!("{}　{}", contact.name, contact.relation).trim().to_owned()
}

/// Whose turn it is: the first in the order among those called least.
fn next_contact(card: &Card) -> Option<usize> {
    let shown = card.contacts.iter().take(CONTACTS).enumerate();
    shown.min_by_key(|(n, contact)| (calls(card, contact).len(), *n)).map(|(n, _)| n)
}

/// Whoever has the alert has to dial by hand and reads numbers in full; for all others they are masked.
fn contacts(card: &Card, me: &Staff) -> Markup {
    let lang = me.lang;
    let mine = card.view.owner.as_ref().is_some_and(|holder| holder.id == me.id);
    let number = |phone: &str| {
        html! {
            @if mine && !phone.is_empty() { (tel(phone, "tel")) } @else { span class="tel" { (masked(phone)) } }
        }
    };
    let next = next_contact(card);
    let body = html! {
        @if card.contacts.is_empty() { p class="fact quiet" { (lang.t("card.no_contacts")) } }
        ol class="contacts" {
            @for (n, contact) in card.contacts.iter().take(CONTACTS).enumerate() {
                li data-next=[(next == Some(n)).then_some("")] {
                    span class="n" { (n + 1) }
                    span class="name" { (called(contact)) }
                    (number(&contact.phone))
                    span class="far" { (contact.note) }
                    span class="last" { @if let Some(result) = calls(card, contact).last().and_then(|a| a.result.as_deref()) {
                        (lang.t(&format!("result.{result}")))
                    } }
                }
            }
        }
    };
    section(lang.t("card.contacts"), "", &body)
}

fn past(card: &Card, lang: Lang, wall: Wall<'_>) -> Markup {
    let body = html! {
        @if card.past.is_empty() { p class="quiet" { (lang.t("card.no_past")) } }
        table class="past" {
            @for row in &card.past {
                tr {
                    td { (wall.day(row.raised_wall)) }
                    td { (lang.t(&format!("kind.{}", kind_word(kind_of(row.kind))))) }
                    td { @if let Some(code) = row.outcome { (code) " " (lang.t(&format!("outcome.{code}"))) } }
                }
            }
        }
    };
    section(lang.t("card.past"), lang.t("card.outcome"), &body)
}

/// How far the home is protected, for the card of one of its alerts.
pub fn guarded(shown: &Shown<'_>) -> Markup {
    section(shown.lang.t("card.protection"), &shown.word(), &shown.on_card())
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
    let call_as = card.resident.as_ref().map_or("", |r| r.call_as.as_str());
    let speech = match call_as {
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

/// Words of the action of that moment.
fn typed(card: &Card, wall: i64) -> Option<&str> {
    card.actions.iter().find(|action| action.wall == wall)?.text.as_deref()
}

fn detail(app: &App, card: &Card, line: &TimelineRow, lang: Lang) -> String {
    let who = line.who.as_deref().map(|id| app.names.staff(id)).unwrap_or_default();
    let raw = line.detail.as_deref().unwrap_or("");
    let text = match (What::word_key(line.what), raw.split_once(':')) {
        ("what.action", Some((kind, result))) => {
            let group = if kind == "send" { "sent" } else { "result" };
            let whom = typed(card, line.wall).unwrap_or_default();
            let parts =
                [lang.t(&format!("key.{kind}")), whom, lang.t(&format!("{group}.{result}"))];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
        ("what.action", None) => {
            typed(card, line.wall).unwrap_or_else(|| lang.t(&format!("key.{raw}"))).to_owned()
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
            lang.fill("card.taken_from", &[("name", &app.names.staff(raw))])
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

fn story(app: &App, card: &Card, lang: Lang, wall: Wall<'_>) -> Markup {
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
                        (detail(app, card, line, lang))
                    }
                    td { (after(line.until)) }
                }
            }
        }
    };
    let from = if pressed(card) { "card.from_press" } else { "card.from_signal" };
    section(lang.t("card.timeline"), lang.t(from), &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_number_is_masked_in_its_middle() {
        assert_eq!(masked("13812345678"), "138****5678");
        assert_eq!(masked("120"), "120");
    }
}
