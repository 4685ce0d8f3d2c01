//! Counts what may happen now and then and not all the time: starts of a device, connections of a box.
//!
//! Two spans are counted, an hour and a day, each from the first of its kind: who does it six times in an hour or twelve
//! times in a day is told, who does it five times is not. Not here: what it means.

use minicbor::{Decode, Encode};
use proto::unit::Mono;

use crate::policy::noise::{OFTEN_SHORT, STEADY};

const MINUTE_MS: u64 = 60_000;

/// How often something has happened lately; times in minutes of the caller's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
pub struct Often {
    #[n(0)]
    short: u32,
    #[n(1)]
    in_short: u16,
    #[n(2)]
    long: u32,
    #[n(3)]
    in_long: u16,
    #[n(4)]
    last: u32,
}

impl Often {
    /// It has happened at `at`.
    pub fn happens(&mut self, at: Mono) {
        let now = minute(at);
        if self.in_short == 0 || over(self.short, now, OFTEN_SHORT.get()) {
            (self.short, self.in_short) = (now, 0);
        }
        if self.in_long == 0 || over(self.long, now, STEADY.get()) {
            (self.long, self.in_long) = (now, 0);
        }
        self.in_short = self.in_short.saturating_add(1);
        self.in_long = self.in_long.saturating_add(1);
        self.last = self.last.max(now);
    }

    /// How often it has, if that is more than may be: so many in the shorter span, or in the longer.
    pub fn beyond(&self, short: u16, long: u16) -> Option<u16> {
        (self.in_short >= short || self.in_long >= long).then_some(self.in_long.max(self.in_short))
    }

    /// When it will not have happened for a whole [`STEADY`].
    pub fn rests(&self) -> Mono {
        Mono::from_millis(u64::from(self.last) * MINUTE_MS).after(STEADY)
    }

    /// Counts anew.
    pub fn forget(&mut self) {
        (self.in_short, self.in_long) = (0, 0);
    }
}

/// A point in whole minutes.
pub(crate) fn minute(at: Mono) -> u32 {
    u32::try_from(at.millis() / MINUTE_MS).unwrap_or(u32::MAX)
}

fn over(from: u32, now: u32, span_ms: u64) -> bool {
    u64::from(now.saturating_sub(from)) * MINUTE_MS >= span_ms
}
