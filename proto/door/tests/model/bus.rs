//! A slow and obvious bus: it keeps lists and looks through all of them.
//!
//! Time is whole seconds. Not here: bounds, which no test of it reaches.

#![allow(unreachable_pub, clippy::unwrap_used, reason = "a part of a test")]

use std::collections::BTreeMap;

use bytes::Bytes;
use door::bus::{Farewell, Message, Wish};

/// As the specification says it, level by level.
pub fn matches(topic: &[&str], filter: &[&str]) -> bool {
    match (topic, filter) {
        (_, ["#"]) | ([], []) => true,
        ([], _) | (_, []) => false,
        ([level, topic @ ..], [wanted, filter @ ..]) => {
            (*wanted == "+" || wanted == level) && matches(topic, filter)
        }
    }
}

pub fn wants(topic: &str, filter: &str) -> bool {
    let (topic, filter): (Vec<_>, Vec<_>) =
        (topic.split('/').collect(), filter.split('/').collect());
    let apart = topic[0].starts_with('$') && ["#", "+"].contains(&filter[0]);
    !apart && matches(&topic, &filter)
}

/// A message as a subscriber sees it.
pub type Seen = (String, Bytes, u8, bool);

#[derive(Debug, Clone)]
pub struct Said {
    pub seen: Seen,
    /// When nobody wants it any more.
    pub until: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct Session {
    pub seat: u64,
    pub here: bool,
    pub expiry: u64,
    pub ends: Option<u64>,
    pub will: Option<(Message, u32)>,
    pub will_due: Option<u64>,
    pub filters: BTreeMap<&'static str, Wish>,
    pub replays: Vec<(&'static str, Wish)>,
    pub waiting: Vec<Said>,
    pub unacknowledged: Vec<Said>,
    pub again: usize,
}

#[derive(Default)]
pub struct Model {
    pub now: u64,
    pub sessions: BTreeMap<usize, Session>,
    pub retained: BTreeMap<String, Said>,
}

impl Model {
    pub fn publish(&mut self, by: Option<usize>, message: &Message) {
        let until = message.expiry.map(|expiry| self.now + u64::from(expiry));
        let qos = message.qos.min(1);
        for (number, session) in &mut self.sessions {
            let found: Vec<_> = session
                .filters
                .iter()
                .filter(|(filter, wish)| {
                    wants(&message.topic, filter) && !(wish.no_local && by == Some(*number))
                })
                .map(|(_, wish)| wish)
                .collect();
            let Some(granted) = found.iter().map(|wish| wish.qos).max() else { continue };
            let qos = qos.min(granted);
            if qos == 0 && !session.here {
                continue;
            }
            let retain = message.retain && found.iter().any(|wish| wish.as_published);
            let seen = (message.topic.clone(), message.payload.clone(), qos, retain);
            session.waiting.push(Said { seen, until });
        }
        if message.retain {
            self.retained.remove(&message.topic);
            if !message.payload.is_empty() {
                let seen = (message.topic.clone(), message.payload.clone(), qos, true);
                self.retained.insert(message.topic.clone(), Said { seen, until });
            }
        }
    }

    pub fn part(&mut self, number: usize, how: Farewell) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&number).filter(|session| session.here) else {
            return;
        };
        session.here = false;
        session.again = session.unacknowledged.len();
        session.waiting.retain(|said| said.seen.2 > 0);
        session.replays.clear();
        if matches!(how, Farewell::Goodbye(_)) {
            session.will = None;
        }
        session.ends = Some(now + session.expiry);
        if session.expiry == 0 {
            return self.end(number);
        }
        if let Some((message, 0)) = &session.will {
            let message = message.clone();
            session.will = None;
            self.publish(Some(number), &message);
        } else {
            let delay = session.will.as_ref().map(|(_, delay)| u64::from(*delay));
            session.will_due = delay.map(|delay| now + delay.min(session.expiry));
        }
    }

    pub fn end(&mut self, number: usize) {
        if let Some(session) = self.sessions.remove(&number)
            && let Some((message, _)) = session.will
        {
            self.publish(None, &message);
        }
    }

    pub fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now += 1;
            let now = self.now;
            // What comes at the same moment comes in the order in which sessions began.
            let mut order: Vec<_> = self.sessions.keys().copied().collect();
            order.sort_by_key(|number| self.sessions[number].seat);
            for number in order.clone() {
                if self.sessions.get(&number).is_some_and(|one| !one.here && one.ends <= Some(now))
                {
                    self.end(number);
                }
            }
            for number in order {
                let Some(session) = self.sessions.get_mut(&number) else { continue };
                if session.will_due.is_some_and(|due| due <= now) {
                    session.will_due = None;
                    if let Some((message, _)) = session.will.take() {
                        self.publish(Some(number), &message);
                    }
                }
            }
        }
    }

    /// All that a subscriber is told now, and what of it is a repetition.
    pub fn take(&mut self, number: usize) -> Vec<(Seen, bool)> {
        let now = self.now;
        let fresh = |said: &Said| said.until.is_none_or(|until| now < until);
        let Some(session) = self.sessions.get_mut(&number).filter(|session| session.here) else {
            return Vec::new();
        };
        let mut told: Vec<_> = session.unacknowledged[..session.again]
            .iter()
            .map(|said| (said.seen.clone(), true))
            .collect();
        session.again = 0;
        let mut new = Vec::new();
        for (filter, wish) in std::mem::take(&mut session.replays) {
            for said in self.retained.values().filter(|said| fresh(said)) {
                if wants(&said.seen.0, filter) {
                    let mut said = said.clone();
                    said.seen.2 = said.seen.2.min(wish.qos);
                    new.push(said);
                }
            }
        }
        new.extend(session.waiting.drain(..).filter(fresh));
        told.extend(new.iter().map(|said| (said.seen.clone(), false)));
        session.unacknowledged.extend(new.into_iter().filter(|said| said.seen.2 > 0));
        told
    }
}
