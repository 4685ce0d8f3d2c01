//! The queue law: in which order an operator sees the alerts. One function, one total order.
//!
//! Open emergencies that nobody has stand first, the oldest on top. What somebody has and works on
//! in time stands below all that needs a hand. Not here: filters, folding of faults (`desk`).

use proto::id::HomeId;
use proto::unit::Mono;

use crate::finding::{Kind, Severity};

/// What is being done about an alert, as the queue sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// Nobody has it.
    Open,
    /// It was suspended, its time is over or the home spoke again, and nobody has it.
    Returned,
    /// Somebody has it; past a timer of [`crate::policy::FIRST_ACTION`] or the next one.
    Claimed {
        /// Whether its timer has run out.
        overdue: bool,
    },
    /// Put aside until a time.
    Suspended,
    /// Over.
    Closed,
}

/// The place of one alert in the queue: what its order depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What it is about.
    pub kind: Kind,
    /// How soon somebody must act.
    pub severity: Severity,
    /// What is being done.
    pub work: Work,
    /// When it was raised, on the server's clock.
    pub raised: Mono,
    /// Whose: with `incident` it makes the order total.
    pub home: HomeId,
    /// Number within the home.
    pub incident: u32,
}

/// Sections of the queue from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// Emergencies that nobody has.
    Waiting,
    /// Emergencies that somebody has and that are past a timer.
    Overdue,
    /// Emergencies that were suspended and are back.
    Returned,
    /// Presses that nobody could verify or read: below every emergency of which it is known that it is one.
    Unverified,
    /// What detectors found: falls, bed, stillness; the graver first.
    Automatic,
    /// Faults of equipment.
    Faults,
    /// 处理中: somebody works on it in time.
    InWork,
    /// 待回访: put aside until its time.
    Aside,
    /// Over: not in the queue any more.
    Closed,
}

/// Sorts the queue: the smaller rank stands higher. Equal ranks are the same alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    /// The section.
    pub band: Band,
    /// Graver first.
    severity: core::cmp::Reverse<Severity>,
    /// Older first.
    raised: Mono,
    home: HomeId,
    incident: u32,
}

/// Where an alert stands in the queue.
pub fn queue_rank(standing: &Standing) -> Rank {
    Rank {
        band: band(standing),
        severity: core::cmp::Reverse(standing.severity),
        raised: standing.raised,
        home: standing.home,
        incident: standing.incident,
    }
}

fn band(standing: &Standing) -> Band {
    let doubted = matches!(standing.kind, Kind::Unverified | Kind::Unreadable);
    let emergency = standing.severity == Severity::Emergency && !doubted;
    match standing.work {
        Work::Closed => Band::Closed,
        Work::Suspended => Band::Aside,
        Work::Claimed { overdue: false } => Band::InWork,
        Work::Claimed { overdue: true } if emergency => Band::Overdue,
        Work::Returned if emergency => Band::Returned,
        Work::Open if emergency => Band::Waiting,
        Work::Claimed { overdue: true } | Work::Returned | Work::Open => {
            if doubted {
                Band::Unverified
            } else if standing.severity == Severity::Fault {
                Band::Faults
            } else {
                Band::Automatic
            }
        }
    }
}
