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

use bytes::Bytes;
use door::{Arrival, Keep, Limits, Told, Verdict, Who};
use front::caller::Caller;
use front::packet::{Connect, publish, subscribe, up};
use front::{House, Plan, device, gateway, wait};
use proto::frame::Lane;
use proto::seat::Seat;
use proto::topic::Topic;
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

#[test]
fn so_many_messages_wait_for_a_listener_and_one_more_closes_it() {
    let limits = Limits { down_in_flight: 1, down_waiting: 4, ..Limits::default() };
    let house = House::with_limits(limits);
    let (who, tree) = (Who::Device(device(1)), Topic::DeviceDown(device(1)));
    let mut caller = Caller::device(house.door.address(), 5, 1);
    caller.send(&subscribe(5, 1, &[(&tree.to_string(), 1)]));
    caller.expect(0x90, &[0, 1, 0, 1]);
    wait("it to listen", || house.door.listens(who));
    let told = (0..64).map(|_| house.door.tell(who, tree, Bytes::from_static(b"rung")));
    let queued = told.take_while(|told| *told == Told::Queued).count();
    // One is under way; so many wait at the session, and so many on their way to it.
    assert!((4..=9).contains(&queued), "{queued} wait");
    assert_eq!(caller.hear_out().last(), Some(&(0xE0, vec![0x97, 0])), "and it is told why");
}

#[test]
fn so_many_strangers_are_inside_at_once_and_the_oldest_silent_one_makes_room() {
    let limits = Limits { strangers: 2, strangers_per_minute: 1_000, ..Limits::default() };
    let house = House::with_limits(limits);
    let stranger = |number| {
        let seat = Seat::Stranger(device(number)).to_string();
        Caller::inside(house.door.address(), &Connect::stranger(5, &seat))
    };
    let mut first = stranger(1);
    let mut second = stranger(2);
    let mut third = stranger(3);
    assert_eq!(first.hear_out(), [(0xE0, vec![0x89, 0])]);
    second.expect_quiet();
    third.expect_quiet();
}

/// A door whose porch turns over long before anything else closes who is silent on it.
fn porch(porch: usize, share: usize, grace: Duration) -> House {
    let wait = Duration::from_secs(600);
    let limits =
        Limits { porch, share, grace, connect: wait, handshake: wait, ..Limits::default() };
    House::with_limits(limits)
}

#[test]
fn so_many_stand_on_the_porch_and_one_of_the_greedy_makes_room() {
    let house = porch(3, 1, Duration::from_millis(200));
    wait("the watchdog's first round", || house.door.healthy());
    let address = house.door.address();
    let mut silent: Vec<_> = (0..3).map(|_| Caller::dial(address)).collect();
    wait("they to stand there", || house.door.counters().accepted >= 4);
    let mut fourth = Caller::dial(address);
    fourth.send(&Connect::new(4, &seat(1)).bytes());
    fourth.expect(0x20, &[0, 0]);
    let counted = house.door.counters();
    assert_eq!((counted.turned_away, counted.denied), (1, 0));
    let quiet = |caller: &mut Caller| caller.quiet_for(Duration::from_millis(100));
    let stay = silent.iter_mut().map(quiet).filter(|quiet| *quiet).count();
    assert_eq!(stay, 2, "one has given way");
}

#[test]
fn who_holds_more_than_its_share_of_the_porch_gives_way_at_once_to_another_address() {
    let house = porch(3, 1, Duration::from_secs(600));
    wait("the watchdog's first round", || house.door.healthy());
    let address = house.door.address();
    let _silent: Vec<_> = (0..3).map(|_| Caller::dial(address)).collect();
    wait("they to stand there", || house.door.counters().accepted >= 4);
    let mut other = house.runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        socket.connect(address).await.unwrap().into_std().unwrap()
    });
    other.set_nonblocking(false).unwrap();
    other.set_read_timeout(Some(front::PATIENCE)).unwrap();
    other.write_all(&Connect::new(4, &seat(1)).bytes()).unwrap();
    let mut answer = [0; 4];
    other.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0]);
}

#[test]
fn whoever_is_within_its_share_of_the_porch_has_its_grace_to_the_end() {
    let grace = Duration::from_secs(2);
    let house = porch(1, 1, grace);
    wait("the watchdog's first round", || house.door.healthy());
    let since = Instant::now();
    let mut silent = Caller::dial(house.door.address());
    let _next = Caller::dial(house.door.address());
    assert_eq!(silent.hear(), None, "it has given way");
    assert!(since.elapsed() >= grace, "not before its grace: {:?}", since.elapsed());
    assert_eq!(house.door.counters().turned_away, 1);
}

#[test]
fn whoever_is_shown_out_and_does_not_go_gives_its_place_back() {
    let house = House::open();
    wait("the watchdog's first round", || house.door.healthy());
    let mut refused = Caller::dial(house.door.address());
    refused.send(&Connect::new(4, "nobody").bytes());
    refused.expect(0x20, &[0, 2]);
    // It stays on the line, which nobody holds for it.
    wait("its place to be free", || house.door.counters().open == 0);
    assert_eq!(refused.hear(), None);
}

#[test]
fn a_round_of_the_watchdog_that_hangs_is_a_miss_and_not_waited_for() {
    let (hang, disk) = std::sync::mpsc::channel::<()>();
    let disk = std::sync::Mutex::new(disk);
    let keep = front::Judge(move |_: &Arrival| {
        // Until the test is over.
        let _ = disk.lock().map(|disk| disk.recv());
        Verdict::Refused
    });
    let house = House::judged(Plan::default(), keep);
    let since = Instant::now();
    wait("a miss", || house.door.counters().watchdog_misses >= 1);
    // Its keep-alive would end it after 15 s.
    assert!(since.elapsed() < Duration::from_secs(12), "{:?}", since.elapsed());
    assert!(!house.door.healthy());
    drop(hang);
}
