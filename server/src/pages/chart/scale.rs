//! The scale of a lane: which values lie at its floor and top, and which are outside what is usual for a person.
//!
//! It reaches as far as the values do, so that nothing is pressed flat at its edge; only what the sensor cannot
//! tell lies beyond it. Not here: who sets a person's limits (`care::policy::Rules`).

use super::Sample;

/// Values at a lane's floor and top, and the person's limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Value at the floor.
    pub low: f32,
    /// Value at the top.
    pub high: f32,
    /// The person's slowest and fastest, where somebody has set them.
    pub limits: (Option<u8>, Option<u8>),
}

impl Scale {
    /// A scale for a shape without a height.
    pub const NONE: Self = Self { low: 0.0, high: 1.0, limits: (None, None) };

    /// For counts: from nothing to the most.
    pub fn of_counts(samples: &[Sample]) -> Self {
        let most = samples.iter().filter_map(|s| s.value.ok()).fold(1.0_f32, f32::max);
        Self { low: 0.0, high: most.ceil(), limits: (None, None) }
    }

    /// For a rate: the usual range, stretched in steps to the values and limits, within what its sensor can tell.
    pub fn of_rates(
        samples: &[Sample],
        (usual, step): ((u8, u8), u8),
        told: (u8, u8),
        limits: (Option<u8>, Option<u8>),
    ) -> Self {
        let (step, told) = (f32::from(step), (f32::from(told.0), f32::from(told.1)));
        let limit = [limits.0, limits.1].into_iter().flatten().map(f32::from);
        let inside = |v: &f32| (told.0..=told.1).contains(v);
        let seen = samples.iter().filter(|s| s.value.is_ok()).flat_map(|s| [s.low, s.high]);
        let all = || seen.clone().filter(inside).chain(limit.clone());
        let low = all().fold(f32::from(usual.0), f32::min);
        let high = all().fold(f32::from(usual.1), f32::max);
        let down = ((low / step).floor() * step).max(told.0);
        let up = ((high / step).ceil() * step).min(told.1);
        Self { low: down, high: up, limits }
    }

    /// Where a value lies above the floor, as a share of the height; what is beyond lies at the edge.
    pub fn share(&self, value: f32) -> f64 {
        f64::from(((value - self.low) / (self.high - self.low).max(1.0)).clamp(0.0, 1.0))
    }

    /// Whether a value is beyond the scale: more than the sensor can tell.
    pub fn is_beyond(&self, value: f32) -> bool {
        value < self.low || value > self.high
    }

    /// The value of a span that is farthest outside the person's limits, if any is.
    pub fn outside(&self, low: f32, high: f32) -> Option<f32> {
        let over = self.limits.1.map(f32::from).filter(|limit| high > *limit).map(|_| high);
        over.or_else(|| self.limits.0.map(f32::from).filter(|limit| low < *limit).map(|_| low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(value: f32) -> Sample {
        Sample { from_ms: 0, to_ms: 1, value: Ok(value), low: value, high: value, count: 1 }
    }

    #[test]
    fn a_fast_breath_is_shown_as_fast_as_it_is() {
        let scale = Scale::of_rates(&[rate(15.0), rate(36.0)], ((6, 26), 2), (4, 50), (None, None));
        assert_eq!((scale.low, scale.high), (6.0, 36.0));
        assert!(scale.share(36.0) > 0.99 && scale.share(26.0) < 0.7, "36 is not 26");
        let quiet = Scale::of_rates(&[rate(15.0)], ((6, 26), 2), (4, 50), (None, None));
        assert_eq!((quiet.low, quiet.high), (6.0, 26.0), "the usual range does not wobble");
    }

    #[test]
    fn a_limit_is_always_on_the_scale_and_what_is_outside_it_is_known() {
        let scale = Scale::of_rates(&[rate(15.0)], ((6, 26), 2), (4, 50), (Some(8), Some(30)));
        assert_eq!(scale.high, 30.0);
        assert_eq!(scale.outside(15.0, 31.0), Some(31.0));
        assert_eq!(scale.outside(7.0, 15.0), Some(7.0));
        assert_eq!(scale.outside(8.0, 30.0), None);
    }

    #[test]
    fn what_no_sensor_can_tell_is_beyond_the_scale() {
        let scale = Scale::of_rates(&[rate(58.0)], ((6, 26), 2), (4, 50), (None, None));
        assert!(scale.is_beyond(58.0) && !scale.is_beyond(26.0));
    }
}
