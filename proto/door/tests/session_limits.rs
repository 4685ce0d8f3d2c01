//! Each bound of a session has an end that somebody meets: time, silence, messages, and the last place of all.
//!
//! What is told of a bound is in `session`, places in `seats`, the porch in `admission` and `entrance`.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at its first failure, and the front has more than this one asks for"
)]
#![allow(dead_code, reason = "the front has more than this one asks for")]

mod front;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use door::{Arrival, Keep, Limits, Verdict, Who};
use front::caller::Caller;
use front::packet::{Connect, publish, up};
use front::{House, Plan, device, gateway, wait};
use proto::frame::Lane;
use proto::seat::Seat;
use tokio::time::Instant;

fn seat(number: u64) -> String {
    Seat::Device(device(number)).to_string()
}

#[test]
fn whoever_asks_for_no_keep_alive_or_a_longer_one_is_closed_after_the_longest() {
    let house = House::with_limits(Limits { keep_alive: 1, ..Limits::default() });
    for (level, asked) in [(4, 0), (4, 60_000), (5, 0), (5, 60_000)] {
        let connect = Connect { keep_alive: asked, ..Connect::new(level, &seat(1)) };
        let since = Instant::now();
        let mut caller = Caller::dial(house.door.address());
        caller.send(&connect.bytes());
        assert!(caller.hear().is_some(), "it is let in");
        let goodbye = if level == 5 { vec![(0xE0, vec![0x8D, 0])] } else { vec![] };
        assert_eq!(caller.hear_out(), goodbye, "version {level}, {asked} s");
        assert!(since.elapsed() >= Duration::from_millis(1_500));
    }
}

#[test]
fn the_reserve_has_an_end_for_emergencies_too() {
    let house = House::with_limits(Limits { connections: 1, reserve: 2, ..Limits::default() });
    wait("the watchdog's first round", || house.door.healthy());
    wait("the watchdog to leave", || house.door.counters().open == 0);
    let address = house.door.address();
    let urgent = |number| {
        let seat = Seat::Gateway(gateway(number), Lane::Emergency).to_string();
        Connect::new(4, &seat)
    };
    let mut inside: Vec<_> = (1..=3).map(|n| Caller::inside(address, &urgent(n))).collect();
    let mut refused = Caller::dial(address);
    refused.send(&urgent(4).bytes());
    refused.expect(0x20, &[0, 3]);
    inside.iter_mut().for_each(Caller::expect_quiet);
}

/// Asks without ever reading an answer, until nobody takes what it asks or it is dropped.
fn asks_and_does_not_listen(house: &House) -> TcpStream {
    let stream = house.runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        socket.connect(house.door.address()).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    let mut stream = stream;
    stream.write_all(&Connect::new(4, &seat(1)).bytes()).unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0]);
    stream.set_write_timeout(Some(Duration::from_secs(8))).unwrap();
    let pings = [0xC0, 0].repeat(32 * 1024);
    while stream.write(&pings).is_ok() {}
    stream
}

#[test]
fn a_peer_that_takes_no_bytes_is_dropped_and_gives_its_place_back() {
    let stall = Duration::from_millis(500);
    let limits = Limits { stall, keep_alive: 600, ..Limits::default() };
    let house = House::with_limits(limits);
    wait("the watchdog's first round", || house.door.healthy());
    let _deaf = asks_and_does_not_listen(&house);
    wait("it to be dropped", || house.gate.gone.lock().unwrap().len() == 1);
    Caller::device(house.door.address(), 4, 1).expect_quiet();
}

/// Remembers the largest group that it was given.
struct Measures(Arc<AtomicUsize>);

impl Keep for Measures {
    fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
        let calls = group.iter().filter(|arrival| arrival.who != Who::Watchdog).count();
        self.0.fetch_max(calls, Ordering::Relaxed);
        verdicts.extend(group.iter().map(|_| Verdict::Kept));
    }
}

#[test]
fn a_session_has_so_many_messages_under_way_and_no_more_of_it_is_read() {
    let largest = Arc::new(AtomicUsize::new(0));
    let limits = Limits { in_flight: 4, ..Limits::default() };
    let plan = Plan { limits, ..Plan::default() };
    let house = House::judged(plan, Measures(Arc::clone(&largest)));
    let mut caller = Caller::device(house.door.address(), 4, 1);
    let many = (1..=64).flat_map(|packet| publish(4, &up(1, true), packet, b"help"));
    caller.send(&many.collect::<Vec<u8>>());
    for packet in 1..=64u16 {
        caller.expect(0x40, &packet.to_be_bytes());
    }
    assert_eq!(largest.load(Ordering::Relaxed), 4, "so many in one group");
}
