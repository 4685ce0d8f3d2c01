//! Callers who have not said who they are, by address and age.
//!
//! Whoever gives first is found at once, whatever their number. Not here: when somebody must go (`admission`).

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use proto::unit::Mono;

/// Age and name of a caller.
type Caller = (Mono, u64);

/// Whoever goes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct First {
    pub(super) id: u64,
    /// Since when it stands there.
    pub(super) since: Mono,
    /// How many its address holds.
    pub(super) held: usize,
}

/// Callers by address, and addresses in the order in which they must give.
#[derive(Debug, Default)]
pub(super) struct Porch {
    groups: HashMap<IpAddr, BTreeSet<Caller>>,
    /// The last gives first: most callers, then the oldest of them.
    order: BTreeSet<(usize, Reverse<Caller>, IpAddr)>,
    len: usize,
}

impl Porch {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many an address holds.
    pub(super) fn held(&self, group: IpAddr) -> usize {
        self.groups.get(&group).map_or(0, BTreeSet::len)
    }

    pub(super) fn add(&mut self, group: IpAddr, since: Mono, id: u64) {
        self.change(group, |callers| callers.insert((since, id)));
    }

    pub(super) fn remove(&mut self, group: IpAddr, since: Mono, id: u64) {
        self.change(group, |callers| callers.remove(&(since, id)));
    }

    /// The oldest caller of the address that holds most.
    pub(super) fn first_to_go(&self) -> Option<First> {
        let (held, Reverse((since, id)), _) = self.order.last()?;
        Some(First { id: *id, since: *since, held: *held })
    }

    fn change(&mut self, group: IpAddr, change: impl FnOnce(&mut BTreeSet<Caller>) -> bool) {
        let callers = self.groups.entry(group).or_default();
        let key = |callers: &BTreeSet<Caller>| {
            callers.first().map(|oldest| (callers.len(), Reverse(*oldest), group))
        };
        let (before, held) = (key(callers), callers.len());
        change(callers);
        self.len = self.len + callers.len() - held;
        if let Some(before) = before {
            self.order.remove(&before);
        }
        match key(callers) {
            Some(after) => drop(self.order.insert(after)),
            None => drop(self.groups.remove(&group)),
        }
    }
}
