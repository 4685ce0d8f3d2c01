//! Escalation: whom an alert calls next while nobody has it.
//!
//! A *step* is due a fixed time after the one before, and is done at most once a *round*. A round begins with
//! the alert, and again when somebody who had it has vanished, or when a press comes after its last step; a
//! press never puts a running one back. The caller keeps steps as rows, does a due one only while nobody
//! holds the alert, and so survives any restart. A *course* is what is climbed: a person's, or equipment's.
//! Not here: how a step reaches anybody (`server/notify`).

use minicbor::{Decode, Encode};
use proto::unit::{Millis, Mono};

use crate::finding::{Kind, Severity};
use crate::policy::{
    EXTERNAL, FAULT_EXTERNAL, FAULT_SECOND_SITE, FAULT_SUPERVISOR, RING_ALL, SECOND_SITE,
    SUPERVISOR, VISIBLE_WITHIN,
};

/// What a step does; numbers are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
#[repr(u8)]
pub enum Step {
    /// Asks whether any console has painted the row; if none has, what follows is due at once.
    #[n(0)]
    CheckVisible = 0,
    /// Rings on every console.
    #[n(1)]
    RingAll = 1,
    /// The supervisor's screen and phone.
    #[n(2)]
    Supervisor = 2,
    /// The second site or the colleague on call.
    #[n(3)]
    SecondSite = 3,
    /// The external contact of the home: the step that leaves the house.
    #[n(4)]
    External = 4,
}

/// The order of steps and their times.
#[derive(Debug, Clone, Copy)]
pub struct Ladder;

impl Ladder {
    /// Every step with its time after the alert was raised, in order.
    pub const STEPS: [(Millis, Step); 5] = [
        (VISIBLE_WITHIN, Step::CheckVisible),
        (RING_ALL, Step::RingAll),
        (SUPERVISOR, Step::Supervisor),
        (SECOND_SITE, Step::SecondSite),
        (EXTERNAL, Step::External),
    ];

    /// Step number `n` from 0: how long after the alert was raised, and what; none past the last.
    pub fn step(n: usize) -> Option<(Millis, Step)> {
        Self::STEPS.get(n).copied()
    }

    /// When step `n` of an alert raised then is due; none past the last.
    pub fn due(raised: Mono, n: usize) -> Option<Mono> {
        Self::step(n).map(|(after, _)| raised.after(after))
    }

    /// Whether an alert climbs as a person's call: what may be one does, whoever could verify it.
    pub const fn climbs(kind: Kind, severity: Severity) -> bool {
        matches!(severity, Severity::Emergency) || matches!(kind, Kind::Unverified)
    }
}

/// What an alert climbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// All steps of [`Ladder::STEPS`], hurried while no screen has painted the alert.
    Person,
    /// Homes without a way to call: nobody is rung for it, and within minutes it is somebody's task.
    Equipment,
}

impl Course {
    const EQUIPMENT: [(Millis, Step); 3] = [
        (FAULT_SUPERVISOR, Step::Supervisor),
        (FAULT_SECOND_SITE, Step::SecondSite),
        (FAULT_EXTERNAL, Step::External),
    ];

    /// What an alert of this kind climbs, if anything.
    pub const fn of(kind: Kind, severity: Severity) -> Option<Self> {
        if Ladder::climbs(kind, severity) {
            return Some(Self::Person);
        }
        match kind {
            Kind::GatewaySilence | Kind::NoWay => Some(Self::Equipment),
            Kind::Help
            | Kind::Fall
            | Kind::Unverified
            | Kind::Unreadable
            | Kind::Bed
            | Kind::Stillness
            | Kind::Silence
            | Kind::Fault
            | Kind::Vitals
            | Kind::Restless
            | Kind::IdentityTwice
            | Kind::Upkeep
            | Kind::Unsteady
            | Kind::Boots
            | Kind::Stuck
            | Kind::Wander => None,
        }
    }

    /// Its steps, each with its time after the round began, in order.
    pub const fn steps(self) -> &'static [(Millis, Step)] {
        match self {
            Self::Person => &Ladder::STEPS,
            Self::Equipment => &Self::EQUIPMENT,
        }
    }

    /// The first step of a round that begins now, and when it is due.
    pub fn begin(self, now: Mono) -> (Step, Mono) {
        let (after, step) = self.steps()[0];
        (step, now.after(after))
    }

    /// What follows a step that was due then, and when; none after the last.
    pub fn next(self, step: Step, due: Mono) -> Option<(Step, Mono)> {
        let steps = self.steps();
        let here = steps.iter().position(|(_, s)| *s == step)?;
        let (next, then) = (steps.get(here + 1)?, steps[here].0);
        Some((next.1, due.after(Millis::new(next.0.get() - then.get()))))
    }

    /// Whether what follows is due at once as long as no screen has painted the alert.
    pub const fn hurries(self) -> bool {
        matches!(self, Self::Person)
    }
}

proto::numbered!(Step: i64 {
    CheckVisible = 0 "check_visible",
    RingAll = 1 "ring_all",
    Supervisor = 2 "supervisor",
    SecondSite = 3 "second_site",
    External = 4 "external",
});
