//! Habits: in which quarter-hours a person usually moves, by hour of the day.
//!
//! They begin as those of a population and become the person's own within days; a new day weighs less the
//! more are known, and after a month old days fade. Not here: what a missed quarter-hour means.

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use proto::unit::Mono;

use crate::detect::LocalTime;
use crate::policy::{HABIT_DAYS, PRIOR_DAYS, USUAL_HOURS};

/// A quarter of an hour in milliseconds: the grain of habits.
pub(crate) const SLOT_MS: u64 = 15 * 60_000;
const SLOTS_A_DAY: u16 = 96;

/// Shares of quarter-hours with life, one for each hour of the day.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Habits {
    /// 65,535 = every quarter-hour of this hour; two bytes each.
    #[n(0)]
    shares: ByteArray<48>,
    /// Quarter-hours learned so far, up to where more changes nothing.
    #[n(1)]
    learned: u16,
}

impl Default for Habits {
    fn default() -> Self {
        let mut shares = [0; 48];
        for (hour, share) in USUAL_HOURS.into_iter().enumerate() {
            // A share in 255ths, written twice, is the same share in 65,535ths.
            shares[2 * hour..2 * hour + 2].copy_from_slice(&[share, share]);
        }
        Self { shares: shares.into(), learned: 0 }
    }
}

impl Habits {
    /// Share of an hour's quarter-hours with life, 65,535 = all.
    pub(crate) fn share(&self, hour: usize) -> u16 {
        u16::from_be_bytes([self.shares[2 * hour], self.shares[2 * hour + 1]])
    }

    /// One quarter-hour of that hour is over, with life in it or without.
    pub(crate) fn learn(&mut self, hour: usize, lively: bool) {
        let days = (PRIOR_DAYS + self.learned / SLOTS_A_DAY).min(HABIT_DAYS);
        let (share, weight) = (i32::from(self.share(hour)), i32::from(days) * 4);
        let seen = if lively { 65_535 } else { 0 };
        let next = u16::try_from(share + (seen - share) / weight).unwrap_or(u16::MAX);
        self.shares[2 * hour..2 * hour + 2].copy_from_slice(&next.to_be_bytes());
        self.learned = self.learned.saturating_add(1).min(HABIT_DAYS * SLOTS_A_DAY);
    }
}

/// Hour of the day and what is left of the quarter-hour at a point of time; at least one millisecond.
pub(crate) fn slot(clock: &LocalTime, at: Mono) -> (usize, u64) {
    let ms = clock.day_ms(at);
    (usize::try_from(ms / 3_600_000).unwrap_or(0) % 24, SLOT_MS - ms % SLOT_MS)
}
