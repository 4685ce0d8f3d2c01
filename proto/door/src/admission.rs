//! Who has a place when the house is full: the arithmetic of a door, without sockets and without a clock.
//!
//! A newcomer is *nobody* and stands on the *porch*; whoever proves who it is takes a place inside and leaves the
//! porch. So half-open sockets never take a place inside, and a full porch turns over: first goes who was *looked*
//! at and had said nothing for its *grace*, of the address that holds most, the oldest. Whoever has been *heard*, or
//! was not looked at yet because the house is busy, has a longer one: a storm of honest callers queues before the
//! door instead. Above its *share* an address has less grace, against callers of other addresses the least.
//! Inside, who may bring an emergency goes before telemetry, and both before strangers.
//! Not here: how somebody is told to go (`entrance`), or who anybody is (the gate).

mod group;
mod inside;
mod porch;
mod strangers;
mod words;

pub use group::group;
pub use words::{Answer, Offer, Rank, Rules};

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use proto::unit::{Millis, Mono};

use porch::Porch;
use strangers::Strangers;

/// Evicted connections that may still be closing while a newcomer is let in.
pub const CLOSING_MAX: usize = 32;

/// The grace of a silent caller whose address is above its share is so small a part of the whole.
const GREEDY: u64 = 4;
/// The grace of who was heard, or not looked at yet, is so many times that of the silent.
const HEARD: u64 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nobody,
    Inside(Rank),
    /// The door's own caller.
    Own,
    /// Told to go, and not gone yet.
    Closing,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    group: IpAddr,
    since: Mono,
    /// On the porch: when it was looked at and had said nothing.
    silent: Option<Mono>,
    kind: Kind,
}

/// The places of one door.
#[derive(Debug)]
pub struct Admission {
    rules: Rules,
    places: HashMap<u64, Place>,
    last: u64,
    /// Nobodies that were looked at and had said nothing.
    silent: Porch,
    /// All others of them.
    busy: Porch,
    strangers: Strangers,
    /// Telemetry sessions, the oldest first.
    ordinary: BTreeSet<(Mono, u64)>,
    /// Programs of this machine that have said nothing yet, the oldest first.
    idle: BTreeSet<(Mono, u64)>,
    inside: usize,
    closing: usize,
}

impl Admission {
    /// An empty house.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules: Rules { porch: rules.porch.max(1), ..rules },
            places: HashMap::new(),
            last: 0,
            silent: Porch::default(),
            busy: Porch::default(),
            strangers: Strangers::default(),
            ordinary: BTreeSet::new(),
            idle: BTreeSet::new(),
            inside: 0,
            closing: 0,
        }
    }

    /// Somebody calls.
    pub fn offer(&mut self, address: IpAddr, now: Mono) -> Offer {
        let rules = self.rules;
        let all = rules.porch.saturating_add(rules.inside).saturating_add(rules.reserve);
        if self.open() >= all.saturating_add(CLOSING_MAX) {
            return Offer::Wait(None);
        }
        let group = group(address);
        let mut evict = None;
        if self.nobodies() >= rules.porch {
            let Some((ripe, id)) = self.next_to_go(group) else { return Offer::Wait(None) };
            if now < ripe {
                return Offer::Wait(Some(ripe));
            }
            self.send_away(id);
            evict = Some(id);
        }
        Offer::Admit { id: self.take(group, now, Kind::Nobody), evict }
    }

    /// Who makes room for a newcomer of this address, and when.
    fn next_to_go(&self, newcomer: IpAddr) -> Option<(Mono, u64)> {
        let Rules { share, grace, .. } = self.rules;
        let modest = self.silent.held(newcomer) + self.busy.held(newcomer) < share;
        let silent = self.silent.first_to_go().map(|first| {
            let grace = match first.held > share {
                true if modest => 0,
                true => grace.get() / GREEDY,
                false => grace.get(),
            };
            (first.since.after(Millis::new(grace)), first.id)
        });
        let busy = self.busy.first_to_go().map(|first| {
            let times = if first.held > share && modest { 1 } else { HEARD };
            (first.since.after(Millis::new(grace.get().saturating_mul(times))), first.id)
        });
        [silent, busy].into_iter().flatten().min_by_key(|(ripe, _)| *ripe)
    }

    /// The caller in `id` was looked at and had said nothing yet.
    pub fn looked(&mut self, id: u64, now: Mono) {
        let Some(place) = self.places.get_mut(&id) else { return };
        if place.kind == Kind::Nobody && place.silent.is_none() {
            place.silent = Some(now);
            self.busy.remove(place.group, place.since, id);
            self.silent.add(place.group, now, id);
        }
    }

    /// The caller in `id` has begun to speak.
    pub fn heard(&mut self, id: u64) {
        let Some(place) = self.places.get_mut(&id) else { return };
        if let (Kind::Nobody, Some(since)) = (place.kind, place.silent.take()) {
            self.silent.remove(place.group, since, id);
            self.busy.add(place.group, place.since, id);
        }
    }

    /// The door's own caller comes; it has a place beside all others.
    pub fn offer_own(&mut self, address: IpAddr, now: Mono) -> u64 {
        self.take(group(address), now, Kind::Own)
    }

    /// The file handles have run out: somebody on the porch must go, grace or not.
    pub fn press(&mut self) -> Option<u64> {
        let first = self.silent.first_to_go().or_else(|| self.busy.first_to_go())?;
        self.send_away(first.id);
        Some(first.id)
    }

    /// The holder of `id` is of this rank. `former` is the place of the same seat, which it takes over.
    pub fn prove(&mut self, id: u64, rank: Rank, former: Option<u64>, now: Mono) -> Answer {
        match self.places.get(&id).map(|place| (place.kind, place.group)) {
            Some((Kind::Own, _)) => Answer::Stay(None),
            Some((Kind::Nobody, group)) => {
                if let Some(former) = former {
                    self.send_away(former);
                }
                let answer = self.room(rank, group, now);
                if let Answer::Stay(_) = answer {
                    self.enter(id, rank, now);
                }
                answer
            }
            Some((Kind::Inside(_) | Kind::Closing, _)) | None => Answer::Gone,
        }
    }

    /// The holder of `id` has said something that a stranger or a local program is there to say.
    pub fn spoke(&mut self, id: u64, now: Mono) {
        let Some(place) = self.places.get(&id) else { return };
        match place.kind {
            Kind::Inside(Rank::Stranger) => self.strangers.spoke(id, place.group, now),
            Kind::Inside(Rank::Local) => {
                self.idle.remove(&(place.since, id));
            }
            Kind::Inside(Rank::Urgent | Rank::Ordinary)
            | Kind::Nobody
            | Kind::Own
            | Kind::Closing => {}
        }
    }

    /// The connection of `id` is closed.
    pub fn closed(&mut self, id: u64) {
        self.send_away(id);
        if self.places.remove(&id).is_some_and(|place| place.kind == Kind::Closing) {
            self.closing -= 1;
        }
    }

    /// Connections that are open now, the door's own apart.
    pub fn open(&self) -> usize {
        self.nobodies() + self.inside + self.closing
    }

    /// Callers who have not said who they are.
    pub fn nobodies(&self) -> usize {
        self.silent.len() + self.busy.len()
    }

    fn take(&mut self, group: IpAddr, now: Mono, kind: Kind) -> u64 {
        self.last += 1;
        if kind == Kind::Nobody {
            self.busy.add(group, now, self.last);
        }
        self.places.insert(self.last, Place { group, since: now, silent: None, kind });
        self.last
    }

    /// From now on its place is nobody's; it is counted until its connection is closed.
    fn send_away(&mut self, id: u64) {
        let Some(place) = self.places.get_mut(&id) else { return };
        let (kind, key) = (place.kind, (place.since, id));
        match kind {
            Kind::Own | Kind::Closing => return,
            Kind::Nobody => match place.silent.take() {
                Some(since) => self.silent.remove(place.group, since, id),
                None => self.busy.remove(place.group, place.since, id),
            },
            Kind::Inside(rank) => {
                self.inside -= 1;
                match rank {
                    Rank::Ordinary => drop(self.ordinary.remove(&key)),
                    Rank::Local => drop(self.idle.remove(&key)),
                    Rank::Stranger => self.strangers.remove(id),
                    Rank::Urgent => {}
                }
            }
        }
        place.kind = Kind::Closing;
        self.closing += 1;
    }
}
