//! The bus against a slow and obvious model, whatever comes in whatever order. Time is a number here.
//!
//! Seeds of failures are kept by proptest beside this file. Not here: the model (`model/bus`), connections
//! (`bus_sessions`), or slow subscribers (`bus_core`).

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

#[path = "model/bus.rs"]
mod model;

use std::collections::BTreeMap;

use bytes::Bytes;
use door::BusLimits;
use door::bus::fanout::{EXPIRY_MAX, Fanout};
use door::bus::{Farewell, Join, Key, Message, Will, Wish, filter};
use model::{Model, Session, wants};
use proptest::prelude::*;
use proto::unit::Mono;

const TOPICS: [&str; 9] = ["a", "a/b", "a/b/c", "a//c", "/", "b", "$s", "$s/a", "a/家"];
const FILTERS: [&str; 16] = [
    "#", "+", "a/#", "a/+", "+/b", "a/b", "$s/#", "$s/+", "+/+/c", "/", "+/+", "a/b/#", "a/+/c",
    "$s", "+/#", "a/家",
];
const CLIENTS: usize = 3;

#[derive(Debug, Clone)]
enum Event {
    Join { client: usize, clean: bool, expiry: u32, will: Option<(usize, bool, u32)> },
    Leave { client: usize, how: u8 },
    Subscribe { client: usize, filter: usize, wish: (u8, bool, bool, u8) },
    Unsubscribe { client: usize, filter: usize },
    Publish { client: usize, topic: usize, qos: u8, retain: bool, empty: bool, expiry: Option<u32> },
    Take { client: usize, acknowledge: bool },
    Wait { seconds: u64 },
}

fn event() -> impl Strategy<Value = Event> {
    let will = prop::option::of((0..TOPICS.len(), any::<bool>(), 0u32..4));
    let expiry = prop::sample::select(vec![0u32, 3, 10, 100_000]);
    prop_oneof![
        2 => (0..CLIENTS, any::<bool>(), expiry, will).prop_map(|(client, clean, expiry, will)| {
            Event::Join { client, clean, expiry, will }
        }),
        1 => (0..CLIENTS, 0u8..3).prop_map(|(client, how)| Event::Leave { client, how }),
        4 => (0..CLIENTS, 0..FILTERS.len(), (0u8..3, any::<bool>(), any::<bool>(), 0u8..3))
            .prop_map(|(client, filter, wish)| Event::Subscribe { client, filter, wish }),
        1 => (0..CLIENTS, 0..FILTERS.len())
            .prop_map(|(client, filter)| Event::Unsubscribe { client, filter }),
        6 => (0..CLIENTS, 0..TOPICS.len(), 0u8..2, any::<bool>(), prop::bool::weighted(0.1),
              prop::option::weighted(0.2, 1u32..5))
            .prop_map(|(client, topic, qos, retain, empty, expiry)| {
                Event::Publish { client, topic, qos, retain, empty, expiry }
            }),
        4 => (0..CLIENTS, any::<bool>())
            .prop_map(|(client, acknowledge)| Event::Take { client, acknowledge }),
        2 => (0u64..6).prop_map(|seconds| Event::Wait { seconds }),
    ]
}

/// The bus and its model, side by side.
struct Pair {
    bus: Fanout,
    model: Model,
    keys: BTreeMap<usize, Key>,
    said: u64,
}

impl Pair {
    fn now(&self) -> Mono {
        Mono::from_millis(self.model.now * 1_000)
    }

    fn message(&mut self, topic: usize, qos: u8, retain: bool) -> Message {
        self.said += 1;
        let payload = Bytes::from(self.said.to_string());
        let (topic, properties) = (TOPICS[topic].to_owned(), Bytes::new());
        Message { topic, payload, qos, retain, properties, expiry: None }
    }

    fn join(&mut self, client: usize, clean: bool, expiry: u32, will: Option<(usize, bool, u32)>) {
        let will = will
            .map(|(topic, retain, delay)| Will { message: self.message(topic, 1, retain), delay });
        let join = Join {
            client: format!("client-{client}"),
            clean,
            expiry,
            will: will.clone(),
            window: 50_000,
            packet_max: usize::MAX,
            version_5: true,
            internal: false,
        };
        let joined = self.bus.join(self.now(), join).expect("a place");
        self.keys.insert(client, joined.key);
        let model = &mut self.model;
        let goes_on = !clean && model.sessions.get(&client).is_some_and(|one| one.expiry > 0);
        if let Some(former) = model.sessions.get_mut(&client)
            && goes_on
        {
            former.will = former.will.take().filter(|(_, delay)| *delay == 0);
        }
        model.part(client, Farewell::Lost);
        if !goes_on {
            model.end(client);
        }
        assert_eq!(joined.present, goes_on, "session present");
        let session = model.sessions.entry(client).or_insert(Session {
            seat: joined.key.seat,
            here: true,
            expiry: 0,
            ends: None,
            will: None,
            will_due: None,
            filters: BTreeMap::new(),
            replays: Vec::new(),
            waiting: Vec::new(),
            unacknowledged: Vec::new(),
            again: 0,
        });
        session.here = true;
        session.expiry = u64::from(expiry.min(EXPIRY_MAX));
        (session.ends, session.will_due) = (None, None);
        session.will = will.map(|will| (will.message, will.delay));
    }

    fn leave(&mut self, client: usize, how: u8) {
        let how =
            [Farewell::Goodbye(None), Farewell::WithWill(None), Farewell::Lost][usize::from(how)];
        if let Some(key) = self.keys.get(&client) {
            self.bus.leave(self.now(), *key, how);
            self.model.part(client, how);
        }
    }

    fn subscribe(&mut self, client: usize, filter: usize, wish: (u8, bool, bool, u8)) {
        let (qos, no_local, as_published, handling) = wish;
        let filter = FILTERS[filter];
        let wish = Wish { qos: qos.min(1), no_local, as_published, handling, id: None };
        let Some(session) = self.model.sessions.get_mut(&client).filter(|one| one.here) else {
            return;
        };
        assert_eq!(self.bus.subscribe(self.keys[&client], filter, wish), Ok(wish.qos));
        let existed = session.filters.insert(filter, wish).is_some();
        if handling == 0 || (handling == 1 && !existed) {
            session.replays.retain(|(known, _)| *known != filter);
            session.replays.push((filter, wish));
        }
    }

    fn unsubscribe(&mut self, client: usize, filter: usize) {
        let filter = FILTERS[filter];
        let Some(session) = self.model.sessions.get_mut(&client).filter(|one| one.here) else {
            return;
        };
        let existed = session.filters.remove(filter).is_some();
        session.replays.retain(|(known, _)| *known != filter);
        assert_eq!(self.bus.unsubscribe(self.keys[&client], filter), existed);
    }

    fn publish(&mut self, client: usize, message: &Message) {
        if self.model.sessions.get(&client).is_some_and(|one| one.here) {
            self.bus.publish(self.now(), self.keys[&client], message.clone()).expect("room");
            self.model.publish(Some(client), message);
        }
    }

    fn take(&mut self, client: usize, acknowledge: bool) {
        let Some(key) = self.keys.get(&client).copied() else { return };
        let expected = self.model.take(client);
        let (mut told, mut ids) = (Vec::new(), Vec::new());
        loop {
            let taken = self.bus.take(self.now(), key, 10_000);
            for parcel in taken.parcels {
                let message = parcel.message();
                let qos = u8::from(parcel.packet_id() != 0);
                let seen = (message.topic.clone(), message.payload.clone(), qos, parcel.retain());
                told.push((seen, parcel.repeated()));
                ids.extend(Some(parcel.packet_id()).filter(|id| *id != 0));
            }
            if !taken.more {
                break;
            }
        }
        assert_eq!(told, expected, "client {client}");
        if acknowledge && self.model.sessions.get(&client).is_some_and(|one| one.here) {
            ids.iter().for_each(|id| self.bus.acknowledge(key, *id));
            // What has been told and acknowledged just now is the end of the list.
            let session = self.model.sessions.get_mut(&client).unwrap();
            let told = ids.len().min(session.unacknowledged.len());
            let left = session.unacknowledged.len() - told;
            session.unacknowledged.truncate(left);
        }
    }

    fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.model.wait(1);
            self.bus.handle_timeout(self.now());
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Join { client, clean, expiry, will } => self.join(client, clean, expiry, will),
            Event::Leave { client, how } => self.leave(client, how),
            Event::Subscribe { client, filter, wish } => self.subscribe(client, filter, wish),
            Event::Unsubscribe { client, filter } => self.unsubscribe(client, filter),
            Event::Publish { client, topic, qos, retain, empty, expiry } => {
                let mut message = Message { expiry, ..self.message(topic, qos, retain) };
                if empty {
                    message.payload = Bytes::new();
                }
                self.publish(client, &message);
            }
            Event::Take { client, acknowledge } => self.take(client, acknowledge),
            Event::Wait { seconds } => self.wait(seconds),
        }
        while self.bus.next_act().is_some() {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn the_bus_does_what_the_obvious_model_does(events in prop::collection::vec(event(), 1..60)) {
        let bus = Fanout::new(BusLimits::default());
        let mut pair = Pair { bus, model: Model::default(), keys: BTreeMap::new(), said: 0 };
        for event in events {
            pair.handle(event);
        }
        for client in 0..CLIENTS {
            pair.take(client, true);
        }
    }

    #[test]
    fn a_filter_matches_what_the_specification_says(
        topic in "[ab$/]{1,6}",
        filter in "[ab$/+#]{1,6}",
    ) {
        let levels: Vec<_> = filter.split('/').collect();
        let sound = levels.iter().enumerate().all(|(place, level)| {
            (!level.contains('#') || (*level == "#" && place + 1 == levels.len()))
                && (!level.contains('+') || *level == "+")
        });
        prop_assert_eq!(filter::sound(&filter), sound);
        if sound {
            prop_assert_eq!(filter::matches(&topic, &filter), wants(&topic, &filter));
        }
    }
}
