//! Thinning: many points become as many as a screen can show, and gaps stay gaps.
//!
//! A *slot* is a span of the window. Each slot keeps the lowest, the highest and the mean of its
//! values, so that a short spike survives on a chart of a year. A slot of gaps alone answers the
//! last reason. Not here: where points come from.

use proto::unit::NoData;

use super::{Sampled, Window};

/// Puts the samples of one device in order: one sample a moment, a value beats a gap, the last value stays.
pub(crate) fn settle(samples: &mut Vec<Sampled>) {
    samples.sort_by_key(|s| s.at_ms);
    samples.dedup_by(|later, kept| {
        if later.at_ms != kept.at_ms || later.span_ms != kept.span_ms {
            return false;
        }
        if later.value.is_ok() || kept.value.is_err() {
            *kept = *later;
        }
        true
    });
}

/// Width of a slot so that the window has at most `max_points` of them; at least 1 ms.
pub(crate) fn slot_ms(window: &Window) -> i64 {
    let span = window.to_ms.saturating_sub(window.from_ms).max(1);
    let most = i64::from(window.max_points.clamp(1, 100_000));
    span.div_euclid(most) + i64::from(span.rem_euclid(most) != 0)
}

/// Thins settled samples of one device to at most `max_points`; fewer stay as they are.
pub(crate) fn thin(window: &Window, samples: Vec<Sampled>) -> Vec<Sampled> {
    if samples.len() <= window.max_points as usize {
        return samples;
    }
    let width = slot_ms(window);
    let mut out: Vec<Sampled> = Vec::with_capacity(window.max_points as usize);
    let mut slot: Option<(i64, Sum)> = None;
    for sample in &samples {
        let start = window.from_ms + (sample.at_ms - window.from_ms).div_euclid(width) * width;
        match &mut slot {
            Some((at, sum)) if *at == start => sum.add(sample),
            _ => {
                if let Some((at, sum)) = slot.take() {
                    out.push(sum.sample(sample.device, at, width));
                }
                slot = Some((start, Sum::of(sample)));
            }
        }
    }
    if let (Some((at, sum)), Some(first)) = (slot, samples.first()) {
        out.push(sum.sample(first.device, at, width));
    }
    out
}

/// What the values of one span come to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sum {
    low: f32,
    high: f32,
    total: f64,
    count: u32,
    gap: NoData,
}

impl Sum {
    /// Starts with one sample.
    pub(crate) fn of(sample: &Sampled) -> Self {
        let mut sum =
            Self { low: f32::MAX, high: f32::MIN, total: 0.0, count: 0, gap: NoData::Stale };
        sum.add(sample);
        sum
    }

    /// Takes in one more.
    pub(crate) fn add(&mut self, sample: &Sampled) {
        match sample.value {
            Ok(mean) => {
                self.low = self.low.min(sample.low);
                self.high = self.high.max(sample.high);
                self.total += f64::from(mean) * f64::from(sample.count);
                self.count = self.count.saturating_add(sample.count);
            }
            Err(reason) => self.gap = reason,
        }
    }

    /// The span as one sample.
    #[expect(clippy::cast_possible_truncation, reason = "a mean of f32 values fits an f32")]
    pub(crate) fn sample(self, device: proto::id::DeviceId, at_ms: i64, span_ms: i64) -> Sampled {
        if self.count == 0 {
            let value = Err(self.gap);
            return Sampled { device, at_ms, span_ms, value, low: 0.0, high: 0.0, count: 0 };
        }
        let mean = (self.total / f64::from(self.count)) as f32;
        let (low, high, count) = (self.low, self.high, self.count);
        Sampled { device, at_ms, span_ms, value: Ok(mean), low, high, count }
    }
}
