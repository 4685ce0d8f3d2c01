//! What a home is told, what it says, and what that did to its state.
//!
//! Not here: what follows from what ([`crate::home::Home`]).

use proto::id::{DeviceId, PressId};
use proto::unit::Mono;
use proto::up::{Role, Up};

use heapless::Vec;

use crate::alert::Outcome;
use crate::finding::{Evidence, Finding, Kind, Severity, Trust};
use crate::policy::Rules;

/// Most devices in one home; enrolment refuses more, since they would not be watched.
pub const DEVICES_MAX: usize = 32;
/// Most outputs of one step; a step that has more to say says it at the next deadline, which is then at once.
pub const OUTPUTS_MAX: usize = 16;

/// What the judgement of a home is told.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A device belongs to this home from now on; said again, it changes nothing.
    Enrolled {
        /// Who.
        device: DeviceId,
        /// As what.
        role: Role,
    },
    /// A device has left this home.
    Released {
        /// Who.
        device: DeviceId,
    },
    /// A frame, seen for the first time (the caller de-duplicates).
    Heard {
        /// Its name.
        id: PressId,
        /// When it was said, on the caller's clock; earlier than now if it waited.
        at: Mono,
        /// How far it is believed.
        trust: Trust,
        /// What it says.
        up: &'a Up,
    },
    /// An emergency of a known device that could not be read.
    Unreadable {
        /// Who.
        device: DeviceId,
    },
    /// The gateway of this home went silent or came back: its devices' silence is not theirs.
    Gateway {
        /// Whether it speaks.
        up: bool,
    },
    /// A person closed an incident.
    Closed {
        /// Which.
        incident: u32,
        /// How it ended, for the false-alarm budget of the rule; none = not known here.
        outcome: Option<Outcome>,
    },
    /// A deadline has come.
    Tick,
    /// The local time of the home: minutes after midnight, below 1440. Said at the start and then about
    /// once an hour, and after each change of the zone; without it longer limits hold.
    Clock {
        /// Minutes after local midnight.
        minute_of_day: u16,
    },
    /// The home's own settings; without them the defaults of the policy hold.
    Rules(Rules),
    /// Other people live here from now on: what was learned of those before says nothing of them.
    Residents,
    /// The caller was away itself (a restart, a restored backup): silence until now is nobody's fault.
    Resumed,
}

/// What the caller must do. Outputs of one step are one transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A finding: open the incident if it is new, else add to it. An emergency rings again.
    Raise(Finding),
    /// Ask the home before anybody else: lamps, sounders, a voice. Whoever does anything has answered. Nothing is
    /// raised yet; [`Output::Answered`] or [`Output::Raise`] of the same incident ends the question.
    Ask {
        /// Incident number that it will have if nobody answers.
        incident: u32,
        /// What was found.
        kind: Kind,
        /// Whose, if one device's.
        device: Option<DeviceId>,
        /// When the question ends, on the caller's clock.
        until: Mono,
    },
    /// Somebody in the home has answered: stop asking, note it, trouble nobody.
    Answered {
        /// Which incident of this home.
        incident: u32,
        /// What was found.
        kind: Kind,
        /// Whose, if one device's.
        device: Option<DeviceId>,
        /// What answered.
        evidence: Evidence,
    },
    /// An open incident is graver or less grave than before: its alert rises or sinks to exactly this. What becomes
    /// an emergency by it rings and climbs the ladder like a new one.
    Grade {
        /// Which incident of this home.
        incident: u32,
        /// What it is about.
        kind: Kind,
        /// How grave from now on.
        severity: Severity,
        /// Why, beside what is known already.
        evidence: Vec<Evidence, 4>,
    },
    /// The condition of an automatic finding is over: annotate; only faults end by it.
    Ease {
        /// Which incident of this home.
        incident: u32,
        /// What has passed.
        kind: Kind,
        /// Whose.
        device: Option<DeviceId>,
    },
    /// What an open incident of equipment is now: silent, or heard again and unsteady. No signal, and wakes nobody.
    Turn {
        /// Which incident of this home.
        incident: u32,
        /// What it is about from now on.
        kind: Kind,
        /// Why, beside what is known already.
        evidence: Vec<Evidence, 4>,
    },
    /// A word on an open incident that changes nothing else, such as a long-hold cancel.
    Annotate {
        /// Which incident of this home.
        incident: u32,
        /// What to note.
        evidence: Evidence,
    },
}

/// What a step did to the state, and so when it must be stored.
///
/// A [`Change::Soft`] state may be stored late, every few minutes, and may be lost with the process. That is safe
/// because it only moves "last heard" and "last seen" forward: who starts again from an older state misses a device
/// or a person *earlier*, by at most half an hour and what was not stored, and never later. What would be lost for
/// good is always firm: incidents and their numbers, members, a bed that changed, a door, hours that have become
/// habit, the first sign after unwatched time, a sensor that speaks after an outage, and every step after which the
/// next deadline is earlier than the stored one. `tests/state.rs` plays random stories and restarts from the last
/// stored state to show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing.
    None,
    /// Only "last heard", "last seen moving" and the learned hours moved forward.
    Soft,
    /// Incidents, members, or an earlier deadline: store with the outputs.
    Firm,
}
