//! Who lives in a home and whom to call for them, as far as whoever looks may read it; and the way to read more.
//!
//! What is guarded says so in its place and never leaves an empty one. Not here: who may read what (`desk::rights`).

use maud::{Markup, html};

use crate::words::Words;
use centre::desk::rights::Rights;
use centre::lang::Lang;
use centre::zone::Wall;
use records::contact::Listed;
use records::resident::{Person, Resident};
use records::whose::Whose;

/// The part of a home's page.
pub fn section(lang: Lang, id: &str, whose: &Whose, rights: &Rights, wall: Wall<'_>) -> Markup {
    let t = |key: &'static str| lang.t(key);
    let year = wall.year(wall.now_ms);
    html! {
        section class="sheet" aria-labelledby="pp" {
            header {
                h2 id="pp" { (t("people.title")) }
                @if rights.glass.is_some() {
                    span class="chip" data-state="due" {
                        (lang.fill("people.open", &[("n", &rights.glass_ms.div_ceil(60_000).to_string())]))
                    }
                }
            }
            @if whose.persons.is_empty() { p class="quiet" { (t("people.nobody")) } }
            @for person in &whose.persons { (one(lang, person, rights, year)) }
            table class="data told" { tbody { tr {
                th scope="row" { (t("card.entry")) }
                td { @if rights.entry() { (told(lang, &whose.entry)) } @else { (guarded(lang)) } }
            } } }
            @if !rights.entry() { (opening(lang, id)) }
        }
    }
}

fn told(lang: Lang, text: &str) -> Markup {
    html! { @if text.is_empty() { span class="quiet" { (lang.t("card.not_recorded")) } } @else { bdi { (text) } } }
}

fn guarded(lang: Lang) -> Markup {
    html! { span class="chip" data-state="unknown" { (lang.t("people.guarded")) } }
}

fn number(lang: Lang, phone: &str, rights: &Rights) -> Markup {
    html! {
        @if phone.is_empty() { (told(lang, phone)) }
        @else if rights.entry() { a href={ "tel:" (phone.replace(' ', "")) } { (phone) } }
        @else { (rights.phone(phone)) }
    }
}

fn about(lang: Lang, who: &Resident, year: i64) -> String {
    let mut facts = Vec::new();
    if !who.sex.is_empty() {
        facts.push(lang.t(&format!("sex.{}", who.sex)).to_owned());
    }
    facts.extend(who.born.map(|born| lang.fill("card.age", &[("n", &(year - born).to_string())])));
    if who.alone {
        facts.push(lang.t("card.lives_alone").to_owned());
    }
    if !who.call_as.is_empty() {
        facts.push(lang.fill("card.call_as", &[("name", &who.call_as)]));
    }
    if !who.dialect.is_empty() {
        facts.push(lang.fill("card.dialect", &[("name", &who.dialect)]));
    }
    facts.join(if lang == Lang::Zh { "，" } else { ", " })
}

fn one(lang: Lang, person: &Person, rights: &Rights, year: i64) -> Markup {
    let (t, who) = (|key: &'static str| lang.t(key), &person.who);
    html! {
        h3 { b { bdi { (who.name) } } " " span class="second" { (about(lang, who, year)) } }
        table class="data told" { tbody {
            tr { th scope="row" { (t("people.phone")) } td { (number(lang, &who.phone, rights)) } }
            tr { th scope="row" { (t("card.talk")) } td { (told(lang, &who.talk)) } }
            tr {
                th scope="row" { (t("card.health")) }
                td {
                    @if !rights.health() { (guarded(lang)) }
                    @else if who.health.is_empty() { (told(lang, "")) }
                    @else { @for line in who.health.lines() { p { bdi { (line) } } } }
                }
            }
            @if !who.doctor.is_empty() { tr { th scope="row" { (t("people.doctor")) } td { bdi { (who.doctor) } } } }
            @if let Some(level @ 0..=4) = who.ability {
                tr { th scope="row" { (t("people.ability")) } td { (lang.t(&format!("ability.{level}"))) " " (who.ability_on) } }
            }
            @for (n, listed) in person.contacts.iter().enumerate() { (contact(lang, n + 1, listed, rights)) }
        } }
    }
}

fn contact(lang: Lang, n: usize, listed: &Listed, rights: &Rights) -> Markup {
    let contact = &listed.contact;
    html! {
        tr {
            th scope="row" { (lang.t("people.contact")) " " (n) }
            td {
                bdi { (contact.name) } " " bdi { (contact.relation) } " "
                (number(lang, &contact.phone, rights)) " "
                span class="second" {
                    bdi { (contact.note) } " " bdi { (contact.distance) }
                    @if contact.has_key { " " (lang.t("people.has_key")) }
                }
            }
        }
    }
}

/// The way to what is guarded, for whoever has no alert of this home in hand.
fn opening(lang: Lang, id: &str) -> Markup {
    html! {
        form class="search no-print" action={ "/homes/" (id) "/open" } method="post" {
            label for="why" { (lang.t("people.why")) }
            input id="why" name="reason" required minlength="4" maxlength="120" autocomplete="off";
            button class="button" { (lang.t("people.open_it")) }
            span class="quiet" { (lang.t("people.told")) }
        }
    }
}
