//! How far the inbox has been heard: silence is judged only up to there, since whoever seems silent after it may wait.
//!
//! A lane is heard through the last row that was taken of it, and through every moment at which nothing of it
//! waited. A store that stands still therefore makes nobody silent. Not here: what silence means (`care`).

use care::Seen;
use proto::frame::Lane;
use proto::unit::{Millis, Mono};

use super::Batcher;
use crate::faults::Fault;

/// A home is judged as if nobody had listened while the inbox is heard no further than this long ago: a device that
/// may be 200 s silent does not seem so for a delay of a tenth of it.
const BEHIND: Millis = Millis::secs(10);
/// Being behind for this long is a fault of its own: nobody's silence is told meanwhile. As long as a gateway's.
const TOLD: Millis = care::policy::GATEWAY_SILENT;

/// Through when each lane has been heard.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    through: [Mono; 2],
    behind_since: Option<Mono>,
}

impl Backlog {
    /// Everything that came until then in this lane has been taken.
    pub(super) fn through(&mut self, lane: Lane, at: Mono) {
        let known = &mut self.through[lane as usize];
        *known = at.max(*known);
    }

    /// Up to when everything has been heard, if so many rows wait in the lanes.
    fn heard(&self, now: Mono, waiting: (u64, u64)) -> Mono {
        let lanes = [waiting.0, waiting.1].into_iter().zip(self.through);
        lanes.filter(|(waiting, _)| *waiting > 0).map(|(_, at)| at).fold(now, Mono::min)
    }
}

impl Batcher {
    /// Nothing waited in a lane at this time.
    pub(crate) fn caught_up(&mut self, lane: Lane, at: Mono) {
        self.backlog.through(lane, at);
    }

    /// Up to when everything that came has been heard.
    pub(super) fn heard_until(&self, now: Mono) -> Mono {
        self.backlog.heard(now, self.room.inbox.waiting())
    }

    /// Whether so much waits that silence means nothing.
    pub(super) fn is_behind(&self, now: Mono) -> bool {
        now.since(self.heard_until(now)) > BEHIND
    }

    /// Says so if the inbox has not been heard for long.
    pub(super) fn tell_backlog(&mut self, now: Mono) {
        self.room.mirror.set_behind(self.is_behind(now));
        let since = self.backlog.behind_since.filter(|_| self.is_behind(now));
        self.backlog.behind_since = self.is_behind(now).then(|| since.unwrap_or(now));
        let long = self.backlog.behind_since.is_some_and(|since| now.since(since) > TOLD);
        self.room.faults.set(Fault::upkeep(Seen::Backlog), long);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_holds_back_what_is_judged_and_an_empty_inbox_does_not() {
        let at = Mono::from_millis;
        let mut backlog = Backlog::default();
        assert_eq!(backlog.heard(at(9_000), (0, 0)), at(9_000));
        assert_eq!(
            backlog.heard(at(9_000), (0, 4)),
            at(0),
            "a backlog of the time before the start"
        );
        backlog.through(Lane::Telemetry, at(5_000));
        backlog.through(Lane::Emergency, at(8_000));
        backlog.through(Lane::Telemetry, at(4_000));
        assert_eq!(backlog.heard(at(9_000), (3, 0)), at(8_000));
        assert_eq!(backlog.heard(at(9_000), (3, 4)), at(5_000));
        assert_eq!(backlog.heard(at(9_000), (0, 0)), at(9_000));
    }
}
