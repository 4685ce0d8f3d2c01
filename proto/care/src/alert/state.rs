//! Where an alert can stand, how it ends, and why a wish is refused.
//!
//! Each state says what a person sees: it rings, somebody has it, it waits, it is over. Not here: which state
//! follows which ([`super::Life`]).

use core::fmt;

use proto::unit::Mono;

use super::{Outcome, Shown};

/// Rises with each change of hands; a write that carries another one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fence(u64);

impl Fence {
    /// Reads the number of a row or a request.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    pub(super) const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The number, for rows and answers.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Where an alert stands. `W` names a person; whatever the records use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State<W> {
    /// Nobody has it: it rings and climbs the ladder.
    Open {
        /// Whether it comes back from a suspension or a lapsed lease.
        returned: Option<Return>,
    },
    /// One person has it, as long as the lease is renewed.
    Claimed {
        /// Who.
        owner: W,
        /// Until when without renewal.
        lease: Mono,
        /// Since when.
        since: Mono,
        /// Last action of the owner, or the claim.
        acted: Mono,
        /// Whether an action followed the claim.
        begun: bool,
    },
    /// Put aside by its owner for a reason, until a time.
    Suspended {
        /// Who put it aside.
        by: W,
        /// When it comes back.
        until: Mono,
    },
    /// Over.
    Closed(Ending<W>),
}

/// Why an open alert was somebody's before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// 中断: the owner's console went silent.
    Lapsed,
    /// 待回访: its suspension is over, or the home spoke again.
    Resumed,
}

/// How an alert ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending<W> {
    /// A person ended it.
    By(W, Outcome),
    /// The equipment is well again; only faults end like this.
    Passed,
}

/// An alert was taken out of somebody's hands, or ended over their head: both are told so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken<W> {
    /// Who had it.
    pub from: W,
    /// Who took or ended it.
    pub by: W,
}

/// Why a wish is refused; nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal<W> {
    /// Somebody else has it.
    Held {
        /// Who.
        owner: W,
        /// Since when.
        since: Mono,
    },
    /// The fence is not that of the present claim: it changed hands, lapsed or is over.
    Stale,
    /// It is over.
    Over,
    /// Whoever holds nothing needs a supervisor's right.
    NoRight,
    /// The home has said something that its author was not shown.
    Unseen {
        /// How far they were shown the alert.
        seen: Shown,
    },
    /// No action is recorded yet.
    NoAction,
    /// This outcome needs a text.
    NoText,
    /// A suspension must be longer than nothing and at most [`crate::policy::SUSPEND_MAX`].
    Span,
}

impl<W> fmt::Display for Refusal<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Held { .. } => "somebody else has this alert",
            Self::Stale => "the claim is over, claim the alert again",
            Self::Over => "the alert is closed",
            Self::NoRight => "only a supervisor takes or ends what others hold",
            Self::Unseen { .. } => "something joined that you have not seen",
            Self::NoAction => "record what was done before closing",
            Self::NoText => "this outcome needs a text",
            Self::Span => "suspend for 1 to 15 minutes",
        })
    }
}
