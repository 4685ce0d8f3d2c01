//! Charts of readings as SVG: one time axis for all lanes, gaps hatched over exactly the missing time.
//!
//! Pure: samples and a span in, marks out. A *sample* stands for a span and is drawn as wide as that span, at its
//! own height: nothing is drawn where nothing was measured, and no line leans from one value to the next. What
//! cannot be read because nobody is there is dotted, not missing. Not here: where samples come from, words (`day`).

pub mod gap;
pub mod label;
pub mod mark;
pub mod scale;

use care::policy::READING_PERIOD;
use maud::{Markup, html};
use proto::unit::NoData;

use self::gap::Gap;
use self::scale::Scale;
use centre::zone::Wall;
use series::Sampled;

/// Share of a span in bed from which a person is in bed, per cent.
pub const HALF: f32 = care::policy::IN_BED_SHARE;
/// What a reading as it was written stands for: the minute that ends with it, ms.
pub const MINUTE_MS: i64 = 60_000;
const _: () = assert!(READING_PERIOD.get() == 60_000);
/// Readings that come this much later than a minute after the last still follow it, ms.
const JITTER_MS: i64 = 10_000;

/// One value, or why there is none, and the span that it stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// From.
    pub from_ms: i64,
    /// Until.
    pub to_ms: i64,
    /// The mean of the span.
    pub value: Result<f32, NoData>,
    /// Lowest value in it.
    pub low: f32,
    /// Highest value in it.
    pub high: f32,
    /// How many values it stands for.
    pub count: u32,
}

/// What was stored, as spans: a single reading ends the minute that it tells of, a thinned one says its span.
pub fn samples(stored: &[Sampled]) -> Vec<Sample> {
    let mut out: Vec<Sample> = Vec::with_capacity(stored.len());
    for one in stored {
        let (mut from_ms, to_ms) = match one.span_ms {
            0 => (one.at_ms - MINUTE_MS, one.at_ms),
            span => (one.at_ms, one.at_ms + span),
        };
        if let Some(last) = out.last()
            && from_ms - last.to_ms < JITTER_MS
        {
            from_ms = last.to_ms.min(to_ms - 1);
        }
        let (value, low, high, count) = (one.value, one.low, one.high, one.count);
        out.push(Sample { from_ms, to_ms, value, low, high, count });
    }
    out
}

/// How a lane is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// Presence: a solid band while the share is at least half.
    Band,
    /// Amount: a bar a span.
    Bars,
    /// A rate on its scale.
    Line,
    /// Moments: a tick at each span that counted something.
    Ticks,
}

/// One lane: what one sensor told of one quantity.
pub struct Lane {
    /// What it is called where it stands alone: quantity, and which sensor if there are several.
    pub name: String,
    /// What it shows, as lines of text.
    pub label: Vec<String>,
    /// Which sensor, where there are several, and the unit, as lines of text.
    pub under: Vec<String>,
    /// How it is drawn.
    pub shape: Shape,
    /// Samples in order of time.
    pub samples: Vec<Sample>,
    /// Where nothing was told.
    pub gaps: Vec<Gap>,
    /// Values at its floor and top, for shapes that have a height.
    pub scale: Scale,
    /// Present value as a word, at the right edge.
    pub now: String,
    /// What stands under it, as lines of text.
    pub age: Vec<String>,
    /// How old that is, if it goes on ageing.
    pub age_ms: Option<i64>,
    /// Whether the present value is unknown.
    pub unknown: bool,
}

/// Where things are on the glass.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// First moment.
    pub from_ms: i64,
    /// Last moment.
    pub to_ms: i64,
    /// Left edge of the time axis.
    pub left: f64,
    /// Right edge of the time axis.
    pub right: f64,
}

impl Frame {
    /// Where a moment stands.
    #[expect(clippy::cast_precision_loss, reason = "a month in ms is far below 2^52")]
    pub fn x(&self, at_ms: i64) -> f64 {
        let part = (at_ms - self.from_ms) as f64 / (self.to_ms - self.from_ms).max(1) as f64;
        self.left + part.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// Whether any of a span is on the glass.
    fn shows(&self, from_ms: i64, to_ms: i64) -> bool {
        to_ms > self.from_ms && from_ms < self.to_ms
    }
}

/// A length on the glass; two digits, so that a minute of a day keeps its width.
pub(super) fn n(value: f64) -> String {
    format!("{value:.2}")
}

/// Draws one lane whose floor lies at `floor` and whose height is `height`. `why`: the word of a gap.
pub fn lane(
    frame: Frame,
    lane: &Lane,
    floor: f64,
    height: f64,
    why: &dyn Fn(&Gap) -> String,
) -> Markup {
    let shown: Vec<Sample> =
        lane.samples.iter().copied().filter(|s| frame.shows(s.from_ms, s.to_ms)).collect();
    html! {
        path class="floor" d=(format!("M{} {}H{}", frame.left, floor + 0.5, frame.right)) opacity=".55" {}
        @match lane.shape {
            Shape::Band => (mark::bands(frame, &shown, floor, height)),
            Shape::Bars => (mark::bars(frame, &shown, &lane.scale, floor, height)),
            Shape::Line => (mark::line(frame, &shown, &lane.scale, floor, height)),
            Shape::Ticks => (mark::ticks(frame, &shown, floor)),
        }
        @for gap in lane.gaps.iter().filter(|gap| frame.shows(gap.from_ms, gap.to_ms)) {
            @let (x, w) = (frame.x(gap.from_ms), frame.x(gap.to_ms) - frame.x(gap.from_ms));
            @let word = why(gap);
            rect class="gap" x=(n(x)) y=(n(floor - height)) width=(n(w)) height=(n(height)) {}
            @if w > label::width(&word) + 8.0 {
                text class="why" x=(n(x + w / 2.0)) y=(n(floor - height / 2.0 + 5.0)) text-anchor="middle" { (word) }
            }
        }
    }
}

/// A mark on the press lane.
pub struct Press {
    /// When.
    pub at_ms: i64,
    /// What is written beside it.
    pub text: String,
}

/// Marks of presses on a lane whose floor lies at `floor`; a word only where it covers no other mark or word.
pub fn presses(frame: Frame, marks: &[Press], floor: f64) -> Markup {
    let mut marks: Vec<&Press> = marks.iter().collect();
    marks.sort_by_key(|mark| mark.at_ms);
    let place = |at: usize| {
        let (x, wide) = (frame.x(marks[at].at_ms), label::width(&marks[at].text) + 14.0);
        let next = marks.get(at + 1).map_or(frame.right, |next| frame.x(next.at_ms) - 10.0);
        let last = if at == 0 { frame.left } else { frame.x(marks[at - 1].at_ms) + 10.0 };
        match (x + wide <= next, x - wide >= last) {
            (true, _) => Some((x + 14.0, "start")),
            // The one before may have written to its right.
            (false, true) if at == 0 => Some((x - 14.0, "end")),
            (false, true) if x - wide >= last + label::width(&marks[at - 1].text) + 14.0 => {
                Some((x - 14.0, "end"))
            }
            (false, _) => None,
        }
    };
    html! {
        path class="floor" d=(format!("M{} {}H{}", frame.left, floor + 0.5, frame.right)) opacity=".55" {}
        @for (at, mark) in marks.iter().enumerate() {
            @let (x, y) = (frame.x(mark.at_ms), floor - 15.0);
            path class="hot" d=(format!("M{} {}l8 8-8 8-8-8Z", n(x), n(y - 8.0))) {}
            path class="stem" d=(format!("M{} {}V{}", n(x), n(y + 8.0), floor)) {}
            @if let Some((x, anchor)) = place(at).filter(|_| !mark.text.is_empty()) {
                text class="why" x=(n(x)) y=(n(y + 5.0)) text-anchor=(anchor) { (mark.text) }
            }
        }
    }
}

/// Minutes between two lines of the time axis, for a span.
pub const fn step_min(span_ms: i64) -> i64 {
    match span_ms / 3_600_000 {
        0 => 10,
        1..=6 => 60,
        7..=48 => 120,
        _ => 24 * 60,
    }
}

/// The time axis under all lanes: a line every so many minutes, midnight dotted, the right edge in bold.
pub fn axis(frame: Frame, wall: Wall<'_>, top: f64, bottom: f64) -> Markup {
    let step = step_min(frame.to_ms - frame.from_ms);
    let days = step == 24 * 60;
    // Every zone of today is a whole number of quarters of an hour from UTC.
    let grid = if step < 60 { 10 * MINUTE_MS } else { 15 * MINUTE_MS };
    let first = frame.from_ms + (grid - frame.from_ms.rem_euclid(grid));
    let lines: Vec<i64> = (0..(frame.to_ms - first).div_euclid(grid) + 1)
        .map(|k| first + k * grid)
        .filter(|at| *at < frame.to_ms && wall.minute_of_day(*at) % step == 0)
        .collect();
    let crowded = days && lines.len() > 10;
    html! {
        @for (k, at) in lines.iter().enumerate() {
            @let midnight = wall.minute_of_day(*at) == 0;
            @let x = frame.x(*at);
            path class=(if midnight && !days { "floor" } else { "grid" }) d=(format!("M{} {top}V{bottom}", n(x)))
                stroke-dasharray=[(midnight && !days).then_some("2 4")] {}
            @if frame.right - x > 64.0 && !(crowded && k % 3 != 0) {
                @let text = if days { wall.day(*at) } else { wall.minute(*at) };
                // What begins at the left edge is written from it, so that nothing of it is covered.
                @let edge = x - frame.left < 22.0;
                text class="dim" x=(n(if edge { frame.left } else { x })) y=(n(bottom + 22.0))
                    text-anchor=(if edge { "start" } else { "middle" }) { (text) }
            }
        }
        text class="strong" x=(n(frame.right)) y=(n(bottom + 22.0)) text-anchor="end" { (wall.minute(frame.to_ms)) }
        path class="floor" d=(format!("M{} {top}V{bottom}", frame.right)) {}
    }
}
