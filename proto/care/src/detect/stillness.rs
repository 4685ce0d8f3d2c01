//! Stillness: no sign of life, measured against this home's own hours.
//!
//! - A *sign of life* is movement, a door, a change of the bed, a press, or a breath that a mat measures.
//! - How long nobody may be seen depends on when the stillness began, by what is usual in this home.
//! - Only *watched* time counts: while no sensor that sees life speaks, nothing is concluded.
//! - A door after which nothing moves inside means *away*: then what is usual of absences holds.
//!
//! Not here: how the usual is learned (`habits`), dwelling in one room, and which of two persons moved. Known
//! hole: a fall on the doorstep, unseen by any sensor, looks like leaving.

mod limit;

use minicbor::{Decode, Encode};
use proto::unit::{Millis, Mono};

use crate::detect::LocalTime;
use crate::detect::habits::{Habits, Where};
use crate::finding::{Evidence, Kind, Seen, Severity};
use crate::finding::{ago, minutes};
use crate::policy::{DEVICE_SILENT, DOOR_BEFORE, DOOR_SETTLE, Rules, Usual};
use crate::triage::{Triage, Word};

/// A sign after this much stillness is stored at once, so that a restart does not make it unseen.
const STORE_AFTER: Millis = Millis::minutes(30);

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
    /// Some of that stillness was not watched, so that it teaches nothing. Keys 8 and 9 were those of an older rule.
    #[n(10)]
    partial: bool,
    /// This stillness is told.
    #[n(11)]
    told: bool,
    /// When that stillness began: the last sign, or when a person looked.
    #[cbor(n(12), default)]
    from: Mono,
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
            partial: true,
            told: false,
            from: Mono::default(),
        }
    }
}

impl Stillness {
    /// A home of which nothing is known but what is usual elsewhere.
    pub(crate) fn with_usual(usual: &Usual) -> Self {
        Self { habits: Habits::with_usual(usual), ..Self::default() }
    }

    /// A sensor that sees life spoke as of `at` and may now be silent for `patience`.
    pub(crate) fn watch(&mut self, at: Mono, patience: Millis, triage: &mut Triage<'_>) {
        // From here time counts again, and must after a restart.
        triage.firm |= at > self.watched;
        // Who speaks only a little late was there all the time; a restart may have forgotten its last word.
        if at.since(self.watched) <= patience.min(DEVICE_SILENT) {
            self.watched = self.watched.max(at);
        }
        self.reach(at);
        self.watched = self.watched.max(at.after(patience));
    }

    /// A sign of life at `at`.
    pub(crate) fn sign(
        &mut self,
        sign: Sign,
        at: Mono,
        rules: &Rules,
        clock: Option<LocalTime>,
        triage: &mut Triage<'_>,
    ) {
        if self.last_sign().is_some_and(|last| at < last) {
            return;
        }
        let (was_leaving, was_arriving) = (self.leaving, self.arriving);
        let alive = match sign {
            Sign::Inside => self.inside(at),
            Sign::Door => self.went(at),
        };
        triage.firm |= (was_leaving, was_arriving) != (self.leaving, self.arriving);
        if !alive {
            return;
        }
        let (counted, place) = (self.upto, place(was_leaving));
        self.reach(at);
        // What nobody watched must not be counted on to make up for a sign that a restart forgot.
        triage.firm |= self.still >= STORE_AFTER || self.partial;
        self.learn(at, place, rules, clock, triage);
        (self.still, self.from, self.partial) = (Millis::default(), at, false);
        if at < counted {
            // A late word: what was counted after it counts again, from it.
            (self.still, self.upto) = (counted.since(at), counted);
        }
        if self.told {
            self.told = false;
            triage.ease(Kind::Stillness, None);
        }
    }

    /// Something was told that is not believed: what happens meanwhile teaches nothing about this home's hours.
    pub(crate) const fn doubt(&mut self) {
        self.partial = true;
    }

    /// The door that somebody seemed to leave by goes by itself: nobody is known to have left.
    pub(crate) const fn stays(&mut self) {
        (self.leaving, self.arriving) = (false, false);
    }

    /// Whether somebody left by the door and nothing has moved inside since.
    pub(crate) const fn is_away(&self) -> bool {
        self.leaving
    }

    /// Time counts as watched until here.
    pub(crate) const fn watched(&self) -> Mono {
        self.watched
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
    fn reach(&mut self, at: Mono) {
        self.advance(at.min(self.watched));
        if at > self.upto {
            (self.upto, self.partial) = (at, true);
        }
    }

    fn advance(&mut self, to: Mono) {
        self.still = self.still.plus(to.since(self.upto));
        self.upto = self.upto.max(to);
    }

    /// The stillness that ends at `at` becomes habit, if all of it was watched.
    fn learn(
        &mut self,
        at: Mono,
        place: Where,
        rules: &Rules,
        clock: Option<LocalTime>,
        triage: &mut Triage<'_>,
    ) {
        let Some(clock) = clock.filter(|_| !self.partial && at > self.from) else { return };
        let told = if self.told { self.limit(rules, Some(clock), place) } else { None };
        // Habit decides when somebody is missed, so it is stored as soon as it changes.
        triage.firm |= self.habits.learn((self.from, at), place, told, &clock);
    }

    /// Counts time up to now, and tells a stillness that has lasted too long.
    pub(crate) fn check(
        &mut self,
        rules: &Rules,
        clock: Option<LocalTime>,
        triage: &mut Triage<'_>,
    ) {
        let now = triage.now;
        self.advance(now.min(self.watched));
        if self.told || triage.is_full() || !self.is_too_long(rules, clock) {
            return;
        }
        self.told = true;
        let severity = if self.leaving { Severity::General } else { Severity::Important };
        let mut evidence = [ago(Seen::Nothing, true, self.upto, now); 4];
        evidence[0].value = minutes(self.still);
        let mut count = 1;
        for piece in self.context(now).into_iter().chain([self.usual(clock)]).flatten() {
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

    /// What was last seen, for the cards of this and other findings.
    pub(crate) fn context(&self, now: Mono) -> [Option<Evidence>; 2] {
        let moved = self.moved.map(|at| ago(Seen::Moved, now.since(at) >= DOOR_BEFORE, at, now));
        let door = self.door.map(|at| ago(Seen::Door, !self.leaving, at, now));
        [moved, door]
    }

    /// Other people live here: their hours are those of anybody. A stillness that lasts goes on: somebody may lie there.
    pub(crate) fn forget(&mut self) {
        self.habits = Habits::default();
    }

    /// A person has looked and closed it: the count begins anew.
    pub(crate) fn looked(&mut self) {
        (self.told, self.still, self.from, self.partial) =
            (false, Millis::default(), self.upto, true);
    }
}

const fn place(leaving: bool) -> Where {
    if leaving { Where::Away } else { Where::Inside }
}
