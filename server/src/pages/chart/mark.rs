//! Marks of one lane: bands, bars, rates and ticks, each as wide as the time that it stands for.
//!
//! Not here: axis, gaps and frames (`chart`).

use maud::{Markup, html};
use proto::unit::NoData;

use super::scale::Scale;
use super::{Frame, HALF, Sample, label, n};

/// A run of neighbouring samples, from and until.
type Run = (i64, i64);

/// Joins the neighbours among samples that are `wanted`.
fn runs(samples: &[Sample], wanted: impl Fn(&Sample) -> bool) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::new();
    for sample in samples.iter().filter(|s| wanted(s)) {
        match out.last_mut() {
            Some((_, to)) if sample.from_ms <= *to => *to = sample.to_ms,
            _ => out.push((sample.from_ms, sample.to_ms)),
        }
    }
    out
}

/// Presence: solid while the share is at least half.
pub(super) fn bands(frame: Frame, samples: &[Sample], floor: f64, height: f64) -> Markup {
    html! {
        @for (from, to) in runs(samples, |s| s.value.is_ok_and(|v| v >= HALF)) {
            @let x = frame.x(from);
            rect class="fill" x=(n(x)) y=(n(floor - height)) width=(n(frame.x(to) - x)) height=(n(height)) {}
        }
    }
}

/// Amounts: a bar from the floor over each span that counted something.
pub(super) fn bars(
    frame: Frame,
    samples: &[Sample],
    scale: &Scale,
    floor: f64,
    height: f64,
) -> Markup {
    let mut path = String::new();
    for sample in samples {
        let Some(value) = sample.value.ok().filter(|v| *v > 0.0) else { continue };
        let top = floor - (scale.share(value) * height).max(1.0);
        let (from, to) = (n(frame.x(sample.from_ms)), n(frame.x(sample.to_ms)));
        path.push_str(&format!("M{from} {floor}V{}H{to}V{floor}Z", n(top)));
    }
    html! { path class="bar" d=(path) {} }
}

/// A rate: flat over the span of each reading, upright between two that touch. What is outside the person's limits
/// is thick, what the sensor cannot tell is a mark at the edge, and where nobody is there is a dotted line.
pub(super) fn line(
    frame: Frame,
    samples: &[Sample],
    scale: &Scale,
    floor: f64,
    height: f64,
) -> Markup {
    let y = |value: f32| n(floor - scale.share(value) * height);
    let (mut path, mut range, mut over) = (String::new(), String::new(), String::new());
    let mut last = None;
    for sample in samples {
        let Ok(value) = sample.value else { continue };
        let (from, to) = (n(frame.x(sample.from_ms)), n(frame.x(sample.to_ms)));
        if sample.high > sample.low {
            range.push_str(&format!(
                "M{from} {}V{}H{to}V{}Z",
                y(sample.low),
                y(sample.high),
                y(sample.low)
            ));
        }
        match last == Some(sample.from_ms) {
            true => path.push_str(&format!("V{}H{to}", y(value))),
            false => path.push_str(&format!("M{from} {}H{to}", y(value))),
        }
        if let Some(value) = scale.outside(sample.low, sample.high) {
            over.push_str(&format!("M{from} {}H{to}", y(value)));
        }
        last = Some(sample.to_ms);
    }
    let absent = runs(samples, |s| s.value == Err(NoData::NotPresent));
    html! {
        (limits(frame, scale, floor, height))
        @if !range.is_empty() { path class="range" d=(range) {} }
        path class="line" d=(path) {}
        @if !over.is_empty() { path class="over" d=(over) {} }
        @for (from, to) in absent {
            path class="dots" d=(format!("M{} {}H{}", n(frame.x(from)), n(floor - 14.0), n(frame.x(to)))) {}
        }
        (beyond(frame, samples, scale, floor, height))
    }
}

/// The person's limits: a dashed line each, with its number.
fn limits(frame: Frame, scale: &Scale, floor: f64, height: f64) -> Markup {
    let at = |limit: u8| floor - scale.share(f32::from(limit)) * height;
    html! {
        @for limit in [scale.limits.0, scale.limits.1].into_iter().flatten() {
            path class="limit" d=(format!("M{} {}H{}", frame.left, n(at(limit)), frame.right)) {}
            text class="why" x=(n(frame.right - 4.0)) y=(n(at(limit) + 5.0)) text-anchor="end" { (limit) }
        }
    }
}

/// What the sensor cannot tell: a wedge at the edge that points out of the scale.
fn beyond(frame: Frame, samples: &[Sample], scale: &Scale, floor: f64, height: f64) -> Markup {
    let above = runs(samples, |s| s.value.is_ok() && s.high > scale.high);
    let below = runs(samples, |s| s.value.is_ok() && s.low < scale.low);
    let middle = |(from, to): &Run| f64::midpoint(frame.x(*from), frame.x(*to));
    html! {
        @for run in &above { path class="off" d=(format!("M{} {}l5 9h-10Z", n(middle(run)), n(floor - height - 2.0))) {} }
        @for run in &below { path class="off" d=(format!("M{} {}l5-9h-10Z", n(middle(run)), n(floor + 2.0))) {} }
    }
}

/// Moments: a tick at the end of each span that counted something.
pub(super) fn ticks(frame: Frame, samples: &[Sample], floor: f64) -> Markup {
    let counted = samples.iter().filter(|s| s.value.is_ok_and(|v| v > 0.0));
    let path: String =
        counted.map(|s| format!("M{} {}V{floor}", n(frame.x(s.to_ms)), floor - 22.0)).collect();
    html! { path class="line" d=(path) {} }
}

/// The scale's ends, written at the left of the axis.
pub fn scale(frame: Frame, scale: &Scale, floor: f64, height: f64) -> Markup {
    html! {
        @for (value, y) in [(scale.high, floor - height + 11.0), (scale.low, floor)] {
            @let text = format!("{value:.0}");
            text class="dim" x=(n(frame.left - 6.0)) y=(n(y)) text-anchor="end" textLength=[(label::width(&text) > 28.0).then_some("28")] { (text) }
        }
    }
}
