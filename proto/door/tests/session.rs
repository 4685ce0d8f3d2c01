//! Normative statements of both versions, one row each: bytes in, packets out.
//!
//! The number in brackets is the statement's own. A row begins inside an admitted session of a
//! device unless it says otherwise. Not here: topics of others and limits of this door (`attacks`, `seats`).

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

mod front;

use front::caller::{Caller, Heard};
use front::packet::{
    Connect, field, packet, puback, publish, publish_with, subscribe, unsubscribe, up,
};
use front::{House, device};
use proto::seat::Seat;
use proto::topic::Topic;

fn seat() -> String {
    Seat::Device(device(1)).to_string()
}

fn down() -> String {
    Topic::DeviceDown(device(1)).to_string()
}

/// What is said to a 3.1.1 client before it is closed: nothing. In version 5: the reason.
fn goodbye(level: u8, code: u8) -> Vec<Heard> {
    if level == 5 { vec![(0xE0, vec![code, 0])] } else { Vec::new() }
}

/// Properties in front of a body.
fn with_properties(properties: &[u8]) -> Vec<u8> {
    let mut out = vec![properties.len() as u8];
    out.extend_from_slice(properties);
    out
}

fn publish_v5(properties: &[u8]) -> Vec<u8> {
    let mut body = field(up(1, false));
    body.extend([0, 1]);
    body.extend(with_properties(properties));
    packet(0x32, &body)
}

#[test]
fn connects_that_are_refused_with_the_specifications_own_code() {
    let house = House::open();
    let v4 = || Connect::new(4, &seat());
    let v5 = || Connect::new(5, &seat());
    let without_login = |connect: Connect, flags| Connect {
        flags,
        payload: vec![connect.payload[0].clone()],
        ..connect
    };
    let nameless = |mut connect: Connect, flags| {
        connect.payload[0] = field("");
        Connect { flags, ..connect }
    };
    let mut with_rest = v4();
    with_rest.payload.push(vec![0]);
    let refused = |code| Some((0x20, vec![0, code]));
    let refused5 = |code| Some((0x20, vec![0, code, 0]));
    let mut bad_text = v4();
    bad_text.payload[0] = field(b"d-\xC3\x28");
    let mut zero_text = v5();
    zero_text.payload[0] = field(b"d-\x00");
    let mut surrogate = v5();
    surrogate.payload[0] = field(b"\xED\xA0\x80");
    let rows: Vec<(&str, Connect, Option<Heard>)> = vec![
        ("3.1.2-1 protocol name", Connect { name: b"MQIsdp".into(), level: 3, ..v4() }, refused(1)),
        ("3.1.2-1 other name", Connect { name: b"mqtt".into(), ..v4() }, refused(1)),
        ("3.1.2-2 level 3", Connect { level: 3, ..v4() }, refused(1)),
        ("3.1.2-2 level 6", Connect { level: 6, ..v5() }, refused5(0x84)),
        ("3.1.2-3 reserved flag", Connect { flags: 0b1100_0011, ..v4() }, None),
        ("3.1.2-3 reserved flag", Connect { flags: 0b1100_0011, ..v5() }, refused5(0x81)),
        ("3.1.2-11 will QoS without will", Connect { flags: 0b1100_1010, ..v4() }, None),
        ("3.1.2-11 will QoS without will", Connect { flags: 0b1100_1010, ..v5() }, refused5(0x81)),
        ("3.1.2-14 will QoS 3", Connect { flags: 0b1101_1110, ..v4() }, None),
        ("3.1.2-15 will retain without will", Connect { flags: 0b1110_0010, ..v4() }, None),
        ("3.1.2-22 password without name", Connect { flags: 0b0100_0010, ..v4() }, None),
        ("3.1.3-8 no id, no clean session", nameless(v4(), 0b1100_0000), refused(2)),
        ("3.1.3-4 id not UTF-8", bad_text, None),
        ("1.5.4-2 id with U+0000", zero_text, refused5(0x81)),
        ("1.5.4-1 id with a surrogate", surrogate, refused5(0x81)),
        ("no login at all", without_login(v4(), 0b0000_0010), refused(4)),
        ("no login at all", without_login(v5(), 0b0000_0010), refused5(0x86)),
        ("bytes after the last field", with_rest, None),
    ];
    are_refused(&house, rows);
}

#[test]
fn properties_that_are_refused_with_the_specifications_own_code() {
    let house = House::open();
    let v5 = || Connect::new(5, &seat());
    let properties = |properties: &[u8]| Connect { properties: properties.to_vec(), ..v5() };
    let refused5 = |code| Some((0x20, vec![0, code, 0]));
    let rows: Vec<(&str, Connect, Option<Heard>)> = vec![
        ("3.1.2.11.3 receive maximum 0", properties(&[33, 0, 0]), refused5(0x82)),
        ("3.1.2.11.4 packet maximum 0", properties(&[39, 0, 0, 0, 0]), refused5(0x82)),
        (
            "3.1.2.11.2 session expiry twice",
            properties(&[17, 0, 0, 0, 1, 17, 0, 0, 0, 1]),
            refused5(0x82),
        ),
        ("2.2.2.2 property of another packet", properties(&[35, 0, 1]), refused5(0x81)),
        ("2.2.2.2 unknown property", properties(&[99, 0]), refused5(0x81)),
        ("2.2.2.1 property cut off", properties(&[17, 0, 0]), refused5(0x81)),
        ("3.1.2.11.6 request response 2", properties(&[25, 2]), refused5(0x82)),
        ("3.1.2.11.9 authentication method", properties(&[21, 0, 1, b'x']), refused5(0x8C)),
        ("3.1.2.11.10 data without method", properties(&[22, 0, 1, b'x']), refused5(0x82)),
        ("3.1.3-11 will topic with wildcard", v5().will("a/#", b"", false), refused5(0x90)),
        ("3.2.2.3.5 retained will", v5().will(&up(1, false), b"", true), refused5(0x9A)),
    ];
    are_refused(&house, rows);
}

fn are_refused(house: &House, rows: Vec<(&str, Connect, Option<Heard>)>) {
    for (statement, connect, answer) in rows {
        let mut caller = Caller::dial(house.door.address());
        caller.send(&connect.bytes());
        let answer: Vec<_> = answer.into_iter().collect();
        assert_eq!(caller.hear_out(), answer, "{statement}, level {}", connect.level);
    }
}

#[test]
fn what_comes_before_or_instead_of_a_connect_is_closed() {
    let house = House::open();
    for bytes in [
        publish(4, &up(1, false), 1, b"x"),
        packet(0xC0, &[]),
        packet(0x20, &[0, 0]),
        packet(0x11, &[]),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
        vec![0x10, 0xFF, 0xFF, 0x7F],
    ] {
        let mut caller = Caller::dial(house.door.address());
        caller.send(&bytes);
        assert_eq!(caller.hear_out(), [], "{bytes:x?}");
    }
}

#[test]
fn an_admitted_client_of_version_5_is_told_what_this_door_offers() {
    let house = House::open();
    let mut caller = Caller::dial(house.door.address());
    let connect = Connect { keep_alive: 0, ..Connect::new(5, &seat()) };
    caller.send(&connect.bytes());
    let (first, body) = caller.hear().expect("a CONNACK");
    assert_eq!((first, &body[..2]), (0x20, &[0, 0][..]), "no session is ever present");
    let offers = &body[3..];
    let offered = [
        (vec![17, 0, 0, 0, 0], "session expiry 0"),
        (vec![33, 1, 0], "receive maximum 256"),
        (vec![36, 1], "QoS 1 at most"),
        (vec![37, 0], "no retained messages"),
        (vec![39, 0, 0, 0x10, 0], "packets of 4 KiB"),
        (vec![40, 0], "no wildcards"),
        (vec![41, 0], "no subscription ids"),
        (vec![42, 0], "no shared subscriptions"),
        (vec![19, 2, 88], "keep-alive of 600 s for who wants none"),
    ];
    for (property, what) in &offered {
        let place = offers.windows(property.len()).position(|window| window == property);
        assert!(place.is_some(), "{what} in {offers:x?}");
    }
    assert_eq!(offers.len(), offered.iter().map(|(property, _)| property.len()).sum::<usize>());
    assert!(!offers.contains(&34), "no topic aliases");
}

#[test]
fn a_client_without_id_is_given_one_in_version_5() {
    let house = House::with_bus();
    let mut caller = Caller::dial(house.door.address());
    caller.send(&Connect::local(5, "").bytes());
    let (_, body) = caller.hear().expect("a CONNACK");
    let id = body.windows(7).position(|window| window[0] == 18 && &window[3..] == b"auto");
    assert!(id.is_some(), "an assigned client id in {body:x?}");
    Caller::local(house.door.address(), 4, "").expect_quiet();
}

/// Rows of both versions: statement, bytes, what comes before the connection is closed.
fn faults(level: u8) -> Vec<(&'static str, Vec<u8>, u8)> {
    let telemetry = up(1, false);
    let body = |packet_id: u16, rest: &[u8]| {
        let mut body = packet_id.to_be_bytes().to_vec();
        if level == 5 {
            body.push(0);
        }
        body.extend_from_slice(rest);
        body
    };
    let large = publish(level, &telemetry, 1, &[0; 4_096]);
    vec![
        ("3.1.0-2 second CONNECT", Connect::new(level, &seat()).bytes(), 0x82),
        ("2.2.2-2 reserved flags of SUBSCRIBE", packet(0x80, &body(1, &[0, 1, b'a', 0])), 0x81),
        ("2.2.2-2 reserved flags of UNSUBSCRIBE", packet(0xA0, &body(1, &[0, 1, b'a'])), 0x81),
        ("2.2.2-2 reserved flags of PINGREQ", packet(0xC1, &[]), 0x81),
        ("2.2.2-2 reserved flags of DISCONNECT", packet(0xE1, &[]), 0x81),
        ("2.2.2-2 reserved flags of PUBACK", packet(0x42, &[0, 1]), 0x81),
        ("packet type 0", packet(0x00, &[]), 0x81),
        ("3.3.1-4 QoS 3", publish_with(level, 0x36, &telemetry, 1, b"x"), 0x81),
        ("3.3.1-2 DUP with QoS 0", publish_with(level, 0x38, &telemetry, 0, b"x"), 0x81),
        ("3.2.2-11 QoS 2 is not offered", publish_with(level, 0x34, &telemetry, 1, b"x"), 0x9B),
        (
            "2.3.1-1 packet id 0 of PUBLISH",
            publish_with(level, 0x32, &telemetry, 0, b"x"),
            if level == 5 { 0x82 } else { 0x81 },
        ),
        ("2.3.1-1 packet id 0 of SUBSCRIBE", packet(0x82, &body(0, &[0, 1, b'a', 0])), 0x82),
        ("2.3.1-1 packet id 0 of UNSUBSCRIBE", packet(0xA2, &body(0, &[0, 1, b'a'])), 0x82),
        ("3.3.2-2 wildcard in a topic", publish(level, "a/+", 1, b"x"), 0x90),
        ("3.3.2-2 wildcard in a topic", publish(level, "a/#", 1, b"x"), 0x90),
        ("1.5.3-1 topic not UTF-8", packet(0x30, &[0, 2, 0xC3, 0x28, 0]), 0x81),
        ("1.5.3-2 topic with U+0000", packet(0x30, &[0, 2, b'a', 0, 0]), 0x81),
        ("topic longer than the packet", packet(0x30, &[0, 9, b'a']), 0x81),
        ("3.8.3-3 SUBSCRIBE without a filter", packet(0x82, &body(1, &[])), 0x82),
        ("3.10.3-2 UNSUBSCRIBE without a filter", packet(0xA2, &body(1, &[])), 0x82),
        ("4.7.3-1 empty filter", packet(0x82, &body(1, &[0, 0, 0])), 0x81),
        ("3.8.3-4 reserved bits of a request", packet(0x82, &body(1, &[0, 1, b'a', 0xC0])), 0x81),
        ("3.8.3-4 QoS 3 of a request", packet(0x82, &body(1, &[0, 1, b'a', 3])), 0x81),
        ("SUBSCRIBE cut off", packet(0x82, &body(1, &[0, 1, b'a'])), 0x81),
        ("CONNACK from a client", packet(0x20, &[0, 0]), 0x82),
        ("SUBACK from a client", packet(0x90, &[0, 1, 0]), 0x82),
        ("PINGRESP from a client", packet(0xD0, &[]), 0x82),
        ("PUBREC without QoS 2", packet(0x50, &[0, 1]), 0x82),
        ("PUBREL without QoS 2", packet(0x62, &[0, 1]), 0x82),
        ("PUBCOMP without QoS 2", packet(0x70, &[0, 1]), 0x82),
        ("3.1.2-24 larger than the maximum", large, 0x95),
        ("length that never ends", vec![0x30, 0xFF, 0xFF, 0xFF, 0xFF], 0x81),
    ]
}

#[test]
fn what_the_specification_forbids_ends_the_session_and_version_5_says_why() {
    let house = House::open();
    for level in [4, 5] {
        for (statement, bytes, code) in faults(level) {
            let mut caller = Caller::device(house.door.address(), level, 1);
            caller.send(&bytes);
            // What may follow the code is for people.
            let codes = |(first, body): (u8, Vec<u8>)| (first, vec![body[0], 0]);
            let heard: Vec<_> = caller.hear_out().into_iter().map(codes).collect();
            assert_eq!(heard, goodbye(level, code), "{statement}, level {level}");
        }
    }
    assert_eq!(house.stored(), 0, "none of it reached the keep");
}

#[test]
fn what_only_version_5_forbids_ends_the_session_with_its_reason() {
    let house = House::open();
    let subscription_id = packet(0x82, &[0, 1, 2, 11, 5, 0, 1, b'a', 0]);
    let rows: Vec<(&str, Vec<u8>, u8)> = vec![
        ("3.3.2-8 topic alias 0", publish_v5(&[35, 0, 0]), 0x94),
        ("3.3.2-9 topic alias above the maximum", publish_v5(&[35, 0, 1]), 0x94),
        ("3.3.2.1 empty topic without alias", publish_with(5, 0x30, "", 0, b"x"), 0x82),
        ("3.3.4-6 subscription id from a client", publish_v5(&[11, 5]), 0x82),
        ("3.3.2-14 wildcard in a response topic", publish_v5(&[8, 0, 1, b'#']), 0x82),
        ("3.3.2.3.2 payload format 2", publish_v5(&[1, 2]), 0x82),
        ("3.3.2.3.3 message expiry twice", publish_v5(&[2, 0, 0, 0, 1, 2, 0, 0, 0, 1]), 0x82),
        ("2.2.2.2 property of CONNECT", publish_v5(&[33, 0, 1]), 0x81),
        ("1.5.5-1 length with padding", publish_padded(), 0x81),
        ("3.2.2-14 retained message", publish_with(5, 0x33, &up(1, false), 1, b"x"), 0x9A),
        ("3.2.2.3.12 subscription id", subscription_id, 0xA1),
        ("3.8.3-5 retain handling 3", subscribe(5, 1, &[("a", 0x30)]), 0x82),
        ("3.15.0-1 AUTH without a method", packet(0xF0, &[0x18, 0]), 0x82),
        ("3.4.2.1 unknown reason of PUBACK", packet(0x40, &[0, 1, 0x42]), 0x82),
        ("3.14.2.1 reason that only servers give", packet(0xE0, &[0x8E]), 0x81),
    ];
    for (statement, bytes, code) in rows {
        let mut caller = Caller::device(house.door.address(), 5, 1);
        caller.send(&bytes);
        assert_eq!(caller.hear_out(), goodbye(5, code), "{statement}");
    }
}

fn publish_padded() -> Vec<u8> {
    let mut bytes = publish(5, &up(1, false), 1, b"x");
    bytes[1] |= 0x80;
    bytes.insert(2, 0);
    bytes
}

#[test]
fn what_the_specification_allows_is_answered() {
    let house = House::open();
    for level in [4, 5] {
        let v5 = level == 5;
        let granted = |packet_id: u8, code: u8| {
            let body = if v5 { vec![0, packet_id, 0, code] } else { vec![0, packet_id, code] };
            vec![(0x90, body)]
        };
        let left = |packet_id: u8| {
            let body = if v5 { vec![0, packet_id, 0, 0] } else { vec![0, packet_id] };
            vec![(0xB0, body)]
        };
        let telemetry = up(1, false);
        let rows: Vec<(&str, Vec<u8>, Vec<Heard>)> = vec![
            ("3.12.4-1 PINGREQ", packet(0xC0, &[]), vec![(0xD0, vec![])]),
            ("3.3.4-1 QoS 1", publish(level, &telemetry, 9, b"x"), vec![(0x40, vec![0, 9])]),
            ("3.3.4-1 QoS 0", publish(level, &telemetry, 0, b"x"), vec![]),
            (
                "3.3.1-1 DUP",
                publish_with(level, 0x3A, &telemetry, 9, b"x"),
                vec![(0x40, vec![0, 9])],
            ),
            ("payload may be empty", publish(level, &telemetry, 1, b""), vec![(0x40, vec![0, 1])]),
            ("3.8.4-1 own tree", subscribe(level, 2, &[(&down(), 1)]), granted(2, 1)),
            ("3.8.4-5 QoS 0", subscribe(level, 3, &[(&down(), 0)]), granted(3, 0)),
            ("3.8.4-6 QoS 2 is granted as 1", subscribe(level, 4, &[(&down(), 2)]), granted(4, 1)),
            ("3.10.4-4 UNSUBSCRIBE", unsubscribe(level, 5, &[&down()]), left(5)),
            ("PUBACK of nothing", puback(77), vec![]),
        ];
        let mut caller = Caller::device(house.door.address(), level, 1);
        for (statement, bytes, answer) in &rows {
            caller.send(bytes);
            for (first, body) in answer {
                caller.expect(*first, body);
            }
            println!("{statement}, level {level}");
        }
        caller.expect_quiet();
        // The same byte by byte, and all at once.
        let all: Vec<u8> = rows.iter().flat_map(|(_, bytes, _)| bytes.clone()).collect();
        let answers = rows.iter().map(|(_, _, answer)| answer.len()).sum::<usize>();
        for byte in &all {
            caller.send(&[*byte]);
        }
        caller.send(&all);
        for _ in 0..2 * answers {
            caller.hear().expect("an answer");
        }
        caller.expect_quiet();
    }
}

#[test]
fn version_5_extras_are_taken_and_a_padded_length_is_in_order_in_311() {
    let house = House::open();
    let mut caller = Caller::device(house.door.address(), 5, 1);
    let user = [38, 0, 1, b'k', 0, 1, b'v', 38, 0, 1, b'k', 0, 1, b'v'];
    let extras = [&[1, 1, 2, 0, 0, 0, 9, 3, 0, 1, b't', 8, 0, 1, b'r', 9, 0, 1, 7][..], &user];
    caller.send(&publish_v5(&extras.concat()));
    caller.expect(0x40, &[0, 1]);
    caller.send(&packet(0x40, &[0, 1, 0x10, 0]));
    caller.expect_quiet();
    let mut old = publish(4, &up(1, false), 3, b"x");
    old[1] |= 0x80;
    old.insert(2, 0);
    let mut caller = Caller::device(house.door.address(), 4, 1);
    caller.send(&old);
    caller.expect(0x40, &[0, 3]);
}

#[test]
fn a_goodbye_is_taken_in_every_form() {
    let house = House::open();
    for (level, bytes) in [
        (4, packet(0xE0, &[])),
        (5, packet(0xE0, &[])),
        (5, packet(0xE0, &[0x00])),
        (5, packet(0xE0, &[0x04, 0])),
        (5, packet(0xE0, &[0x00, 5, 17, 0, 0, 0, 9])),
    ] {
        let mut caller = Caller::device(house.door.address(), level, 1);
        caller.send(&bytes);
        assert_eq!(caller.hear_out(), [], "{bytes:x?}");
    }
    assert_eq!(house.door.counters().breaches, 0);
}

#[test]
fn a_client_that_takes_little_is_sent_little() {
    let house = House::open();
    let connect =
        Connect { properties: vec![33, 0, 1, 39, 0, 0, 0, 80], ..Connect::new(5, &seat()) };
    let mut caller = Caller::inside(house.door.address(), &connect);
    caller.send(&subscribe(5, 1, &[(&down(), 1)]));
    caller.expect(0x90, &[0, 1, 0, 1]);
    let who = door::Who::Device(device(1));
    let topic = Topic::DeviceDown(device(1));
    for payload in [&b"one"[..], &[0; 200], b"two"] {
        house.door.tell(who, topic, bytes::Bytes::copy_from_slice(payload));
    }
    caller.expect(0x32, &publish(5, &down(), 1, b"one")[2..]);
    caller.expect_quiet();
    caller.send(&puback(1));
    caller.expect(0x32, &publish(5, &down(), 2, b"two")[2..]);
}
