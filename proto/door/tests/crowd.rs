//! A neighbour with thousands of sockets: who is enrolled, who is a stranger and the watchdog are served meanwhile.
//!
//! Not here: the rules by themselves (`admission`), real programs under a real limit (`tests`).

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test ends at its first failure")]

mod front;

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use door::Limits;
use front::caller::Caller;
use front::packet::{Connect, publish, up};
use front::{House, device, wait};
use proto::seat::Seat;
use proto::topic::Topic;

/// A door that 300 sockets fill three times over.
fn small() -> Limits {
    Limits {
        connections: 20,
        reserve: 10,
        porch: 100,
        share: 25,
        grace: Duration::from_millis(100),
        ..Limits::default()
    }
}

/// So many sockets that never say a word.
fn half_open(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    (0..count).map(|_| TcpStream::connect(address).expect("connect")).collect()
}

#[test]
fn half_open_sockets_of_one_address_lock_out_no_device_no_stranger_and_no_watchdog() {
    let house = House::with_limits(small());
    let address = house.door.address();
    let silent = half_open(address, 300);
    for number in 0..20u64 {
        let mut caller = Caller::device(address, 4, number);
        caller.send(&publish(4, &up(number, true), 1, b"help"));
        caller.expect(0x40, &[0, 1]);
    }
    let stranger = Connect::stranger(4, &Seat::Stranger(device(77)).to_string());
    let mut caller = Caller::inside(address, &stranger);
    caller.send(&publish(4, &Topic::StrangerUp(device(77)).to_string(), 1, b"help"));
    caller.expect(0x40, &[0, 1]);
    wait("the watchdog", || house.door.healthy());
    assert!(house.door.counters().turned_away > 0, "the silent gave way");
    drop(silent);
}

#[test]
fn sixty_four_silent_strangers_do_not_fill_the_lane() {
    let house = House::open();
    let address = house.door.address();
    let id = |number| Seat::Stranger(device(number)).to_string();
    let _silent: Vec<_> =
        (0..70).map(|n| Caller::inside(address, &Connect::stranger(4, &id(n)))).collect();
    let mut caller = Caller::inside(address, &Connect::stranger(4, &id(99)));
    caller.send(&publish(4, &Topic::StrangerUp(device(99)).to_string(), 1, b"help"));
    caller.expect(0x40, &[0, 1]);
}

#[test]
fn a_watchdog_that_does_not_come_back_is_told_at_once() {
    let house = House::open();
    wait("a round", || house.door.healthy());
    house.fail.store(true, std::sync::atomic::Ordering::Release);
    wait("a miss", || house.door.counters().watchdog_misses >= 1);
    assert!(!house.door.healthy(), "one round that failed is one that is told");
    house.fail.store(false, std::sync::atomic::Ordering::Release);
    wait("the next round", || house.door.healthy());
}
