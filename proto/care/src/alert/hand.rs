//! The one place that decides about every write to an alert: who, holding what, having seen what.
//!
//! A *hand* is a person with the fence that they hold and the last of the alert that they were shown. Nobody
//! ends or hides what they have not seen: what the home has said since is told to them instead. Only a
//! supervisor takes an alert from somebody, or ends one without holding it. Not here: what a write does
//! ([`super::Life`]), or who is a supervisor.

use proto::unit::Mono;

use super::{Fence, Life, Refusal, State};

/// A number that rises with each change of an alert: how far somebody was shown it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Shown(u64);

impl Shown {
    /// Reads the number of a row or a request.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number, for rows and answers.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Whoever wishes to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand<W> {
    /// Who.
    pub who: W,
    /// Whether their office lets them take and end what others hold.
    pub supervises: bool,
    /// The claim that they hold; none: they ask by right.
    pub fence: Option<Fence>,
    /// How far they were shown the alert; none: not at all.
    pub seen: Option<Shown>,
}

impl<W> Hand<W> {
    /// Somebody who holds nothing and has seen nothing.
    pub const fn of(who: W) -> Self {
        Self { who, supervises: false, fence: None, seen: None }
    }

    /// The same with the fence of a claim.
    pub fn holding(self, fence: Fence) -> Self {
        Self { fence: Some(fence), ..self }
    }

    /// The same, having been shown so much.
    pub fn having_seen(self, seen: Shown) -> Self {
        Self { seen: Some(seen), ..self }
    }

    /// The same with a supervisor's right.
    pub fn supervising(self) -> Self {
        Self { supervises: true, ..self }
    }
}

/// What a hand may wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// 接警: to hold it, if nobody else does.
    Claim,
    /// 接管: to hold it, whoever does.
    Take,
    /// To hold it longer.
    Renew,
    /// To record what was done.
    Act,
    /// To put it aside.
    Suspend,
    /// To end it.
    Close,
}

impl Deed {
    /// Whether it takes the alert out of the sight of others: its author must have seen all of it.
    pub const fn hides(self) -> bool {
        matches!(self, Self::Suspend | Self::Close)
    }
}

impl<W: Clone + PartialEq> Life<W> {
    /// Whether this hand may do this now; what time has done to the alert is applied first.
    pub fn permit(&mut self, now: Mono, hand: &Hand<W>, deed: Deed) -> Result<(), Refusal<W>> {
        self.expire(now);
        if matches!(self.state, State::Closed(_)) {
            return Err(Refusal::Over);
        }
        match deed {
            Deed::Claim => self.free_for(hand)?,
            Deed::Take if hand.supervises => {}
            Deed::Take => return Err(Refusal::NoRight),
            Deed::Renew | Deed::Act | Deed::Suspend => self.held_by(hand)?,
            Deed::Close if hand.fence.is_some() => self.held_by(hand)?,
            Deed::Close if hand.supervises => {}
            Deed::Close => return Err(Refusal::NoRight),
        }
        // A number that this alert has never had is no look at it.
        let seen = hand.seen.filter(|seen| *seen <= self.latest).unwrap_or_default();
        if deed.hides() && (seen < self.spoke || hand.seen.is_none()) {
            return Err(Refusal::Unseen { seen });
        }
        Ok(())
    }

    fn free_for(&self, hand: &Hand<W>) -> Result<(), Refusal<W>> {
        match &self.state {
            State::Claimed { owner, since, .. } if *owner != hand.who => {
                Err(Refusal::Held { owner: owner.clone(), since: *since })
            }
            State::Open { .. }
            | State::Claimed { .. }
            | State::Suspended { .. }
            | State::Closed(_) => Ok(()),
        }
    }

    /// A fence is its owner's: in another hand it opens nothing, whatever the office of that hand.
    fn held_by(&self, hand: &Hand<W>) -> Result<(), Refusal<W>> {
        match &self.state {
            State::Claimed { owner, .. }
                if *owner == hand.who && hand.fence == Some(self.fence) =>
            {
                Ok(())
            }
            State::Open { .. }
            | State::Claimed { .. }
            | State::Suspended { .. }
            | State::Closed(_) => Err(Refusal::Stale),
        }
    }
}
