//! What is known of one receiver: does it answer, and may it be called now.
//!
//! A receiver that fails again and again is *dead*: from then on one notice in a while asks whether it is back,
//! and each new emergency is tried once, instead of everything that waits. The first answer brings all of
//! it at once. Pure: times come in, on the server's clock in ms. Not here: calls, and rows.

use care::policy::{NOTICE_PROBE, RECEIVER_DEAD};

/// Calls that may be under way to one receiver.
pub(crate) const LANES: usize = 24;
/// Of these, for the first try of an emergency only: what waits long cannot keep it waiting.
pub(crate) const RESERVED: usize = 16;

/// A notice as the choice sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// Whether it tells of an emergency.
    pub urgent: bool,
    /// Tries so far.
    pub tries: i64,
    /// When it is due.
    pub due: i64,
}

impl Waits {
    const fn first(&self) -> bool {
        self.urgent && self.tries == 0
    }
}

/// One receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Pause between two calls of a dead receiver, ms.
    pause: i64,
    /// Failures in a row.
    failed: u32,
    /// Whether it was ever answered or not.
    known: bool,
    /// When a dead receiver is next asked.
    probe: i64,
}

impl Default for Line {
    fn default() -> Self {
        Self::new(i64::try_from(NOTICE_PROBE.get()).unwrap_or(i64::MAX))
    }
}

impl Line {
    /// One that was never called; if it is dead it is asked again after each such pause, ms.
    pub const fn new(pause: i64) -> Self {
        Self { pause, failed: 0, known: false, probe: 0 }
    }

    /// Whether it is dead; none before the first call.
    pub const fn dead(&self) -> Option<bool> {
        if self.known { Some(self.failed >= RECEIVER_DEAD) } else { None }
    }

    /// It has confirmed a notice. Says whether everything that waits is due at once.
    pub const fn answered(&mut self) -> bool {
        let again = self.failed > 0;
        (self.failed, self.known) = (0, true);
        again
    }

    /// It has not confirmed a notice.
    pub const fn failed(&mut self, now: i64) {
        (self.failed, self.known) = (self.failed.saturating_add(1), true);
        self.probe = now.saturating_add(self.pause);
    }

    /// Whether this notice may go now. `general`: calls under way that are no first try of an emergency;
    /// `all`: all that are.
    pub fn may(&mut self, notice: Waits, (general, all): (usize, usize), now: i64) -> bool {
        if all >= LANES {
            return false;
        }
        if notice.first() {
            return true;
        }
        if self.failed >= RECEIVER_DEAD {
            let asks = now >= self.probe && general == 0;
            if asks {
                self.probe = now.saturating_add(1);
            }
            return asks;
        }
        notice.due <= now && general < LANES - RESERVED
    }

    /// When a dead receiver is asked again; none while it lives.
    pub fn next(&self) -> Option<i64> {
        (self.failed >= RECEIVER_DEAD).then_some(self.probe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Waits = Waits { urgent: false, tries: 4, due: 0 };
    const NEW: Waits = Waits { urgent: true, tries: 0, due: 0 };

    fn dead(now: i64) -> Line {
        let mut line = Line::default();
        (0..RECEIVER_DEAD).for_each(|_| line.failed(now));
        line
    }

    #[test]
    fn a_new_emergency_goes_past_whatever_hangs() {
        let mut line = Line::default();
        let general = LANES - RESERVED;
        assert!(!line.may(OLD, (general, general), 1_000), "retries leave room");
        assert!(line.may(NEW, (general, general), 1_000));
        assert!(!line.may(NEW, (general, LANES), 1_000), "bounded");
        assert!(dead(0).may(NEW, (0, 0), 1), "one try even if nobody seems to be there");
    }

    #[test]
    fn what_is_no_emergency_waits_for_its_time_and_leaves_the_reserve_at_its_first_try_too() {
        let mut line = Line::default();
        let later = Waits { due: 5_000, ..OLD };
        assert!(!line.may(later, (0, 0), 4_999));
        assert!(line.may(later, (0, 0), 5_000));
        let (general, first) = (LANES - RESERVED, Waits { tries: 0, ..OLD });
        assert!(line.may(first, (general - 1, general - 1), 1_000));
        assert!(!line.may(first, (general, general), 1_000));
    }

    #[test]
    fn a_dead_receiver_is_asked_by_one_notice_and_used_within_half_a_minute() {
        let mut line = dead(5_000);
        assert_eq!(line.dead(), Some(true));
        assert!(!line.may(OLD, (0, 0), 5_001));
        let back = line.next().unwrap();
        // A probe may have begun just before it came back, and hang for a whole call.
        assert!(back + 10_000 + 10_000 <= 5_000 + 30_000, "asked at {back}");
        assert!(line.may(OLD, (0, 0), back));
        assert!(!line.may(OLD, (1, 1), back + 1), "one at a time");
        assert!(line.answered(), "then all of it");
        assert_eq!((line.dead(), line.next()), (Some(false), None));
    }

    #[test]
    fn nothing_is_said_of_a_receiver_that_was_never_called() {
        assert_eq!(Line::default().dead(), None);
    }
}
