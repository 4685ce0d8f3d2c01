//! What the box has lost, and its disk, told to the server when it changes.
//!
//! Records that the spool has dropped are told from disk (`spool`); here are the bus, whose losses live in memory, and
//! whether the disk has room. Pure. Not here: how it is told (`tidy`).

use proto::unit::{Millis, Mono};
use proto::up::EventKind;

/// A loss is spoken of this long.
const SPOKEN: Millis = Millis::days(1);
/// Losses of the bus are gathered this long before they are told.
const GATHERED: Millis = Millis::minutes(1);

/// One counter, as it was when it was last looked at.
#[derive(Debug, Default)]
struct Counter {
    known: u64,
    grown: Option<Mono>,
}

impl Counter {
    /// Whether it has grown lately.
    fn look(&mut self, now: Mono, count: u64) -> bool {
        if count > self.known {
            self.grown = Some(now);
        }
        self.known = count;
        self.grown.is_some_and(|at| now.since(at) < SPOKEN)
    }
}

/// What was lost, and what the server knows of it.
#[derive(Debug, Default)]
pub struct Losses {
    spool: Option<Counter>,
    bus: Counter,
    /// What the server was told of the bus, and when.
    told: (u64, Option<Mono>),
    /// What it was told of the disk.
    full: Option<bool>,
}

impl Losses {
    /// Looks at the counters of spool and bus: whether either has lost something within a day.
    pub fn look(&mut self, now: Mono, spool: u64, bus: u64) -> (bool, bool) {
        // What was dropped before this start was told then.
        let counter = self.spool.get_or_insert(Counter { known: spool, grown: None });
        (counter.look(now, spool), self.bus.look(now, bus))
    }

    /// What the server is to be told now.
    pub fn news(&mut self, now: Mono, reserve: bool) -> Vec<(EventKind, Option<u32>)> {
        let mut news = Vec::new();
        let lost = self.bus.known.saturating_sub(self.told.0);
        let waits = self.told.1.is_some_and(|at| now.since(at) < GATHERED);
        if lost > 0 && !waits {
            self.told = (self.bus.known, Some(now));
            news.push((EventKind::BusLost, Some(u32::try_from(lost).unwrap_or(u32::MAX))));
        }
        // Said once after a start as well: what stood before it may be over.
        if self.full.replace(!reserve) != Some(!reserve) {
            let kind = if reserve { EventKind::DiskRoom } else { EventKind::DiskFull };
            news.push((kind, None));
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> Mono {
        Mono::from_millis(s * 1_000)
    }

    #[test]
    fn what_the_bus_has_lost_is_told_at_once_and_then_gathered() {
        let mut losses = Losses::default();
        let mut tell = |s, lost| {
            losses.look(at(s), 0, lost);
            losses.news(at(s), true).into_iter().find_map(|(_, count)| count)
        };
        assert_eq!(tell(0, 0), None);
        assert_eq!(tell(5, 40), Some(40));
        assert_eq!(tell(10, 90), None, "it is gathered");
        assert_eq!(tell(66, 100), Some(60));
        assert_eq!(tell(200, 100), None);
    }

    #[test]
    fn the_disk_is_told_once_after_a_start_and_when_it_changes() {
        let mut losses = Losses::default();
        let mut tell = |reserve| losses.news(at(1), reserve);
        assert_eq!(tell(true), [(EventKind::DiskRoom, None)]);
        assert_eq!(tell(true), []);
        assert_eq!(tell(false), [(EventKind::DiskFull, None)]);
        assert_eq!(tell(false), []);
        assert_eq!(tell(true), [(EventKind::DiskRoom, None)]);
    }

    #[test]
    fn a_loss_is_spoken_of_for_a_day_and_one_of_before_the_start_is_not() {
        let mut losses = Losses::default();
        assert_eq!(losses.look(at(0), 500, 0), (false, false));
        assert_eq!(losses.look(at(10), 501, 3), (true, true));
        assert_eq!(losses.look(at(86_000), 501, 3), (true, true));
        assert_eq!(losses.look(at(86_411), 501, 3), (false, false));
    }
}
