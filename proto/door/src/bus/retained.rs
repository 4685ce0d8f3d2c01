//! Messages that the bus keeps for later subscribers: the last of each topic, in a bounded map.
//!
//! A replay is a filter and how far it has come, so that a new subscription costs a few bytes however
//! much is kept; what it tells is what is kept at that moment. Not here: who hears it (`fanout`).

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use proto::unit::Mono;

use super::filter::{literal, matches, wild};
use super::message::Mail;

/// Topics that one step of a replay looks at.
const STEP: usize = 1_024;

#[derive(Debug)]
pub(crate) struct Retained {
    kept: BTreeMap<String, Arc<Mail>>,
    bytes: usize,
    count_max: usize,
    bytes_max: usize,
}

/// How far a subscription has been told what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replay {
    pub(crate) filter: String,
    /// The last topic that was looked at.
    after: Option<String>,
}

/// One step of a replay.
pub(crate) enum Step {
    /// This is to be told.
    Found(Arc<Mail>),
    /// Nothing among those that were looked at; there are more.
    Onward,
    /// All has been looked at.
    End,
}

impl Replay {
    pub(crate) fn of(filter: &str) -> Self {
        Self { filter: filter.to_owned(), after: None }
    }
}

impl Retained {
    pub(crate) fn new(count_max: usize, bytes_max: usize) -> Self {
        Self { kept: BTreeMap::new(), bytes: 0, count_max, bytes_max }
    }

    /// Keeps a message in place of the former one; an empty one only ends that. False without room:
    /// then the former one is gone too, since it is no longer true.
    pub(crate) fn keep(&mut self, mail: &Arc<Mail>, now: Mono) -> bool {
        self.forget(&mail.message.topic);
        if mail.message.payload.is_empty() {
            return true;
        }
        let cost = mail.message.cost();
        if !self.has_room(cost) {
            self.sweep(now);
        }
        let fits = self.has_room(cost);
        if fits {
            self.bytes += cost;
            self.kept.insert(mail.message.topic.clone(), Arc::clone(mail));
        }
        fits
    }

    fn has_room(&self, cost: usize) -> bool {
        self.kept.len() < self.count_max && self.bytes + cost <= self.bytes_max
    }

    fn forget(&mut self, topic: &str) {
        if let Some(former) = self.kept.remove(topic) {
            self.bytes -= former.message.cost();
        }
    }

    /// Drops what has expired.
    fn sweep(&mut self, now: Mono) {
        self.kept.retain(|_, mail| !mail.expired(now));
        self.bytes = self.kept.values().map(|mail| mail.message.cost()).sum();
    }

    /// The next kept message for a replay.
    pub(crate) fn step(&self, replay: &mut Replay, now: Mono) -> Step {
        let filter = replay.filter.as_str();
        let fresh = |mail: &&Arc<Mail>| !mail.expired(now);
        if !wild(filter) {
            let first = replay.after.replace(filter.to_owned()).is_none();
            let found = self.kept.get(filter).filter(|_| first).filter(fresh);
            return found.map_or(Step::End, |mail| Step::Found(Arc::clone(mail)));
        }
        let head = literal(filter);
        let from = match &replay.after {
            Some(after) => Bound::Excluded(after.as_str()),
            None => Bound::Included(head),
        };
        let mut last = None;
        for (topic, mail) in self.kept.range::<str, _>((from, Bound::Unbounded)).take(STEP) {
            if !topic.starts_with(head) {
                return Step::End;
            }
            if matches(topic, filter) && fresh(&mail) {
                replay.after = Some(topic.clone());
                return Step::Found(Arc::clone(mail));
            }
            last = Some(topic);
        }
        match last {
            Some(last) => {
                replay.after = Some(last.clone());
                Step::Onward
            }
            None => Step::End,
        }
    }

    /// How many topics have one.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Bytes that they take.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}
