//! Breath: a breathing rate from the movement of a chest, as a mat, a radar or an impedance sees it.
//!
//! Samples come one by one at 10 to 125 Hz and are averaged down to about 12.5 Hz. The rate is the shortest span
//! after which the last 32 s look like themselves again (autocorrelation, normed by the energy of both parts).
//! Counting crossings was worse on real recordings: it tells the heart and the drift as breaths.
//!
//! A signal that is short, gapped, clipped, flat or without rhythm has no rate but a reason. Fixed memory, below 4 KB.
//! Not here: what a rate means for a person (`vitals`).

use proto::unit::NoData;

use crate::policy::vital::{
    BREATH_ALIKE_PERCENT, BREATH_CLIPPED_PERCENT, BREATH_FASTEST, BREATH_FLAT_MILLI,
    BREATH_SHORTEST_PERCENT, BREATH_SLOWEST, BREATH_SPAN,
};

/// Most samples of one span: 18 Hz is the fastest that is not averaged.
const SAMPLES_MAX: usize = 576;
/// Most periods that are compared: 18.75 Hz at the slowest rate, and one beyond each end.
const LAGS_MAX: usize = 240;

/// Why a signal has no breathing rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRate {
    /// The span is not full yet.
    Filling,
    /// Samples were lost within the span.
    Gap,
    /// The sensor said what it cannot say: not finite or beyond its rails.
    Implausible,
    /// The signal is at a rail for too much of the span.
    Clipped,
    /// Nothing moves.
    Flat,
    /// It moves, but not as breath does: somebody turns over, walks past, talks.
    NoRhythm,
}

impl NoRate {
    /// The reason as a reading carries it.
    pub const fn no_data(self) -> NoData {
        match self {
            Self::Filling | Self::Gap => NoData::Timeout,
            Self::Flat | Self::NoRhythm => NoData::NotPresent,
            Self::Implausible => NoData::Implausible,
            Self::Clipped => NoData::Clipped,
        }
    }
}

/// The breathing rate of one signal.
#[derive(Debug, Clone)]
pub struct Breath {
    rate_hz: u16,
    /// Samples that make one.
    every: u16,
    rails: (f32, f32),
    sum: f32,
    summed: u16,
    ring: [f32; SAMPLES_MAX],
    next: usize,
    filled: usize,
    broken: Option<NoRate>,
}

impl Breath {
    /// A signal of 10 to 125 samples a second between the rails of its sensor; none for any other rate, and for rails
    /// without a span.
    pub fn new(rate_hz: u16, rails: (f32, f32)) -> Option<Self> {
        let sound = (10..=125).contains(&rate_hz) && rails.1 - rails.0 > 0.0;
        let every = ((2 * rate_hz.min(125) + 12) / 25).max(1);
        let (sum, summed, next, filled) = (0.0, 0, 0, 0);
        let (ring, broken) = ([0.0; SAMPLES_MAX], None);
        sound.then_some(Self { rate_hz, every, rails, sum, summed, ring, next, filled, broken })
    }

    /// The next sample, or none where one was lost.
    pub fn push(&mut self, sample: Option<f32>) {
        let (low, high) = self.rails;
        match sample {
            None => return self.restart(NoRate::Gap),
            Some(value) if !(low..=high).contains(&value) => {
                return self.restart(NoRate::Implausible);
            }
            Some(value) => self.sum += value,
        }
        self.summed += 1;
        if self.summed < self.every {
            return;
        }
        self.ring[self.next] = self.sum / f32::from(self.every);
        (self.sum, self.summed) = (0.0, 0);
        self.next = (self.next + 1) % self.span();
        self.filled = (self.filled + 1).min(self.span());
        if self.filled == self.span() {
            self.broken = None;
        }
    }

    /// Breaths a minute over the last 32 s, or why there is no such number. Costs about 90,000 multiplications.
    pub fn rate(&self) -> Result<f32, NoRate> {
        if self.filled < self.span() {
            return Err(self.broken.unwrap_or(NoRate::Filling));
        }
        let mut signal = [0.0; SAMPLES_MAX];
        let signal = &mut signal[..self.span()];
        for (place, sample) in signal.iter_mut().enumerate() {
            *sample = self.ring[(self.next + place) % self.span()];
        }
        self.sound(signal)?;
        let count = count(signal.len());
        let mean = signal.iter().sum::<f32>() / count;
        for sample in signal.iter_mut() {
            *sample -= mean;
        }
        self.period(signal).map(|period| 60.0 * self.own_hz() / period)
    }

    fn restart(&mut self, why: NoRate) {
        (self.sum, self.summed, self.next, self.filled) = (0.0, 0, 0, 0);
        self.broken = Some(why);
    }

    /// Samples of a full span.
    fn span(&self) -> usize {
        let seconds = usize::try_from(BREATH_SPAN.get() / 1000).unwrap_or(0);
        (seconds * usize::from(self.rate_hz) / usize::from(self.every)).min(SAMPLES_MAX)
    }

    fn own_hz(&self) -> f32 {
        f32::from(self.rate_hz) / f32::from(self.every)
    }

    /// Samples from one breath to the next at a rate.
    fn samples(&self, per_minute: u16) -> usize {
        60 * usize::from(self.rate_hz) / (usize::from(self.every) * usize::from(per_minute))
    }

    fn sound(&self, signal: &[f32]) -> Result<(), NoRate> {
        let (low, high) = self.rails;
        let close = (high - low) * f32::from(BREATH_FLAT_MILLI) / 1000.0;
        let at_rail = |sample: &&f32| **sample <= low + close || **sample >= high - close;
        let clipped = signal.iter().filter(at_rail).count();
        if 100 * clipped > usize::from(BREATH_CLIPPED_PERCENT) * signal.len() {
            return Err(NoRate::Clipped);
        }
        let least = signal.iter().copied().fold(high, f32::min);
        let most = signal.iter().copied().fold(low, f32::max);
        if most - least < close { Err(NoRate::Flat) } else { Ok(()) }
    }

    /// Samples from one breath to the next, between two of them.
    fn period(&self, signal: &[f32]) -> Result<f32, NoRate> {
        let first = self.samples(BREATH_FASTEST) - 1;
        let last = (self.samples(BREATH_SLOWEST) + 1).min(first + LAGS_MAX - 1);
        let mut alike = [0.0; LAGS_MAX];
        let alike = &mut alike[..=last - first];
        for (lag, alike) in (first..).zip(alike.iter_mut()) {
            *alike = likeness(signal, lag);
        }
        let peaks = || {
            let three = (first + 1..).zip(alike.windows(3));
            three.filter(|(_, w)| w[1] >= w[0] && w[1] > w[2])
        };
        let best = peaks().map(|(_, w)| w[1]).fold(0.0, f32::max);
        if best < f32::from(BREATH_ALIKE_PERCENT) / 100.0 {
            return Err(NoRate::NoRhythm);
        }
        let enough = best * f32::from(BREATH_SHORTEST_PERCENT) / 100.0;
        let (lag, w) = peaks().find(|(_, w)| w[1] >= enough).ok_or(NoRate::NoRhythm)?;
        // The top of the parabola through three likenesses.
        let bend = w[0] - 2.0 * w[1] + w[2];
        Ok(count(lag) + 0.5 * (w[0] - w[2]) / bend)
    }
}

/// How much a signal without its mean looks like itself `lag` samples later, at most 1.
fn likeness(signal: &[f32], lag: usize) -> f32 {
    let (mut both, mut energy) = (0.0, 0.0);
    for (one, other) in signal.iter().zip(&signal[lag..]) {
        both += one * other;
        energy += one * one + other * other;
    }
    if energy > 0.0 { 2.0 * both / energy } else { 0.0 }
}

/// A count that is far below what a float holds exactly.
fn count(n: usize) -> f32 {
    u16::try_from(n).map_or(f32::from(u16::MAX), f32::from)
}
