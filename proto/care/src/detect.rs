//! The detectors, one a file, and the local time that they share.
//!
//! Each takes what the home heard and says its findings to [`crate::triage`]. None reads a clock, and none
//! knows another: what one may see of the others is handed in as evidence. Not here: what joins what.

pub(crate) mod bed;
pub mod breath;
pub(crate) mod dwell;
pub mod exit;
pub mod fall;
pub(crate) mod fault;
pub(crate) mod forest;
pub(crate) mod habits;
pub(crate) mod help;
pub(crate) mod idle;
pub(crate) mod often;
pub(crate) mod rates;
pub(crate) mod restless;
pub(crate) mod silence;
pub(crate) mod starts;
pub(crate) mod stillness;
pub(crate) mod vitals;
pub(crate) mod wander;
pub(crate) mod waver;

use minicbor::{Decode, Encode};
use proto::unit::Mono;

/// Minutes of one day.
pub(crate) const DAY_MIN: u64 = 24 * 60;
const MINUTE_MS: u64 = 60_000;

/// The local time of the home at one point of the caller's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct LocalTime {
    #[n(0)]
    minute: u16,
    #[n(1)]
    at: Mono,
}

impl LocalTime {
    /// Reads a minute of the day; a minute past the end of it counts from midnight.
    pub(crate) fn new(minute_of_day: u16, at: Mono) -> Self {
        Self { minute: minute_of_day % (24 * 60), at }
    }

    /// Milliseconds after local midnight at another point, past or future.
    pub(crate) fn day_ms(&self, at: Mono) -> u64 {
        const DAY_MS: u64 = DAY_MIN * MINUTE_MS;
        let known = u64::from(self.minute) * MINUTE_MS;
        let ahead = at.since(self.at).get() % DAY_MS;
        let behind = self.at.since(at).get() % DAY_MS;
        (known + ahead + DAY_MS - behind) % DAY_MS
    }

    /// Minutes after local midnight at another point.
    pub(crate) fn minute_of_day(&self, at: Mono) -> u16 {
        u16::try_from(self.day_ms(at) / MINUTE_MS).unwrap_or(0)
    }
}
