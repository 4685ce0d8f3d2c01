//! The local bus under bursts: nobody who reads is cut, nothing of QoS 1 is lost, who comes gets in.
//!
//! Not here: sessions and wills (`bus_sessions`), or the rules of a topic (`bus`).

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

mod front;

use std::time::Duration;

use bytes::Bytes;
use front::caller::Caller;
use front::packet::{Connect, field, packet, puback, publish, publish_with, subscribe};
use front::{House, device, resident_bytes, wait};
use proto::id::HomeId;
use proto::topic::Topic;
use tokio::time::Instant;

/// Messages of one burst.
const BURST: usize = 3_000;
/// A bounded form of the 25 that `BURSTS=25` measures.
const BURSTS: usize = 3;
/// Time that a connect may take, whatever happens on the bus.
const CONNECT: Duration = Duration::from_secs(1);
/// A window of version 3.1.1 that the door reads without waiting for the caller.
const WINDOW: usize = 100;

/// Numbers of the messages that come with QoS 1, each acknowledged, until all of one burst are here.
fn read_burst(reader: &mut Caller) -> Vec<usize> {
    let mut heard = Vec::new();
    while heard.len() < BURST {
        let (first, body) = reader.hear().expect("a reading subscriber is not cut");
        assert_eq!(first & 0xF6, 0x32, "with QoS 1");
        let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let packet_id = u16::from_be_bytes([body[2 + topic], body[3 + topic]]);
        heard.push(String::from_utf8_lossy(&body[4 + topic..]).parse().unwrap());
        reader.send(&puback(packet_id));
    }
    heard
}

/// Publishes one burst with QoS 1 as fast as the door takes it, and hears each acknowledged.
fn burst(writer: &mut Caller, number: usize) {
    let mut awaited = 0;
    for place in 0..BURST {
        let payload = (number * BURST + place).to_string();
        let packet_id = (place % 60_000 + 1) as u16;
        writer.send(&publish(4, "ward/bed", packet_id, payload.as_bytes()));
        awaited += 1;
        while awaited >= WINDOW {
            assert_eq!(writer.hear().expect("an acknowledgement").0, 0x40);
            awaited -= 1;
        }
    }
    for _ in 0..awaited {
        assert_eq!(writer.hear().expect("an acknowledgement").0, 0x40);
    }
}

#[test]
fn bursts_of_three_thousand_cut_nobody_lose_nothing_and_a_connect_takes_less_than_a_second() {
    let house = House::with_bus();
    let address = house.door.address();
    let mut readers: Vec<_> = (0..2)
        .map(|number| {
            let mut reader = Caller::local(address, 4, &format!("reader-{number}"));
            reader.send(&subscribe(4, 1, &[("ward/#", 1)]));
            reader.expect(0x90, &[0, 1, 1]);
            reader
        })
        .collect();
    let mut writer = Caller::local(address, 4, "writer");
    let bursts = std::env::var("BURSTS").ok().and_then(|bursts| bursts.parse().ok());
    for number in 0..bursts.unwrap_or(BURSTS) {
        std::thread::scope(|scope| {
            let reading: Vec<_> =
                readers.iter_mut().map(|reader| scope.spawn(|| read_burst(reader))).collect();
            let writing = scope.spawn(|| burst(&mut writer, number));
            let since = Instant::now();
            let mut comer = Caller::local(address, 4, "comer");
            comer.send(&subscribe(4, 1, &[("other", 0)]));
            comer.expect(0x90, &[0, 1, 0]);
            println!("burst {number}: a connect took {:?}", since.elapsed());
            assert!(since.elapsed() < CONNECT, "it took {:?}", since.elapsed());
            writing.join().unwrap();
            let all: Vec<_> = (number * BURST..(number + 1) * BURST).collect();
            for reader in reading {
                assert_eq!(reader.join().unwrap(), all, "each, once, in order");
            }
        });
    }
    assert!(house.bus.as_ref().unwrap().healthy());
    assert_eq!(house.door.counters().overflows, 0);
}

#[test]
fn a_burst_without_acknowledgements_waits_for_who_reads() {
    let house = House::with_bus();
    let address = house.door.address();
    let mut reader = Caller::local(address, 5, "reader");
    reader.send(&subscribe(5, 1, &[("ward/#", 0)]));
    assert_eq!(reader.hear().unwrap().0, 0x90);
    let mut writer = Caller::local(address, 5, "writer");
    let count = 4 * BURST;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for place in 0..count {
                writer.send(&publish(5, "ward/bed", 0, place.to_string().as_bytes()));
            }
        });
        for place in 0..count {
            let (first, body) = reader.hear().expect("a reading subscriber is not cut");
            assert_eq!(first, 0x30);
            assert!(body.ends_with(place.to_string().as_bytes()), "{place} in order");
        }
    });
    reader.expect_quiet();
}

#[test]
fn a_message_of_256_kib_passes_and_is_retained() {
    let house = House::with_bus();
    let address = house.door.address();
    let large = vec![b'x'; 256 * 1_024];
    for level in [4, 5] {
        let mut writer = Caller::local(address, level, "writer");
        writer.send(&publish_with(level, 0x33, "homeassistant/device/bed/config", 1, &large));
        writer.expect(0x40, &[0, 1]);
        let mut display = Caller::local(address, level, "display");
        display.send(&subscribe(level, 1, &[("homeassistant/#", 0)]));
        assert_eq!(display.hear().unwrap().0, 0x90);
        let (first, body) = display.hear().expect("the message");
        assert_eq!((first, body.len() > large.len()), (0x31, true));
        assert!(body.ends_with(&large));
    }
}

#[test]
fn four_hundred_subscriptions_cost_what_one_costs() {
    let house = House::with_bus();
    let address = house.door.address();
    let bus = house.bus.as_ref().unwrap();
    for number in 0..8_000 {
        let topic = Topic::BusState(HomeId::new(1).unwrap(), device(number));
        wait("room on the bus", || bus.publish(topic, true, Bytes::from_static(b"state")));
    }
    let before = resident_bytes();
    let mut greedy = Caller::local(address, 4, "greedy");
    let all: Vec<_> = (1..=400).flat_map(|number| subscribe(4, number, &[("#", 0)])).collect();
    greedy.send(&all);
    // It reads nothing; each of these has its answer after a turn of the door.
    for _ in 0..50 {
        Caller::local(address, 4, "passer-by").expect_quiet();
    }
    let cost = resident_bytes().saturating_sub(before);
    println!("{} bytes of 400 subscriptions cost {cost} bytes", all.len());
    assert!(cost < 16 * 1_024 * 1_024, "{cost} bytes");
}

#[test]
fn who_does_not_read_is_waited_for_and_then_loses_alone() {
    let house = House::with_bus();
    let address = house.door.address();
    let mut deaf = Caller::local(address, 4, "deaf");
    deaf.send(&subscribe(4, 1, &[("ward/#", 0)]));
    deaf.expect(0x90, &[0, 1, 0]);
    let mut reader = Caller::local(address, 4, "reader");
    reader.send(&subscribe(4, 1, &[("ward/#", 0)]));
    reader.expect(0x90, &[0, 1, 0]);
    let mut writer = Caller::local(address, 4, "writer");
    let (count, payload) = (400, vec![b'x'; 60_000]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..count {
                writer.send(&publish(4, "ward/bed", 0, &payload));
            }
        });
        for _ in 0..count {
            assert_eq!(reader.hear().expect("it reads, so it is not cut").0, 0x30);
        }
    });
    let bus = house.bus.as_ref().unwrap();
    wait("the loss to be counted", || bus.counters().lost > 0);
    assert!(bus.counters().waits > 0, "it was waited for first");
    assert!(bus.healthy(), "one slow program is no fault of the bus");
}

#[test]
fn who_does_not_take_what_is_acknowledged_is_shown_out_with_a_reason() {
    let house = House::with_bus();
    let address = house.door.address();
    let mut deaf = Caller::inside(address, &Connect::local(5, "deaf"));
    deaf.send(&subscribe(5, 1, &[("ward/#", 1)]));
    assert_eq!(deaf.hear().unwrap().0, 0x90);
    let mut writer = Caller::local(address, 5, "writer");
    let payload = vec![b'x'; 60_000];
    for _ in 0..200 {
        writer.send(&publish(5, "ward/bed", 1, &payload));
        assert_eq!(writer.hear().expect("an acknowledgement").0, 0x40);
    }
    let last = deaf.hear_out().pop();
    assert_eq!(last, Some((0xE0, vec![0x97, 0])), "its quota is used up");
}

#[test]
fn all_properties_of_version_5_reach_the_subscriber() {
    let house = House::with_bus();
    let address = house.door.address();
    let mut reader = Caller::local(address, 5, "reader");
    let identified = [&[0, 1, 2, 11, 7][..], &field("ask/#"), &[1]].concat();
    reader.send(&packet(0x82, &identified));
    reader.expect(0x90, &[0, 1, 0, 1]);
    let carried = [
        &[1, 1, 3, 0, 4][..],
        b"json",
        &[8, 0, 5],
        b"reply",
        &[9, 0, 2, 1, 2, 38, 0, 1, b'k', 0, 1, b'v', 38, 0, 1, b'k', 0, 1, b'w'],
    ]
    .concat();
    let expiry = [2, 0, 0, 0, 60];
    let mut writer = Caller::local(address, 5, "writer");
    for first in [0x32, 0x33] {
        let mut body = [field("ask/it"), vec![0, 9]].concat();
        body.push((carried.len() + expiry.len()) as u8);
        body.extend([&expiry[..], &carried, b"{}"].concat());
        writer.send(&packet(first, &body));
        writer.expect(0x40, &[0, 9]);
        let (_, heard) = reader.hear().expect("the message");
        for property in [&carried[..], &[11, 7], &[2, 0, 0, 0]] {
            let there = heard.windows(property.len()).any(|window| window == property);
            assert!(there, "{property:x?} in {heard:x?}");
        }
    }
    let mut later = Caller::local(address, 5, "later");
    later.send(&subscribe(5, 1, &[("ask/+", 0)]));
    assert_eq!(later.hear().unwrap().0, 0x90);
    let (first, heard) = later.hear().expect("the retained one");
    assert_eq!(first, 0x31);
    assert!(heard.windows(carried.len()).any(|window| window == carried), "{heard:x?}");
}
