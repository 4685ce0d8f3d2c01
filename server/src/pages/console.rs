//! The operator's console: the frame that its scripts fill. Places are fixed; nothing essential scrolls.
//!
//! Rows and picker lines come from `template` elements here, the card's facts from [`super::card`], so
//! each thing is drawn in one place only. Not here: what the keys do (`console/keys.js`).

use maud::{Markup, html};

use crate::pages::{Frame, desk, mark};
use crate::words::Words;
use centre::auth::Staff;
use centre::zone::Wall;

const KEYS: [(&str, &str, &str); 8] = [
    ("F2", "claim", "key.claim"),
    ("F3", "call_resident", "key.call_resident"),
    ("F4", "call_120", "key.call_120"),
    ("F5", "call_family", "key.call_family"),
    ("F6", "send", "key.send"),
    ("F7", "note", "key.note"),
    ("F8", "close", "key.close"),
    ("F9", "suspend", "key.suspend"),
];

/// The page for one member of staff. `wall`: now; `phone`: whom to call when the link is lost.
pub fn page(me: &Staff, wall: Wall<'_>, phone: &str) -> Markup {
    let content = html! {
        (top(me, wall))
        (desk::bars(me))
        nav aria-label=(me.lang.t("console.others")) {
            a class="others" data-ground="red" id="others" href="#queue" data-any="false" {
                (mark("p1")) b id="others-count" {} span id="others-who" {}
            }
        }
        (card(me, phone))
        (queue(me))
        (help(me))
        (templates())
    };
    let frame = Frame {
        title: me.lang.t("js.title"),
        lang: me.lang,
        theme: &me.theme,
        css: &["desk.css", "console.css"],
        script: "console.js",
    };
    frame.around(&desk::body(me, "console", "", &content))
}

fn top(me: &Staff, wall: Wall<'_>) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    html! {
        header class="top" {
            b { (t("app.room")) }
            div class="group" {
                @for (p, name) in [("1", "p1"), ("2", "p2"), ("3", "p3"), ("f", "pf")] {
                    span class="mark" role="img" data-p=(p) data-any="false" { (mark(name)) span id={ "count-" (p) } { "–" } }
                }
            }
            span { (t("console.longest")) " " b id="longest" { "--:--" } }
            span class="aside" { (desk::on_duty(me)) }
            div class="group push second aside" {
                a href="/homes" { (t("console.find")) } kbd class="cap" { "Ctrl K" }
                span { (t("console.keys")) " " kbd class="cap" { "?" } }
            }
            (desk::seat(me, wall))
        }
    }
}

fn card(me: &Staff, phone: &str) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    html! {
        main class="stage" {
            div class="idle" id="idle" {
                div {
                    p class="calm" id="calm" hidden { b { (t("console.calm")) } span { (t("console.calm_more")) } }
                    @if phone.is_empty() { p class="lack" { (mark("p2")) (t("console.no_phone")) } }
                }
                (desk::fallback(me, phone))
            }
            article class="card" id="card" aria-labelledby="who" hidden {
                header class="band" {
                    span class="mark" {
                        svg class="icon solid" aria-hidden="true" { use id="band-use" href="#p1" {} }
                        span id="band-word" {}
                    }
                    div {
                        h1 id="who" { b id="who-name" {} span data-slot="who" {} }
                        p data-slot="address-as" {}
                    }
                    p class="phase" { b id="phase" {} span id="phase-more" {} }
                    span class="timer" id="band-timer" data-step="0" {}
                }
                div class="place" {
                    address { span data-slot="address" {} span class="short" id="place-short" {} }
                    p data-slot="device" {}
                }
                div class="keys" id="keys" role="toolbar" aria-label=(t("console.toolbar")) {
                    @for (cap, does, word) in KEYS {
                        button class="key" data-does=(does) aria-disabled="true" { kbd { (cap) } span { (t(word)) } }
                    }
                }
                div class="facts" {
                    div data-slot="facts" {}
                    div data-slot="people" {}
                    div {
                        (desk::fallback(me, phone))
                        p class="say" id="say" {}
                        p class="say lack" id="no-facts" hidden { (mark("p2")) (t("console.no_facts")) }
                        (picker(me))
                        div class="column" data-slot="script" {}
                    }
                }
            }
        }
    }
}

fn picker(me: &Staff) -> Markup {
    html! {
        section class="picker" id="picker" hidden aria-labelledby="picker-title" {
            h2 { span id="picker-title" { (me.lang.t("console.script_here")) } " " a id="picker-tel" hidden {} }
            ol id="picker-list" tabindex="-1" {}
            p class="field" id="picker-field" hidden {
                label id="picker-label" for="picker-text" {}
                input id="picker-text" maxlength="2000" autocomplete="off";
            }
            p class="quiet" id="picker-hint" {}
            p class="send" {
                button type="button" class="button" id="picker-send" hidden { (me.lang.t("console.send")) }
                button type="button" class="button" id="picker-cancel" { (me.lang.t("console.cancel")) }
            }
        }
    }
}

fn queue(me: &Staff) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    html! {
        nav class="queue" id="queue" aria-label=(t("console.queue")) {
            div class="flood watch" id="watch" role="status" hidden {
                b { (t("console.watch")) } ul id="watch-list" {}
            }
            div class="flood" id="flood" hidden {
                b { (t("console.flood")) } "　" span id="flood-text" {} br; (t("console.flood_more"))
            }
            header {
                span { b { (t("console.queue")) " " span id="count" { "–" } } "　" (t("console.all")) }
                span { (t("console.by_rule")) }
            }
            ol id="waiting" {}
            h2 id="worked-head" hidden { (t("console.worked")) " " span id="worked-count" {} }
            ol id="worked" {}
        }
    }
}

fn help(me: &Staff) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    html! {
        dialog id="help" aria-labelledby="help-title" {
            h2 id="help-title" { (t("console.help_title")) }
            dl class="pair" {
                @for (cap, _, word) in KEYS { dt { kbd class="cap" { (cap) } } dd { (t(word)) } }
                dt { kbd class="cap" { "↑ ↓" } } dd { (t("key.move")) }
                dt { kbd class="cap" { "Home" } } dd { (t("key.top")) }
                dt { kbd class="cap" { "Space" } } dd { (t("key.mute")) }
                dt { kbd class="cap" { "Ctrl K" } } dd { (t("key.search")) }
            }
            form method="dialog" { button class="button" { (t("console.close_help")) } }
        }
    }
}

fn templates() -> Markup {
    html! {
        template id="row" {
            li class="row" data-p="1" data-state="open" {
                svg class="icon solid new" aria-hidden="true" { use href="#p1" {} }
                a class="who" href="#card" { b data-who {} span data-where {} }
                span class="timer" {}
                span class="why" { span data-why {} span data-device {} }
                span class="state" {}
            }
        }
        template id="picker-option" {
            li { button type="button" aria-pressed="false" { kbd class="cap" {} span {} } }
        }
    }
}
