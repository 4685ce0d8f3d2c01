//! Programs that come back to the local bus: sessions, take-over, wills, and what is refused.
//!
//! Not here: bursts (`bus_bursts`), or every order of events (`bus_model`).

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

mod front;

use std::net::SocketAddr;

use front::caller::{Caller, Heard};
use front::packet::{Connect, packet, puback, publish, publish_with, subscribe};
use front::{House, wait};

/// A program that wants its session kept for an hour.
fn keeping(level: u8, id: &str) -> Connect {
    let connect = Connect::local(level, id);
    let properties = if level == 5 { vec![17, 0, 0, 0x0E, 0x10] } else { Vec::new() };
    Connect { flags: connect.flags & !0x02, properties, ..connect }
}

/// It is let in; whether its session is there, and the rest of the CONNACK.
fn enter(address: SocketAddr, connect: &Connect) -> (Caller, bool, Vec<u8>) {
    let mut caller = Caller::dial(address);
    caller.send(&connect.bytes());
    let (first, body) = caller.hear().expect("a CONNACK");
    assert_eq!((first, body[1]), (0x20, 0), "let in");
    (caller, body[0] == 1, body[2..].to_vec())
}

fn listen(caller: &mut Caller, level: u8, filter: &str, qos: u8) {
    caller.send(&subscribe(level, 1, &[(filter, qos)]));
    let answer: &[u8] = if level == 5 { &[0, 1, 0, qos] } else { &[0, 1, qos] };
    caller.expect(0x90, answer);
}

fn say(caller: &mut Caller, level: u8, first: u8, topic: &str, payload: &[u8]) {
    caller.send(&publish_with(level, first, topic, 7, payload));
    caller.expect(0x40, &[0, 7]);
}

fn goodbye(level: u8, code: u8) -> Vec<Heard> {
    if level == 5 { vec![(0xE0, vec![code, 0])] } else { Vec::new() }
}

fn heard(level: u8, first: u8, topic: &str, packet_id: u16, payload: &[u8]) -> Heard {
    (first, publish_with(level, first, topic, packet_id, payload)[2..].to_vec())
}

#[test]
fn who_comes_again_takes_over_and_the_will_of_the_dead_does_not_overwrite() {
    let house = House::with_bus();
    let address = house.door.address();
    for level in [4, 5] {
        let topic = format!("lamp/{level}");
        let mut watcher = Caller::local(address, level, "watcher");
        listen(&mut watcher, level, &topic, 0);
        let connect = Connect::local(level, "lamp").will(&topic, b"offline", true);
        let mut former = Caller::inside(address, &connect);
        let mut again = Caller::inside(address, &connect);
        say(&mut again, level, 0x33, &topic, b"online");
        assert_eq!(former.hear_out(), goodbye(level, 0x8E), "taken over");
        former.shut();
        let told = [watcher.hear(), watcher.hear()].map(Option::unwrap);
        let will = heard(level, 0x30, &topic, 0, b"offline");
        let online = heard(level, 0x30, &topic, 0, b"online");
        assert_eq!(
            told,
            [will, online],
            "its will comes first, as its connection was closed first"
        );
        watcher.expect_quiet();
        let mut later = Caller::local(address, level, "later");
        listen(&mut later, level, &topic, 0);
        let (first, body) = later.hear().unwrap();
        assert_eq!((first, body.ends_with(b"online")), (0x31, true));
        again.send(&packet(0xE0, &[]));
        assert_eq!(again.hear_out(), [], "the newer one is not touched");
    }
    assert!(house.bus.as_ref().unwrap().counters().taken_over >= 2);
}

#[test]
fn a_session_is_kept_for_who_asks_and_loses_nothing_of_qos_1() {
    let house = House::with_bus();
    let address = house.door.address();
    for level in [4, 5] {
        let id = format!("display-{level}");
        let (mut display, present, _) = enter(address, &keeping(level, &id));
        assert!(!present);
        listen(&mut display, level, "ward/#", 1);
        let mut writer = Caller::local(address, level, "writer");
        say(&mut writer, level, 0x32, "ward/bed", b"under way");
        assert_eq!(display.hear().unwrap(), heard(level, 0x32, "ward/bed", 1, b"under way"));
        display.shut();
        wait("it to be gone", || house.bus.as_ref().unwrap().counters().clients == 1);
        writer.send(&publish(level, "ward/bed", 0, b"not kept"));
        say(&mut writer, level, 0x32, "ward/bed", b"kept");
        let (mut display, present, _) = enter(address, &keeping(level, &id));
        assert!(present, "level {level}");
        assert_eq!(display.hear().unwrap(), heard(level, 0x3A, "ward/bed", 1, b"under way"));
        assert_eq!(display.hear().unwrap(), heard(level, 0x32, "ward/bed", 2, b"kept"));
        display.send(&[puback(2), puback(1)].concat());
        say(&mut writer, level, 0x32, "ward/bed", b"live");
        assert_eq!(display.hear().unwrap(), heard(level, 0x32, "ward/bed", 3, b"live"));
        display.shut();
        let (_, present, _) = enter(address, &Connect::local(level, &id));
        assert!(!present, "who begins anew finds nothing");
        let (mut display, present, _) = enter(address, &keeping(level, &id));
        assert!(!present, "and has ended what there was");
        say(&mut writer, level, 0x32, "ward/bed", b"unheard");
        display.expect_quiet();
        display.shut();
        writer.send(&packet(0xE0, &[]));
        writer.hear_out();
        wait("both to be gone", || house.bus.as_ref().unwrap().counters().clients == 0);
    }
}

#[test]
fn a_session_is_bounded_and_what_it_has_lost_is_told() {
    let house = House::with_bus();
    let address = house.door.address();
    let long = Connect { properties: vec![17, 0xFF, 0xFF, 0xFF, 0xFF], ..keeping(5, "away") };
    let (mut away, _, offers) = enter(address, &long);
    let hour = [17, 0, 0, 0x0E, 0x10];
    assert!(offers.windows(5).any(|window| window == hour), "an hour is granted: {offers:x?}");
    listen(&mut away, 5, "ward/#", 1);
    away.shut();
    wait("it to be gone", || house.bus.as_ref().unwrap().counters().away == 1);
    let mut writer = Caller::local(address, 4, "writer");
    for _ in 0..4_100 {
        say(&mut writer, 4, 0x32, "ward/bed", b"x");
    }
    assert_eq!(house.bus.as_ref().unwrap().counters().lost, 4);
    let (mut away, present, offers) = enter(address, &keeping(5, "away"));
    assert!(present);
    let lost = [&[38, 0, 4][..], b"lost", &[0, 1], b"4"].concat();
    assert!(offers.windows(lost.len()).any(|window| window == lost), "{offers:x?}");
    for packet_id in 1..=4_096u16 {
        assert_eq!(away.hear().unwrap(), heard(5, 0x32, "ward/bed", packet_id, b"x"));
        away.send(&puback(packet_id));
    }
    away.expect_quiet();
}

#[test]
fn a_goodbye_may_end_a_session_and_may_not_begin_one() {
    let house = House::with_bus();
    let address = house.door.address();
    let (mut display, _, _) = enter(address, &keeping(5, "display"));
    display.send(&packet(0xE0, &[0, 5, 17, 0, 0, 0, 0]));
    assert_eq!(display.hear_out(), []);
    let (mut display, present, _) = enter(address, &keeping(5, "display"));
    assert!(!present);
    display.send(&packet(0xE0, &[]));
    display.hear_out();
    let mut lamp = Caller::local(address, 5, "lamp");
    lamp.send(&packet(0xE0, &[0, 5, 17, 0, 0, 0, 9]));
    assert_eq!(lamp.hear_out(), goodbye(5, 0x82));
}

#[test]
fn qos_2_is_refused_with_its_reason_and_subscribed_as_1() {
    let house = House::with_bus();
    let address = house.door.address();
    for level in [4, 5] {
        let mut caller = Caller::local(address, level, "exact");
        caller.send(&subscribe(level, 1, &[("a", 2)]));
        let granted: &[u8] = if level == 5 { &[0, 1, 0, 1] } else { &[0, 1, 1] };
        caller.expect(0x90, granted);
        caller.send(&publish_with(level, 0x34, "a", 9, b"once"));
        let heard = caller.hear_out();
        // The code, and a reason string (31) for whoever reads it.
        let told = heard.first().is_some_and(|(first, body)| {
            let text = String::from_utf8_lossy(body);
            (*first, body[0], body[2]) == (0xE0, 0x9B, 31) && text.contains("use QoS 1")
        });
        assert_eq!((heard.len(), told), if level == 5 { (1, true) } else { (0, false) });
    }
    // The CONNACK of version 5 has said so before.
    let (_, _, offers) = enter(address, &Connect::local(5, "x"));
    assert!(offers.windows(2).any(|window| window == [36, 1]), "{offers:x?}");
}

#[test]
fn a_session_has_so_many_filters_and_a_repeated_one_is_the_same() {
    let house = House::with_bus();
    let mut caller = Caller::local(house.door.address(), 5, "greedy");
    for number in 0..256u16 {
        caller.send(&subscribe(5, number + 1, &[(&format!("a/{number}"), 0), ("a/0", 1)]));
        let packet_id = (number + 1).to_be_bytes();
        caller.expect(0x90, &[packet_id[0], packet_id[1], 0, 0, 1]);
    }
    caller.send(&subscribe(5, 300, &[("a/256", 0), ("a/255", 1), (&"/".repeat(64), 0)]));
    caller.expect(0x90, &[1, 44, 0, 0x97, 1, 0x8F]);
}

#[test]
fn a_topic_alias_stands_for_its_topic_while_the_connection_lasts() {
    let house = House::with_bus();
    let address = house.door.address();
    let mut reader = Caller::local(address, 5, "reader");
    listen(&mut reader, 5, "a/#", 0);
    let aliased = |topic: &str, alias: u8| {
        let mut body = front::packet::field(topic);
        body.extend([3, 35, 0, alias, b'x']);
        packet(0x30, &body)
    };
    let mut writer = Caller::local(address, 5, "writer");
    for (topic, alias) in [("a/b", 1), ("", 1), ("a/c", 1), ("", 1)] {
        writer.send(&aliased(topic, alias));
    }
    for topic in ["a/b", "a/b", "a/c", "a/c"] {
        assert_eq!(reader.hear().unwrap(), heard(5, 0x30, topic, 0, b"x"));
    }
    for (topic, alias, code) in [("a", 0, 0x94), ("a", 17, 0x94), ("", 2, 0x82)] {
        let mut wrong = Caller::local(address, 5, "wrong");
        wrong.send(&aliased(topic, alias));
        assert_eq!(wrong.hear_out(), goodbye(5, code), "{topic} {alias}");
    }
}
