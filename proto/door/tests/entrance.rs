//! Who waits for a place is let in when there is one, and who makes room for it hears so.
//!
//! Tickets without sockets, and a small house with them. Not here: who gives way (`admission`), crowds (`crowd`).

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test ends at its first failure")]

mod front;

use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use door::admission::{Rank, Rules};
use door::{BusLimits, Entrance, Exit, Limits, Ticket};
use front::caller::Caller;
use front::packet::{Connect, publish, subscribe, up};
use front::{House, PATIENCE, Plan, device, wait};
use proto::seat::Seat;
use proto::unit::Millis;

const HOUR: u64 = 3_600_000;

/// A porch of one place, which whoever is silent may keep for so long.
fn entrance(grace: u64) -> Arc<Entrance> {
    Entrance::new(Rules {
        porch: 1,
        share: 1,
        grace: Millis::new(grace),
        inside: 10,
        reserve: 0,
        strangers: 0,
        strangers_per_minute: 0,
    })
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it comes")
}

async fn come(entrance: &Arc<Entrance>, address: [u8; 4]) -> (Ticket, Arc<Exit>) {
    let exit = Arc::new(Exit::default());
    let holder = Arc::clone(&exit);
    (entrance.place(IpAddr::from(address), holder).await, exit)
}

#[tokio::test]
async fn who_makes_room_is_told_and_nobody_else_need_move_for_it() {
    let entrance = entrance(50);
    let (silent, exit) = come(&entrance, [10, 0, 0, 1]).await;
    silent.looked();
    // Nothing happens meanwhile but that time passes.
    let (_next, stays) = soon(come(&entrance, [10, 0, 0, 2])).await;
    soon(exit.told()).await;
    assert_eq!((entrance.evicted(), entrance.open()), (1, 2), "counted until it is closed");
    let told = tokio::time::timeout(Duration::from_millis(50), stays.told()).await;
    assert!(told.is_err(), "and nobody else is");
}

#[tokio::test]
async fn who_proves_itself_leaves_the_porch_to_who_waits() {
    let entrance = entrance(HOUR);
    let (first, _exit) = come(&entrance, [10, 0, 0, 1]).await;
    let waits = tokio::spawn({
        let entrance = Arc::clone(&entrance);
        async move { come(&entrance, [10, 0, 0, 2]).await }
    });
    tokio::task::yield_now().await;
    assert!(!waits.is_finished());
    assert!(first.prove(Rank::Urgent, None));
    let (_next, _exit) = soon(waits).await.unwrap();
    assert_eq!(entrance.evicted(), 0);
}

/// One place for who has said nothing yet: hardly any time for the silent, very long for who speaks.
fn porch_of_one() -> Limits {
    let (wait, grace) = (Duration::from_secs(60), Duration::from_secs(8));
    Limits { porch: 1, share: 0, grace, connect: wait, handshake: wait, ..Limits::default() }
}

#[test]
fn a_silent_socket_gives_way_at_the_end_of_its_short_grace() {
    let house = House::with_limits(porch_of_one());
    let _silent = TcpStream::connect(house.door.address()).unwrap();
    wait("it to stand on the porch", || house.door.counters().open == 1);
    let mut caller = Caller::device(house.door.address(), 4, 1);
    caller.send(&publish(4, &up(1, true), 1, b"help"));
    caller.expect(0x40, &[0, 1]);
    assert_eq!(house.door.counters().turned_away, 1);
}

#[test]
fn who_has_begun_to_speak_is_not_taken_for_silent() {
    let house = House::with_limits(porch_of_one());
    let connect = Connect::new(4, &Seat::Device(device(1)).to_string()).bytes();
    let mut slow = Caller::dial(house.door.address());
    assert!(slow.quiet_for(Duration::from_millis(300)), "it is looked at and has said nothing");
    slow.send(&connect[..1]);
    let mut next = Caller::dial(house.door.address());
    next.send(&Connect::new(4, &Seat::Device(device(2)).to_string()).bytes());
    assert!(slow.quiet_for(Duration::from_secs(4)), "the grace of the silent is over");
    slow.send(&connect[1..]);
    slow.expect(0x20, &[0, 0]);
    next.expect(0x20, &[0, 0]);
    assert_eq!(house.door.counters().turned_away, 0);
}

#[test]
fn the_watchdog_makes_its_rounds_while_the_porch_is_full() {
    let limits = Limits { grace: Duration::from_secs(3_600), ..porch_of_one() };
    let house = House::with_limits(limits);
    wait("the first round", || house.door.healthy());
    let _silent = TcpStream::connect(house.door.address()).unwrap();
    wait("it to stand on the porch", || house.door.counters().open == 1);
    let rounds = house.door.counters().watchdog_rounds;
    wait("another round", || house.door.counters().watchdog_rounds > rounds);
    assert_eq!(house.door.counters().watchdog_misses, 0);
}

#[test]
fn who_comes_again_is_let_in_though_the_house_is_full_of_its_like() {
    let house = House::with_limits(Limits { connections: 1, reserve: 0, ..Limits::default() });
    let mut former = Caller::device(house.door.address(), 5, 1);
    let mut other = Caller::dial(house.door.address());
    other.send(&Connect::new(4, &Seat::Device(device(2)).to_string()).bytes());
    other.expect(0x20, &[0, 3]);
    let mut again = Caller::device(house.door.address(), 4, 1);
    assert_eq!(former.hear_out(), [(0xE0, vec![0x8E, 0])]);
    again.send(&publish(4, &up(1, true), 1, b"help"));
    again.expect(0x40, &[0, 1]);
}

#[test]
fn a_program_that_listens_is_not_idle_and_none_takes_the_reserve() {
    let grace = Duration::from_millis(100);
    let limits = Limits { connections: 1, reserve: 5, grace, packet: 65_536, ..Limits::default() };
    let bus = Some(BusLimits::default());
    let house = House::build(Plan { limits, bus, ..Plan::default() });
    let address = house.door.address();
    let mut listens = Caller::local(address, 4, "listens");
    listens.send(&subscribe(4, 1, &[("ward/#", 0)]));
    listens.expect(0x90, &[0, 1, 0]);
    assert!(listens.quiet_for(Duration::from_millis(500)), "its grace is over");
    let mut next = Caller::dial(address);
    next.send(&Connect::local(4, "next").bytes());
    next.expect(0x20, &[0, 3]);
    listens.expect_quiet();
    // The reserve is there for who presses.
    let mut device = Caller::device(address, 4, 1);
    device.send(&publish(4, &up(1, true), 1, b"help"));
    device.expect(0x40, &[0, 1]);
}
