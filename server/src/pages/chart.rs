//! Charts of readings as SVG: one time axis for all lanes, gaps hatched over exactly the missing time.
//!
//! Pure: samples and a span in, marks out. A line is never drawn across a gap; what cannot be read
//! because nobody is there is dotted, not missing. Not here: where samples come from.

use maud::{Markup, html};
use proto::unit::NoData;

use crate::pages::when::Wall;

/// Share of a span in bed from which a person is in bed, per cent.
pub const HALF: f32 = care::policy::IN_BED_SHARE;

/// One lane's value at one moment; the span it stands for follows from the next one.
pub type At = (i64, Result<f32, NoData>);

/// How a lane is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Presence: a solid band while the share is at least half.
    Band,
    /// Amount: a bar a span.
    Bars,
    /// A measured line between `low` and `high`.
    Line {
        /// Value at the floor.
        low: i16,
        /// Value at the top.
        high: i16,
    },
    /// Moments: a tick at each span that counted something.
    Ticks,
}

/// One lane.
pub struct Lane<'a> {
    /// What it shows.
    pub label: &'a str,
    /// Unit under the label.
    pub unit: &'a str,
    pub shape: Shape,
    /// Samples in order of time.
    pub samples: &'a [At],
    /// Present value as a word, at the right edge.
    pub now: String,
    pub age: String,
    /// Whether the present value is unknown.
    pub unknown: bool,
}

/// A mark on the press lane.
pub struct Press {
    pub at_ms: i64,
    /// What is written beside it.
    pub text: String,
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
    #[expect(clippy::cast_precision_loss, reason = "a day in ms is far below 2^52")]
    fn x(&self, at_ms: i64) -> f64 {
        let part = (at_ms - self.from_ms) as f64 / (self.to_ms - self.from_ms).max(1) as f64;
        self.left + part.clamp(0.0, 1.0) * (self.right - self.left)
    }
}

/// A stretch without readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// From.
    pub from_ms: i64,
    /// Until.
    pub to_ms: i64,
}

/// The stretches in `from..to` without any word for longer than `limit` ms.
pub fn gaps(samples: &[At], from_ms: i64, to_ms: i64, limit: i64) -> Vec<Gap> {
    let mut out = Vec::new();
    let mut last = from_ms;
    let heard = samples.iter().filter(|(_, value)| {
        !matches!(value, Err(NoData::Timeout | NoData::Fault | NoData::Stale | NoData::Off))
    });
    for at in heard.map(|(at, _)| *at).chain([to_ms]) {
        if at - last > limit {
            out.push(Gap { from_ms: last, to_ms: at });
        }
        last = last.max(at);
    }
    out
}

fn n(value: f64) -> String {
    format!("{value:.1}")
}

/// Draws one lane whose floor lies at `floor` and whose height is `height`.
pub fn lane(
    frame: Frame,
    lane: &Lane<'_>,
    floor: f64,
    height: f64,
    missing: (&str, i64),
) -> Markup {
    let holes = gaps(lane.samples, frame.from_ms, frame.to_ms, missing.1);
    let inside = |at: i64| holes.iter().any(|gap| gap.from_ms < at && at < gap.to_ms);
    html! {
        path class="floor" d=(format!("M{} {}H{}", frame.left, floor + 0.5, frame.right)) opacity=".55" {}
        @match lane.shape {
            Shape::Band => (bands(frame, lane.samples, floor, height, missing.1)),
            Shape::Bars => (bars(frame, lane.samples, floor, height)),
            Shape::Line { low, high } => (line(frame, lane.samples, floor, height, (low, high), missing.1)),
            Shape::Ticks => (ticks(frame, lane.samples, floor, &inside)),
        }
        @for gap in &holes {
            @let (x, w) = (frame.x(gap.from_ms), frame.x(gap.to_ms) - frame.x(gap.from_ms));
            rect class="gap" x=(n(x)) y=(n(floor - height)) width=(n(w)) height=(n(height)) {}
            @if w > 52.0 {
                text class="why" x=(n(x + w / 2.0)) y=(n(floor - height / 2.0 + 5.0)) text-anchor="middle" { (missing.0) }
            }
        }
    }
}

fn spans(
    samples: &[At],
    to_ms: i64,
    limit: i64,
) -> impl Iterator<Item = (i64, i64, Result<f32, NoData>)> {
    samples.iter().enumerate().map(move |(i, (at, value))| {
        let next = samples.get(i + 1).map_or(to_ms, |(next, _)| *next);
        (*at, next.min(at + limit), *value)
    })
}

fn bands(frame: Frame, samples: &[At], floor: f64, height: f64, limit: i64) -> Markup {
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, to, value) in spans(samples, frame.to_ms, limit) {
        if value.is_ok_and(|v| v >= HALF) {
            match joined.last_mut() {
                Some((_, end)) if from - *end <= 1000 => *end = to,
                _ => joined.push((from, to)),
            }
        }
    }
    html! {
        @for (from, to) in joined {
            @let x = frame.x(from);
            rect class="fill" x=(n(x)) y=(n(floor - height)) width=(n((frame.x(to) - x).max(1.0))) height=(n(height)) {}
        }
    }
}

fn bars(frame: Frame, samples: &[At], floor: f64, height: f64) -> Markup {
    let top = samples.iter().filter_map(|(_, v)| v.ok()).fold(1.0_f32, f32::max);
    html! {
        @for (at, value) in samples.iter().filter_map(|(at, v)| v.ok().map(|v| (*at, v))).filter(|(_, v)| *v > 0.0) {
            @let tall = f64::from(value / top) * height;
            rect class="bar" x=(n(frame.x(at).min(frame.right - 3.0))) y=(n(floor - tall)) width="3" height=(n(tall.max(1.0))) {}
        }
    }
}

fn line(
    frame: Frame,
    samples: &[At],
    floor: f64,
    height: f64,
    (low, high): (i16, i16),
    limit: i64,
) -> Markup {
    let (low, high) = (f32::from(low), f32::from(high));
    let y = |v: f32| floor - f64::from(((v - low) / (high - low)).clamp(0.0, 1.0)) * height;
    let mut path = String::new();
    let mut last: Option<i64> = None;
    for (at, value) in samples {
        let Ok(value) = value else {
            last = None;
            continue;
        };
        let pen = if last.is_some_and(|last| at - last <= limit) { 'L' } else { 'M' };
        path.push_str(&format!("{pen}{} {}", n(frame.x(*at)), n(y(*value))));
        last = Some(*at);
    }
    let absent: Vec<(i64, i64)> = spans(samples, frame.to_ms, limit)
        .filter(|(.., v)| matches!(v, Err(NoData::NotPresent)))
        .map(|(from, to, _)| (from, to))
        .collect();
    html! {
        path class="line" d=(path) {}
        @for (from, to) in absent {
            path class="dots" d=(format!("M{} {}H{}", n(frame.x(from)), n(floor - 14.0), n(frame.x(to)))) {}
        }
    }
}

fn ticks(frame: Frame, samples: &[At], floor: f64, hidden: &dyn Fn(i64) -> bool) -> Markup {
    let counted = samples.iter().filter(|(_, v)| v.is_ok_and(|v| v > 0.0)).map(|(at, _)| *at);
    let moments: Vec<i64> = counted.filter(|at| !hidden(*at)).collect();
    html! {
        @for at in moments { path class="line" d=(format!("M{} {}V{}", n(frame.x(at)), floor - 22.0, floor)) {} }
    }
}

/// Marks of presses on a lane whose floor lies at `floor`.
pub fn presses(frame: Frame, marks: &[Press], floor: f64) -> Markup {
    html! {
        path class="floor" d=(format!("M{} {}H{}", frame.left, floor + 0.5, frame.right)) opacity=".55" {}
        @for mark in marks {
            @let (x, y) = (frame.x(mark.at_ms), floor - 15.0);
            @let end = x > frame.right - 240.0;
            path class="hot" d=(format!("M{} {}l8 8-8 8-8-8Z", n(x), n(y - 8.0))) {}
            path class="stem" d=(format!("M{} {}V{}", n(x), n(y + 8.0), floor)) {}
            text class="why" x=(n(if end { x - 14.0 } else { x + 14.0 })) y=(n(y + 5.0)) text-anchor=(if end { "end" } else { "start" }) { (mark.text) }
        }
    }
}

/// The time axis under all lanes: a line every `step_ms`, the right edge in bold.
pub fn axis(frame: Frame, wall: Wall<'_>, step_ms: i64, top: f64, bottom: f64) -> Markup {
    let offset = wall.minute_of_day(frame.from_ms) * 60_000;
    let first = frame.from_ms + (step_ms - offset % step_ms) - frame.from_ms % 60_000;
    let steps = (0..64).map(|k| first + k * step_ms).take_while(|at| *at < frame.to_ms);
    html! {
        @for at in steps {
            @let midnight = wall.minute_of_day(at) == 0;
            @let x = n(frame.x(at));
            path class=(if midnight { "floor" } else { "grid" }) d=(format!("M{x} {top}V{bottom}")) stroke-dasharray=[midnight.then_some("2 4")] {}
            @if frame.right - frame.x(at) > 64.0 {
                text class="dim" x=(x) y=(n(bottom + 22.0)) text-anchor="middle" { (wall.minute(at)) }
            }
        }
        text class="strong" x=(n(frame.right)) y=(n(bottom + 22.0)) text-anchor="end" { (wall.minute(frame.to_ms)) }
        path class="floor" d=(format!("M{} {top}V{bottom}", frame.right)) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_covers_exactly_the_missing_time() {
        let minute = 60_000;
        let at = |m: i64| (m * minute, Ok(1.0));
        let samples = [at(1), at(2), (3 * minute, Err(NoData::Timeout)), at(30)];
        let found = gaps(&samples, 0, 32 * minute, 3 * minute);
        assert_eq!(found, [Gap { from_ms: 2 * minute, to_ms: 30 * minute }]);
        let absent = [at(1), (2 * minute, Err(NoData::NotPresent)), at(4)];
        assert!(gaps(&absent, 0, 5 * minute, 3 * minute).is_empty(), "absence is not a gap");
        assert_eq!(gaps(&[], 0, minute * 9, minute * 3).len(), 1, "no word at all is one gap");
    }
}
