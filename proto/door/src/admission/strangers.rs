//! The stranger lane: a few places for whoever has proved nothing and may hold an emergency.
//!
//! A place there is never refused for being taken by the silent. An address may speak so many times in a
//! minute; a session that says nothing counts only while it is open. Not here: what a stranger may say.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use proto::unit::{Millis, Mono};

use super::{Answer, Rules};

/// Addresses whose rate is remembered; the one that spoke longest ago is forgotten for a new one.
const ADDRESSES: usize = 4_096;
/// Window of the rate.
const MINUTE: Millis = Millis::minutes(1);

#[derive(Debug, Clone, Copy)]
struct Stranger {
    group: IpAddr,
    since: Mono,
    spoke: bool,
}

/// Strangers that are inside.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    /// By place, which rises with age.
    here: BTreeMap<u64, Stranger>,
    /// Sessions of an address that spoke in the minute that began then.
    spoken: HashMap<IpAddr, (Mono, u32)>,
}

impl Strangers {
    pub(super) fn len(&self) -> usize {
        self.here.len()
    }

    pub(super) fn add(&mut self, id: u64, group: IpAddr, now: Mono) {
        self.here.insert(id, Stranger { group, since: now, spoke: false });
    }

    pub(super) fn remove(&mut self, id: u64) {
        self.here.remove(&id);
    }

    pub(super) fn spoke(&mut self, id: u64, group: IpAddr, now: Mono) {
        let Some(stranger) = self.here.get_mut(&id).filter(|stranger| !stranger.spoke) else {
            return;
        };
        stranger.spoke = true;
        if self.spoken.len() >= ADDRESSES && !self.spoken.contains_key(&group) {
            self.forget_one(now);
        }
        let (since, count) = self.spoken.entry(group).or_insert((now, 0));
        if now.since(*since) >= MINUTE {
            (*since, *count) = (now, 0);
        }
        *count += 1;
    }

    fn forget_one(&mut self, now: Mono) {
        self.spoken.retain(|_, (since, _)| now.since(*since) < MINUTE);
        if self.spoken.len() >= ADDRESSES
            && let Some(oldest) =
                self.spoken.iter().min_by_key(|(_, (since, _))| *since).map(|(group, _)| *group)
        {
            self.spoken.remove(&oldest);
        }
    }

    /// Whether one more of this address may come in, and who makes room.
    pub(super) fn room(&self, rules: &Rules, group: IpAddr, now: Mono) -> Answer {
        let spoken = self.spoken.get(&group).filter(|(since, _)| now.since(*since) < MINUTE);
        let mut silent = self.here.iter().filter(|(_, s)| s.group == group && !s.spoke).peekable();
        let first = silent.peek().map(|(id, _)| **id);
        let held = u32::try_from(silent.count()).unwrap_or(u32::MAX);
        let counted = spoken.map_or(0, |(_, count)| *count).saturating_add(held);
        if counted >= rules.strangers_per_minute {
            return first.map_or(Answer::Full, |id| Answer::Stay(Some(id)));
        }
        if self.here.len() < rules.strangers {
            return Answer::Stay(None);
        }
        self.first_to_go().map_or(Answer::Full, |id| Answer::Stay(Some(id)))
    }

    /// Who goes next: the silent before who has spoken, then of the address with most, then the oldest.
    pub(super) fn first_to_go(&self) -> Option<u64> {
        let mut held: HashMap<IpAddr, usize> = HashMap::new();
        for stranger in self.here.values() {
            *held.entry(stranger.group).or_default() += 1;
        }
        let most = |group| std::cmp::Reverse(held.get(group).copied().unwrap_or(0));
        let order = self.here.iter().map(|(id, of)| (of.spoke, most(&of.group), of.since, *id));
        order.min().map(|(.., id)| id)
    }
}
