//! Whatever bytes come, however they are cut: the session core neither panics nor grows, and the
//! cuts make no difference. Seeds of failures are kept by proptest beside this file.

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

mod front;

use std::sync::Arc;

use bytes::BytesMut;
use door::session::{Action, Ask, Ending, Session};
use door::{Limits, Pass, Verdict, Who};
use front::device;
use front::packet::{Connect, packet, puback, publish, subscribe, unsubscribe, up};
use proptest::prelude::*;
use proto::topic::Topic;
use proto::unit::Mono;

/// What a run comes to.
#[derive(Debug)]
struct Run {
    pubacks: Vec<Vec<u8>>,
    others: Vec<Vec<u8>>,
    ending: Option<Ending>,
    arrivals: u64,
}

/// Feeds a session these pieces; every message is kept at once.
fn run(pieces: &[&[u8]], local: bool) -> Run {
    let mut session = Session::new(Arc::new(Limits::default()), Mono::default());
    let mut buffer = BytesMut::new();
    let (mut output, mut arrivals) = (Vec::new(), 0);
    for (tick, piece) in (1..).zip(pieces) {
        buffer.extend_from_slice(piece);
        let now = Mono::from_millis(tick);
        loop {
            session.handle_bytes(now, &mut buffer);
            let mut acted = false;
            while let Some(action) = session.next_action() {
                acted = true;
                match action {
                    Action::Admit(_) => {
                        let who = if local { Who::Local(1) } else { Who::Device(device(1)) };
                        session.handle_admission(Ok(Pass { who, lane: None }), "auto-1");
                    }
                    Action::Keep(_) => {
                        session.handle_verdicts(arrivals, 1, Verdict::Kept);
                        arrivals += 1;
                    }
                    Action::Bus(Ask::Publish { number, .. }) => session.handle_said(number),
                    Action::Bus(Ask::Subscribe { packet_id, filters }) => {
                        let granted: Vec<_> = filters
                            .iter()
                            .map(|wanted| wanted.as_ref().map(|_| 1).map_err(|e| *e))
                            .collect();
                        session.handle_subscribed(packet_id, &granted);
                    }
                    Action::Bus(Ask::Unsubscribe { packet_id, filters }) => {
                        session.handle_unsubscribed(packet_id, &vec![true; filters.len()]);
                    }
                    Action::Listening | Action::Deaf => {}
                }
            }
            output.extend_from_slice(session.output());
            session.output().clear();
            if !acted {
                break;
            }
        }
        assert!(buffer.len() <= 4_096 + piece.len() || session.ending().is_some());
    }
    let (pubacks, others) = packets(&output).into_iter().partition(|packet| packet[0] == 0x40);
    Run { pubacks, others, ending: session.ending(), arrivals }
}

/// Cuts the output into packets; all are shorter than 128 bytes.
fn packets(mut output: &[u8]) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while let [_, length, ..] = output {
        let (packet, rest) = output.split_at(2 + usize::from(*length));
        packets.push(packet.to_vec());
        output = rest;
    }
    assert!(output.is_empty());
    packets
}

/// PUBACKs may fall behind other answers, or stay away when the session ends first; nothing else.
fn same(one: &Run, other: &Run) -> bool {
    let (short, long) = if one.pubacks.len() < other.pubacks.len() {
        (&one.pubacks, &other.pubacks)
    } else {
        (&other.pubacks, &one.pubacks)
    };
    let acknowledged = long.starts_with(short) && (one.ending.is_some() || short == long);
    let told = (&one.others, one.ending, one.arrivals);
    acknowledged && told == (&other.others, other.ending, other.arrivals)
}

fn sound(level: u8, choice: usize) -> Vec<u8> {
    let down = Topic::DeviceDown(device(1)).to_string();
    match choice {
        0 => publish(level, &up(1, false), 1, b"reading"),
        1 => publish(level, &up(1, true), 2, b"help"),
        2 => subscribe(level, 3, &[(&down, 1)]),
        3 => unsubscribe(level, 4, &[&down, "x"]),
        4 => puback(5),
        5 => packet(0xC0, &[]),
        6 => publish(level, "free/topic", 6, b"bus"),
        _ => packet(0xE0, &[]),
    }
}

fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn cuts_make_no_difference(
        level in 4u8..=5,
        local: bool,
        choices in prop::collection::vec(0usize..8, 0..12),
        noise in prop::collection::vec((any::<usize>(), any::<u8>()), 0..4),
        cuts in prop::collection::vec(any::<usize>(), 0..10),
    ) {
        let id = proto::seat::Seat::Device(device(1)).to_string();
        let mut bytes = Connect::new(level, &id).bytes();
        for choice in choices {
            bytes.extend(sound(level, choice));
        }
        for (place, value) in noise {
            let place = place % bytes.len();
            bytes[place] = value;
        }
        let (whole, pieces) = (run(&[&bytes], local), run(&cut(&bytes, &cuts), local));
        prop_assert!(same(&whole, &pieces), "{whole:?} and {pieces:?}");
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(
        level in 4u8..=5,
        admitted: bool,
        local: bool,
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let id = proto::seat::Seat::Device(device(1)).to_string();
        let connect = if admitted { Connect::new(level, &id).bytes() } else { Vec::new() };
        run(&[&connect, &bytes], local);
    }
}
