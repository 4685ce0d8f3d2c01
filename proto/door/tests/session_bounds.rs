//! Each bound of one session: the last that fits is taken, the first that does not is refused or waits.
//!
//! The session alone, without sockets and without a clock. Not here: bounds that need a peer (`session_limits`),
//! places in a house (`admission`), or what the specification forbids (`session`).

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure and picks what it looks at"
)]
#![allow(dead_code, reason = "the front has more than this one asks for")]

mod front;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use door::session::{Action, Down, Ending, Fault, Session};
use door::{Limits, Pass, Verdict, Who};
use front::device;
use front::packet::{Connect, packet, puback, publish, subscribe, up};
use proto::seat::Seat;
use proto::topic::Topic;
use proto::unit::Mono;

fn connect(level: u8) -> Connect {
    Connect::new(level, &Seat::Device(device(1)).to_string())
}

/// A session and what it is fed.
struct Client {
    session: Session,
    buffer: BytesMut,
    /// PUBLISHes that it has handed on.
    arrivals: u64,
    /// Whether each is kept at once.
    keeps: bool,
}

impl Client {
    fn new(limits: Limits) -> Self {
        let session = Session::new(Arc::new(limits), Mono::default());
        Self { session, buffer: BytesMut::new(), arrivals: 0, keeps: true }
    }

    fn inside(limits: Limits, connect: &Connect) -> Self {
        let mut client = Self::new(limits);
        client.says(&connect.bytes());
        assert!(client.session.pass().is_some(), "it is let in");
        client
    }

    fn says(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.session.handle_bytes(Mono::default(), &mut self.buffer);
        while let Some(action) = self.session.next_action() {
            match action {
                Action::Admit(_) => {
                    let who = Who::Device(device(1));
                    self.session.handle_admission(Ok(Pass { who, lane: None }), "auto-1");
                }
                Action::Keep(_) => {
                    self.arrivals += 1;
                    if self.keeps {
                        self.session.handle_verdicts(self.arrivals - 1, 1, Verdict::Kept);
                    }
                }
                _ => {}
            }
        }
    }

    /// What it has to send, which is sent now.
    fn hears(&mut self) -> Vec<u8> {
        let heard = self.session.output().to_vec();
        self.session.output().clear();
        self.session.handle_sent();
        heard
    }

    fn listens(&mut self, level: u8, qos: u8) {
        let tree = Topic::DeviceDown(device(1)).to_string();
        self.says(&subscribe(level, 1, &[(&tree, qos)]));
        let _suback = self.hears();
    }
}

/// A PUBLISH that is so long in all.
fn long(level: u8, total: usize) -> Vec<u8> {
    let sized = |payload| publish(level, &up(1, false), 1, &vec![0; payload]);
    (0..total).map(sized).find(|bytes| bytes.len() == total).expect("there is one")
}

#[test]
fn the_largest_packet_is_read_and_one_byte_more_is_refused_by_its_head_alone() {
    // Far below what the topic allows, so that nothing else can refuse it.
    let limits = || Limits { packet: 512, ..Limits::default() };
    for level in [4, 5] {
        let mut client = Client::inside(limits(), &connect(level));
        let welcome = client.hears();
        let told = welcome.windows(5).any(|property| property == [39, 0, 0, 2, 0]);
        assert_eq!(told, level == 5, "version 5 is told: {welcome:x?}");
        client.says(&long(level, 512));
        assert_eq!((client.arrivals, client.session.ending()), (1, None), "version {level}");
        client.says(&long(level, 513)[..3]);
        let ending = client.session.ending();
        assert_eq!(ending, Some(Ending::Fault(Fault::TooLarge)), "version {level}");
    }
}

#[test]
fn a_message_has_the_room_of_its_topic_and_one_byte_more_is_refused() {
    // Far below the largest packet, so that nothing else can refuse it.
    for (emergency, room) in [(true, proto::EMERGENCY_MAX), (false, proto::FRAME_MAX)] {
        for level in [4, 5] {
            let mut client = Client::inside(Limits::default(), &connect(level));
            client.says(&publish(level, &up(1, emergency), 1, &vec![0; room]));
            assert_eq!((client.arrivals, client.session.ending()), (1, None), "{room} bytes");
            client.says(&publish(level, &up(1, emergency), 2, &vec![0; room + 1]));
            assert_eq!(client.session.ending(), Some(Ending::Fault(Fault::TooLarge)));
            assert_eq!(client.arrivals, 1);
        }
    }
}

#[test]
fn a_connect_of_4_kib_is_read_and_one_byte_more_is_refused_by_its_head_alone() {
    // Whoever connects is nobody yet: a door that allows large packets allows them later.
    let limits = || Limits { packet: 1 << 20, ..Limits::default() };
    for level in [4, 5] {
        let sized = |will: usize| connect(level).will(&up(1, false), &vec![0; will], false).bytes();
        let of = |total| (0..total).map(sized).find(|bytes| bytes.len() == total).expect("one");
        let mut largest = Client::new(limits());
        largest.says(&of(4_096));
        assert!(largest.session.pass().is_some(), "version {level}");
        let mut larger = Client::new(limits());
        larger.says(&of(4_097)[..3]);
        assert_eq!(larger.session.ending(), Some(Ending::Fault(Fault::TooLarge)));
    }
}

#[test]
fn answers_that_nobody_takes_stop_the_reading_and_none_is_lost() {
    let mut client = Client::inside(Limits::default(), &connect(4));
    let _connack = client.hears();
    let asked = packet(0xC0, &[]).repeat(40_000);
    client.says(&asked);
    assert!(!client.session.takes_down(), "nor is anything taken from who tells it something");
    let mut answered = client.hears().len();
    assert!(client.session.takes_down());
    assert!((16_384..16_400).contains(&answered), "{answered} bytes wait for a deaf peer");
    assert_eq!(client.buffer.len(), asked.len() - answered, "the rest is not read");
    while !client.buffer.is_empty() {
        client.says(&[]);
        answered += client.hears().len();
    }
    assert_eq!(answered, asked.len());
}

fn down(number: u16) -> Down {
    let topic = Topic::DeviceDown(device(1)).to_string();
    Down { topic, payload: Bytes::from(vec![number.to_be_bytes()[1]; 1_000]) }
}

#[test]
fn messages_down_that_nobody_takes_wait_and_none_is_lost() {
    let mut client = Client::inside(Limits::default(), &connect(4));
    let _connack = client.hears();
    client.listens(4, 0);
    assert!(client.session.takes_down());
    (0..100).for_each(|number| client.session.handle_down(down(number)));
    assert!(!client.session.takes_down(), "no more is taken from who tells them");
    let most = 16_384 + 1_100;
    let mut heard = Vec::new();
    for _ in 0..100 {
        let piece = client.hears();
        assert!(piece.len() < most, "{} bytes wait for a deaf peer", piece.len());
        heard.extend(piece);
    }
    let topic = Topic::DeviceDown(device(1)).to_string();
    let all: Vec<u8> = (0..100).flat_map(|n| publish(4, &topic, 0, &down(n).payload)).collect();
    assert!(heard == all, "each once and in order");
    assert!(client.session.takes_down());
}

#[test]
fn so_many_messages_down_are_unacknowledged_at_once_and_no_more_than_the_client_takes() {
    for (allowed, taken, at_once) in [(3, 9, 3), (9, 3, 3)] {
        let limits = Limits { down_in_flight: allowed, ..Limits::default() };
        let takes = Connect { properties: vec![33, 0, taken], ..connect(5) };
        let mut client = Client::inside(limits, &takes);
        let _connack = client.hears();
        client.listens(5, 1);
        (0..10).for_each(|number| client.session.handle_down(down(number)));
        assert!(!client.session.takes_down(), "the others wait");
        let one = publish(5, &down(0).topic, 1, &down(0).payload).len();
        assert_eq!(client.hears().len(), at_once * one, "{allowed} allowed, {taken} taken");
        assert_eq!(client.hears().len(), 0);
        client.says(&puback(2));
        assert_eq!(client.hears().len(), one, "one acknowledged, one sent");
    }
}

#[test]
fn a_larger_window_than_256_is_cut_to_that_and_version_5_is_told_so() {
    let limits = || Limits { in_flight: 60_000, ..Limits::default() };
    let flood: Vec<u8> = (1..=600).flat_map(|id| publish(4, &up(1, false), id, b"x")).collect();
    let mut old = Client { keeps: false, ..Client::inside(limits(), &connect(4)) };
    old.says(&flood);
    assert_eq!(old.arrivals, 256, "and the rest is not read");
    let mut new = Client::inside(limits(), &connect(5));
    let welcome = new.hears();
    assert!(welcome.windows(3).any(|told| told == [33, 1, 0]), "{welcome:x?}");
}

#[test]
fn whoever_has_not_connected_in_time_is_closed_to_the_millisecond_though_it_speaks() {
    let limits = Limits { connect: Duration::from_millis(5_000), ..Limits::default() };
    let mut client = Client::new(limits);
    client.says(&connect(4).bytes()[..5]);
    assert_eq!(client.session.poll_timeout(), Some(Mono::from_millis(5_000)));
    client.session.handle_timeout(Mono::from_millis(4_999));
    assert_eq!(client.session.ending(), None);
    client.session.handle_timeout(Mono::from_millis(5_000));
    assert_eq!(client.session.ending(), Some(Ending::NoConnect));
}
