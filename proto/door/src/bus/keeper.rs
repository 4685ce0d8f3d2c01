//! Keeps the bus: its members, its retained messages, and a Router that answers.
//!
//! A *probe* goes through the Router again and again; if it does not come back, or a link is gone,
//! or too much has worn it (ids, topics and filters are never freed in it), a new one is started:
//! members are hung up and come back by themselves, retained messages are still here.
//! Not here: threads and channels (`bus`), the Router itself (`fanout`).

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use proto::unit::Millis;
use tokio::time::Instant;

use super::fanout::{self, Link, Links, Names, Runtime};
use super::{BusLimits, Filters, Pulse, Wish, Word, filters};
use crate::line::{Down, Hangup, Line};

/// How often the Router is probed.
pub(crate) const PROBE: Duration = Duration::from_secs(2);
/// A probe that is not back by then means a new Router.
const PROBE_LOST: Duration = Duration::from_secs(10);
/// A bus without an answer for so long is not well.
pub(crate) const OVERDUE: Millis = Millis::secs(15);
/// Wear at which the Router is renewed: some 20 MiB that it cannot free.
const WEAR_MAX: usize = 65_536;
/// Wear of a link and of a filter, in topics.
const WEAR_LINK: usize = 8;
const WEAR_FILTER: usize = 4;

struct Seat {
    line: Arc<Line>,
    link: Link,
    wishes: Filters,
}

/// One Router and what it has been used for.
struct Generation {
    links: Links,
    probe: Option<Link>,
    /// Probes that came back.
    heard: Arc<AtomicU64>,
    sent: u64,
    probed_at: Instant,
    topics: HashSet<u64>,
    wear: usize,
}

pub(crate) struct Keeper {
    limits: BusLimits,
    pulse: Arc<Pulse>,
    runtime: Runtime,
    names: Names,
    generation: Generation,
    seats: HashMap<u64, Seat>,
    retained: BTreeMap<String, Bytes>,
    retained_bytes: usize,
}

impl Keeper {
    pub(crate) fn new(limits: BusLimits, pulse: Arc<Pulse>, runtime: Runtime) -> Self {
        let generation = Generation::start(limits.clients, &runtime);
        Self {
            limits,
            pulse,
            runtime,
            names: Names::new(),
            generation,
            seats: HashMap::new(),
            retained: BTreeMap::new(),
            retained_bytes: 0,
        }
    }

    pub(crate) fn handle(&mut self, word: Word) {
        let stands = match word {
            Word::Join(number, line) => self.join(number, line),
            Word::Publish { from, topic, retain, payload } => {
                self.publish(from, topic, retain, payload)
            }
            Word::Subscribe(number, filter, wish) => self.subscribe(number, &filter, wish),
            Word::Unsubscribe(number, filter) => self.unsubscribe(number, &filter),
            Word::Leave(number) => {
                if let Some(seat) = self.seats.remove(&number) {
                    seat.link.close();
                }
                true
            }
        };
        if !stands {
            self.renew("it is gone");
        }
    }

    /// Looks whether the Router still answers and is not worn out.
    pub(crate) fn probe(&mut self) {
        let generation = &mut self.generation;
        let back = generation.heard.load(Ordering::Acquire) >= generation.sent;
        let age = crate::clock::instant_now().duration_since(generation.probed_at);
        if !back && age > PROBE_LOST {
            return self.renew("it does not answer");
        }
        if generation.wear > WEAR_MAX {
            return self.renew("it is worn");
        }
        if back && age >= PROBE {
            if generation.sent > 0 {
                self.pulse.beat();
            }
            generation.sent += 1;
            generation.probed_at = crate::clock::instant_now();
            let said = generation
                .probe
                .as_mut()
                .is_some_and(|probe| probe.publish(Names::probe().to_owned(), 0, false, &[]));
            if !said {
                self.renew("it is gone");
            }
        }
    }

    fn renew(&mut self, why: &str) {
        tracing::warn!(why, members = self.seats.len(), "the bus gets a new router");
        self.pulse.stop();
        for (_, seat) in self.seats.drain() {
            seat.line.hang_up(Hangup::BusLost);
            seat.link.close();
        }
        self.generation = Generation::start(self.limits.clients, &self.runtime);
    }

    fn join(&mut self, number: u64, line: Arc<Line>) -> bool {
        self.generation.wear += WEAR_LINK;
        let wishes = Filters::default();
        let places = (&self.names, &self.runtime);
        let links = &self.generation.links;
        let Some(link) = Link::open(links, (number, &line), &wishes, places) else {
            line.hang_up(Hangup::BusLost);
            return false;
        };
        self.seats.insert(number, Seat { line, link, wishes });
        true
    }

    fn publish(&mut self, from: u64, topic: String, retain: bool, payload: Bytes) -> bool {
        let name = self.names.inner(&topic);
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        if self.generation.topics.insert(hasher.finish()) {
            self.generation.wear += 1;
        }
        if retain {
            self.retain(topic, payload.clone());
        }
        // Who has no seat speaks through the keeper's own link: the gateway, or a will.
        let link = match self.seats.get_mut(&from) {
            Some(seat) => Some(&mut seat.link),
            None => self.generation.probe.as_mut(),
        };
        link.is_some_and(|link| link.publish(name, from, retain, &payload))
    }

    fn retain(&mut self, topic: String, payload: Bytes) {
        if let Some(former) = self.retained.remove(&topic) {
            self.retained_bytes -= former.len();
        }
        if payload.is_empty() {
            return;
        }
        let bytes = self.retained_bytes + payload.len();
        if self.retained.len() >= self.limits.retained || bytes > self.limits.retained_bytes {
            tracing::warn!(%topic, "no room to retain a message on the bus");
            return;
        }
        self.retained_bytes = bytes;
        self.retained.insert(topic, payload);
    }

    fn subscribe(&mut self, number: u64, filter: &str, wish: Wish) -> bool {
        let Some(seat) = self.seats.get_mut(&number) else { return true };
        let name = self.names.inner(filter);
        let known = {
            let mut wishes = filters(&seat.wishes);
            let place = wishes.iter().position(|(known, _)| *known == name);
            match place {
                Some(place) => wishes[place].1 = wish,
                None => wishes.push((name.clone(), wish)),
            }
            place.is_some()
        };
        if !known {
            self.generation.wear += WEAR_FILTER;
            if !seat.link.subscribe(&name) {
                return false;
            }
        }
        if wish.retained {
            let kept = self.retained.iter();
            let told = kept
                .filter(|(topic, _)| rumqttc::mqttbytes::matches(&self.names.inner(topic), &name));
            seat.line.replay(told.map(|(topic, payload)| Down {
                topic: topic.clone(),
                payload: payload.clone(),
                acknowledged: false,
                retain: true,
            }));
        }
        true
    }

    fn unsubscribe(&mut self, number: u64, filter: &str) -> bool {
        let Some(seat) = self.seats.get_mut(&number) else { return true };
        let name = self.names.inner(filter);
        filters(&seat.wishes).retain(|(known, _)| *known != name);
        seat.link.unsubscribe(&name)
    }
}

impl Generation {
    fn start(clients: usize, runtime: &Runtime) -> Self {
        let links = fanout::start(clients);
        let heard = Arc::new(AtomicU64::new(0));
        let ear = Arc::clone(&heard);
        let probe = Link::probe(&links, runtime, move || {
            ear.fetch_add(1, Ordering::AcqRel);
        });
        let (topics, wear, sent) = (HashSet::new(), 0, 0);
        Self { links, probe, heard, sent, probed_at: crate::clock::instant_now(), topics, wear }
    }
}
