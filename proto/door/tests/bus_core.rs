//! The bus's pure core, one promise at a time: who waits for whom, who loses, when a will is said.
//!
//! Time is a number here. Not here: every order of events (`bus_model`), connections (`bus_bursts`).

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

use bytes::Bytes;
use door::BusLimits;
use door::bus::fanout::{Act, Fanout};
use door::bus::{Farewell, Join, Message, Will, Wish};
use proto::unit::{Millis, Mono};

fn join(client: &str, window: usize, expiry: u32) -> Join {
    Join {
        client: client.into(),
        clean: false,
        expiry,
        will: None,
        window,
        packet_max: usize::MAX,
        version_5: true,
        internal: false,
    }
}

fn message(qos: u8, size: usize) -> Message {
    let (payload, properties) = (Bytes::from(vec![0; size]), Bytes::new());
    Message { topic: "a".into(), payload, qos, retain: false, properties, expiry: None }
}

#[test]
fn a_publisher_waits_until_half_is_free_and_is_rung_then() {
    let mut bus = Fanout::new(BusLimits::default());
    let now = Mono::from_millis(0);
    let reader = bus.join(now, join("reader", 64, 0)).unwrap().key;
    let writer = bus.join(now, join("writer", 64, 0)).unwrap().key;
    bus.subscribe(reader, "a", Wish { qos: 0, ..Wish::default() }).unwrap();
    let mut said = 0;
    let (held, until) = loop {
        match bus.publish(now, writer, message(0, 10)) {
            Ok(()) => said += 1,
            Err(waits) => break waits,
        }
    };
    assert_eq!((said, until), (4_096, now.after(Millis::secs(5))));
    while bus.next_act().is_some() {}
    let mut heard = 0;
    while bus.next_act() != Some(Act::Ring(writer.visit)) {
        heard += bus.take(now, reader, 2_000).parcels.len();
        assert!(heard <= said, "it is rung");
    }
    assert!((2_048..2_300).contains(&heard), "{heard}");
    assert!(bus.publish(now, writer, held).is_ok());
    assert_eq!(bus.counters().lost, 0);
}

#[test]
fn who_is_waited_for_in_vain_loses_alone_until_it_has_caught_up() {
    let mut bus = Fanout::new(BusLimits::default());
    let mut now = Mono::from_millis(0);
    let deaf = bus.join(now, join("deaf", 64, 0)).unwrap().key;
    let other = bus.join(now, join("other", 64, 0)).unwrap().key;
    let writer = bus.join(now, join("writer", 64, 0)).unwrap().key;
    for key in [deaf, other] {
        bus.subscribe(key, "a", Wish::default()).unwrap();
    }
    let mut heard = 0;
    for _ in 0..4_096 {
        bus.publish(now, writer, message(0, 10)).unwrap();
        heard += bus.take(now, other, 1_000).parcels.len();
    }
    let (held, until) = bus.publish(now, writer, message(0, 10)).unwrap_err();
    now = until;
    bus.publish(now, writer, held).unwrap();
    for _ in 0..100 {
        bus.publish(now, writer, message(0, 10)).expect("nobody waits for it any more");
        heard += bus.take(now, other, 1_000).parcels.len();
    }
    assert_eq!((heard, bus.counters().lost), (4_197, 101));
    while bus.next_act().is_some() {}
    while !bus.take(now, deaf, 10_000).parcels.is_empty() {}
    let told = Act::Lost { client: "deaf".into(), messages: 101 };
    assert!(std::iter::from_fn(|| bus.next_act()).any(|act| act == told), "it is told once");
    bus.publish(now, writer, message(0, 10)).unwrap();
    assert_eq!(bus.take(now, deaf, 10_000).parcels.len(), 1, "and hears again");
}

#[test]
fn a_delayed_will_is_not_said_for_who_is_back_in_time() {
    for back in [false, true] {
        let mut bus = Fanout::new(BusLimits::default());
        let mut now = Mono::from_millis(0);
        let watcher = bus.join(now, join("watcher", 64, 0)).unwrap().key;
        bus.subscribe(watcher, "a", Wish::default()).unwrap();
        let will = Will { message: message(1, 3), delay: 10 };
        let lamp = Join { will: Some(will), ..join("lamp", 64, 60) };
        let key = bus.join(now, lamp.clone()).unwrap().key;
        bus.leave(now, key, Farewell::Lost);
        now = now.after(Millis::secs(5));
        bus.handle_timeout(now);
        if back {
            bus.join(now, lamp).unwrap();
        }
        now = now.after(Millis::secs(5));
        bus.handle_timeout(now);
        assert_eq!(bus.take(now, watcher, 1_000).parcels.len(), usize::from(!back));
    }
}

#[test]
fn sessions_whose_program_is_away_are_bounded_in_number_and_bytes() {
    let mut bus = Fanout::new(BusLimits::default());
    let now = Mono::from_millis(0);
    for number in 0..100 {
        let key = bus.join(now, join(&format!("away-{number}"), 64, 600)).unwrap().key;
        bus.subscribe(key, "a", Wish { qos: 1, ..Wish::default() }).unwrap();
        bus.leave(now, key, Farewell::Lost);
    }
    assert_eq!(bus.counters().away, 64);
    let writer = bus.join(now, join("writer", 64, 0)).unwrap().key;
    for _ in 0..50 {
        bus.publish(now, writer, message(1, 60_000)).expect("nobody waits for who is away");
    }
    let counters = bus.counters();
    assert_eq!(counters.delivered + counters.lost, 64 * 50);
    assert!(counters.delivered * 60_000 < 34 * 1_024 * 1_024, "{counters:?}");
}

#[test]
fn who_is_late_again_and_again_is_waited_for_less_each_time() {
    let mut bus = Fanout::new(BusLimits::default());
    let mut now = Mono::from_millis(0);
    let slow = bus.join(now, join("slow", 64, 0)).unwrap().key;
    let writer = bus.join(now, join("writer", 64, 0)).unwrap().key;
    bus.subscribe(slow, "a", Wish::default()).unwrap();
    let mut waited = Vec::new();
    for _ in 0..4 {
        let (held, until) = loop {
            if let Err(waits) = bus.publish(now, writer, message(0, 10)) {
                break waits;
            }
        };
        waited.push(until.since(now).get());
        now = until;
        bus.publish(now, writer, held).unwrap();
        while !bus.take(now, slow, 10_000).parcels.is_empty() {}
    }
    assert_eq!(waited, [5_000, 2_500, 1_250, 625]);
}
