//! Who sits where: take-over, revocation, strangers, limits, and what a door that is open may hear.
//!
//! Not here: certificates (`edge`), statements of the specification (`session`).

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

mod front;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bytes::Bytes;
use door::{CommitLimits, DoorConfig, DoorError, Edge, Limits, Told, Verdict, Who, committer};
use front::caller::Caller;
use front::packet::{Connect, publish, subscribe, up};
use front::{House, Judge, Plan, TestGate, device, gateway, wait};
use proto::frame::Lane;
use proto::seat::Seat;
use proto::topic::Topic;
use tokio::time::Instant;

fn gateway_connect(level: u8, lane: Lane) -> Connect {
    Connect::new(level, &Seat::Gateway(gateway(1), lane).to_string())
}

#[test]
fn who_comes_again_takes_its_seat_over() {
    let house = House::open();
    let mut former = Caller::device(house.door.address(), 5, 1);
    let mut successor = Caller::device(house.door.address(), 4, 1);
    assert_eq!(former.hear_out(), [(0xE0, vec![0x8E, 0])]);
    successor.expect_quiet();
    wait("it to be counted", || house.door.counters().taken_over == 1);
    assert!(house.gate.gone.lock().unwrap().is_empty(), "it is not gone, it has moved");
}

#[test]
fn a_late_verdict_never_answers_a_successor() {
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let opened = Arc::clone(&gate);
    let keep = Judge(move |_: &door::Arrival| {
        let (open, bell) = &*opened;
        drop(bell.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
        Verdict::Kept
    });
    let house = House::judged(Plan::default(), keep);
    let mut former = Caller::device(house.door.address(), 4, 1);
    former.send(&publish(4, &up(1, true), 5, b"help"));
    wait("the press to be at the disk", || house.door.counters().arrivals >= 1);
    let mut successor = Caller::device(house.door.address(), 4, 1);
    assert_eq!(former.hear_out(), []);
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    successor.send(&publish(4, &up(1, true), 6, b"help"));
    successor.expect(0x40, &[0, 6]);
    successor.expect_quiet();
}

#[test]
fn a_gateway_has_a_seat_for_each_lane_and_is_told_on_the_one_that_listens() {
    let house = House::open();
    let address = house.door.address();
    let mut telemetry = Caller::inside(address, &gateway_connect(4, Lane::Telemetry));
    let mut emergency = Caller::inside(address, &gateway_connect(4, Lane::Emergency));
    let down = Topic::GatewayDown(gateway(1));
    let who = Who::Gateway(gateway(1));
    assert_eq!(house.door.tell(who, down, Bytes::new()), Told::Absent);
    emergency.send(&subscribe(4, 1, &[(&down.to_string(), 1)]));
    emergency.expect(0x90, &[0, 1, 1]);
    wait("the gate to hear of it", || house.gate.listening.lock().unwrap().contains(&who));
    assert_eq!(house.door.tell(who, down, Bytes::from_static(b"roster")), Told::Queued);
    emergency.expect(0x32, &publish(4, &down.to_string(), 1, b"roster")[2..]);
    for (caller, lane) in [(&mut telemetry, Lane::Telemetry), (&mut emergency, Lane::Emergency)] {
        caller.send(&publish(4, &Topic::GatewayUp(gateway(1), lane).to_string(), 3, b"relay"));
        caller.expect(0x40, &[0, 3]);
    }
    telemetry.send(&publish(4, &Topic::GatewayUp(gateway(1), Lane::Emergency).to_string(), 4, b""));
    assert_eq!(telemetry.hear_out(), [], "not its lane");
    emergency.shut();
    wait("it to be gone", || house.gate.gone.lock().unwrap().contains(&who));
}

#[test]
fn a_revoked_identity_is_out_at_once_and_stays_out() {
    let house = House::open();
    let address = house.door.address();
    let mut caller = Caller::device(address, 5, 1);
    let mut other = Caller::device(address, 5, 2);
    let who = Who::Device(device(1));
    house.gate.revoked.lock().unwrap().insert(who);
    let since = Instant::now();
    house.door.cut(who);
    assert_eq!(caller.hear_out(), [(0xE0, vec![0x98, 0])]);
    assert!(since.elapsed() < Duration::from_secs(5));
    let mut again = Caller::dial(address);
    again.send(&Connect::new(5, &Seat::Device(device(1)).to_string()).bytes());
    again.expect(0x20, &[0, 0x87, 0]);
    other.expect_quiet();
}

#[test]
fn strangers_are_heard_for_emergencies_only_and_push_nobody_out() {
    let house = House::with_limits(Limits { stranger_messages: 2, ..Limits::default() });
    let address = house.door.address();
    let id = Seat::Stranger(device(1)).to_string();
    let topic = Topic::StrangerUp(device(1)).to_string();
    let mut known = Caller::device(address, 4, 1);
    let mut first = Caller::inside(address, &Connect::stranger(5, &id));
    let mut second = Caller::inside(address, &Connect::stranger(5, &id));
    for caller in [&mut first, &mut second] {
        caller.send(&publish(5, &topic, 1, b"help"));
        caller.expect(0x40, &[0, 1]);
    }
    known.expect_quiet();
    first.send(&subscribe(5, 2, &[(&Topic::DeviceDown(device(1)).to_string(), 1)]));
    first.expect(0x90, &[0, 2, 0, 0x87]);
    first.send(&publish(5, &up(1, true), 3, b"not its lane"));
    assert_eq!(first.hear_out(), [(0xE0, vec![0x87, 0])]);
    second.send(&publish(5, &topic, 2, b"help"));
    second.expect(0x40, &[0, 2]);
    second.send(&publish(5, &topic, 3, b"help"));
    assert_eq!(second.hear_out(), [(0xE0, vec![0x97, 0])], "two messages a session");
}

#[test]
fn strangers_of_one_address_have_a_rate() {
    let house = House::with_limits(Limits { strangers_per_minute: 3, ..Limits::default() });
    for number in 0..5 {
        let id = Seat::Stranger(device(number)).to_string();
        let mut caller = Caller::dial(house.door.address());
        caller.send(&Connect::stranger(4, &id).bytes());
        caller.expect(0x20, &[0, if number < 3 { 0 } else { 3 }]);
        if number < 3 {
            caller.send(&publish(4, &Topic::StrangerUp(device(number)).to_string(), 1, b"help"));
            caller.expect(0x40, &[0, 1]);
        }
    }
    Caller::device(house.door.address(), 4, 1).expect_quiet();
}

#[test]
fn the_reserve_is_for_emergencies() {
    let limits = Limits { connections: 2, reserve: 3, ..Limits::default() };
    let house = House::with_limits(limits);
    wait("the watchdog's first round", || house.door.healthy());
    wait("the watchdog to leave", || house.door.counters().open == 0);
    let address = house.door.address();
    let _inside: Vec<_> = (0..2).map(|number| Caller::device(address, 4, number)).collect();
    let mut refused = Caller::dial(address);
    refused.send(&gateway_connect(4, Lane::Telemetry).bytes());
    refused.expect(0x20, &[0, 3]);
    let mut emergency = Caller::inside(address, &gateway_connect(4, Lane::Emergency));
    let topic = Topic::GatewayUp(gateway(1), Lane::Emergency).to_string();
    emergency.send(&publish(4, &topic, 1, b"help"));
    emergency.expect(0x40, &[0, 1]);
}

#[test]
fn one_address_of_nobodies_is_bounded_and_somebodies_are_not() {
    let grace = Duration::from_millis(50);
    let limits = Limits { porch: 2, share: 1, grace, ..Limits::default() };
    let house = House::with_limits(limits);
    let address = house.door.address();
    let mut inside: Vec<_> = (0..5).map(|number| Caller::device(address, 4, number)).collect();
    let mut nobodies = [Caller::dial(address), Caller::dial(address)];
    let _third = Caller::dial(address);
    assert_eq!(nobodies[0].hear(), None, "the oldest has given way");
    inside.iter_mut().for_each(Caller::expect_quiet);
}

#[test]
fn who_does_not_say_connect_in_time_is_closed_even_if_it_dribbles() {
    let limits = Limits { connect: Duration::from_millis(300), ..Limits::default() };
    let house = House::with_limits(limits);
    let since = Instant::now();
    let mut dribbler = Caller::dial(house.door.address());
    let mut silent = Caller::dial(house.door.address());
    let bytes = Connect::new(4, &Seat::Device(device(1)).to_string()).bytes();
    for byte in &bytes[..bytes.len() - 1] {
        dribbler.send(&[*byte]);
    }
    assert_eq!((dribbler.hear_out(), silent.hear_out()), (vec![], vec![]));
    assert!(since.elapsed() >= Duration::from_millis(300));
}

#[test]
fn who_is_silent_for_longer_than_its_keep_alive_is_closed() {
    let house = House::open();
    let connect =
        Connect { keep_alive: 1, ..Connect::new(5, &Seat::Device(device(1)).to_string()) };
    let since = Instant::now();
    let mut caller = Caller::inside(house.door.address(), &connect);
    assert_eq!(caller.hear_out(), [(0xE0, vec![0x8D, 0])]);
    assert!(since.elapsed() >= Duration::from_millis(1_500));
}

#[test]
fn a_disk_that_refuses_gets_no_puback_and_the_device_is_told() {
    let house = House::open();
    for level in [4, 5] {
        let mut caller = Caller::device(house.door.address(), level, 1);
        caller.send(&publish(level, &up(1, true), 1, b"help"));
        caller.expect(0x40, &[0, 1]);
        house.fail.store(true, Ordering::Release);
        caller.send(&publish(level, &up(1, true), 2, b"help"));
        let goodbye = if level == 5 { vec![(0xE0, vec![0x97, 0])] } else { vec![] };
        assert_eq!(caller.hear_out(), goodbye);
        house.fail.store(false, Ordering::Release);
        let mut again = Caller::device(house.door.address(), level, 1);
        again.send(&publish(level, &up(1, true), 2, b"help"));
        again.expect(0x40, &[0, 2]);
    }
    assert_eq!(house.stored(), 4);
}

#[test]
fn a_keep_that_panics_acknowledges_nothing_any_more_and_the_door_says_so() {
    let keep = Judge(|arrival: &door::Arrival| {
        assert!(arrival.payload != "poison", "planted");
        Verdict::Kept
    });
    let house = House::judged(Plan::default(), keep);
    wait("the door to be well", || house.door.healthy());
    let mut caller = Caller::device(house.door.address(), 4, 1);
    caller.send(&publish(4, &up(1, true), 1, b"poison"));
    assert_eq!(caller.hear_out(), []);
    assert!(!house.door.healthy());
    let mut caller = Caller::device(house.door.address(), 4, 1);
    caller.send(&publish(4, &up(1, true), 2, b"help"));
    assert_eq!(caller.hear_out(), []);
    assert_eq!(house.door.counters().acknowledged, 1, "the watchdog's, before");
}

#[test]
fn pubacks_keep_the_order_of_receipt_and_an_emergency_does_not_wait_for_telemetry() {
    let house = House::open();
    let mut caller = Caller::device(house.door.address(), 4, 1);
    let mut bytes = Vec::new();
    for packet_id in 1..=200 {
        bytes.extend(publish(4, &up(1, packet_id % 7 == 0), packet_id, b"mixed"));
    }
    caller.send(&bytes);
    for packet_id in 1..=200u16 {
        caller.expect(0x40, &packet_id.to_be_bytes());
    }
    assert_eq!(house.stored(), 200);
}

#[test]
fn a_flood_is_held_back_at_its_socket() {
    let kept = Arc::new(AtomicU64::new(0));
    let (counted, release) = (Arc::clone(&kept), Arc::new(Mutex::new(())));
    let held = release.lock().unwrap();
    let gate = Arc::clone(&release);
    let keep = Judge(move |_: &door::Arrival| {
        drop(gate.lock().unwrap());
        counted.fetch_add(1, Ordering::AcqRel);
        Verdict::Kept
    });
    let house = House::judged(Plan::default(), keep);
    let mut caller = Caller::device(house.door.address(), 4, 1);
    let mut bytes = Vec::new();
    for packet_id in 1..=2_000 {
        bytes.extend(publish(4, &up(1, false), packet_id, b"flood"));
    }
    caller.send(&bytes);
    wait("its window to be full", || house.door.counters().arrivals >= 256);
    assert!(house.door.counters().arrivals <= 258, "256 and the watchdog's");
    drop(held);
    for packet_id in 1..=2_000u16 {
        caller.expect(0x40, &packet_id.to_be_bytes());
    }
    assert!(kept.load(Ordering::Acquire) >= 2_000);
}

#[test]
fn version_5_is_held_to_its_receive_maximum() {
    let (release, mutex) = (Arc::new(Mutex::new(())), ());
    let held = release.lock().unwrap();
    let gate = Arc::clone(&release);
    let keep = Judge(move |_: &door::Arrival| {
        drop(gate.lock().unwrap());
        Verdict::Kept
    });
    let house = House::judged(Plan::default(), keep);
    let mut caller = Caller::device(house.door.address(), 5, 1);
    for packet_id in 1..=257 {
        caller.send(&publish(5, &up(1, false), packet_id, b"flood"));
    }
    assert_eq!(caller.hear_out().last(), Some(&(0xE0, vec![0x93, 0])));
    drop((held, mutex));
}

#[test]
fn a_door_that_closes_says_so_to_everybody() {
    let house = House::open();
    let mut caller = Caller::device(house.door.address(), 5, 1);
    let address = house.door.address();
    house.runtime.block_on(house.door.clone().close());
    assert_eq!(caller.hear_out(), [(0xE0, vec![0x8B, 0])]);
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn the_watchdog_makes_real_rounds() {
    let house = House::open();
    wait("a round", || house.door.counters().watchdog_rounds >= 1);
    assert!(house.door.healthy());
    house.fail.store(true, Ordering::Release);
    wait("a miss", || house.door.counters().watchdog_misses >= 1);
    assert_eq!(house.stored(), 0);
}

#[test]
fn a_plain_door_that_others_can_reach_is_for_sealed_frames_or_does_not_open() {
    let open = |bind: &str, open_to_home| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (commit, _thread) =
            committer(Judge(|_: &door::Arrival| Verdict::Kept), CommitLimits::default());
        let edge = Edge::Plain { open_to_home };
        let config = DoorConfig { bind: bind.parse().unwrap(), edge, limits: Limits::default() };
        runtime.block_on(door::open(config, Arc::new(TestGate::default()), commit, None)).map(drop)
    };
    assert!(matches!(open("0.0.0.0:0", false), Err(DoorError::Exposed(_))));
    let edge = Edge::Plain { open_to_home: true };
    let house = House::build(Plan { edge, bind: "0.0.0.0:0", ..Plan::default() });
    let address = ([127, 0, 0, 1], house.door.address().port()).into();
    Caller::device(address, 4, 1).expect_quiet();
    for connect in [gateway_connect(4, Lane::Emergency), Connect::local(4, "lamp")] {
        let mut caller = Caller::dial(address);
        caller.send(&connect.bytes());
        caller.expect(0x20, &[0, 5]);
    }
    wait("its watchdog to come round", || house.door.healthy());
    let taken = open(&format!("127.0.0.1:{}", house.door.address().port()), false);
    let sentence = taken.expect_err("the port is in use").to_string();
    assert!(sentence.contains("stop what holds this port"), "{sentence}");
}
