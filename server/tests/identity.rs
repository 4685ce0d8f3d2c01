//! One name, several voices: what shares a name and is not the same bytes is a word of its own, and a fault.
//!
//! Frames are sealed as devices seal them and handed to a batcher, so that each step ends with its commit. Not
//! here: the order and number of copies (`ingest`), what a home box does before (`gateway`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "scene/house.rs"]
mod house;
#[path = "identity/word.rs"]
mod word;

use centre::alert::life::stored;
use centre::ingest::judge::{Cause, Sheet};
use proto::frame::{Class, Lane, seal_hop};
use proto::id::{PressId, Seq};
use proto::relay::RelayKind;
use proto::unit::{Millis, Mono};
use proto::up::{Event, EventKind, Up};
use records::chain::{self, Batch, Growth, NewActivation, NewAlert};
use records::desk::DeskRow;

use house::{Room, WALL};
use word::BOOT;

const HELP: care::Kind = care::Kind::Help;
const UNREADABLE: care::Kind = care::Kind::Unreadable;
const TWICE: care::Kind = care::Kind::IdentityTwice;

impl Room {
    async fn take(&mut self, lane: Lane, frames: &[&[u8]]) {
        let rows = frames.iter().map(|frame| self.row(RelayKind::Open, 0, frame)).collect();
        self.house.take(lane, rows).await;
    }

    async fn urgent(&mut self, frame: &[u8]) {
        self.take(Lane::Emergency, &[frame]).await;
    }

    async fn stranger(&mut self, frame: &[u8]) {
        let boot = self.button.key.hop(self.button.epoch).boot(BOOT);
        let hop = seal_hop(frame, &boot).unwrap();
        let row = self.row(RelayKind::Stranger, 0, &hop);
        self.house.take(Lane::Emergency, vec![row]).await;
    }

    async fn presses(&self) -> usize {
        let calls = self.house.of_kind(HELP).await;
        self.house.presses(&calls).await
    }

    /// Waits until so many values in all are in their store.
    async fn values(&self, many: u64) {
        let soon = async {
            while self.house.app.health.counted().points < many {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(std::time::Duration::from_secs(20), soon).await;
        let found = self.house.app.health.counted().points;
        assert!(waited.is_ok() && found == many, "{found} values, want {many}");
    }

    /// Faults that stand are in the rows when this returns.
    async fn faults(&self) -> Vec<DeskRow> {
        centre::faults::step(&self.house.app.ledger).await.unwrap();
        self.house.of_kind(TWICE).await
    }

    /// Ends all alerts of people, as the desk does.
    async fn close(&self) {
        let mut writer = self.house.app.records.begin().await.unwrap();
        for alert in self.house.of_kind(HELP).await {
            let growth = Growth { id: alert.id, passed: true, ..Growth::default() };
            let mut batch = Batch { grown: vec![growth], ..Batch::default() };
            chain::write(&mut writer, &mut batch, WALL).await.unwrap();
        }
        writer.commit().await.unwrap();
    }

    async fn open_calls(&self) -> usize {
        self.house
            .of_kind(HELP)
            .await
            .iter()
            .filter(|row| row.state != records::desk::AlertState::Closed)
            .count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_twins_press_is_shown_after_the_first_was_closed_and_an_exact_copy_stays_one() {
    let mut room = Room::open().await;
    let (first, twin) = (room.press(7, 60_000), room.press(7, 500_000));
    room.urgent(&first).await;
    room.close().await;
    room.urgent(&first).await;
    assert_eq!((room.open_calls().await, room.presses().await), (0, 1), "a copy opens nothing");
    assert_eq!(room.faults().await.len(), 0, "a copy is no second voice");
    room.urgent(&twin).await;
    assert_eq!((room.open_calls().await, room.presses().await), (1, 2));
    for copy in [&first, &twin, &first] {
        room.urgent(copy).await;
    }
    assert_eq!((room.open_calls().await, room.presses().await), (1, 2));
    let told = room.faults().await;
    assert_eq!(told.len(), 1, "the watch room is told once: {told:?}");
    assert_eq!(told[0].device, Some(room.button.device));
    assert_eq!(told[0].gateway, Some(room.gateway));
    assert_eq!(told[0].home, i64::try_from(room.home.get()).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_in_one_batch_are_two_presses() {
    let mut room = Room::open().await;
    let (first, twin) = (room.press(7, 60_000), room.press(7, 500_000));
    room.take(Lane::Emergency, &[&first, &twin, &first, &twin]).await;
    assert_eq!(room.presses().await, 2);
    assert_eq!(room.faults().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_whose_number_telemetry_has_used_is_shown_and_told() {
    let mut room = Room::open().await;
    let (health, press) = (room.health(5, 1_000), room.press(5, 2_000));
    room.take(Lane::Telemetry, &[&health]).await;
    room.urgent(&press).await;
    assert_eq!(room.presses().await, 1);
    assert_eq!(room.faults().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_a_person_has_closed_comes_back_only_as_a_new_one() {
    let room = Room::open().await;
    let fault = centre::ingest::batch::gateway_twice(room.gateway);
    let hours = |n: u64| Mono::from_millis(n * 3_600_000);
    room.house.app.faults.raise_again(fault, hours(1));
    assert_eq!(room.faults().await.len(), 1);
    let mut writer = room.house.app.records.begin().await.unwrap();
    let growth = Growth {
        id: room.house.of_kind(TWICE).await[0].id.clone(),
        passed: true,
        ..Growth::default()
    };
    let mut batch = Batch { grown: vec![growth], ..Batch::default() };
    chain::write(&mut writer, &mut batch, WALL).await.unwrap();
    writer.commit().await.unwrap();
    room.house.app.faults.raise_again(fault, hours(1));
    assert_eq!(room.faults().await.len(), 1, "not at once");
    room.house.app.faults.raise_again(fault, hours(3));
    assert_eq!(room.faults().await.len(), 2, "it still happens, so it is told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_jump_back_in_numbers_no_value_is_dropped_as_a_copy() {
    let mut room = Room::open().await;
    for seq in 5_000..5_100 {
        let frame = room.health(seq, u64::from(seq) * 1_000);
        room.take(Lane::Telemetry, &[&frame]).await;
    }
    room.values(200).await;
    let before = room.house.app.health.counted();
    let frames: Vec<_> = (1..=40).map(|seq| room.health(seq, u64::from(seq) * 900)).collect();
    for frame in &frames {
        room.take(Lane::Telemetry, &[frame]).await;
    }
    // Two values a frame; they go to their store behind the judgement.
    room.values(before.points + 80).await;
    let after = room.house.app.health.counted();
    assert_eq!(after.copies, before.copies);
    assert_eq!(room.faults().await.len(), 1, "numbers that come again are told");
    room.take(Lane::Telemetry, &[&frames[3], &frames[39]]).await;
    let copies = room.house.app.health.counted();
    assert_eq!((copies.points, copies.copies), (after.points, after.copies + 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_telemetry_was_taken_is_known_to_the_next_start() {
    let mut room = Room::open().await;
    let (one, other) = (room.health(5, 1_000), room.health(5, 9_000));
    // An event of the home makes its judgement, and what was seen with it, durable.
    let event = room.event(6, Class::Event, EventKind::Tamper, 1_500);
    room.take(Lane::Telemetry, &[&one, &event]).await;
    room.values(2).await;
    room.house.begin_anew().await;
    let before = room.house.app.health.counted();
    room.take(Lane::Telemetry, &[&one, &other, &one, &other]).await;
    room.values(before.points + 2).await;
    assert_eq!(room.house.app.health.counted().copies - before.copies, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_in_the_lane_of_telemetry_is_one_alert_and_its_copy_is_none() {
    let mut room = Room::open().await;
    let press = room.press(3, 60_000);
    room.take(Lane::Telemetry, &[&press]).await;
    assert_eq!((room.open_calls().await, room.presses().await), (1, 1));
    room.close().await;
    room.take(Lane::Telemetry, &[&press, &press]).await;
    room.urgent(&press).await;
    assert_eq!((room.open_calls().await, room.presses().await), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_in_the_class_of_events_is_a_press() {
    let mut room = Room::open().await;
    for (seq, lane) in [(3, Lane::Telemetry), (4, Lane::Emergency)] {
        let press = room.event(seq, Class::Event, EventKind::Press, 60_000);
        room.take(lane, &[&press, &press]).await;
    }
    assert_eq!(room.presses().await, 2);
    let press = room.event(5, Class::Event, EventKind::Pull, 90_000);
    room.stranger(&press).await;
    assert_eq!(room.presses().await, 3, "also of one whom its box had to refuse");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_of_a_kind_that_is_not_known_is_an_unreadable_emergency() {
    let mut room = Room::open().await;
    // Kind 99 after 5 s of uptime: a word of devices to come. The same word twice under two numbers is two.
    let body = [0xA2, 0x00, 0x18, 99, 0x01, 0x19, 0x13, 0x88];
    let words: Vec<_> = (1..=2).map(|seq| room.frame(seq, Class::Emergency, &body)).collect();
    room.take(Lane::Telemetry, &[&words[0]]).await;
    room.urgent(&words[1]).await;
    room.urgent(&words[0]).await;
    let alerts = room.house.of_kind(UNREADABLE).await;
    assert_eq!(alerts.iter().map(|a| a.count).sum::<i64>(), 2, "{alerts:?}");
    // In the class of events it is no emergency, in whatever lane it comes.
    let event = room.frame(3, Class::Event, &body);
    room.urgent(&event).await;
    let alerts = room.house.of_kind(UNREADABLE).await;
    assert_eq!(alerts.iter().map(|a| a.count).sum::<i64>(), 2, "{alerts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_nothing_is_never_an_unreadable_emergency() {
    let mut room = Room::open().await;
    for (seq, class) in [(1, Class::Emergency), (2, Class::Event)] {
        let cancel = room.event(seq, class, EventKind::Cancel, 60_000);
        room.take(Lane::Emergency, &[&cancel, &cancel]).await;
        room.take(Lane::Telemetry, &[&cancel]).await;
    }
    let cancel = room.event(3, Class::Event, EventKind::Cancel, 60_000);
    room.stranger(&cancel).await;
    assert_eq!(room.house.of_kind(UNREADABLE).await, []);
    assert_eq!(room.presses().await, 0);
    // Changed on its way it may have been a press: nobody can tell.
    let mut changed = room.event(4, Class::Emergency, EventKind::Cancel, 60_000);
    let last = changed.len() - 1;
    changed[last] ^= 1;
    room.urgent(&changed).await;
    assert_eq!(room.house.of_kind(UNREADABLE).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_that_an_older_build_wrote_down_stays_one_when_it_is_repeated() {
    let mut room = Room::open().await;
    let now = room.house.app.clock.now();
    let mono = stored(now.mono);
    let device = i64::try_from(room.button.device.get()).unwrap();
    let alert = NewAlert {
        id: "00000000-0000-7000-8000-000000000001".into(),
        home: i64::try_from(room.home.get()).unwrap(),
        incident: 1,
        kind: HELP,
        severity: care::Severity::Emergency,
        device: Some(device),
        gateway: None,
        count: 1,
        trust: care::Trust::Verified,
        late: false,
        raised_wall: now.wall_ms,
        raised_mono: mono,
        evidence: b"[]".to_vec(),
        cursor: 0,
    };
    let activation = NewActivation {
        device,
        boot: BOOT.get().cast_signed(),
        seq: 7,
        trust: care::Trust::Verified,
        hash: Vec::new(),
        alert: alert.id.clone(),
        kind: HELP,
        rung: proto::down::Rung::Received,
        pressed_mono: mono,
        pressed_wall: now.wall_ms,
        stored_mono: mono,
        received_wall: now.wall_ms,
        late: false,
        uptime: None,
    };
    let mut writer = room.house.app.records.begin().await.unwrap();
    let mut batch =
        Batch { alerts: vec![alert], activations: vec![activation], ..Batch::default() };
    chain::write(&mut writer, &mut batch, WALL).await.unwrap();
    writer.commit().await.unwrap();
    let press = room.press(7, 60_000);
    room.urgent(&press).await;
    assert_eq!(room.presses().await, 1);
    assert_eq!(room.faults().await.len(), 0);
}

/// What the sheet would tell a device after a press of this trust.
fn told(trust: care::Trust) -> Vec<PressId> {
    let now = centre::clock::Now { mono: Mono::from_millis(90_000), wall_ms: WALL };
    let device = proto::id::DeviceId::new(5).unwrap();
    let press = PressId { device, boot: BOOT, seq: Seq::new(1) };
    let up = Up::Event(Event { kind: EventKind::Press, uptime: Millis::new(1), count: None });
    let mut home = care::Home::new();
    let mut out = heapless::Vec::new();
    let heard = care::Input::Heard { id: press, at: now.mono, trust, up: &up };
    home.step(now.mono, heard, &mut out);
    let (stored, late, gateway) = (now.mono, false, None);
    let cause =
        Cause { press: Some(press), trust, hash: b"hash", stored, late, gateway, uptime: None };
    let mut sheet = Sheet::default();
    out.iter().for_each(|output| sheet.put(now, 1, output, &cause));
    assert_eq!(sheet.batch.activations.len(), 1, "it is entered, whoever said it");
    sheet.received
}

#[test]
fn received_is_told_for_what_is_verified_and_for_nothing_else() {
    assert_eq!(told(care::Trust::Verified).len(), 1);
    assert_eq!(told(care::Trust::Unverified), [], "a forger learns nothing, and stops no device");
}
