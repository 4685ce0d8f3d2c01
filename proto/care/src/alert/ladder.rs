//! Escalation: whom an alert calls next while nobody has it.
//!
//! A *step* is due a fixed time after the alert was raised, and is done at most once. The caller keeps
//! steps as rows, does a due one only while nobody holds the alert, and so survives any restart.
//! Not here: how a step reaches anybody (`server/notify`).

use minicbor::{Decode, Encode};
use proto::unit::{Millis, Mono};

use crate::finding::{Kind, Severity};
use crate::policy::{EXTERNAL, RING_ALL, SECOND_SITE, SUPERVISOR, VISIBLE_WITHIN};

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

    /// Whether an alert climbs the ladder: what may be a person's call does, whoever could verify it.
    pub const fn climbs(kind: Kind, severity: Severity) -> bool {
        matches!(severity, Severity::Emergency) || matches!(kind, Kind::Unverified)
    }
}
