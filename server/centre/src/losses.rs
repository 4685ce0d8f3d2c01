//! What is lost on its way, told to people: one fault a cause, which stands until nothing was lost for a day.
//!
//! Counters are looked at every few seconds: telemetry that the inbox has dropped, calls that it could not keep, notices
//! that nobody outside has confirmed, and a full disk. What homes and boxes say they have lost is told where it is heard, and
//! what is put aside (`ingest::batch`): here it ends. Not here: counters (`inbox`, `notify`).

use std::sync::Arc;
use std::time::Duration;

use care::Seen;
use care::policy::noise::STEADY;
use proto::unit::Mono;
use tokio::time::MissedTickBehavior;

use crate::clock::Clock;
use crate::faults::{Fault, Faults};
use crate::health::Health;
use crate::inbox::Inbox;
use crate::notify::Outbox;

/// How often counters are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// One counter, as it was when it was last looked at.
#[derive(Debug, Default, Clone, Copy)]
struct Counter {
    known: u64,
    /// When it last grew; none if that was before this start.
    grown: Option<Mono>,
}

/// What follows from a look at a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// It has grown.
    Lost,
    /// Nothing was lost for so long that it is over.
    Over,
    /// Neither.
    None,
}

impl Counter {
    fn look(&mut self, count: u64, now: Mono, started: Mono) -> News {
        if count > self.known {
            self.known = count;
            self.grown = Some(now);
            return News::Lost;
        }
        let since = self.grown.unwrap_or(started);
        if now.since(since) > STEADY {
            self.grown = Some(now);
            return News::Over;
        }
        News::None
    }
}

/// Looks at what is lost, and tells it.
pub struct Losses {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// What of it was dropped or not kept.
    pub inbox: Inbox,
    /// Which notices nobody took.
    pub outbox: Outbox,
    /// Whether the records have found the disk full.
    pub health: Arc<Health>,
    /// Where it is told.
    pub faults: Arc<Faults>,
}

/// Runs until the process ends.
pub async fn run(losses: Arc<Losses>) {
    let started = losses.clock.mono();
    let mut counters = [
        // What was shed before this start was told then.
        (Seen::Shed, Counter { known: losses.inbox.lost_before(), grown: None }),
        (Seen::Refused, Counter::default()),
        (Seen::NoticesDead, Counter::default()),
    ];
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let now = losses.clock.mono();
        losses.faults.set(Fault::upkeep(Seen::DiskFull), is_full(&losses.inbox, &losses.health));
        let counts =
            [losses.inbox.lost(), losses.inbox.calls_refused(), losses.outbox.facts().given_up];
        for ((cause, counter), count) in counters.iter_mut().zip(counts) {
            let fault = Fault::upkeep(*cause).of(count);
            match counter.look(count, now, started) {
                News::Lost => losses.faults.raise_more(fault, now),
                News::Over => losses.faults.clear(&fault),
                News::None => {}
            }
        }
        losses.faults.calm(Seen::PutAside, (now, started), STEADY);
    }
}

/// Whether the disk is full and what is left of it is for emergencies.
pub fn is_full(inbox: &Inbox, health: &Health) -> bool {
    inbox.is_on_reserve() || health.is_full()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: u64) -> Mono {
        Mono::from_millis(hours * 3_600_000)
    }

    #[test]
    fn a_counter_that_grows_is_told_and_over_after_a_day_without() {
        let mut counter = Counter { known: 5, grown: None };
        assert_eq!(counter.look(5, at(1), at(0)), News::None);
        assert_eq!(counter.look(7, at(2), at(0)), News::Lost);
        assert_eq!(counter.look(7, at(25), at(0)), News::None);
        assert_eq!(counter.look(7, at(27), at(0)), News::Over);
        assert_eq!(counter.look(7, at(28), at(0)), News::None, "that is said once a day");
    }

    #[test]
    fn what_stood_before_a_start_is_over_a_day_after_it() {
        let mut counter = Counter::default();
        assert_eq!(counter.look(0, at(20), at(0)), News::None);
        assert_eq!(counter.look(0, at(25), at(0)), News::Over);
    }
}
