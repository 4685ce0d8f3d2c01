//! Reasons for and against on a card: what was seen, when or for how long, and which way it speaks.
//!
//! Times run: the long-lie clock and whatever was last seen count up to the moment in which the card was asked
//! for. Not here: what a reason means (`care`).

use maud::{Markup, html};
use serde_json::Value;

use crate::pages::when;
use crate::words::Words;
use centre::lang::Lang;
use centre::live::view::AlertView;
use centre::zone::Wall;

/// Most reasons that a card shows; a section has six lines.
const SHOWN: usize = 6;

/// The section, which says what is argued about; nothing where nothing is known.
pub(super) fn section(view: &AlertView, lang: Lang, wall: Wall<'_>) -> Markup {
    let items = view.evidence.as_array().map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        return html! {};
    }
    let kind = lang.t(&format!("kind.{}", view.kind));
    let about = lang.fill("card.about", &[("kind", kind)]);
    super::section(lang.t("card.evidence"), &about, &table(items, lang, wall))
}

/// What was seen, as words alone: for a line of the story.
pub(super) fn words(json: &str, lang: Lang) -> String {
    let items: Vec<Value> = serde_json::from_str(json).unwrap_or_default();
    let words: Vec<_> = items.iter().map(|item| word(item, lang)).collect();
    words.join(lang.t("js.gap"))
}

fn table(items: &[Value], lang: Lang, wall: Wall<'_>) -> Markup {
    html! {
        table class="past reasons" {
            @for item in chosen(items) {
                tr data-supports=(if supports(item) { "for" } else { "against" }) {
                    td { (word(item, lang)) }
                    td class="end" { (measure(item, lang, wall)) }
                    td class="end" { (lang.t(if supports(item) { "card.for" } else { "card.against" })) }
                }
            }
        }
    }
}

/// The newest reasons, in the order in which they were found.
fn chosen(items: &[Value]) -> &[Value] {
    &items[items.len().saturating_sub(SHOWN)..]
}

fn supports(item: &Value) -> bool {
    item.get("supports").and_then(Value::as_bool).unwrap_or(true)
}

fn word(item: &Value, lang: Lang) -> &'static str {
    let word = item.get("what").and_then(Value::as_str).unwrap_or_default();
    lang.t(&format!("seen.{word}"))
}

/// When it was and how long ago, counted on by the page's script.
fn since(lang: Lang, wall: Wall<'_>, at_ms: i64) -> Markup {
    let told = lang.fill("card.at_ago", &[("time", &wall.minute(at_ms))]);
    let (before, after) = told.split_once("{age}").unwrap_or((&told, ""));
    html! { (before) (when::ageing(wall.now_ms - at_ms, lang)) (after) }
}

/// The number that goes with a reason, in the unit that its sort has.
fn measure(item: &Value, lang: Lang, wall: Wall<'_>) -> Markup {
    let what = item.get("what").and_then(Value::as_str).unwrap_or_default();
    let value = item.get("value").and_then(Value::as_f64).unwrap_or(0.0);
    let at_ms = item.get("at_ms").and_then(Value::as_i64).unwrap_or(wall.now_ms);
    let minutes = || {
        #[expect(clippy::cast_possible_truncation, reason = "minutes of a card are few")]
        let ms = (value * 60_000.0) as i64;
        when::span(ms, lang)
    };
    let text = match what {
        // How long it lasts, or lasted when it was found.
        "nothing" | "silent" | "no_answer" | "not_worn" | "unchanging" | "always_on" | "usual"
        | "in_room" | "sustained" | "not_installed" => minutes(),
        "battery" | "restless" | "restless_usual" => format!("{value:.0}%"),
        "breath" | "heart" => format!("{value:.0} {}", lang.t("home.per_minute")),
        "lost" | "demoted" | "certificate_ends" | "wavered" | "booted" | "connected"
        | "telemetry_shed" | "calls_refused" | "notices_dead" | "bus_lost" => {
            format!("{value:.0}")
        }
        "tampered" | "stuck" | "no_mains" | "held_at_boot" => wall.minute(at_ms),
        _ => return since(lang, wall, at_ms),
    };
    html! { (text) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use centre::zone::Zone;

    fn told(item: &Value, now_ms: i64) -> String {
        let zone = Zone::named("UTC");
        measure(item, Lang::En, Wall { now_ms, zone: &zone }).into_string()
    }

    #[test]
    fn the_long_lie_clock_runs_on_and_a_span_stays_as_it_was_found() {
        let upright = json!({ "what": "upright", "supports": true, "at_ms": 0, "value": 3.0 });
        assert!(told(&upright, 25 * 60_000).contains("data-age-s=\"1500\">25 min ago<"));
        let nothing = json!({ "what": "nothing", "supports": true, "at_ms": 0, "value": 245.0 });
        assert_eq!(told(&nothing, 400 * 60_000), "4 h");
    }

    #[test]
    fn a_card_shows_the_newest_six_reasons() {
        let items: Vec<Value> = (0..9).map(|n| json!({ "what": "moved", "value": n })).collect();
        assert_eq!(chosen(&items).len(), 6);
        assert_eq!(chosen(&items)[5]["value"], 8);
        let zone = Zone::named("UTC");
        let wall = Wall { now_ms: 0, zone: &zone };
        let page = table(&items, Lang::Zh, wall).into_string();
        assert_eq!(page.matches("<tr").count(), 6);
    }

    #[test]
    fn a_note_in_the_story_says_what_was_seen() {
        let json = r#"[{"what":"answered","supports":false,"at_ms":0,"value":1}]"#;
        assert_eq!(words(json, Lang::Zh), Lang::Zh.t("seen.answered"));
        assert_eq!(words("", Lang::Zh), "");
    }
}
