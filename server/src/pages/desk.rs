//! What every page of the desk has around its own content: the live part that its scripts keep current.
//!
//! Bars for a lost link and for a console that nobody hears, the seat of whoever works here, the search
//! that lies over the page, the places of sentences. Not here: what a page is about.

use care::policy::{CLOSE_UNDO, PRESENCE, RENEW};
use maud::{Markup, html};

use crate::pages::when;
use crate::pages::{mark, sprite};
use crate::words::Words;
use centre::auth::Staff;
use centre::auth::role::{Duty, Releasing};
use centre::lang::Lang;
use centre::zone::Wall;

/// The body of a page: `kind` is its class, `title` the text of its tab, `content` begins with the top bar.
pub fn body(me: &Staff, kind: &str, title: &str, content: &Markup) -> Markup {
    html! {
        body class=(kind) data-me=(me.id) data-role=(me.role.word()) data-title=(title)
            data-renew-ms=(RENEW.get()) data-presence-ms=(PRESENCE.get()) data-undo-ms=(CLOSE_UNDO.get()) {
            (sprite())
            (content)
            (find(me))
            p class="notice" id="notice" hidden {}
            div class="hidden" id="alarm" aria-live="assertive" {}
            div class="hidden" id="news" aria-live="polite" {}
        }
    }
}

/// The right half of the top bar: how this console hears and is heard, the clock, the seat.
pub fn seat(me: &Staff, wall: Wall<'_>) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    let theme = if me.theme == "night" { "day" } else { "night" };
    let (lang, lang_word) =
        if me.lang.tag() == "en" { ("zh-CN", "中文") } else { ("en", "English") };
    html! {
        div class="group second" {
            span id="sound" { (t("console.sound")) }
            span class="link-state" { (t("console.link")) " " span class="age" id="heard" {} }
        }
        (when::face(wall))
        div class="group second" {
            a class="me" href="/me" { (me.display) }
            form class="seat" method="post" action="/shift" {
                button class="button plain" id="theme" name="theme" value=(theme) { (me.lang.t(&format!("js.theme_{theme}"))) }
                button class="button plain" id="lang" name="lang" value=(lang) lang=(lang) { (lang_word) }
            }
            form class="seat" method="post" action="/logout" { button class="button plain" id="logout" { (t("app.logout")) } }
        }
    }
}

/// How many would hear a ring, live.
pub fn on_duty(me: &Staff) -> Markup {
    html! { span class="second" { (me.lang.t("console.on_duty")) " " b id="on-duty" { "–" } } }
}

/// The bars under the top: nobody hears this console, the link is lost, the link is back.
pub fn bars(me: &Staff) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    html! {
        section class="bars" aria-label=(t("console.bars")) {
            div class="link" id="link" hidden {
                svg class="icon wide" aria-hidden="true" { use href="#broken" {} }
                b id="link-long" {}
                p { (t("console.link_what")) }
                p class="push" id="link-try" {}
            }
            div class="link" id="back" data-state="back" hidden {
                svg class="icon" aria-hidden="true" { use href="#tick" {} }
                p id="back-text" {}
            }
            div class="link" id="deaf" data-state="deaf" hidden {
                svg class="icon solid wide" aria-hidden="true" { use href="#p2" {} }
                b id="deaf-text" {}
                button class="button push" type="button" id="deaf-open" { (t("console.open_sound")) }
            }
            // A page whose script has not come is deaf and knows nothing of the queue: it says so by itself.
            div class="link" id="unheard" data-state="deaf" role="status" {
                svg class="icon solid wide" aria-hidden="true" { use href="#p2" {} }
                b { (t("console.unheard")) }
            }
            @if Releasing::allows(me.role) {
                div class="link" id="glass" data-state="glass" hidden {
                    svg class="icon solid" data-p="2" aria-hidden="true" { use href="#p2" {} }
                    a id="glass-who" href="/closed" {}
                    p id="glass-why" {}
                    a id="glass-rest" href="/closed" hidden {}
                    button class="button push" type="button" id="glass-seen" { (t("closed.seen")) }
                }
            }
        }
    }
}

/// The alarm in the place of the menu, on pages that have no queue.
pub fn alarm_line(me: &Staff) -> Markup {
    html! {
        span class="alarm" id="line" data-ground="red" hidden {
            (mark("p1"))
            a href="/console" id="line-who" {}
            b class="timer" id="line-time" data-step="0" {}
            span id="line-state" {}
            button type="button" id="line-claim" { kbd { "F2" } " " (me.lang.t("js.claim")) }
        }
    }
}

/// Whom to telephone while the link is lost: the duty number, and everybody of the open emergencies.
pub fn fallback(me: &Staff, phone: &str) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    html! {
        section class="fallback" {
            h2 class="label" { b { (t("console.fallback")) } }
            (duty(me.lang, phone))
            h2 class="label" { (t("console.fallback_open")) }
            ol {}
        }
    }
}

/// The duty number, or that there is none.
pub fn duty(lang: Lang, phone: &str) -> Markup {
    html! {
        p class="tel" { @if phone.is_empty() { (lang.t("card.not_recorded")) } @else { (tel(phone, "")) } }
    }
}

/// A number that a telephone can be told by a press.
pub fn tel(number: &str, class: &str) -> Markup {
    let digits: String = number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    html! { a class=(class) href={ "tel:" (digits) } { (number) } }
}

fn find(me: &Staff) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    html! {
        section class="find" id="find" role="dialog" aria-labelledby="find-label" hidden {
            form id="find-form" method="post" action="/homes" role="search" autocomplete="off" {
                label id="find-label" for="find-text" { (t("homes.search")) }
                input id="find-text" name="q" maxlength="100" autocomplete="off";
                button class="button" { (t("homes.go")) }
                button class="button" type="button" id="find-close" { kbd class="cap" { "Esc" } (t("console.close_help")) }
                p class="quiet" id="find-say" role="status" {}
                ol class="found" id="find-list" {}
            }
            template id="find-line" {
                li { a href="/homes" { b {} span data-person {} } span data-open {} }
            }
        }
    }
}
