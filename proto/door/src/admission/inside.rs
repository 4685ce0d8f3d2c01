//! Who has a place inside: whether there is room for one more of a rank, and who makes it.
//!
//! Who may bring an emergency goes before telemetry, and both before strangers; a program of this machine makes room
//! only for another one. Not here: the porch (`porch`), and how many strangers one address may be (`strangers`).

use std::collections::BTreeSet;
use std::net::IpAddr;

use proto::unit::Mono;

use super::{Admission, Answer, Kind, Rank, Rules};

impl Admission {
    /// Whether there is room inside for one more of this rank, and who makes it.
    pub(super) fn room(&mut self, rank: Rank, group: IpAddr, now: Mono) -> Answer {
        let Rules { inside, reserve, grace, .. } = self.rules;
        let full = self.inside >= inside.saturating_add(reserve);
        let victim = match rank {
            Rank::Urgent if !full => return Answer::Stay(None),
            Rank::Urgent => self.strangers.first_to_go().or(self.first(&self.ordinary)),
            Rank::Ordinary if self.inside - self.strangers.len() >= inside => None,
            Rank::Ordinary if !full => return Answer::Stay(None),
            Rank::Ordinary => self.strangers.first_to_go(),
            Rank::Local if self.inside < inside => return Answer::Stay(None),
            Rank::Local => self.idle.first().filter(|(at, _)| now >= at.after(grace)).map(|i| i.1),
            Rank::Stranger => match self.strangers.room(&self.rules, group, now) {
                Answer::Stay(None) if full => self.strangers.first_to_go(),
                Answer::Stay(None) => return Answer::Stay(None),
                Answer::Stay(victim) => victim,
                Answer::Full | Answer::Gone => None,
            },
        };
        let Some(victim) = victim else { return Answer::Full };
        self.send_away(victim);
        Answer::Stay(Some(victim))
    }

    pub(super) fn first(&self, of: &BTreeSet<(Mono, u64)>) -> Option<u64> {
        of.first().map(|(_, id)| *id)
    }

    pub(super) fn enter(&mut self, id: u64, rank: Rank, now: Mono) {
        let Some(place) = self.places.get_mut(&id) else { return };
        match place.silent.take() {
            Some(since) => self.silent.remove(place.group, since, id),
            None => self.busy.remove(place.group, place.since, id),
        }
        (place.kind, place.since) = (Kind::Inside(rank), now);
        self.inside += 1;
        match rank {
            Rank::Ordinary => drop(self.ordinary.insert((now, id))),
            Rank::Local => drop(self.idle.insert((now, id))),
            Rank::Stranger => self.strangers.add(id, place.group, now),
            Rank::Urgent => {}
        }
    }
}
