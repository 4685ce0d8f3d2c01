//! What is missing from a chart, and what was outside the person's limits, as lines under it: all of it.
//!
//! What several lanes miss at once for the same reason is one line; more than a few lines are folded, never left
//! out. Not here: what a gap is (`chart::gap`).

use maud::{Markup, html};
use proto::unit::NoData;

use super::Glass;
use crate::pages::chart::gap::Gap;
use crate::pages::chart::{Lane, MINUTE_MS};
use crate::pages::when;
use crate::words::Words;
use centre::lang::Lang;

/// Lines that are open; the rest is folded.
const OPEN: usize = 6;
/// Gaps of two lanes are one if they begin and end so close together, ms.
const TOGETHER_MS: i64 = 90_000;
/// Values outside a limit are one stretch if they are so close together, ms.
const STRETCH_MS: i64 = 3 * MINUTE_MS;

/// Why a stretch is missing, in words.
pub fn reason(lang: Lang, gap: &Gap) -> String {
    let mut words: Vec<&str> = gap.reasons.iter().map(|why| lang.t(key(*why))).collect();
    if gap.silent {
        words.push(lang.t("home.no_message"));
    }
    words.join(lang.t("home.list_and"))
}

/// Key of a reason.
pub const fn key(reason: NoData) -> &'static str {
    match reason {
        NoData::Off => "home.why_off",
        NoData::NotPresent => "home.not_in_bed",
        NoData::Timeout => "home.why_timeout",
        NoData::Fault => "home.why_fault",
        NoData::Stale => "home.why_stale",
        NoData::Clipped => "home.why_clipped",
        NoData::Implausible => "home.why_implausible",
    }
}

/// A gap of one or several lanes.
struct Hole<'a> {
    lanes: Vec<&'a str>,
    gap: &'a Gap,
}

fn holes(lanes: &[Lane]) -> Vec<Hole<'_>> {
    let mut out: Vec<Hole<'_>> = Vec::new();
    for (lane, gap) in lanes.iter().flat_map(|lane| lane.gaps.iter().map(move |gap| (lane, gap))) {
        let near = |a: i64, b: i64| (a - b).abs() <= TOGETHER_MS;
        let same = out.iter_mut().find(|hole| {
            let other = hole.gap;
            near(other.from_ms, gap.from_ms)
                && near(other.to_ms, gap.to_ms)
                && (&other.reasons, other.silent) == (&gap.reasons, gap.silent)
        });
        match same {
            Some(hole) => hole.lanes.push(&lane.name),
            None => out.push(Hole { lanes: vec![&lane.name], gap }),
        }
    }
    out.sort_by_key(|hole| hole.gap.from_ms);
    out
}

/// A stretch outside a person's limits: from, until, the value that was farthest out.
type Outside = (i64, i64, f32);

fn outside(lane: &Lane) -> Vec<Outside> {
    let mut out: Vec<Outside> = Vec::new();
    let values = lane.samples.iter().filter(|s| s.value.is_ok());
    for (sample, value) in values.filter_map(|s| Some((s, lane.scale.outside(s.low, s.high)?))) {
        let above = |v: f32| lane.scale.limits.1.is_some_and(|limit| v > f32::from(limit));
        match out.last_mut() {
            Some((_, to, worst))
                if sample.from_ms - *to <= STRETCH_MS && above(*worst) == above(value) =>
            {
                *to = sample.to_ms;
                *worst = if above(value) { worst.max(value) } else { worst.min(value) };
            }
            _ => out.push((sample.from_ms, sample.to_ms, value)),
        }
    }
    out
}

/// The lines.
pub fn list(glass: Glass<'_>, lanes: &[Lane]) -> Markup {
    let lang = glass.lang;
    let gaps: Vec<Markup> = holes(lanes).iter().map(|hole| hole_line(glass, hole)).collect();
    let over: Vec<Markup> = lanes
        .iter()
        .flat_map(|lane| outside(lane).into_iter().map(move |one| (lane, one)))
        .map(|(lane, one)| outside_line(glass, lane, one))
        .collect();
    html! {
        @if gaps.is_empty() && !lanes.is_empty() { p class="why-list" { (lang.t("home.no_gaps")) } }
        (folded(lang, &gaps, "home.more_gaps"))
        (folded(lang, &over, "home.more_outside"))
        @if let Some(grain) = grain(lanes) {
            p class="quiet" { (lang.fill("home.grain", &[("age", &when::stretch(grain, lang))])) }
        }
    }
}

/// How much time one sample stands for, where that is more than a minute: what is shorter is not seen.
fn grain(lanes: &[Lane]) -> Option<i64> {
    let widest = lanes.iter().flat_map(|lane| &lane.samples).map(|s| s.to_ms - s.from_ms).max()?;
    (widest > 2 * MINUTE_MS).then_some(widest)
}

fn folded(lang: Lang, lines: &[Markup], more: &str) -> Markup {
    let (open, rest) = lines.split_at(lines.len().min(OPEN));
    html! {
        @if !open.is_empty() { ul class="why-list" { @for line in open { li { (line) } } } }
        @if !rest.is_empty() {
            details {
                summary { (lang.fill(more, &[("n", &rest.len().to_string())])) }
                ul class="why-list" { @for line in rest { li { (line) } } }
            }
        }
    }
}

fn stretch(glass: Glass<'_>, from_ms: i64, to_ms: i64) -> Markup {
    let (lang, wall) = (glass.lang, glass.wall);
    let goes_on = to_ms >= glass.day.to_ms;
    let from = wall.table(from_ms);
    let text = match goes_on {
        true => lang.fill("home.gap_since", &[("from", &from)]),
        false => {
            let same = wall.day(from_ms) == wall.day(to_ms);
            let to = if same { wall.minute(to_ms) } else { wall.table(to_ms) };
            lang.fill("home.gap_line", &[("from", &from), ("to", &to)])
        }
    };
    html! { b { (text) } "　" }
}

fn hole_line(glass: Glass<'_>, hole: &Hole<'_>) -> Markup {
    let (lang, gap) = (glass.lang, hole.gap);
    let places = [
        ("what", hole.lanes.join(lang.t("home.list_and"))),
        ("why", reason(lang, gap)),
        ("age", when::stretch(gap.to_ms - gap.from_ms, lang)),
    ];
    let places = places.each_ref().map(|(name, text)| (*name, text.as_str()));
    html! { (stretch(glass, gap.from_ms, gap.to_ms)) (lang.fill("home.gap_what", &places)) }
}

fn outside_line(glass: Glass<'_>, lane: &Lane, (from, to, worst): Outside) -> Markup {
    let lang = glass.lang;
    let number = |limit: Option<u8>| limit.map_or_else(|| "–".to_owned(), |n| n.to_string());
    let places = [
        ("what", lane.name.clone()),
        ("value", format!("{worst:.0}")),
        ("low", number(lane.scale.limits.0)),
        ("high", number(lane.scale.limits.1)),
    ];
    let places = places.each_ref().map(|(name, text)| (*name, text.as_str()));
    html! { (stretch(glass, from, to)) (lang.fill("home.outside", &places)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::day::tests::{Home, minute};

    #[test]
    fn every_gap_is_named_with_its_reason_however_many_there_are() {
        let mut home = Home::new();
        // Twenty holes of eleven minutes, an hour apart.
        for m in 0..1440 {
            if m % 60 >= 12 || m > 1200 {
                home.told(m, 15.0);
            }
        }
        let lanes = home.lanes(Lang::Zh);
        assert_eq!(lanes[0].gaps.len(), 20, "{:?}", lanes[0].gaps);
        let text = list(home.glass(Lang::Zh), &lanes).into_string();
        for gap in &lanes[0].gaps {
            let from = home.wall().table(gap.from_ms);
            assert!(text.contains(&from), "{from} is not named");
        }
        assert_eq!(text.matches("无消息").count(), 20);
        assert!(text.contains("<details"), "many lines are folded");
    }

    #[test]
    fn what_several_lanes_miss_for_one_reason_is_one_line_and_another_reason_is_another() {
        let mut home = Home::new();
        for m in (0..1440).filter(|m| !(100..200).contains(m)) {
            home.told(m, 15.0);
            home.beats(m, 66.0);
        }
        for m in 150..160 {
            home.failed(m + 400);
        }
        let lanes = home.lanes(Lang::En);
        let text = list(home.glass(Lang::En), &lanes).into_string();
        assert!(text.contains("Breathing, Heart rate"), "{text}");
        assert_eq!(text.matches("<li>").count(), 1, "{text}");
        let mut home = Home::new();
        for m in 0..1440 {
            match (500..520).contains(&m) {
                true => home.failed(m),
                false => home.told(m, 15.0),
            }
        }
        let lanes = home.lanes(Lang::Zh);
        let text = list(home.glass(Lang::Zh), &lanes).into_string();
        assert!(text.contains(Lang::Zh.t("home.why_fault")), "{text}");
        assert!(!text.contains("无消息"), "it spoke: {text}");
    }

    #[test]
    fn each_reason_has_words_of_its_own_in_both_languages_under_the_chart() {
        for lang in [Lang::Zh, Lang::En] {
            let mut seen = std::collections::BTreeSet::new();
            for why in NoData::ALL {
                assert!(seen.insert(lang.t(key(why))), "{why:?} has the words of another");
                let mut home = Home::new();
                for m in 0..1440 {
                    match (500..520).contains(&m) && why != NoData::NotPresent {
                        true => home.lacks(m, why),
                        false => home.told(m, 15.0),
                    }
                }
                let text = list(home.glass(lang), &home.lanes(lang)).into_string();
                let told = text.contains(lang.t(key(why)));
                assert_eq!(told, why != NoData::NotPresent, "{why:?}: {text}");
            }
        }
    }

    #[test]
    fn a_stretch_outside_the_limits_is_told_with_its_worst_value() {
        let mut home = Home::new();
        home.rules.breath_high = Some(30);
        for m in 0..1440 {
            home.told(m, if (300..315).contains(&m) { 36.0 } else { 15.0 });
        }
        let lanes = home.lanes(Lang::Zh);
        let text = list(home.glass(Lang::Zh), &lanes).into_string();
        assert!(text.contains("36") && text.contains("30"), "{text}");
        assert!(text.contains(&home.wall().table(minute(300))), "{text}");
    }
}
