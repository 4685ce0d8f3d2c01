//! The card of a fault: box, place, homes, since when, when it is due, and what an engineer does about it.
//!
//! It wears nobody's name. Of what no home is known for, it says from where it came. Not here: how faults are
//! folded (`live::fold`), a person's script ([`super`]).

use maud::{Markup, html};

use crate::pages::{faults, when};
use crate::words::Words;
use centre::auth::Staff;
use centre::desk::card::Card;
use centre::lang::Lang;
use centre::live::fold::{self, Due, due};
use centre::zone::Wall;

/// Keys of an engineer's steps, in their order; none: it is done without one.
const KEYS: [(&str, &str, &str); 5] = [
    ("F2", "claim", "card.fix_claim"),
    ("F3", "call_resident", "card.fix_call"),
    ("F6", "send", "card.fix_send"),
    ("F7", "note", "card.fix_note"),
    ("F8", "close", "card.fix_close"),
];

/// Whether a card is an engineer's.
pub(super) fn is(card: &Card) -> bool {
    fold::is_equipment(card.row.kind)
}

/// What is known of where it is; also of a call that no home is known for.
pub(super) fn facts(card: &Card, lang: Lang, wall: Wall<'_>) -> Markup {
    let view = &card.view;
    let Due { workaround, fix } = due(view.age_ms);
    let pair = |key: &'static str, value: &Markup| html! { dt { (lang.t(key)) } dd { (value) } };
    let text = |value: &str| html! { @if value.is_empty() { (lang.t("card.not_recorded")) } @else { (value) } };
    // A home without a way is told with all that stand behind the same box.
    let homes = match (card.row.home, view.gateway_homes_count) {
        (0, 0) => String::new(),
        (_, n) if n > 0 => {
            let count = lang.fill("faults.n_homes", &[("n", &n.to_string())]);
            format!("{count} {}", view.gateway_homes.join(lang.t("protect.and")))
        }
        _ => view.home_label.clone(),
    };
    let body = html! {
        dl class="pair" {
            @if let Some(gateway) = &view.gateway { (pair("card.box", &html! { (gateway) })) }
            @if view.gateway.is_some() { (pair("card.box_place", &text(&view.gateway_label))) }
            @if let Some(device) = &view.device { (pair("card.box_device", &html! { (view.device_label) " " (device) })) }
            (pair("card.box_homes", &text(&homes)))
            (pair("card.box_since", &html! { (wall.table(view.raised_ms)) " " (when::ageing(view.age_ms, lang)) }))
            @if is(card) {
                (pair("faults.workaround", &faults::left(lang, wall, workaround)))
                (pair("faults.fix", &faults::left(lang, wall, fix)))
            }
        }
    };
    super::section(lang.t("card.box_head"), "", &body)
}

/// What an engineer does, with the next step marked.
pub(super) fn script(card: &Card, me: &Staff) -> Markup {
    let lang = me.lang;
    let claimed = matches!(card.view.state, "claimed" | "suspended");
    let now = match card.view.state {
        "closed" => KEYS.len() - 1,
        _ if !claimed => 0,
        _ => (1..KEYS.len() - 1).find(|n| !super::done(card, KEYS[*n].1)).unwrap_or(KEYS.len() - 1),
    };
    html! {
        section class="script engineer" data-next=(KEYS[now].1) {
            h2 class="label" { span { (lang.t("card.fix")) } span {} }
            ol {
                @for (n, (cap, _, word)) in KEYS.iter().enumerate() {
                    li class=[(n == now).then_some("now")] { span { (n + 1) } span { (lang.t(word)) } kbd { (cap) } }
                }
            }
        }
    }
}
