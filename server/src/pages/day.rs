//! A home's readings as charts: the last day on its page, the last half hour on a card.
//!
//! All lanes share one clock; what is missing is hatched, and listed below with its length.
//! Not here: how marks are drawn (`chart`), where readings come from (`desk::protection`).

use maud::{Markup, html};
use proto::unit::NoData;
use proto::up::Quantity;

use crate::desk::protection::{Day, Readings};
use crate::desk::view::{kind_of, kind_word};
use crate::pages::chart::{self, Lane, Press, Shape};
use crate::pages::when::{self, Wall};
use crate::records::desk::DeskRow;
use crate::words::Lang;

/// A lane without a word for longer has a gap, ms: two periods of a summary and some.
const GAP_MS: i64 = 3 * 60_000;
const LEFT: f64 = 88.0;
/// Where lanes begin on a card: behind the longest word of both languages.
const MINI_LEFT: f64 = 74.0;
const RIGHT: f64 = 1038.4;

const fn shape(quantity: Quantity) -> (Shape, &'static str, f64) {
    match quantity {
        Quantity::InBed => (Shape::Band, "home.in_bed", 26.0),
        Quantity::Motion => (Shape::Bars, "home.motion", 40.0),
        Quantity::Breath => (Shape::Line { low: 6, high: 26 }, "home.breath", 56.0),
        Quantity::Heart => (Shape::Line { low: 40, high: 110 }, "home.heart", 56.0),
        Quantity::Door
        | Quantity::Restless
        | Quantity::Load
        | Quantity::Temperature
        | Quantity::Humidity
        | Quantity::Signal
        | Quantity::Battery => (Shape::Ticks, "home.door", 26.0),
    }
}

fn lane_of<'a>(lang: Lang, wall: Wall<'_>, readings: &'a Readings, to_ms: i64) -> (Lane<'a>, f64) {
    let (shape, label, height) = shape(readings.quantity);
    let measured = matches!(shape, Shape::Line { .. });
    let (now, age) = present(lang, wall, readings, measured, to_ms);
    let unknown = now.is_none();
    let now = now.unwrap_or_else(|| lang.t("home.unknown").to_owned());
    let unit = if measured { lang.t("home.per_minute") } else { "" };
    (
        Lane { label: lang.t(label), unit, shape, samples: &readings.samples, now, age, unknown },
        height,
    )
}

/// What holds now and how old it is; none = unknown. What is measured in bed only says that nobody is there.
fn present(
    lang: Lang,
    wall: Wall<'_>,
    readings: &Readings,
    measured: bool,
    to_ms: i64,
) -> (Option<String>, String) {
    let word = |value: f32| worded(lang, readings.quantity, value);
    let newest = readings.samples.last().filter(|(at, _)| to_ms - at <= GAP_MS);
    if let Some((at, Ok(value))) = newest {
        return (Some(word(*value)), when::ago(to_ms - at, lang));
    }
    let read = readings.samples.iter().rev().find_map(|(at, value)| Some((*at, value.ok()?)));
    let age = match read {
        Some((at, value)) => {
            lang.fill("home.last_value", &[("value", &word(value)), ("time", &wall.minute(at))])
        }
        None => lang.t("home.none_24").to_owned(),
    };
    let absent = measured && matches!(newest, Some((_, Err(NoData::NotPresent))));
    (absent.then(|| lang.t("home.not_in_bed").to_owned()), age)
}

/// A value as it stands in the chart: presence is a word, a count says that it is one, a rate has its unit by its name.
fn worded(lang: Lang, quantity: Quantity, value: f32) -> String {
    let n = format!("{value:.0}");
    match quantity {
        Quantity::InBed if value >= chart::HALF => lang.t("home.in_bed").to_owned(),
        Quantity::InBed => lang.t("home.not_in_bed").to_owned(),
        Quantity::Motion | Quantity::Door => lang.fill("home.times", &[("n", &n)]),
        Quantity::Breath
        | Quantity::Heart
        | Quantity::Restless
        | Quantity::Load
        | Quantity::Temperature
        | Quantity::Humidity
        | Quantity::Signal
        | Quantity::Battery => n,
    }
}

/// The sheet of the last day: chart and the list of what is missing.
pub fn sheet(lang: Lang, wall: Wall<'_>, day: &Day, events: &[DeskRow]) -> Markup {
    let t = |key: &'static str| lang.t(key);
    html! {
        section class="sheet" aria-labelledby="h24" {
            header {
                h2 id="h24" { (t("home.day")) }
                div class="legend" {
                    span { svg class="chart" width="28" height="12" { path class="dots" d="M0 6H28" {} } (t("home.legend_dots")) }
                    span { svg class="chart" width="28" height="14" { rect class="gap" x=".5" y=".5" width="27" height="13" {} } (t("home.legend_gap")) }
                    span { (t("home.legend_now")) }
                }
            }
            @if day.missing { p role="status" { (lang.t("home.series_missing")) } }
            div class="scroll" tabindex="0" role="region" aria-labelledby="h24" { (day_chart(lang, wall, day, events)) }
            (why_list(lang, wall, day))
        }
    }
}

fn day_chart(lang: Lang, wall: Wall<'_>, day: &Day, events: &[DeskRow]) -> Markup {
    let frame = chart::Frame { from_ms: day.from_ms, to_ms: day.to_ms, left: LEFT, right: RIGHT };
    let mut floor = 4.0;
    let mut lanes = Vec::new();
    for readings in &day.readings {
        let (lane, height) = lane_of(lang, wall, readings, day.to_ms);
        floor += height + 18.0;
        lanes.push((lane, floor, height));
    }
    let bottom = floor + 44.0;
    let marks: Vec<Press> = events
        .iter()
        .filter(|row| row.severity == 3 && row.raised_wall >= day.from_ms)
        .map(|row| Press { at_ms: row.raised_wall, text: press_text(lang, wall, row) })
        .collect();
    let height = bottom + 34.0;
    html! {
        (names(lang, &lanes, bottom))
        svg class="chart" width="1254" height=(height) viewBox=(format!("0 0 1254 {height}")) role="img" aria-labelledby="c24" {
            title id="c24" { (lang.t("home.day")) }
            (chart::axis(frame, wall, 2 * 3_600_000, 4.0, bottom))
            @for (lane, floor, height) in &lanes {
                @let middle = middle(*floor, *height);
                (name(lane, middle))
                (chart::lane(frame, lane, *floor, *height, (lang.t("home.no_message"), GAP_MS)))
                (value(lane, middle))
            }
            text class="strong" x="0" y=(bottom - 10.0) { (lang.t("home.press")) }
            (chart::presses(frame, &marks, bottom))
            text class="dim" x="1254" y=(bottom - 10.0) text-anchor="end" {
                @match marks.first() { Some(mark) => { (wall.minute(mark.at_ms)) } None => { (lang.t("home.none_24")) } }
            }
        }
    }
}

fn middle(floor: f64, height: f64) -> f64 {
    floor - height / 2.0 + 5.0
}

fn name(lane: &Lane<'_>, middle: f64) -> Markup {
    html! {
        text class="strong" x="0" y=(middle) { (lane.label) }
        @if !lane.unit.is_empty() { text class="dim" x="0" y=(middle + 18.0) { (lane.unit) } }
    }
}

/// The lanes' names once more, which stay at the left edge where the chart is wider than the glass.
fn names(lang: Lang, lanes: &[(Lane<'_>, f64, f64)], bottom: f64) -> Markup {
    html! {
        svg class="chart names" width=(LEFT) height=(bottom + 34.0) aria-hidden="true" {
            @for (lane, floor, height) in lanes { (name(lane, middle(*floor, *height))) }
            text class="strong" x="0" y=(bottom - 10.0) { (lang.t("home.press")) }
        }
    }
}

fn value(lane: &Lane<'_>, middle: f64) -> Markup {
    html! {
        @if lane.unknown { rect class="gap" x="1050.5" y=(middle - 19.0) width="90" height="26" rx="3" {} }
        text class="now why" x="1060" y=(middle) { (lane.now) }
        text class="dim" x="1254" y=(middle) text-anchor="end" { (lane.age) }
    }
}

fn press_text(lang: Lang, wall: Wall<'_>, row: &DeskRow) -> String {
    let key = format!("kind.{}", kind_word(kind_of(row.kind)));
    let kind = lang.t(&key);
    let end = if row.state == 3 { lang.t("home.ended") } else { lang.t("home.open_now") };
    format!("{} {kind}{}{end}", wall.minute(row.raised_wall), lang.t("js.gap"))
}

/// The last half hour as a small chart for the card, with the moment of the press.
pub fn half_hour(lang: Lang, wall: Wall<'_>, day: &Day, raised_ms: i64) -> Markup {
    let frame =
        chart::Frame { from_ms: day.from_ms, to_ms: day.to_ms, left: MINI_LEFT, right: 286.0 };
    let shown = [Quantity::InBed, Quantity::Motion, Quantity::Door, Quantity::Breath];
    let newest = day.readings.iter().filter_map(|r| r.samples.last()).map(|(at, _)| *at).max();
    let lanes = shown.iter().filter_map(|q| day.readings.iter().find(|r| r.quantity == *q));
    let updated = newest.map_or_else(String::new, |at| {
        format!("{} {}", lang.t("card.updated"), when::ago(day.to_ms - at, lang))
    });
    html! {
        section class="grow" {
            h2 class="label" { span { (lang.t("card.seen")) } span { (updated) } }
            @if newest.is_none() { p class="quiet" { (lang.t("card.no_readings")) } } @else {
                svg class="chart" width="286" height="140" viewBox="0 0 286 140" role="img" aria-label=(lang.t("card.seen")) {
                    (chart::axis(frame, wall, 10 * 60_000, 0.0, 116.0))
                    @for (n, readings) in (0_u8..).zip(lanes) {
                        @let (lane, _) = lane_of(lang, wall, readings, day.to_ms);
                        @let floor = 22.0 + 29.0 * f64::from(n);
                        text class="dim" x="0" y=(floor - 5.0) { (lane.label) }
                        (chart::lane(frame, &lane, floor, 16.0, (lang.t("home.no_message"), GAP_MS)))
                    }
                    (chart::presses(frame, &[Press { at_ms: raised_ms, text: String::new() }], 116.0))
                }
            }
        }
    }
}

fn why_list(lang: Lang, wall: Wall<'_>, day: &Day) -> Markup {
    let mut holes = Vec::new();
    for readings in &day.readings {
        let label = shape(readings.quantity).1;
        let found = chart::gaps(&readings.samples, day.from_ms, day.to_ms, GAP_MS);
        holes.extend(found.into_iter().map(|gap| (label, gap)));
    }
    html! {
        ul class="why-list" {
            @if holes.is_empty() { li { (lang.t("home.no_gaps")) } }
            @for (label, gap) in holes.iter().take(8) {
                li {
                    b { (lang.fill("home.gap_line", &[("from", &wall.table(gap.from_ms)), ("to", &wall.table(gap.to_ms))])) }
                    "　" (lang.fill("home.gap_what", &[("what", lang.t(label)), ("age", &when::stretch(gap.to_ms - gap.from_ms, lang))]))
                }
            }
        }
    }
}
