//! What becomes of a person after a blow that looks like a fall: up again, or not.
//!
//! Each second has one word: *still*, *up* (down is where it was before, and the body moves), or neither. Enough
//! seconds up end it; enough stillness, or enough time without getting up, confirm it. At the wrist the
//! direction of down says nothing, so only lasting movement counts as up. Not here: which blow looks like a fall.

use proto::unit::Millis;

use super::Worn;
use super::features::cosine;
use super::grid::{BINS_HZ, Bin, narrow, span};
use super::trace::AFTER;
use crate::policy::{
    FALL_GIVE_UP, FALL_NO_RECOVERY, FALL_STILL, FALL_STILL_MG, FALL_UP_BODY, FALL_UP_COSINE,
    FALL_UP_MG, FALL_UP_WRIST,
};

/// A turn of the course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Confirmed,
    Recovered,
    /// Nothing more will be said of it.
    Over,
}

/// The time after a suspected fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Course {
    /// Where down was before the fall.
    before: [i16; 3],
    /// Bins since the blow.
    since: u32,
    /// Sums of the present second: axes, distance of the magnitude from 1 g, change.
    sum: [i32; 3],
    sway: u32,
    jerk: u32,
    still: u8,
    up: u8,
    confirmed: bool,
}

impl Course {
    pub(super) fn new(before: [i16; 3]) -> Self {
        let (sum, since) = ([0; 3], u32::try_from(AFTER).unwrap_or(0));
        Self { before, since, sum, sway: 0, jerk: 0, still: 0, up: 0, confirmed: false }
    }

    pub(super) fn ago(&self) -> Millis {
        span(self.since)
    }

    /// How long it has been still, in whole seconds.
    pub(super) fn still(&self) -> Millis {
        Millis::secs(u64::from(self.still))
    }

    pub(super) const fn confirmed(&self) -> bool {
        self.confirmed
    }

    /// One bin later; a word at the end of each second, if there is something to say.
    pub(super) fn go_on(&mut self, bin: &Bin, worn: Worn) -> Option<Turn> {
        self.since += 1;
        for (sum, value) in self.sum.iter_mut().zip(bin.mean) {
            *sum += i32::from(value);
        }
        self.sway += u32::from(bin.size.abs_diff(1000));
        self.jerk += u32::from(bin.jerk);
        if !self.since.is_multiple_of(u32::from(BINS_HZ)) {
            return None;
        }
        self.second(worn);
        self.turn(worn)
    }

    /// Names the second that ends.
    fn second(&mut self, worn: Worn) {
        let bins = u32::from(BINS_HZ);
        let down = self.sum.map(|sum| narrow(sum / i32::from(BINS_HZ)));
        let moves = self.sway >= FALL_UP_MG * bins;
        let upright = worn == Worn::Wrist || cosine(down, self.before) >= FALL_UP_COSINE;
        let still = self.jerk <= FALL_STILL_MG * bins;
        self.still = if still { self.still.saturating_add(1) } else { 0 };
        self.up = if upright && moves {
            self.up.saturating_add(1)
        } else if upright && worn == Worn::Body {
            // Standing after the first steps: neither for nor against.
            self.up
        } else {
            0
        };
        (self.sum, self.sway, self.jerk) = ([0; 3], 0, 0);
    }

    fn turn(&mut self, worn: Worn) -> Option<Turn> {
        let enough = match worn {
            Worn::Body => FALL_UP_BODY,
            Worn::Wrist => FALL_UP_WRIST,
        };
        let long = |seconds: u8, enough: Millis| u64::from(seconds) * 1000 >= enough.get();
        if long(self.up, enough) {
            return Some(Turn::Recovered);
        }
        if self.ago() >= FALL_GIVE_UP {
            return Some(Turn::Over);
        }
        let stays = long(self.still, FALL_STILL) || self.ago() >= FALL_NO_RECOVERY;
        if !self.confirmed && stays {
            self.confirmed = true;
            return Some(Turn::Confirmed);
        }
        None
    }
}
