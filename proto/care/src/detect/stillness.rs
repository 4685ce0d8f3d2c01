//! Stillness: no sign of life, measured against this person's own hours.
//!
//! - A *sign of life* is movement, a door, a change of the bed, a press, or a breath that a mat measures.
//! - *Missed* are the quarter-hours in which this person usually moves and now did not, summed by their
//!   learned share. Enough of them, or a very long stillness at any hours, is a finding.
//! - Only *watched* time counts: while no sensor that sees life speaks, nothing is concluded.
//! - A door after which nothing moves inside means *away*: then a far longer limit holds.
//!
//! Habits begin with those of a population and become the person's own within days. Not here: dwelling in
//! one room, and which of two persons moved. Known hole: a fall on the doorstep, unseen by any sensor, looks
//! like leaving.

use minicbor::{Decode, Encode};
use proto::unit::{Millis, Mono};

use crate::detect::habits::{Habits, SLOT_MS, slot};
use crate::detect::{LocalTime, ago};
use crate::finding::{Evidence, Kind, Seen, Severity};
use crate::policy::{AWAY_MAX, DOOR_BEFORE, DOOR_SETTLE, Rules, STILL_MISSED};
use crate::triage::{Triage, Word};

/// Enough missed, in the unit of [`Stillness::missed`]: a share of 65,535 for each millisecond.
const MISSED_ENOUGH: u64 = STILL_MISSED as u64 * SLOT_MS * 65_535 / 100;
/// A sign after this much stillness is stored at once, so that a restart does not make it unseen.
const STORE_AFTER: Millis = Millis::minutes(30);
/// Longest stretch that one step goes through slot by slot; what is older passes as unwatched.
const STRETCH_MAX: Millis = Millis::minutes(24 * 60);

/// What kind of sign it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Seen inside: movement, bed, breath, press.
    Inside,
    /// A door went.
    Door,
}

/// What is known of the life in a home.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Stillness {
    #[cbor(n(0), default)]
    habits: Habits,
    /// The last sign inside.
    #[n(1)]
    moved: Option<Mono>,
    /// The last door.
    #[n(2)]
    door: Option<Mono>,
    /// Somebody who was inside used the door, and since then nothing moved.
    #[n(3)]
    leaving: bool,
    /// The door of an empty home went: what moves next has come in.
    #[n(4)]
    arriving: bool,
    /// Time is counted up to here.
    #[n(5)]
    upto: Mono,
    /// A sensor that sees life spoke: time counts as watched until here.
    #[n(6)]
    watched: Mono,
    /// Watched time without a sign.
    #[n(7)]
    still: Millis,
    /// Sum of the shares of what was missed in that time, each millisecond by its hour.
    #[n(8)]
    missed: u64,
    /// The present quarter-hour had a sign.
    #[n(9)]
    lively: bool,
    /// The present quarter-hour was not watched from its beginning.
    #[n(10)]
    partial: bool,
    /// This stillness is told.
    #[n(11)]
    told: bool,
}

impl Default for Stillness {
    fn default() -> Self {
        Self {
            habits: Habits::default(),
            moved: None,
            door: None,
            leaving: false,
            arriving: false,
            upto: Mono::default(),
            watched: Mono::default(),
            still: Millis::default(),
            missed: 0,
            lively: false,
            partial: true,
            told: false,
        }
    }
}

impl Stillness {
    /// A sensor that sees life spoke as of `at` and may now be silent for `patience`.
    pub(crate) fn watch(
        &mut self,
        at: Mono,
        patience: Millis,
        clock: Option<LocalTime>,
        triage: &mut Triage<'_>,
    ) {
        // From here time counts again, and must after a restart.
        triage.firm |= at > self.watched;
        self.reach(at, clock);
        self.watched = self.watched.max(at.after(patience));
    }

    /// A sign of life at `at`.
    pub(crate) fn sign(
        &mut self,
        sign: Sign,
        at: Mono,
        clock: Option<LocalTime>,
        triage: &mut Triage<'_>,
    ) {
        if self.last_sign().is_some_and(|last| at < last) {
            return;
        }
        let was_leaving = self.leaving;
        let alive = match sign {
            Sign::Inside => self.inside(at),
            Sign::Door => self.went(at),
        };
        triage.firm |= was_leaving != self.leaving || self.still >= STORE_AFTER;
        if !alive {
            return;
        }
        let counted = self.upto;
        self.reach(at, clock);
        // The first life in a quarter-hour becomes habit, and habit decides when somebody is missed.
        triage.firm |= !self.lively;
        (self.still, self.missed, self.lively) = (Millis::default(), 0, true);
        if at < counted {
            // A late word: what was counted after it counts again, from it.
            self.upto = at;
            self.advance(counted, clock, false);
        }
        if self.told {
            self.told = false;
            triage.ease(Kind::Stillness, None);
        }
    }

    fn last_sign(&self) -> Option<Mono> {
        self.moved.max(self.door)
    }

    /// Something moved inside: whoever it is has not left, or has come in.
    fn inside(&mut self, at: Mono) -> bool {
        let trails = self.leaving && !self.arriving && at < self.settled();
        if !trails {
            (self.leaving, self.arriving) = (false, false);
        }
        self.moved = Some(at);
        true
    }

    /// A door went. Who moved shortly before may be leaving; a door alone is no sign of who lies inside.
    fn went(&mut self, at: Mono) -> bool {
        let before = self.moved.is_some_and(|moved| at.since(moved) < DOOR_BEFORE);
        if self.leaving {
            self.arriving |= at >= self.settled();
        } else {
            (self.leaving, self.arriving) = (before, false);
        }
        self.door = Some(at);
        self.leaving
    }

    /// When what moves after the last door is no longer the one who leaves.
    fn settled(&self) -> Mono {
        self.door.unwrap_or_default().after(DOOR_SETTLE)
    }

    /// Counts watched time up to `at`; what nobody watched is passed over.
    fn reach(&mut self, at: Mono, clock: Option<LocalTime>) {
        self.advance(at.min(self.watched), clock, true);
        if at > self.upto {
            (self.upto, self.partial) = (at, true);
        }
    }

    fn advance(&mut self, to: Mono, clock: Option<LocalTime>, learn: bool) {
        let oldest = Mono::from_millis(to.millis().saturating_sub(STRETCH_MAX.get()));
        if oldest > self.upto {
            (self.upto, self.partial) = (oldest, true);
        }
        let Some(clock) = clock else {
            self.still = self.still.plus(to.since(self.upto));
            self.upto = self.upto.max(to);
            return;
        };
        while self.upto < to {
            let (hour, left) = slot(&clock, self.upto);
            let span = left.min(to.since(self.upto).get());
            self.still = self.still.plus(Millis::new(span));
            if !self.leaving {
                self.missed = self.missed.saturating_add(span * u64::from(self.habits.share(hour)));
            }
            self.upto = self.upto.after(Millis::new(span));
            if span == left {
                self.turn(hour, learn);
            }
        }
    }

    /// A quarter-hour is over: it becomes habit, unless it was spent away, unwatched or under an alarm.
    fn turn(&mut self, hour: usize, learn: bool) {
        let known = self.lively || !self.partial;
        if learn && known && !self.leaving && !self.told {
            self.habits.learn(hour, self.lively);
        }
        (self.lively, self.partial) = (false, false);
    }

    /// Counts time up to now, and tells a stillness that has lasted too long.
    pub(crate) fn check(
        &mut self,
        rules: &Rules,
        clock: Option<LocalTime>,
        triage: &mut Triage<'_>,
    ) {
        let now = triage.now;
        self.advance(now.min(self.watched), clock, true);
        if self.told || triage.is_full() || !self.is_too_long(rules) {
            return;
        }
        self.told = true;
        let severity = if self.leaving { Severity::General } else { Severity::Important };
        let mut evidence = [ago(Seen::Nothing, true, self.upto, now); 3];
        evidence[0].value = super::minutes(self.still);
        let mut count = 1;
        for piece in self.context(now).into_iter().flatten() {
            evidence[count] = piece;
            count += 1;
        }
        triage.raise(
            None,
            &Word {
                kind: Kind::Stillness,
                severity,
                activation: None,
                device: None,
                at: self.last_sign().unwrap_or(self.upto),
                evidence: &evidence[..count],
            },
        );
    }

    fn is_too_long(&self, rules: &Rules) -> bool {
        let at_least = |limit: Option<Millis>| limit.is_some_and(|limit| self.still >= limit);
        if self.leaving {
            return rules.still_max.is_some() && self.still >= AWAY_MAX;
        }
        at_least(rules.still_max) || (at_least(rules.still_min) && self.missed >= MISSED_ENOUGH)
    }

    /// What was last seen, for the cards of this and other findings.
    pub(crate) fn context(&self, now: Mono) -> [Option<Evidence>; 2] {
        let moved = self.moved.map(|at| ago(Seen::Moved, now.since(at) >= DOOR_BEFORE, at, now));
        let door = self.door.map(|at| ago(Seen::Door, !self.leaving, at, now));
        [moved, door]
    }

    /// A person has looked and closed it: the count begins anew.
    pub(crate) fn looked(&mut self) {
        (self.told, self.still, self.missed) = (false, Millis::default(), 0);
    }

    /// When stillness will have lasted too long, if that is within the time that counts as watched.
    pub(crate) fn next_deadline(&self, rules: &Rules, clock: Option<LocalTime>) -> Option<Mono> {
        if self.told {
            return None;
        }
        let when = |limit: Millis| self.upto.after(limit.less(self.still));
        let due = if self.leaving {
            rules.still_max.map(|_| when(AWAY_MAX))
        } else {
            let habit =
                rules.still_min.and_then(|limit| Some(self.missed_due(&clock?)?.max(when(limit))));
            let longest = rules.still_max.map(when);
            habit.map_or(longest, |due| Some(longest.map_or(due, |longest| longest.min(due))))
        };
        due.filter(|due| *due <= self.watched)
    }

    /// When enough will have been missed, within the time that counts as watched.
    fn missed_due(&self, clock: &LocalTime) -> Option<Mono> {
        let (mut at, mut missed) = (self.upto, self.missed);
        while missed < MISSED_ENOUGH {
            if at >= self.watched {
                return None;
            }
            let (hour, left) = slot(clock, at);
            let share = u64::from(self.habits.share(hour));
            let needed = if share == 0 { left } else { (MISSED_ENOUGH - missed).div_ceil(share) };
            let span = needed.min(left);
            missed = missed.saturating_add(span * share);
            at = at.after(Millis::new(span));
        }
        Some(at)
    }
}
