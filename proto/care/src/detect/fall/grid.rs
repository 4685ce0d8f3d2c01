//! Samples of any rate become bins of one rate, so that one model serves every sensor.
//!
//! Area is kept: each sample counts for the time that it stands for. A bin is 40 ms: its mean vector and
//! the larger magnitude of its two halves, which is all that is left of a short blow at any rate from 20 to 200 Hz.
//! Not here: how long bins are kept.

use proto::unit::Millis;

use super::Worn;

/// Bins of one second.
pub(super) const BINS_HZ: u16 = 25;
/// Halves of one second: the band in which a blow is measured.
const HALVES_HZ: u16 = 2 * BINS_HZ;

/// 40 ms of movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bin {
    /// Mean acceleration by axis, milli-g.
    pub(super) mean: [i16; 3],
    /// Magnitude of the mean, milli-g.
    pub(super) size: u16,
    /// Largest magnitude of its halves, milli-g.
    pub(super) peak: u16,
    /// Change of the mean since the bin before, milli-g.
    pub(super) jerk: u16,
}

impl Bin {
    pub(super) const NONE: Self = Self { mean: [0; 3], size: 0, peak: 0, jerk: 0 };

    /// How hard a blow it is at most, milli-g. The trunk is stopped all at once, so the sharpest change counts there
    /// too: it shows a blow even where a sensor with a dead axis shows no peak.
    pub(super) fn force(&self, worn: Worn) -> u16 {
        match worn {
            Worn::Body => self.peak.max(self.jerk.saturating_add(1000)),
            Worn::Wrist => self.peak,
        }
    }
}

/// What of the present half is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    rate_hz: u16,
    /// Time of the half that is covered; a half is full at `rate_hz`, a sample covers [`HALVES_HZ`].
    covered: u16,
    sum: [i32; 3],
    /// The first half of the present bin.
    first: Option<[i16; 3]>,
    /// Time that the sample in hand still covers.
    left: u16,
    sample: [i16; 3],
}

impl Grid {
    pub(super) const fn new(rate_hz: u16) -> Self {
        Self { rate_hz, covered: 0, sum: [0; 3], first: None, left: 0, sample: [0; 3] }
    }

    /// Takes one sample; [`Grid::pull`] then gives the bins that it fills.
    pub(super) fn put(&mut self, mg: [i16; 3]) {
        self.sample = mg;
        self.left = HALVES_HZ;
    }

    /// The next bin that the sample in hand fills, without its jerk.
    pub(super) fn pull(&mut self) -> Option<Bin> {
        while self.left > 0 {
            let take = self.left.min(self.rate_hz - self.covered);
            for (sum, value) in self.sum.iter_mut().zip(self.sample) {
                *sum += i32::from(value) * i32::from(take);
            }
            self.left -= take;
            self.covered += take;
            if self.covered < self.rate_hz {
                continue;
            }
            let half = self.sum.map(|sum| narrow(sum / i32::from(self.rate_hz)));
            (self.covered, self.sum) = (0, [0; 3]);
            match self.first.take() {
                None => self.first = Some(half),
                Some(first) => return Some(Self::bin(first, half)),
            }
        }
        None
    }

    fn bin(first: [i16; 3], second: [i16; 3]) -> Bin {
        let mut mean = [0; 3];
        for (axis, value) in mean.iter_mut().enumerate() {
            *value = narrow((i32::from(first[axis]) + i32::from(second[axis])) / 2);
        }
        let peak = length(first).max(length(second));
        Bin { mean, size: length(mean), peak, jerk: 0 }
    }
}

/// Time that so many bins take.
pub(super) fn span(bins: impl Into<u64>) -> Millis {
    Millis::new(bins.into() * 1000 / u64::from(BINS_HZ))
}

/// Length of a vector, in its own unit.
pub(super) fn length(of: [i16; 3]) -> u16 {
    let square = of.iter().map(|v| i32::from(*v).unsigned_abs().pow(2));
    let sum = square.fold(0_u32, u32::saturating_add);
    root(sum)
}

/// Length of the difference of two vectors; stays at the longest that can be told.
pub(super) fn distance(one: [i16; 3], other: [i16; 3]) -> u16 {
    let mut apart = [0; 3];
    for (axis, value) in apart.iter_mut().enumerate() {
        *value = narrow(i32::from(one[axis]) - i32::from(other[axis]));
    }
    length(apart)
}

/// Square root, rounded down; sixteen rounds of one bit.
pub(super) fn root(of: u32) -> u16 {
    let (mut left, mut root, mut bit) = (of, 0_u32, 1_u32 << 30);
    while bit > left {
        bit >>= 2;
    }
    while bit != 0 {
        if left >= root + bit {
            left -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
        bit >>= 2;
    }
    u16::try_from(root).unwrap_or(u16::MAX)
}

/// The nearest value that fits.
pub(super) fn narrow(value: i32) -> i16 {
    i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX })
}
