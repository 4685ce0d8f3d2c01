//! The life of one alert: who has it, until when, and how it may end. Pure: time comes in, nobody sleeps.
//!
//! - A *claim* makes one person its owner for a *lease* that the console renews. The *fence* rises with
//!   each change of hands, and every write of a console carries it: a console that slept writes nothing.
//! - A lapsed lease puts it back into the queue; a suspension puts it aside for minutes.
//! - An *ending* needs a person, an [`Outcome`] and at least one action. Only a fault of equipment
//!   may pass by itself. What is over stays over: a late claim opens nothing.
//!
//! Not here: rows, sessions, the order of the queue ([`queue`]), escalation ([`ladder`]).

pub mod ladder;
pub mod outcome;
pub mod queue;
pub mod state;

use proto::unit::{Millis, Mono};

pub use self::ladder::{Course, Ladder, Step};
pub use self::outcome::Outcome;
pub use self::queue::{Band, Rank, Standing, Work, queue_rank};
pub use self::state::{Closer, Ending, Fence, Refusal, Return, State};
use crate::finding::Severity;
use crate::policy::{FIRST_ACTION, LEASE, NEXT_ACTION, SUSPEND_MAX};

/// One alert's life. The caller stores it, and applies one wish a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life<W> {
    /// Where it stands.
    pub state: State<W>,
    /// Number of its last change of hands.
    pub fence: Fence,
    /// Actions recorded in all.
    pub actions: u32,
}

impl<W> Default for Life<W> {
    fn default() -> Self {
        Self { state: State::Open { returned: None }, fence: Fence::default(), actions: 0 }
    }
}

impl<W: Clone + PartialEq> Life<W> {
    /// An alert that was raised now.
    pub fn new() -> Self {
        Self::default()
    }

    /// 接警: makes `who` the owner, unless somebody else is. A second claim of the owner renews the first.
    pub fn claim(&mut self, now: Mono, who: W) -> Result<Fence, Refusal<W>> {
        self.expire(now);
        match &mut self.state {
            State::Closed(_) => Err(Refusal::Over),
            State::Claimed { owner, since, .. } if *owner != who => {
                Err(Refusal::Held { owner: owner.clone(), since: *since })
            }
            State::Claimed { lease, .. } => {
                *lease = now.after(LEASE);
                Ok(self.fence)
            }
            State::Open { .. } | State::Suspended { .. } => Ok(self.hand_to(now, who)),
        }
    }

    /// Takes it from whoever has it: a supervisor's right. The former owner's fence is stale at once.
    pub fn take_over(&mut self, now: Mono, supervisor: W) -> Result<Fence, Refusal<W>> {
        if matches!(self.state, State::Closed(_)) {
            return Err(Refusal::Over);
        }
        Ok(self.hand_to(now, supervisor))
    }

    /// Keeps the claim for another [`LEASE`]. A lapsed lease cannot be renewed: claim again.
    pub fn renew(&mut self, now: Mono, fence: Fence) -> Result<(), Refusal<W>> {
        self.owned(now, fence)?;
        if let State::Claimed { lease, .. } = &mut self.state {
            *lease = now.after(LEASE);
        }
        Ok(())
    }

    /// Records one action of the owner: a call, a message, a note.
    pub fn act(&mut self, now: Mono, fence: Fence) -> Result<(), Refusal<W>> {
        self.owned(now, fence)?;
        self.actions = self.actions.saturating_add(1);
        if let State::Claimed { acted, begun, .. } = &mut self.state {
            (*acted, *begun) = (now, true);
        }
        Ok(())
    }

    /// 待回访: puts it aside for a time.
    pub fn suspend(&mut self, now: Mono, fence: Fence, span: Millis) -> Result<(), Refusal<W>> {
        let by = self.owned(now, fence)?;
        if span == Millis::default() || span > SUSPEND_MAX {
            return Err(Refusal::Span);
        }
        self.state = State::Suspended { by, until: now.after(span) };
        self.fence = self.fence.next();
        Ok(())
    }

    /// Ends it. `has_text`: whether the person said more in words.
    pub fn close(
        &mut self,
        now: Mono,
        closer: Closer<W>,
        outcome: Outcome,
        has_text: bool,
    ) -> Result<(), Refusal<W>> {
        let who = match closer {
            Closer::Owner(who, fence) => {
                if self.owned(now, fence)? != who {
                    return Err(Refusal::Stale);
                }
                who
            }
            Closer::Supervisor(_) if matches!(self.state, State::Closed(_)) => {
                return Err(Refusal::Over);
            }
            Closer::Supervisor(who) => who,
        };
        if self.actions == 0 {
            return Err(Refusal::NoAction);
        }
        if outcome.needs_text() && !has_text {
            return Err(Refusal::NoText);
        }
        self.state = State::Closed(Ending::By(who, outcome));
        self.fence = self.fence.next();
        Ok(())
    }

    /// The home spoke again: a suspension is over at once. Says whether that changed anything.
    pub fn signal(&mut self) -> bool {
        let aside = matches!(self.state, State::Suspended { .. });
        if aside {
            self.state = State::Open { returned: Some(Return::Resumed) };
        }
        aside
    }

    /// The condition has passed. Ends a fault that nobody works on; anything else waits for a person.
    /// Says whether it is over now.
    pub fn pass(&mut self, now: Mono, severity: Severity) -> bool {
        self.expire(now);
        let free = matches!(self.state, State::Open { .. } | State::Suspended { .. });
        let ends = free && severity == Severity::Fault;
        if ends {
            self.state = State::Closed(Ending::Passed);
            self.fence = self.fence.next();
        }
        ends
    }

    /// Applies what time has done: a lapsed lease, a suspension that is over. Says whether it did.
    pub fn expire(&mut self, now: Mono) -> bool {
        let returned = match &self.state {
            State::Claimed { lease, .. } if *lease <= now => Return::Lapsed,
            State::Suspended { until, .. } if *until <= now => Return::Resumed,
            State::Open { .. }
            | State::Claimed { .. }
            | State::Suspended { .. }
            | State::Closed(_) => return false,
        };
        self.state = State::Open { returned: Some(returned) };
        self.fence = self.fence.next();
        true
    }

    /// When [`Life::expire`] will next do something.
    pub fn next_deadline(&self) -> Option<Mono> {
        match &self.state {
            State::Claimed { lease, .. } => Some(*lease),
            State::Suspended { until, .. } => Some(*until),
            State::Open { .. } | State::Closed(_) => None,
        }
    }

    /// What the queue sees of it.
    pub fn work(&self, now: Mono) -> Work {
        match &self.state {
            State::Open { returned: Some(Return::Resumed) } => Work::Returned,
            State::Open { .. } => Work::Open,
            State::Claimed { lease, .. } if *lease <= now => Work::Open,
            State::Claimed { acted, begun, .. } => {
                let limit = if *begun { NEXT_ACTION } else { FIRST_ACTION };
                Work::Claimed { overdue: now.since(*acted) >= limit }
            }
            State::Suspended { until, .. } if *until <= now => Work::Returned,
            State::Suspended { .. } => Work::Suspended,
            State::Closed(_) => Work::Closed,
        }
    }

    fn hand_to(&mut self, now: Mono, owner: W) -> Fence {
        self.fence = self.fence.next();
        let lease = now.after(LEASE);
        self.state = State::Claimed { owner, lease, since: now, acted: now, begun: false };
        self.fence
    }

    /// The owner, if `fence` is that of a claim that still holds.
    fn owned(&mut self, now: Mono, fence: Fence) -> Result<W, Refusal<W>> {
        self.expire(now);
        match &self.state {
            State::Closed(_) => Err(Refusal::Over),
            State::Claimed { owner, .. } if self.fence == fence => Ok(owner.clone()),
            State::Open { .. } | State::Claimed { .. } | State::Suspended { .. } => {
                Err(Refusal::Stale)
            }
        }
    }
}
