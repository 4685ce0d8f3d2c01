//! What is measured around a blow: numbers that do not change when the sensor is turned.
//!
//! All are integers: milli-g, bins of 40 ms, milli-g seconds (about a centimetre a second), 1/1024 of a cosine, 1/256 of
//! a ratio. *Spans* are named by what happens in a fall: long before, before, the way down, the blow,
//! the bounce, the rest, and the end of the rest. Not here: which numbers mean a fall, which is learned.

use super::Worn;
use super::grid::{BINS_HZ, Bin, length, narrow, root};
use super::trace::{AFTER, BEFORE, LENGTH, Trace};

/// Numbers of one blow.
pub const FEATURES: usize = 149;

/// First and last bin of each span.
const SPANS: [(usize, usize); 7] = [
    (0, BEFORE - 63),
    (BEFORE - 62, BEFORE - 30),
    (BEFORE - 30, BEFORE - 10),
    (BEFORE - 10, BEFORE + 10),
    (BEFORE + 10, BEFORE + 25),
    (BEFORE + 25, LENGTH - 1),
    (LENGTH - 16, LENGTH - 1),
];
/// Span before the way down.
const UPRIGHT: usize = 1;
/// Span of the rest after the blow.
const REST: usize = 5;
/// One g in milli-g.
const G: i32 = 1000;

/// Numbers of one blow, in the order of this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Features {
    values: [i16; FEATURES],
    filled: usize,
    means: [[i16; 3]; SPANS.len()],
    force: u16,
}

impl Features {
    /// Measures the blow at [`BEFORE`].
    pub(super) fn of(trace: &Trace, worn: Worn) -> Self {
        let none = [[0; 3]; SPANS.len()];
        let mut new = Self {
            values: [0; FEATURES],
            filled: 0,
            means: none,
            force: trace.at(BEFORE).force(worn),
        };
        for (n, span) in SPANS.into_iter().enumerate() {
            new.means[n] = new.span(trace, span);
        }
        for one in 0..SPANS.len() {
            for other in one + 1..SPANS.len() {
                new.put(cosine(new.means[one], new.means[other]));
            }
        }
        new.descent(trace);
        new.blow(trace);
        new.activity(trace);
        new.speeds(trace);
        for reference in [UPRIGHT, REST] {
            new.directions(trace, new.means[reference]);
        }
        new.course(trace);
        debug_assert_eq!(new.filled, FEATURES, "each number has its place");
        new
    }

    pub(super) const fn force(&self) -> u16 {
        self.force
    }

    pub(super) const fn values(&self) -> &[i16; FEATURES] {
        &self.values
    }

    /// Mean acceleration before the way down, milli-g: where down was.
    pub(super) const fn before(&self) -> [i16; 3] {
        self.means[UPRIGHT]
    }

    /// Mean acceleration of the rest, milli-g: where down is now.
    pub(super) const fn after(&self) -> [i16; 3] {
        self.means[SPANS.len() - 1]
    }

    fn put(&mut self, value: i32) {
        if let Some(place) = self.values.get_mut(self.filled) {
            *place = narrow(value);
        }
        self.filled += 1;
    }

    fn count(&mut self, of: usize) {
        self.put(i32::try_from(of).unwrap_or(i32::MAX));
    }

    /// Seven numbers of one span; returns its mean.
    fn span(&mut self, trace: &Trace, (first, last): (usize, usize)) -> [i16; 3] {
        let bins = || trace.span(first, last + 1);
        let n = i32::try_from(last + 1 - first).unwrap_or(1);
        let mean =
            [0, 1, 2].map(|axis| narrow(bins().map(|b| i32::from(b.mean[axis])).sum::<i32>() / n));
        let size = bins().map(|b| i32::from(b.size)).sum::<i32>() / n;
        let spread = |value: &dyn Fn(&Bin) -> i32| {
            let squares = bins().map(|b| value(b).clamp(-10_000, 10_000).unsigned_abs().pow(2));
            squares.sum::<u32>() / n.unsigned_abs()
        };
        let scatter =
            [0, 1, 2].map(|axis| spread(&|b| i32::from(b.mean[axis]) - i32::from(mean[axis])));
        self.put(i32::from(length(mean)));
        self.put(i32::from(root(spread(&|b| i32::from(b.size) - size))));
        self.put(i32::from(root(scatter.iter().copied().fold(0, u32::saturating_add))));
        self.put(bins().map(|b| i32::from(b.peak)).max().unwrap_or(0));
        self.put(bins().map(|b| i32::from(b.size)).min().unwrap_or(0));
        self.put(bins().map(|b| i32::from(b.jerk)).sum::<i32>() / n);
        self.put(bins().map(|b| i32::from(b.jerk)).max().unwrap_or(0));
        mean
    }

    /// What each half second was like, and how down moved from one to the next.
    fn course(&mut self, trace: &Trace) {
        const HALF: usize = 12;
        let mut before: Option<[i16; 3]> = None;
        for from in (4..LENGTH - HALF + 1).step_by(HALF) {
            let bins = || trace.span(from, from + HALF);
            let mean = [0, 1, 2]
                .map(|axis| narrow(bins().map(|b| i32::from(b.mean[axis])).sum::<i32>() / 12));
            self.put(bins().map(|b| i32::from(b.peak)).max().unwrap_or(0));
            self.put(bins().map(|b| i32::from(b.jerk)).sum::<i32>() / 12);
            if let Some(before) = before {
                self.put(cosine(before, mean));
            }
            before = Some(mean);
        }
    }

    /// How the body got lighter in the second before the blow.
    fn descent(&mut self, trace: &Trace) {
        let sizes = || trace.span(BEFORE - 25, BEFORE).map(|bin| i32::from(bin.size));
        let lowest = sizes().min().unwrap_or(0);
        self.put(lowest);
        self.count(sizes().position(|size| size == lowest).unwrap_or(0));
        self.put(sizes().map(|size| (G - size).max(0)).sum::<i32>() / i32::from(BINS_HZ));
        self.count(sizes().filter(|size| *size < 800).count());
    }

    /// How hard, how long and how often it struck.
    fn blow(&mut self, trace: &Trace) {
        let blow = trace.at(BEFORE);
        let (peak, size) = (i32::from(blow.peak), i32::from(blow.size));
        self.put(peak);
        self.put(size);
        self.put(peak * 256 / size.max(1));
        let push = trace.span(BEFORE - 5, BEFORE + 13).map(|b| (i32::from(b.size) - G).max(0));
        self.put(push.sum::<i32>() / i32::from(BINS_HZ));
        let near = || trace.span(BEFORE - 10, BEFORE + 11);
        let wide = near().filter(|b| i32::from(b.peak) * 5 > peak * 3).count();
        self.count(wide);
        let energy =
            near().map(|b| (i32::from(b.size) - G).min(14_000).unsigned_abs().pow(2)).sum::<u32>();
        self.put(i32::from(root(energy / 21)));
        let above = |from, until, mg| trace.span(from, until).filter(|b| b.peak > mg).count();
        for mg in [1500, 2000, 3000] {
            self.count(above(BEFORE - 25, LENGTH, mg));
        }
        for mg in [1300, 1700] {
            self.count(above(0, BEFORE - 24, mg));
        }
        for mg in [1200, 1500, 2000] {
            self.count(above(BEFORE + 15, LENGTH, mg));
        }
        for (from, until) in [(0, BEFORE - 24), (BEFORE + 15, LENGTH)] {
            let other = trace.span(from, until).map(|b| i32::from(b.peak)).max().unwrap_or(0);
            self.put(other * 256 / peak.max(1));
        }
    }

    /// How much of the time it was still, and when it came to rest.
    fn activity(&mut self, trace: &Trace) {
        let still = |from, until, mg| trace.span(from, until).filter(|b| b.jerk < mg).count();
        self.count(still(BEFORE + 13, LENGTH, 40));
        self.count(still(BEFORE + 13, LENGTH, 100));
        self.count(still(0, BEFORE - 24, 40));
        let calm =
            (0..=AFTER).rev().find(|n| trace.at(BEFORE + n).size.abs_diff(1000) > 300).unwrap_or(0);
        self.count(calm);
    }

    /// What acceleration adds up to, gravity taken from a span nearby.
    fn speeds(&mut self, trace: &Trace) {
        let parts = [(25, 1, UPRIGHT), (15, 0, UPRIGHT + 1), (5, -10, REST), (30, -15, UPRIGHT)];
        for (before, after, reference) in parts {
            let until = (BEFORE + 1).saturating_add_signed(-after);
            let still = self.means[reference];
            let mut sum = [0_i32; 3];
            for bin in trace.span(BEFORE - before, until) {
                for (axis, sum) in sum.iter_mut().enumerate() {
                    *sum += i32::from(bin.mean[axis]) - i32::from(still[axis]);
                }
            }
            let speed = sum.map(|sum| narrow(sum / i32::from(BINS_HZ)));
            self.put(i32::from(length(speed)));
        }
    }

    /// Acceleration along and across a direction that was down.
    fn directions(&mut self, trace: &Trace, down: [i16; 3]) {
        let long = i32::from(length(down)).max(1);
        let unit = down.map(|value| i32::from(value) * 1024 / long);
        for (from, until) in [(BEFORE - 20, BEFORE), (BEFORE - 3, BEFORE + 8)] {
            let (mut low, mut high, mut sum, mut across) = (i32::MAX, i32::MIN, 0, 0);
            for bin in trace.span(from, until) {
                let along = bin.mean.iter().zip(unit).map(|(v, u)| i32::from(*v) * u).sum::<i32>();
                let along = along >> 10;
                (low, high, sum) = (low.min(along), high.max(along), sum + along);
                let square = u32::from(bin.size).pow(2);
                across = across.max(square.saturating_sub(along.unsigned_abs().pow(2)));
            }
            let n = i32::try_from(until - from).unwrap_or(1);
            for value in [low, high, sum / n, i32::from(root(across))] {
                self.put(value);
            }
        }
    }
}

/// Cosine of the angle between two directions, 1/1024.
pub(super) fn cosine(one: [i16; 3], other: [i16; 3]) -> i32 {
    // Units of 8 milli-g: products of three axes stay within 32 bits.
    let (one, other) = (one.map(|v| v >> 3), other.map(|v| v >> 3));
    let dot = one.iter().zip(other).map(|(a, b)| i32::from(*a) * i32::from(b)).sum::<i32>();
    let both = i32::from(length(one)) * i32::from(length(other));
    ((dot << 5) / (both >> 5).max(1)).clamp(-1024, 1024)
}
