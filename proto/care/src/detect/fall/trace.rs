//! The last six seconds: what was before a blow, the blow, and what came after it.
//!
//! A *blow* is the largest peak of the second before and the second after it; it is looked at once, when
//! [`AFTER`] bins have followed it. Ages count from the oldest bin. Not here: what a blow means.

use super::Worn;
use super::grid::{BINS_HZ, Bin, distance};
use crate::policy::{FALL_BLOW_MIN_MG, FALL_FREE_MG};

/// Bins before a blow.
pub(super) const BEFORE: usize = 4 * BINS_HZ as usize;
/// Bins after a blow.
pub(super) const AFTER: usize = 2 * BINS_HZ as usize;
/// Bins that are kept.
pub(super) const LENGTH: usize = BEFORE + 1 + AFTER;
/// A blow is the largest within so many bins on both sides.
const ALONE: usize = BINS_HZ as usize;

/// The last bins, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trace {
    bins: [Bin; LENGTH],
    oldest: usize,
    /// Bins since the start, up to [`LENGTH`].
    known: usize,
}

impl Trace {
    pub(super) const fn new() -> Self {
        Self { bins: [Bin::NONE; LENGTH], oldest: 0, known: 0 }
    }

    /// Takes a bin and fills in its jerk. What was before the first is taken to be like it.
    pub(super) fn push(&mut self, mut bin: Bin) {
        if self.known == 0 {
            self.bins = [bin; LENGTH];
        } else {
            bin.jerk = distance(bin.mean, self.at(LENGTH - 1).mean);
        }
        self.bins[self.oldest] = bin;
        self.oldest = if self.oldest + 1 == LENGTH { 0 } else { self.oldest + 1 };
        self.known = LENGTH.min(self.known + 1);
    }

    /// The bin at an age, 0 = the oldest.
    pub(super) fn at(&self, n: usize) -> &Bin {
        let place = self.oldest + n;
        &self.bins[if place >= LENGTH { place - LENGTH } else { place }]
    }

    /// Bins from one age up to before another.
    pub(super) fn span(&self, from: usize, until: usize) -> impl Iterator<Item = &Bin> {
        (from..until).map(|n| self.at(n))
    }

    /// Bins in a row of the second before the blow in which almost nothing carried the device.
    pub(super) fn free(&self) -> u8 {
        let (mut run, mut longest) = (0_u8, 0);
        for bin in self.span(BEFORE - ALONE, BEFORE) {
            run = if bin.size < FALL_FREE_MG { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        longest
    }

    /// Whether the bin at [`BEFORE`] is a blow that has not been looked at.
    pub(super) fn has_blow(&self, worn: Worn) -> bool {
        let force = self.at(BEFORE).force(worn);
        force >= FALL_BLOW_MIN_MG
            && self.known > AFTER
            && self.span(BEFORE - ALONE, BEFORE).all(|bin| bin.force(worn) < force)
            && self.span(BEFORE + 1, BEFORE + 1 + ALONE).all(|bin| bin.force(worn) <= force)
    }
}
