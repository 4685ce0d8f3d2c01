//! The life of one alert: who has it, until when, and how it may end. Pure: time comes in, nobody sleeps.
//!
//! - A *claim* makes one person its owner for a *lease* that the console renews. The *fence* rises with
//!   each change of hands, and every write of a console carries it: a console that slept writes nothing.
//! - Whether a [`Hand`] may write at all is decided in one place, [`hand`].
//! - A lapsed lease puts it back into the queue; a suspension puts it aside for minutes.
//! - An *ending* needs a person, an [`Outcome`] and at least one action. Only a fault of equipment
//!   may pass by itself. What is over stays over: a late claim opens nothing.
//!
//! Not here: rows, sessions, the order of the queue ([`queue`]), escalation ([`ladder`]).

pub mod hand;
pub mod ladder;
pub mod outcome;
pub mod queue;
pub mod state;

use proto::unit::{Millis, Mono};

pub use self::hand::{Deed, Hand, Shown};
pub use self::ladder::{Course, Ladder, Step};
pub use self::outcome::Outcome;
pub use self::queue::{Band, Rank, Standing, Work, queue_rank};
pub use self::state::{Ending, Fence, Refusal, Return, State, Taken};
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
    /// The change by which the home's last signal joined it.
    pub spoke: Shown,
    /// Its latest change: nobody was shown more of it than this.
    pub latest: Shown,
    /// Out of whose hands it has come, if by force, until it changes hands again.
    pub taken: Option<Taken<W>>,
}

impl<W> Default for Life<W> {
    fn default() -> Self {
        Self {
            state: State::Open { returned: None },
            fence: Fence::default(),
            actions: 0,
            spoke: Shown::default(),
            latest: Shown::default(),
            taken: None,
        }
    }
}

impl<W: Clone + PartialEq> Life<W> {
    /// An alert that was raised now.
    pub fn new() -> Self {
        Self::default()
    }

    /// 接警: makes the hand the owner, unless somebody else is. A second claim of the owner renews the first.
    pub fn claim(&mut self, now: Mono, hand: &Hand<W>) -> Result<Fence, Refusal<W>> {
        self.permit(now, hand, Deed::Claim)?;
        if let State::Claimed { lease, .. } = &mut self.state {
            *lease = now.after(LEASE);
            return Ok(self.fence);
        }
        Ok(self.hand_to(now, hand.who.clone()))
    }

    /// 接管: takes it from whoever has it: a supervisor's right. The former owner's fence is stale at once.
    pub fn take_over(&mut self, now: Mono, hand: &Hand<W>) -> Result<Fence, Refusal<W>> {
        self.permit(now, hand, Deed::Take)?;
        if matches!(&self.state, State::Claimed { owner, .. } if *owner == hand.who) {
            return self.claim(now, hand);
        }
        let taken = self.taken_by(&hand.who);
        let fence = self.hand_to(now, hand.who.clone());
        self.taken = taken;
        Ok(fence)
    }

    /// Keeps the claim for another [`LEASE`]. A lapsed lease cannot be renewed: claim again.
    pub fn renew(&mut self, now: Mono, hand: &Hand<W>) -> Result<(), Refusal<W>> {
        self.permit(now, hand, Deed::Renew)?;
        if let State::Claimed { lease, .. } = &mut self.state {
            *lease = now.after(LEASE);
        }
        Ok(())
    }

    /// Records one action of the owner: a call, a message, a note.
    pub fn act(&mut self, now: Mono, hand: &Hand<W>) -> Result<(), Refusal<W>> {
        self.permit(now, hand, Deed::Act)?;
        self.actions = self.actions.saturating_add(1);
        if let State::Claimed { acted, begun, .. } = &mut self.state {
            (*acted, *begun) = (now, true);
        }
        Ok(())
    }

    /// 待回访: puts it aside for a time.
    pub fn suspend(&mut self, now: Mono, hand: &Hand<W>, span: Millis) -> Result<(), Refusal<W>> {
        self.permit(now, hand, Deed::Suspend)?;
        if span == Millis::default() || span > SUSPEND_MAX {
            return Err(Refusal::Span);
        }
        self.state = State::Suspended { by: hand.who.clone(), until: now.after(span) };
        self.turn();
        Ok(())
    }

    /// Ends it. `has_text`: whether the person said more in words.
    pub fn close(
        &mut self,
        now: Mono,
        hand: &Hand<W>,
        outcome: Outcome,
        has_text: bool,
    ) -> Result<(), Refusal<W>> {
        self.permit(now, hand, Deed::Close)?;
        if self.actions == 0 {
            return Err(Refusal::NoAction);
        }
        if outcome.needs_text() && !has_text {
            return Err(Refusal::NoText);
        }
        let taken = self.taken_by(&hand.who);
        self.state = State::Closed(Ending::By(hand.who.clone(), outcome));
        self.turn();
        self.taken = taken;
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
            self.turn();
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
        self.turn();
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
        self.turn();
        let lease = now.after(LEASE);
        self.state = State::Claimed { owner, lease, since: now, acted: now, begun: false };
        self.fence
    }

    /// It changes hands: what was held before is held no more, and what was told of it is old.
    fn turn(&mut self) {
        self.fence = self.fence.next();
        self.taken = None;
    }

    /// Out of whose hands `by` takes it; none if nobody else has it or has put it aside.
    fn taken_by(&self, by: &W) -> Option<Taken<W>> {
        match &self.state {
            State::Claimed { owner: from, .. } | State::Suspended { by: from, .. }
                if from != by =>
            {
                Some(Taken { from: from.clone(), by: by.clone() })
            }
            State::Open { .. }
            | State::Claimed { .. }
            | State::Suspended { .. }
            | State::Closed(_) => None,
        }
    }
}
