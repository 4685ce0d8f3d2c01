//! The local bus: free topics for the household, the agreement's own prefix to read only.
//!
//! Not here: bursts (`bus_bursts`), sessions and wills (`bus_sessions`).

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

mod front;

use bytes::Bytes;
use door::Who;
use front::caller::Caller;
use front::packet::{Connect, publish, publish_with, subscribe, up};
use front::{House, device, resident_bytes, wait};
use proto::id::HomeId;
use proto::topic::Topic;

fn home(number: u64) -> HomeId {
    HomeId::new(number).unwrap()
}

fn listen(caller: &mut Caller, level: u8, filter: &str, options: u8) {
    caller.send(&subscribe(level, 1, &[(filter, options)]));
    let granted = options & 1;
    let answer: &[u8] = if level == 5 { &[0, 1, 0, granted] } else { &[0, 1, granted] };
    caller.expect(0x90, answer);
}

fn expect_message(caller: &mut Caller, level: u8, first: u8, topic: &str, payload: &[u8]) {
    let expected = publish_with(level, first, topic, 0, payload);
    let (heard, body) = caller.hear().expect("a message");
    let shift = expected.len() - body.len();
    assert_eq!((heard, &body[..]), (first, &expected[shift..]));
}

#[test]
fn the_household_follows_the_gateway_and_cannot_speak_in_its_name() {
    let house = House::with_bus();
    let bus = house.bus.clone().unwrap();
    let topic = Topic::BusState(home(1), device(1));
    let text = topic.to_string();
    assert!(bus.publish(topic, true, Bytes::from_static(b"{\"in_bed\":true}")));
    for level in [4, 5] {
        let mut display = Caller::local(house.door.address(), level, "display");
        for filter in [text.as_str(), "+/bus/+/+/state", "#"] {
            listen(&mut display, level, filter, 0);
            expect_message(&mut display, level, 0x31, &text, b"{\"in_bed\":true}");
        }
        display.send(&publish(level, &text, 1, b"forged"));
        let goodbye = if level == 5 { vec![(0xE0, vec![0x87, 0])] } else { vec![] };
        assert_eq!(display.hear_out(), goodbye);
        let mut forger = Caller::dial(house.door.address());
        forger.send(&Connect::local(level, "x").will(&text, b"forged", true).bytes());
        assert_eq!(forger.hear().map(|(_, body)| body[1]), Some(if level == 5 { 0x87 } else { 5 }));
    }
    let mut later = Caller::local(house.door.address(), 4, "later");
    listen(&mut later, 4, &text, 0);
    expect_message(&mut later, 4, 0x31, &text, b"{\"in_bed\":true}");
    later.send(&publish(4, &up(1, true), 1, b"forged press"));
    assert_eq!(later.hear_out(), []);
    assert_eq!(house.stored(), 0, "nothing of the bus reaches the keep");
}

#[test]
fn a_message_goes_to_all_who_listen_and_to_nobody_else() {
    let house = House::with_bus();
    let address = house.door.address();
    let mut lamp = Caller::local(address, 4, "lamp");
    let mut hall = Caller::local(address, 5, "hall");
    let mut other = Caller::local(address, 5, "other");
    listen(&mut lamp, 4, "zigbee2mqtt/lamp/set", 1);
    listen(&mut hall, 5, "zigbee2mqtt/+/set", 1);
    listen(&mut other, 5, "$SYS/#", 1);
    // A subscription that is answered is in force.
    let mut remote = Caller::local(address, 4, "remote");
    for count in 0..300u16 {
        let payload = count.to_string();
        remote.send(&publish(4, "zigbee2mqtt/lamp/set", 0, payload.as_bytes()));
        expect_message(&mut lamp, 4, 0x30, "zigbee2mqtt/lamp/set", payload.as_bytes());
        expect_message(&mut hall, 5, 0x30, "zigbee2mqtt/lamp/set", payload.as_bytes());
    }
    remote.send(&publish(4, "$SYS/x", 1, b"apart"));
    remote.expect(0x40, &[0, 1]);
    other.expect(0x32, &publish(5, "$SYS/x", 1, b"apart")[2..]);
    other.expect_quiet();
}

#[test]
fn the_wishes_of_version_5_are_kept() {
    let house = House::with_bus();
    let address = house.door.address();
    let (no_local, as_published, only_new, never) = (0b100, 0b1000, 0b1_0000, 0b10_0000);
    let mut own = Caller::local(address, 5, "own");
    listen(&mut own, 5, "a/b", no_local);
    own.send(&publish_with(5, 0x33, "a/b", 2, b"1"));
    own.expect(0x40, &[0, 2]);
    own.expect_quiet();
    let mut exact = Caller::local(address, 5, "exact");
    listen(&mut exact, 5, "a/+", as_published | never);
    exact.expect_quiet();
    let mut fresh = Caller::local(address, 5, "fresh");
    listen(&mut fresh, 5, "a/b", only_new);
    expect_message(&mut fresh, 5, 0x31, "a/b", b"1");
    listen(&mut fresh, 5, "a/b", only_new);
    fresh.expect_quiet();
    own.send(&publish_with(5, 0x31, "a/b", 0, b"2"));
    expect_message(&mut exact, 5, 0x31, "a/b", b"2");
    expect_message(&mut fresh, 5, 0x30, "a/b", b"2");
    own.expect_quiet();
}

#[test]
fn a_will_is_said_for_who_is_gone_without_a_word() {
    let house = House::with_bus();
    let address = house.door.address();
    let mut watcher = Caller::local(address, 4, "watcher");
    listen(&mut watcher, 4, "lamp/gone", 0);
    let connect = Connect::local(4, "lamp").will("lamp/gone", b"dark", false);
    let mut polite = Caller::inside(address, &connect);
    polite.send(&[0xE0, 0]);
    assert_eq!(polite.hear_out(), []);
    watcher.expect_quiet();
    Caller::inside(address, &connect).shut();
    expect_message(&mut watcher, 4, 0x30, "lamp/gone", b"dark");
}

#[test]
fn a_call_for_help_is_passed_on_and_on_disk_before_it_is_acknowledged() {
    let house = House::with_bus();
    let address = house.door.address();
    for (round, level) in [(1, 4), (2, 5)] {
        let mut lamp = Caller::local(address, level, "lamp");
        listen(&mut lamp, level, "zigbee2mqtt/+", 0);
        let mut button = Caller::local(address, level, "zigbee2mqtt");
        button.send(&publish(level, "zigbee2mqtt/button", 1, b"sos"));
        button.send(&publish(level, "zigbee2mqtt/lamp", 2, b"on"));
        expect_message(&mut lamp, level, 0x30, "zigbee2mqtt/button", b"sos");
        button.expect(0x40, &[0, 1]);
        assert_eq!(house.stored(), round, "the call is on disk, what else is said is not");
        button.expect(0x40, &[0, 2]);
        button.expect_quiet();
    }
}

#[test]
fn a_call_for_help_that_finds_no_disk_is_never_acknowledged_and_its_program_is_shown_out() {
    let house = House::with_bus();
    let address = house.door.address();
    house.fail.store(true, std::sync::atomic::Ordering::SeqCst);
    for level in [4, 5] {
        let mut lamp = Caller::local(address, level, "lamp");
        listen(&mut lamp, level, "zigbee2mqtt/+", 0);
        let mut button = Caller::local(address, level, "zigbee2mqtt");
        button.send(&publish(level, "zigbee2mqtt/button", 1, b"sos"));
        button.send(&publish(level, "zigbee2mqtt/lamp", 2, b"on"));
        let rest = button.hear_out();
        assert!(rest.iter().all(|(first, _)| first >> 4 != 4), "no PUBACK: {rest:?}");
        expect_message(&mut lamp, level, 0x30, "zigbee2mqtt/button", b"sos");
    }
    assert_eq!(house.stored(), 0);
}

#[test]
fn two_thousand_retained_states_come_to_a_new_display() {
    let house = House::with_bus();
    let bus = house.bus.clone().unwrap();
    for number in 0..2_000 {
        let topic = Topic::BusState(home(1), device(number));
        wait("room on the bus", || bus.publish(topic, true, Bytes::from(number.to_string())));
    }
    let mut display = Caller::local(house.door.address(), 4, "display");
    display.send(&subscribe(4, 1, &[("#", 0)]));
    display.expect(0x90, &[0, 1, 0]);
    let heard = (0..2_000).filter(|_| display.hear().is_some_and(|(first, _)| first == 0x31));
    assert_eq!(heard.count(), 2_000);
    assert_eq!(house.door.counters().overflows, 0);
}

#[test]
fn a_bus_does_not_wear_however_many_topics_and_programs_pass() {
    let house = House::with_bus();
    let address = house.door.address();
    let mut steady = Caller::local(address, 5, "steady");
    listen(&mut steady, 5, "kept/#", 0);
    let mut noisy = Caller::local(address, 4, "noisy");
    let mut round = |base: u32| {
        for number in base..base + 20_000 {
            noisy.send(&publish(4, &format!("noise/{number}"), 0, b"x"));
        }
        noisy.expect_quiet();
    };
    round(0);
    let before = resident_bytes();
    (1..4).for_each(|turn| round(turn * 20_000));
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 4 * 1024 * 1024, "60,000 topics have left {grown} bytes behind");
    noisy.send(&publish(4, "kept/state", 0, b"on"));
    expect_message(&mut steady, 5, 0x30, "kept/state", b"on");
    assert!(house.bus.as_ref().unwrap().healthy());
}

#[test]
fn a_part_of_the_gateway_listens_too_and_a_device_sees_nothing_of_it() {
    let house = House::with_bus();
    let bus = house.bus.clone().unwrap();
    assert!(bus.listen("a#").is_none());
    let mut adapter = bus.listen("zigbee2mqtt/#").expect("a seat");
    let mut remote = Caller::local(house.door.address(), 4, "remote");
    for payload in ["1", "2", "3"] {
        remote.send(&publish(4, "zigbee2mqtt/bed", 0, payload.as_bytes()));
        let heard = house.runtime.block_on(adapter.next());
        assert_eq!(heard, ("zigbee2mqtt/bed".to_owned(), Bytes::from(payload)));
    }
    let mut device = Caller::device(house.door.address(), 4, 1);
    device.send(&publish(4, "zigbee2mqtt/bed", 1, b"x"));
    assert_eq!(device.hear_out(), []);
    wait("it to be gone", || {
        house.gate.gone.lock().unwrap().iter().any(|who| matches!(who, Who::Device(_)))
    });
}
