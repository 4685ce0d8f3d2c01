//! The parts of a card that speak of people: how to get in, can they talk, health, whom to call.
//!
//! What may not be read now says so in its place. Not here: who may read what (`desk::rights`).

use maud::{Markup, html};

use super::{CONTACTS, lines, section, tel};
use crate::words::Words;
use centre::auth::Staff;
use centre::desk::card::Card;
use centre::lang::Lang;
use records::contact::Contact;
use records::resident::Resident;
use records::story::ActionRow;

/// Facts of one of several people begin with whose they are.
pub(super) fn named(card: &Card, name: &str, facts: &str) -> String {
    match card.whose.persons.len() {
        0 | 1 => facts.to_owned(),
        _ if facts.is_empty() => name.to_owned(),
        _ => format!("{name} {facts}"),
    }
}

pub(super) fn entry(card: &Card, lang: Lang) -> Markup {
    let body = card.entry().map_or_else(|| guarded(lang), |text| lines(text, lang));
    section(lang.t("card.entry"), "", &body)
}

/// What may not be read now, and how it may.
fn guarded(lang: Lang) -> Markup {
    html! { p class="fact quiet" { (lang.t("card.guarded")) } }
}

fn of_each(card: &Card, lang: Lang, of: impl Fn(&Resident) -> String) -> Markup {
    let all: Vec<String> = card
        .residents()
        .iter()
        .flat_map(|who| {
            let text = of(who);
            text.lines().map(|line| named(card, &who.name, line)).collect::<Vec<_>>()
        })
        .collect();
    lines(&all.join("\n"), lang)
}

pub(super) fn talk(card: &Card, lang: Lang) -> Markup {
    section(lang.t("card.talk"), "", &of_each(card, lang, |who| who.talk.clone()))
}

pub(super) fn health(card: &Card, lang: Lang) -> Markup {
    let body = match card.rights.health() {
        true => of_each(card, lang, |who| who.health.clone()),
        false => guarded(lang),
    };
    section(lang.t("card.health"), "", &body)
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
    let all = card.contacts();
    let shown = all.iter().map(|listed| &listed.contact).take(CONTACTS).enumerate();
    shown.min_by_key(|(n, contact)| (calls(card, contact).len(), *n)).map(|(n, _)| n)
}

/// Numbers that somebody may not read in full are masked, and cannot be dialled from here.
pub(super) fn contacts(card: &Card, me: &Staff) -> Markup {
    let lang = me.lang;
    let (all, next) = (card.contacts(), next_contact(card));
    let body = html! {
        @if all.is_empty() { p class="fact quiet" { (lang.t("card.no_contacts")) } }
        ol class="contacts" {
            @for (n, contact) in all.iter().map(|listed| &listed.contact).take(CONTACTS).enumerate() {
                li data-next=[(next == Some(n)).then_some("")] {
                    span class="n" { (n + 1) }
                    span class="name" { (called(contact)) }
                    (number(card, &contact.phone, "tel"))
                    span class="far" { (contact.note) }
                    span class="last" { @if let Some(result) = calls(card, contact).last().and_then(|a| a.result.as_deref()) {
                        (lang.t(&format!("result.{result}")))
                    } }
                }
            }
        }
        @if card.row.home != 0 {
            p { a href={ "/homes/" (card.view.home) } { (lang.t("card.to_home")) } }
        }
    };
    section(lang.t("card.contacts"), "", &body)
}

fn number(card: &Card, phone: &str, class: &str) -> Markup {
    html! {
        @if card.rights.entry() && !phone.is_empty() { (tel(phone, class)) } @else { span class=(class) { (phone) } }
    }
}

/// The telephones of the people themselves.
pub(super) fn phones(card: &Card, lang: Lang) -> Markup {
    html! {
        @for who in card.residents().iter().filter(|who| !who.phone.is_empty()) {
            " " (named(card, &who.name, lang.t("card.phone"))) " " (number(card, &who.phone, "own-tel"))
        }
    }
}
