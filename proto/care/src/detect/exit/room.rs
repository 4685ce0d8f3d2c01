//! What lying in bed sounds like in this room: which antenna hears it how strongly, learned from posture alone.
//!
//! Two tallies by antenna and strength: moments in bed (lying, or within seconds of it) and moments upright that are
//! not. Both fade by halving, so that a moved bed is learned anew. Not here: who is judged by it.

use super::Heard;
use super::moment::Moment;

/// Antennas that are told apart; a higher number shares a place with a lower one.
pub(super) const ANTENNAS: usize = 8;
/// Steps of strength, 4 dB each from -72 dBm.
const STEPS: usize = 10;
/// A tally is halved at this sum. Source: choice, some hours of readings.
const FULL: u32 = 16_384;

/// One antenna at one strength.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    antenna: usize,
    step: usize,
}

impl Place {
    pub(super) fn new(heard: Heard) -> Option<Self> {
        let above = (i32::from(heard.dbm) + 72).div_euclid(4).clamp(0, 9);
        let step = usize::try_from(above).ok()?;
        Some(Self { antenna: usize::from(heard.antenna) % ANTENNAS, step })
    }
}

/// The memory of one room; about 650 bytes.
#[derive(Debug, Clone, Default)]
pub struct Room {
    bed: Tally,
    upright: Tally,
}

#[derive(Debug, Clone, Default)]
struct Tally {
    counts: [[u16; STEPS]; ANTENNAS],
    sum: u32,
}

impl Room {
    /// Takes a moment. `near`: whether the wearer lay within seconds of it.
    pub(super) fn learn(&mut self, moment: &Moment, near: bool) {
        let Some(place) = moment.place else { return };
        if moment.lying || near {
            self.bed.add(place);
        } else {
            self.upright.add(place);
        }
    }

    /// How much likelier this place is upright than in bed, how likely it is in bed, and how likely its antenna is in
    /// bed, each as 32 times a logarithm to base 2.
    pub(super) fn sound(&self, place: Place) -> (i16, i16, i16) {
        let bed = self.bed.near(place);
        let antenna: u32 = self.bed.counts[place.antenna].iter().map(|n| u32::from(*n)).sum();
        let antenna = log(antenna + 1) - log(self.bed.sum + 5);
        (self.upright.near(place) - bed, bed, antenna)
    }

    /// What was learned counts half: a stretch of learning before the one that counts.
    pub fn fade(&mut self) {
        self.bed.halve();
        self.upright.halve();
    }
}

impl Tally {
    fn add(&mut self, place: Place) {
        if self.sum >= FULL {
            self.halve();
        }
        self.counts[place.antenna][place.step] += 1;
        self.sum += 1;
    }

    fn halve(&mut self) {
        self.sum = 0;
        for count in self.counts.iter_mut().flatten() {
            *count /= 2;
            self.sum += u32::from(*count);
        }
    }

    /// Logarithm of the share of a place; its neighbours in strength count half.
    fn near(&self, place: Place) -> i16 {
        let row = &self.counts[place.antenna];
        let at = |step: Option<usize>| {
            step.and_then(|step| row.get(step)).map_or(0, |count| u32::from(*count))
        };
        let around = at(place.step.checked_sub(1)) + at(Some(place.step + 1));
        log(2 * at(Some(place.step)) + around + 2) - log(4 * self.sum + 40)
    }
}

/// 32 times the logarithm to base 2, by straight lines between powers.
fn log(value: u32) -> i16 {
    let whole = value.max(1).ilog2();
    let part = (u64::from(value.max(1)) << 5 >> whole) - 32;
    i16::try_from(u64::from(whole) * 32 + part).unwrap_or(i16::MAX)
}
