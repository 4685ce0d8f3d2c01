//! A home's readings as charts: a day, a week or a month on its page, the last half hour on a card.
//!
//! All lanes share one clock, each sensor has a lane of its own; what is missing is hatched, and listed below with
//! its reason. The same is there as a table for who does not see the chart. Not here: how marks are drawn
//! (`chart`), where readings come from (`desk::protection`).

pub mod lanes;
pub mod missing;
pub mod span;
pub mod table;
#[cfg(test)]
pub(crate) mod tests;

use care::Severity;
use care::policy::Rules;
use maud::{Markup, html};

use self::lanes::lanes;
pub use self::span::Span;
use crate::pages::chart::{self, Lane, Press, mark};
use crate::pages::when;
use crate::words::Words;
use centre::desk::protection::Day;
use centre::lang::Lang;
use centre::zone::Wall;
use records::desk::{AlertState, DeskRow};

/// Width of the chart: what a desk of 1366 px leaves beside a scroll bar.
const WIDE: f64 = 1222.0;
/// Room for names and scales at the left.
const LEFT: f64 = 124.0;
/// Longest line of a name.
const NAME: f64 = 84.0;
/// Right edge of the time axis; present values stand beyond.
const RIGHT: f64 = WIDE - 146.0;
/// Longest line of what stands beyond it.
const AGE: f64 = 134.0;
/// Height of a line of text.
const LINE: f64 = 18.0;
/// Where lanes begin on a card.
const MINI_LEFT: f64 = 80.0;
/// Most lanes of a card.
const MINI_LANES: usize = 6;

/// What a chart needs beside its readings.
#[derive(Clone, Copy)]
pub struct Glass<'a> {
    /// In which language.
    pub lang: Lang,
    /// Now.
    pub wall: Wall<'a>,
    /// What was measured.
    pub day: &'a Day,
    /// How this home is judged.
    pub rules: &'a Rules,
}

impl Glass<'_> {
    fn frame(&self, left: f64, right: f64) -> chart::Frame {
        chart::Frame { from_ms: self.day.from_ms, to_ms: self.day.to_ms, left, right }
    }
}

/// The sheet: chart, what is missing, and the same as a table. `id`: the home's, for its other spans.
pub fn sheet(glass: Glass<'_>, span: Span, id: &str, events: &[DeskRow]) -> Markup {
    let lang = glass.lang;
    let t = |key: &'static str| lang.t(key);
    let lanes = lanes(glass);
    let presses: Vec<&DeskRow> = events
        .iter()
        .filter(|row| row.severity == Severity::Emergency && row.raised_wall >= glass.day.from_ms)
        .collect();
    html! {
        section class="sheet" aria-labelledby="h24" id="readings" {
            header {
                h2 id="h24" { (t(span.title())) }
                (spans(lang, span, id))
                div class="legend" {
                    span { svg class="chart" width="28" height="12" aria-hidden="true" { path class="dots" d="M0 6H28" {} } (t("home.legend_dots")) }
                    span { svg class="chart" width="28" height="14" aria-hidden="true" { rect class="gap" x=".5" y=".5" width="27" height="13" {} } (t("home.legend_gap")) }
                    @if lanes.iter().any(|lane| lane.scale.limits != (None, None)) {
                        span { svg class="chart" width="28" height="12" aria-hidden="true" { path class="limit" d="M0 3H28" {} path class="over" d="M0 9H28" {} } (t("home.legend_limit")) }
                    }
                }
            }
            @if glass.day.missing { p role="status" { (t("home.series_missing")) } }
            (present(lang, &lanes))
            div class="scroll" tabindex="0" role="group" aria-labelledby="h24" { (whole(glass, span, &lanes, &presses)) }
            (missing::list(glass, &lanes))
            (table::hidden(glass, span, &lanes, &presses))
        }
    }
}

fn spans(lang: Lang, shown: Span, id: &str) -> Markup {
    html! {
        nav class="spans" aria-label=(lang.t("home.spans")) {
            @for span in Span::ALL {
                @let here = span == shown;
                a href={ "/homes/" (id) "?span=" (span.word()) "#readings" } aria-current=[here.then_some("true")] {
                    (lang.t(span.short()))
                }
            }
            a href={ "/homes/" (id) "/readings.csv?span=" (shown.word()) } download { (lang.t("home.csv")) }
        }
    }
}

/// Height of a lane with its name and its values.
fn tall(lane: &Lane) -> f64 {
    let names = lines(lane.label.len() + lane.under.len());
    lanes::height(lane.shape).max(names).max(4.0 + lines(1 + lane.age.len()))
}

/// Height of so many lines of text.
fn lines(many: usize) -> f64 {
    LINE * f64::from(u8::try_from(many).unwrap_or(u8::MAX))
}

/// Where the first of so many lines stands: they are level with the middle of their lane, or end at its floor.
fn first_line(lane: &Lane, floor: f64, many: usize) -> f64 {
    let middle = floor - lanes::height(lane.shape) / 2.0;
    let centred = middle - lines(many) / 2.0;
    centred.min(floor - lines(many)) + 13.0
}

fn whole(glass: Glass<'_>, span: Span, lanes: &[Lane], presses: &[&DeskRow]) -> Markup {
    let (lang, frame) = (glass.lang, glass.frame(LEFT, RIGHT));
    let mut floor = 4.0;
    let mut placed = Vec::new();
    for lane in lanes {
        floor += tall(lane) + 18.0;
        placed.push((lane, floor));
    }
    let bottom = floor + 44.0;
    let marks: Vec<Press> = presses
        .iter()
        .map(|row| Press { at_ms: row.raised_wall, text: press_text(glass, span, row) })
        .collect();
    let high = bottom + 34.0;
    html! {
        svg class="chart names" width=(LEFT) height=(high) aria-hidden="true" { (names(lang, frame, &placed, bottom)) }
        svg class="chart whole" width=(WIDE) height=(high) viewBox=(format!("0 0 {WIDE} {high}")) preserveAspectRatio="xMinYMin slice" role="img" aria-labelledby="c24" {
            title id="c24" { (lang.t(span.title())) (lang.t("home.as_table")) }
            (chart::axis(frame, glass.wall, 4.0, bottom))
            (names(lang, frame, &placed, bottom))
            @for (lane, floor) in &placed {
                (chart::lane(frame, lane, *floor, lanes::height(lane.shape), &|gap| missing::reason(lang, gap)))
                (value(lane, *floor))
            }
            (chart::presses(frame, &marks, bottom))
            text class="dim" x=(RIGHT + 12.0) y=(bottom - 10.0) {
                @match marks.last() { Some(_) => { (lang.fill("home.times", &[("n", &marks.len().to_string())])) } None => { (lang.t("home.none")) } }
            }
        }
    }
}

/// What holds now, for a glass on which the chart has no room for it; the table says it to who hears.
fn present(lang: Lang, lanes: &[Lane]) -> Markup {
    html! {
        p class="quiet narrow" aria-hidden="true" { (lang.t("home.sideways")) }
        dl class="present narrow" aria-hidden="true" {
            @for lane in lanes {
                dt { (lane.name) }
                dd {
                    b { (lane.now) } " "
                    @match lane.age_ms { Some(ms) => { (when::ageing(ms, lang)) } None => span class="second" { (lane.age.join(" ")) } }
                }
            }
        }
    }
}

/// The lanes' names and scales. They are drawn once more at the left edge, where they stay when the chart is wider
/// than the glass.
fn names(lang: Lang, frame: chart::Frame, placed: &[(&Lane, f64)], bottom: f64) -> Markup {
    html! {
        @for (lane, floor) in placed {
            @let top = first_line(lane, *floor, lane.label.len() + lane.under.len());
            @for (n, line) in (0_u8..).zip(lane.label.iter().chain(&lane.under)) {
                @let strong = usize::from(n) < lane.label.len();
                text class=(if strong { "strong" } else { "dim" }) x="0" y=(top + LINE * f64::from(n)) { (line) }
            }
            @if lanes::has_scale(lane.shape) { (mark::scale(frame, &lane.scale, *floor, lanes::height(lane.shape))) }
        }
        text class="strong" x="0" y=(bottom - 10.0) { (lang.t("home.press")) }
    }
}

/// What holds now, and under it how old that is.
fn value(lane: &Lane, floor: f64) -> Markup {
    let (x, top) = (RIGHT + 12.0, first_line(lane, floor, 1 + lane.age.len()) + 1.0);
    let wide = chart::label::width(&lane.now) * 16.0 / 14.0 + 14.0;
    html! {
        @if lane.unknown { rect class="gap" x=(x - 6.5) y=(top - 17.5) width=(wide) height="23" rx="3" {} }
        text class="now why" x=(x) y=(top) { (lane.now) }
        @for (n, line) in (1_u8..).zip(&lane.age) {
            text class="dim" x=(x) y=(top + 1.0 + LINE * f64::from(n)) data-age-s=[lane.age_ms.map(|ms| ms / 1000)] { (line) }
        }
    }
}

fn press_text(glass: Glass<'_>, span: Span, row: &DeskRow) -> String {
    let lang = glass.lang;
    let key = format!("kind.{}", row.kind.word());
    let kind = lang.t(&key);
    let end = if row.state == AlertState::Closed {
        lang.t("home.ended")
    } else {
        lang.t("home.open_now")
    };
    let at = match span {
        Span::Day => glass.wall.minute(row.raised_wall),
        Span::Week | Span::Month => glass.wall.table(row.raised_wall),
    };
    format!("{at} {kind}{}{end}", lang.t("js.gap"))
}

/// The last half hour as a small chart for the card, with the moment of the press.
pub fn half_hour(glass: Glass<'_>, raised_ms: i64) -> Markup {
    let (lang, day) = (glass.lang, glass.day);
    let frame = glass.frame(MINI_LEFT, 286.0);
    let all = lanes::for_a_card(glass);
    let lanes = &all[..all.len().min(MINI_LANES)];
    let newest = all.iter().filter_map(|lane| lane.samples.last()).map(|s| s.to_ms).max();
    let mut floor = -7.0;
    let mut placed = Vec::new();
    for lane in lanes {
        floor += 11.0 + LINE * f64::from(u8::try_from(lane.label.len()).unwrap_or(u8::MAX));
        placed.push((lane, floor));
    }
    let bottom = floor + 22.0;
    html! {
        section class="grow" data-now="seen" {
            h2 class="label" {
                span { (lang.t("card.seen")) }
                span { @if let Some(at) = newest { (lang.t("card.updated")) " " (when::ageing(day.to_ms - at, lang)) } }
            }
            @if newest.is_none() { p class="quiet" { (lang.t("card.no_readings")) } } @else {
                svg class="chart" width="286" height=(bottom + 24.0) viewBox=(format!("0 0 286 {}", bottom + 24.0)) role="img" aria-label=(lang.t("card.seen")) {
                    (chart::axis(frame, glass.wall, 0.0, bottom))
                    @for (lane, floor) in &placed {
                        @for (n, line) in (0_u8..).zip(lane.label.iter().rev()) {
                            text class="dim" x="0" y=(floor - 5.0 - LINE * f64::from(n)) { (line) }
                        }
                        (chart::lane(frame, lane, *floor, 16.0, &|gap| missing::reason(lang, gap)))
                    }
                    (chart::presses(frame, &[Press { at_ms: raised_ms, text: String::new() }], bottom))
                }
                @if all.len() > lanes.len() {
                    p class="quiet" { (lang.fill("card.more_sensors", &[("n", &(all.len() - lanes.len()).to_string())])) }
                }
            }
        }
    }
}
