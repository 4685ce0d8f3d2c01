//! One lane's session against a small model of spool and server: nothing lost, newest emergency first.
//!
//! Pure: the link fails where the seed says, time is a number. Not here: MQTT.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

use std::collections::BTreeSet;

use gateway::spool::{RowId, Waiting};
use gateway::uplink::{Action, Session};
use proto::frame::Lane;
use proto::relay::RelayKind;
use proto::unit::Mono;

/// A server that acknowledges in order, and a spool that it does not know of.
struct World {
    lane: Lane,
    session: Session,
    now: u64,
    stored: Vec<i64>,
    marked: BTreeSet<i64>,
    wire: Vec<i64>,
    arrived: Vec<i64>,
    connects: usize,
    linked: bool,
}

impl World {
    fn new(lane: Lane) -> Self {
        let session = Session::new(lane, Mono::from_millis(0));
        Self {
            lane,
            session,
            now: 0,
            stored: Vec::new(),
            marked: BTreeSet::new(),
            wire: Vec::new(),
            arrived: Vec::new(),
            connects: 0,
            linked: false,
        }
    }

    fn time(&self) -> Mono {
        Mono::from_millis(self.now)
    }

    fn store(&mut self, row: i64) {
        self.stored.push(row);
        self.session.handle_rows_stored(self.time(), 7);
        self.act();
    }

    fn waiting(&self, after: RowId, limit: usize) -> Vec<Waiting> {
        let mut rows: Vec<i64> =
            self.stored.iter().copied().filter(|row| !self.marked.contains(row)).collect();
        match self.lane {
            Lane::Emergency => rows.reverse(),
            Lane::Telemetry => rows.retain(|row| RowId::new(*row) > after),
        }
        rows.truncate(limit);
        let stored = Mono::from_millis(0);
        rows.into_iter()
            .map(|row| Waiting {
                row: RowId::new(row),
                kind: RelayKind::Open,
                stored,
                bytes: row.to_be_bytes().to_vec(),
            })
            .collect()
    }

    fn act(&mut self) {
        while let Some(action) = self.session.next_action() {
            match action {
                Action::Connect => {
                    self.connects += 1;
                    self.linked = true;
                    self.session.handle_connected(self.time());
                }
                Action::Disconnect => self.lose(0),
                Action::Read(after, limit) => {
                    let rows = self.waiting(after, limit);
                    self.session.handle_rows(self.time(), rows, limit);
                }
                Action::Send(waiting) => {
                    self.wire.push(i64::from_be_bytes(waiting.bytes.try_into().unwrap()));
                }
                Action::ReadAgain(_) | Action::SendAgain(_) | Action::AgainDone | Action::Mark => {
                    panic!("this server never says what it has")
                }
            }
        }
    }

    fn lose(&mut self, random: u64) {
        self.linked = false;
        self.wire.clear();
        let rows = self.session.to_mark();
        self.session.handle_marked(&rows);
        self.marked.extend(rows.iter().map(|row| number(*row)));
        self.session.handle_lost(self.time(), true, random);
    }

    fn acknowledge_one(&mut self) {
        if self.wire.is_empty() {
            return;
        }
        self.arrived.push(self.wire.remove(0));
        self.session.handle_acked(self.time());
        self.act();
    }

    fn mark(&mut self) {
        let rows = self.session.to_mark();
        self.marked.extend(rows.iter().map(|row| number(*row)));
        self.session.handle_marked(&rows);
    }

    fn wait(&mut self) {
        if let Some(at) = self.session.poll_timeout() {
            self.now = self.now.max(at.millis());
        }
        self.session.handle_timeout(self.time());
        self.act();
    }
}

fn number(row: RowId) -> i64 {
    (0..10_000).find(|n| RowId::new(*n) == row).unwrap()
}

/// A small generator, so that a failure is named by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn every_row_arrives_whatever_the_link_does() {
    for seed in 0..300 {
        for lane in [Lane::Emergency, Lane::Telemetry] {
            let mut dice = Dice(seed);
            let mut world = World::new(lane);
            let mut next = 1;
            for _ in 0..600 {
                match dice.roll(10) {
                    0..=2 => {
                        world.store(next);
                        next += 1;
                    }
                    3 => world.lose(dice.roll(100_000)),
                    4 => world.mark(),
                    5..=7 => world.acknowledge_one(),
                    _ => world.wait(),
                }
            }
            for _ in 0..2_000 {
                if !world.linked {
                    world.wait();
                }
                world.acknowledge_one();
                world.mark();
            }
            let arrived: BTreeSet<i64> = world.arrived.iter().copied().collect();
            let stored: BTreeSet<i64> = world.stored.iter().copied().collect();
            assert_eq!(arrived, stored, "seed {seed}, {lane:?}");
            assert_eq!(world.marked, stored, "seed {seed}, {lane:?}");
        }
    }
}

#[test]
fn telemetry_arrives_in_order_while_the_link_holds() {
    let mut world = World::new(Lane::Telemetry);
    (1..=500).for_each(|row| world.store(row));
    world.wait();
    while !world.wire.is_empty() {
        assert!(world.wire.len() <= 64, "the window holds");
        world.acknowledge_one();
    }
    assert_eq!(world.arrived, (1..=500).collect::<Vec<_>>());
}

#[test]
fn after_an_outage_the_newest_emergency_is_sent_first() {
    let mut world = World::new(Lane::Emergency);
    (1..=40).for_each(|row| world.store(row));
    world.wait();
    assert_eq!(world.wire.first(), Some(&40));
    assert_eq!(world.wire.len(), 16, "the window holds");
    world.store(41);
    world.acknowledge_one();
    assert_eq!(world.wire.last(), Some(&41), "a press of this moment is next, before the backlog");
}

#[test]
fn what_was_not_acknowledged_is_sent_again_on_the_next_link() {
    let mut world = World::new(Lane::Telemetry);
    (1..=10).for_each(|row| world.store(row));
    world.wait();
    (0..4).for_each(|_| world.acknowledge_one());
    world.lose(0);
    world.wait();
    assert_eq!(world.wire, (5..=10).collect::<Vec<_>>());
}

#[test]
fn a_link_that_acknowledges_nothing_is_given_up() {
    let mut world = World::new(Lane::Emergency);
    world.store(1);
    world.wait();
    assert_eq!(world.connects, 1);
    world.wait();
    assert!(!world.linked, "dead after {} ms", world.now);
    assert!(world.now <= 21_000);
    world.wait();
    assert_eq!(world.wire, [1], "sent again on the next link");
}

#[test]
fn pauses_grow_to_thirty_seconds_and_an_emergency_does_not_wait_for_them() {
    let mut session = Session::new(Lane::Emergency, Mono::from_millis(0));
    let mut longest = 0;
    let mut now = 0;
    for _ in 0..40 {
        session.handle_lost(Mono::from_millis(now), false, u64::MAX);
        let until = session.poll_timeout().unwrap().millis();
        longest = longest.max(until - now);
        assert!(until - now <= 30_000);
        now = until;
    }
    session.handle_lost(Mono::from_millis(now), false, 29_999);
    session.handle_rows_stored(Mono::from_millis(now), u64::MAX);
    assert!(session.poll_timeout().unwrap().millis() <= now + 250);
}

#[test]
fn a_restarted_server_is_reached_within_a_few_seconds() {
    let mut session = Session::new(Lane::Emergency, Mono::from_millis(0));
    let mut now = 0;
    let mut attempts = 0;
    // The worst jitter of every pause.
    while now < 5_000 {
        session.handle_lost(Mono::from_millis(now), true, 250);
        now = session.poll_timeout().unwrap().millis();
        attempts += 1;
        assert!(attempts < 1_000, "attempts are paced");
        if attempts == 1 {
            assert!(now <= 250);
        }
    }
    assert!(attempts >= 4);
}
