//! Ingest on its real stores: from rows of the inbox to alerts, presses, and what is put aside.
//!
//! Frames are sealed as devices seal them and handed to a batcher, so that each step ends with its commit.
#![expect(clippy::disallowed_methods, reason = "waits for a condition, and ends")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "scene/house.rs"]
mod house;

use centre::alert::life::stored;
use centre::ingest::judge::{Cause, Sheet};
use proto::frame::{Header, Lane, seal_end};
use proto::id::{BootId, KeyEpoch, PressId, Seq};
use proto::key::DeviceKey;
use proto::relay::RelayKind;
use proto::unit::{Millis, NoData};
use proto::up::{Event, EventKind, Health, Quantity, Reading, Role, Up, Value};
use records::chain::{self, Batch, Growth};
use records::{Records, desk, due, question, state, story};
use series::Window;

use house::{Room, WALL};

const UNREADABLE: care::Kind = care::Kind::Unreadable;
const UNVERIFIED: care::Kind = care::Kind::Unverified;
const CLOSED: desk::AlertState = desk::AlertState::Closed;

impl Room {
    async fn urgent(&mut self, age_ms: u64, frame: &[u8]) {
        let row = self.row(RelayKind::Open, age_ms, frame);
        self.house.take(Lane::Emergency, vec![row]).await;
    }

    fn press(&self, key: &DeviceKey, seq: u32) -> Vec<u8> {
        let kind = EventKind::Press;
        let up = Up::Event(Event { kind, uptime: Millis::new(1_000), count: None });
        self.frame(key, seq, &up)
    }

    fn event(&self, key: &DeviceKey, seq: u32, kind: EventKind) -> Vec<u8> {
        let up = Up::Event(Event { kind, uptime: Millis::new(1_000), count: None });
        self.frame(key, seq, &up)
    }

    async fn calm(&mut self, frame: &[u8]) {
        let row = self.row(RelayKind::Open, 0, frame);
        self.house.take(Lane::Telemetry, vec![row]).await;
    }

    /// Steps of the ladder that are due within 5 s.
    async fn steps(&self) -> usize {
        let soon = self.house.app.clock.now().mono.after(Millis::secs(5));
        let mut reader = self.house.app.records.reader().await.unwrap();
        due::steps(&mut reader, soon, 10).await.unwrap().len()
    }

    fn frame(&self, key: &DeviceKey, seq: u32, up: &Up) -> Vec<u8> {
        let (device, boot) = (self.button.device, BootId::new(7, 1));
        let epoch = KeyEpoch::new(self.button.epoch.get());
        let id = PressId { device, boot, seq: Seq::new(seq) };
        let header = Header { class: up.class(), epoch, id };
        seal_end(&header, &up.to_body().unwrap(), &key.end(epoch).boot(boot)).unwrap().to_vec()
    }

    async fn presses(&self) -> usize {
        let alerts = self.house.alerts().await;
        self.house.presses(&alerts).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_is_one_alert_whatever_its_copies_and_two_presses_are_two() {
    let mut room = Room::open().await;
    let key = room.button.key.clone();
    let (first, second) = (room.press(&key, 1), room.press(&key, 2));
    // Copies in one batch and in later ones, each with another waiting time.
    let rows = vec![
        room.row(RelayKind::Open, 0, &first),
        room.row(RelayKind::Open, 9, &first),
        room.row(RelayKind::Open, 0, &second),
    ];
    room.house.take(Lane::Emergency, rows).await;
    for age in [0, 500, 90_000] {
        room.urgent(age, &second).await;
        room.urgent(age, &first).await;
    }
    let alerts = room.house.alerts().await;
    assert_eq!((alerts.len(), alerts[0].count), (1, 2), "{alerts:?}");
    assert_eq!(room.presses().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_press_that_joins_is_a_signal_that_a_hand_must_have_seen() {
    let mut room = Room::open().await;
    let key = room.button.key.clone();
    let (first, second) = (room.press(&key, 1), room.press(&key, 2));
    room.urgent(0, &first).await;
    let seen = room.house.alerts().await.remove(0);
    assert_eq!(seen.spoke, seen.cursor);
    room.urgent(0, &first).await;
    assert_eq!(room.house.alerts().await.remove(0).spoke, seen.spoke, "a copy says nothing new");
    room.urgent(0, &second).await;
    let now = room.house.alerts().await.remove(0);
    assert!(now.spoke > seen.cursor, "{now:?}");
    let mut reader = room.house.app.records.reader().await.unwrap();
    let newer = story::newer(&mut reader, &now.id, seen.cursor, 10).await.unwrap();
    assert_eq!(
        (newer.len(), newer[0].kind, newer[0].trust, newer[0].late),
        (1, care::Kind::Help, care::Trust::Verified, false)
    );
    assert_eq!(newer[0].device, Some(room.button.device));
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_of_presses_and_copies_ends_in_the_same_rows() {
    for seed in [1u64, 7, 42] {
        let mut room = Room::open().await;
        let key = room.button.key.clone();
        let mut order: Vec<u32> = (0..24).map(|n| 1 + n % 8).collect();
        let mut random = seed;
        for i in (1..order.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            order.swap(i, usize::try_from(random >> 33).unwrap() % (i + 1));
        }
        for chunk in order.chunks(5) {
            let frames: Vec<_> = chunk.iter().map(|seq| room.press(&key, *seq)).collect();
            let rows = frames.iter().map(|f| room.row(RelayKind::Open, 0, f)).collect();
            room.house.take(Lane::Emergency, rows).await;
        }
        let alerts = room.house.alerts().await;
        assert_eq!((alerts.len(), room.presses().await), (1, 8), "seed {seed}, order {order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_never_joins_an_alert_that_the_desk_has_closed() {
    let mut room = Room::open().await;
    let key = room.button.key.clone();
    let frame = room.press(&key, 1);
    room.urgent(0, &frame).await;
    let old = room.house.alerts().await.remove(0);
    let mut writer = room.house.app.records.begin().await.unwrap();
    let over = Growth { id: old.id.clone(), passed: true, ..Growth::default() };
    let mut batch = Batch { grown: vec![over], ..Batch::default() };
    chain::write(&mut writer, &mut batch, WALL).await.unwrap();
    writer.commit().await.unwrap();
    // The judgement has not been told of the close.
    let frame = room.press(&key, 2);
    room.urgent(0, &frame).await;
    let alerts = room.house.alerts().await;
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    let open: Vec<_> = alerts.iter().filter(|a| a.state != CLOSED).collect();
    assert!(
        open.len() == 1 && open[0].id != old.id && open[0].severity == care::Severity::Emergency,
        "{alerts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_that_nobody_can_read_is_an_alert_and_its_copy_is_none() {
    let mut room = Room::open().await;
    room.urgent(0, b"not a frame at all").await;
    room.urgent(700, b"not a frame at all").await;
    let alerts = room.house.alerts().await;
    assert_eq!((alerts.len(), alerts[0].kind, alerts[0].count), (1, UNREADABLE, 1), "{alerts:?}");
    room.urgent(0, b"another such thing").await;
    let alerts = room.house.alerts().await;
    assert_eq!((alerts.len(), alerts[0].count), (1, 2), "one row for one speaker: {alerts:?}");
    // The envelope itself is broken: still not silent. The next press goes through.
    let mut row = room.row(RelayKind::Open, 0, b"");
    row.bytes = vec![0xFF; 40];
    room.house.take(Lane::Emergency, vec![row]).await;
    assert_eq!(room.house.alerts().await[0].count, 3);
    let key = room.button.key.clone();
    let frame = room.press(&key, 1);
    room.urgent(0, &frame).await;
    assert_eq!(room.house.alerts().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn telemetry_that_nobody_can_read_is_put_aside_and_told_as_a_fault_of_its_gateway() {
    let mut room = Room::open().await;
    let row = room.row(RelayKind::Open, 0, b"noise");
    room.house.take(Lane::Telemetry, vec![row]).await;
    assert!(room.house.alerts().await.is_empty());
    let mut reader = room.house.app.records.reader().await.unwrap();
    assert_eq!(state::quarantined(&mut reader).await.unwrap(), 1);
    assert_eq!(room.house.app.faults.words(), ["put_aside"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_aside_is_bounded_and_the_newest_stay() {
    let room = Room::open().await;
    let mut writer = room.house.app.records.begin().await.unwrap();
    for n in 0..5u8 {
        let row = state::Quarantined {
            id: format!("0000000{n}"),
            gateway: 7,
            wall: WALL,
            reason: "noise".to_owned(),
            bytes: vec![n],
        };
        state::quarantine(&mut writer, &row).await.unwrap();
    }
    assert_eq!(state::bound_quarantine(&mut writer, 5).await.unwrap(), 0);
    assert_eq!(state::bound_quarantine(&mut writer, 3).await.unwrap(), 2, "each loss is counted");
    assert_eq!(state::quarantined(&mut writer).await.unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_changes_are_forgotten_and_the_cursor_goes_on() {
    let mut room = Room::open().await;
    let key = room.button.key.clone();
    for n in 1..=5 {
        let press = room.press(&key, n);
        room.urgent(u64::from(n), &press).await;
    }
    let mut writer = room.house.app.records.begin().await.unwrap();
    let newest = desk::newest(&mut writer).await.unwrap();
    assert!(newest >= 3, "{newest} changes");
    let gone = desk::forget_changes(&mut writer, 2).await.unwrap();
    assert_eq!(i64::try_from(gone).unwrap(), newest - 2);
    assert_eq!(desk::forget_changes(&mut writer, 0).await.unwrap(), 1, "the newest stays");
    assert_eq!(desk::newest(&mut writer).await.unwrap(), newest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_press_is_shown_and_never_shadows_the_real_one() {
    let mut room = Room::open().await;
    let forged = room.press(&DeviceKey::from_bytes([9; 32]), 1);
    room.urgent(0, &forged).await;
    room.urgent(30, &forged).await;
    let key = room.button.key.clone();
    let real = room.press(&key, 1);
    room.urgent(0, &real).await;
    let alerts = room.house.alerts().await;
    let unverified: Vec<_> = alerts.iter().filter(|a| a.kind == UNVERIFIED).collect();
    assert!(unverified.len() == 1 && unverified[0].count == 1, "{alerts:?}");
    assert!(
        alerts
            .iter()
            .any(|a| a.trust == care::Trust::Verified && a.severity == care::Severity::Emergency),
        "{alerts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_is_in_the_series_soon_after_its_batch_is_taken() {
    let mut room = Room::open().await;
    let key = room.button.key.clone();
    let value = Value { quantity: Quantity::InBed, value: Some(75.0), no_data: None, age_s: 0 };
    let gap =
        Value { quantity: Quantity::Heart, value: None, no_data: Some(NoData::Off), age_s: 0 };
    let values = heapless::Vec::from_slice(&[value, gap]).unwrap();
    let reading = Reading { uptime: Millis::new(60_000), period_s: 60, values, home: None };
    let frame = room.frame(&key, 3, &Up::Reading(reading));
    let row = room.row(RelayKind::Open, 0, &frame);
    let around = row.wall_ms;
    room.house.take(Lane::Telemetry, vec![row]).await;
    let window = Window {
        home: room.home,
        device: None,
        quantity: Quantity::InBed,
        from_ms: around - 60_000,
        to_ms: around + 60_000,
        max_points: 100,
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let mut read = Vec::new();
    while read.is_empty() && std::time::Instant::now() < until {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        read = room.house.app.series.read(window).await.unwrap();
    }
    assert_eq!((read.len(), read[0].value), (1, Ok(75.0)), "{read:?}");
}

#[tokio::test]
async fn records_of_a_newer_server_are_refused_with_words() {
    let folder = tempfile::tempdir().unwrap();
    let records = Records::open(folder.path()).await.unwrap();
    records.close().await;
    if !records.engine().is_file() {
        // Written into from outside, which `records/tests/postgres.rs` does with the other database.
        return;
    }
    let path = folder.path().join("records.db");
    let file = rusqlite::Connection::open(path).unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'later', 1, x'00', 0)";
    file.execute(newer, []).unwrap();
    drop(file);
    let refusal = Records::open(folder.path()).await.unwrap_err().to_string();
    assert!(refusal.contains("newer server") && refusal.contains("9999"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspected_fall_is_shown_at_once_and_what_its_wearer_takes_back_stays_open() {
    let mut room = Room::open().await;
    let key = room.button.key.clone();
    let fall = room.event(&key, 1, EventKind::FallSuspected);
    room.urgent(0, &fall).await;
    let alert = room.house.alerts().await.remove(0);
    assert_eq!((alert.severity, alert.kind), (care::Severity::Important, care::Kind::Fall));
    assert_eq!(room.steps().await, 0, "nobody's telephone rings for a suspicion");
    let cancel = room.event(&key, 2, EventKind::Cancel);
    room.calm(&cancel).await;
    let alert = room.house.alerts().await.remove(0);
    assert_eq!(
        (alert.severity, alert.state),
        (care::Severity::General, desk::AlertState::Open),
        "V10"
    );
    let evidence = String::from_utf8(alert.evidence.unwrap()).unwrap();
    assert!(evidence.contains("fell") && evidence.contains("cancelled"), "{evidence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspected_fall_from_which_nobody_gets_up_rings_and_climbs_the_ladder() {
    let mut room = Room::open().await;
    let key = room.button.key.clone();
    let fall = room.event(&key, 1, EventKind::FallSuspected);
    room.urgent(90_000, &fall).await;
    let alert = room.house.alerts().await.remove(0);
    assert_eq!(alert.severity, care::Severity::Emergency);
    assert_eq!((room.steps().await, room.presses().await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fall_that_is_confirmed_later_climbs_from_then_on() {
    let mut room = Room::open().await;
    let key = room.button.key.clone();
    for (seq, kind) in [(1, EventKind::FallSuspected), (2, EventKind::FallConfirmed)] {
        let fall = room.event(&key, seq, kind);
        room.urgent(0, &fall).await;
    }
    let alerts = room.house.alerts().await;
    assert_eq!((alerts.len(), alerts[0].severity), (1, care::Severity::Emergency));
    assert_eq!((room.steps().await, room.presses().await), (1, 2));
    let mut reader = room.house.app.records.reader().await.unwrap();
    let soon = room.house.app.clock.now().mono.after(Millis::secs(5));
    let step = due::steps(&mut reader, soon, 10).await.unwrap().remove(0);
    assert!(
        step.due >= alerts[0].raised_mono.after(Millis::secs(3)),
        "the ladder counts from the emergency"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_home_is_asked_is_no_alert_until_nobody_answers() {
    let room = Room::open().await;
    let now = room.house.app.clock.now();
    let until = now.mono.after(care::policy::ASK);
    let kind = care::Kind::Bed;
    let ask = |incident| care::Output::Ask { incident, kind, device: None, until };
    let at = now.mono;
    let seen = care::Evidence { what: care::Seen::Answered, supports: false, at, value: 0.0 };
    let answered = care::Output::Answered { incident: 1, kind, device: None, evidence: seen };
    let raised = care::Output::Raise(care::Finding {
        incident: 2,
        opens: true,
        kind,
        severity: care::Severity::Important,
        activation: None,
        device: None,
        at,
        evidence: heapless::Vec::new(),
    });
    let trust = care::Trust::Verified;
    let (stored, late, gateway) = (at, false, None);
    let cause = Cause { press: None, trust, hash: &[], stored, late, gateway, uptime: None };
    for outputs in [vec![ask(1), ask(2)], vec![answered], vec![raised]] {
        let mut sheet = Sheet::default();
        outputs.iter().for_each(|output| sheet.put(now, 1_500, output, &cause));
        let mut writer = room.house.app.records.begin().await.unwrap();
        chain::write(&mut writer, &mut sheet.batch, now.wall_ms).await.unwrap();
        writer.commit().await.unwrap();
    }
    let mut reader = room.house.app.records.reader().await.unwrap();
    let asked = question::of_home(&mut reader, 1_500, 9).await.unwrap();
    let mut ends: Vec<_> = asked.iter().map(|row| (row.incident, row.answer.number())).collect();
    ends.sort_unstable();
    assert_eq!(ends, [(1, 1), (2, 2)], "answered, and raised");
    let alerts = room.house.alerts().await;
    assert_eq!((alerts.len(), alerts[0].incident), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_gateway_climbs_if_homes_stand_behind_it() {
    let room = Room::open().await;
    let now = room.house.app.clock.now();
    let mut sheet = Sheet::default();
    let lonely = sheet.gateway_silent(now, (room.gateway, 0), now.mono);
    let needed = sheet.gateway_silent(now, (room.gateway, 1), now.mono);
    let mut writer = room.house.app.records.begin().await.unwrap();
    chain::write(&mut writer, &mut sheet.batch, now.wall_ms).await.unwrap();
    let within = now.mono.after(Millis::minutes(1));
    let climbs = due::steps(&mut writer, within, 10).await.unwrap();
    assert!(climbs.iter().any(|step| step.alert == needed), "within a minute it is a task");
    assert!(climbs.iter().all(|step| step.alert != lonely), "nobody is without help");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_that_waited_is_dated_by_the_uptime_that_its_device_tells_on_connect() {
    let mut room = Room::open().await;
    let key = room.button.key.clone();
    let hours = |n: u64| Millis::minutes(60 * n);
    let health = Health {
        uptime: hours(3),
        period_s: 3600,
        battery: None,
        signal: None,
        firmware: 1,
        tested: None,
        role: Role::HelpButton,
    };
    let frame = room.frame(&key, 1, &Up::Health(health));
    room.calm(&frame).await;
    // Pressed in the first second of the boot, heard only now.
    let frame = room.press(&key, 2);
    room.urgent(0, &frame).await;
    let alert = room.house.alerts().await.remove(0);
    assert!(alert.late, "nobody heard it for three hours");
    let mut reader = room.house.app.records.reader().await.unwrap();
    let press = desk::activations(&mut reader, &alert.id, 10_000).await.unwrap().remove(0);
    let ago = stored(room.house.app.clock.mono()) - stored(press.pressed_mono.unwrap());
    let three = i64::try_from(hours(3).get()).unwrap();
    assert!((three - 60_000..three + 60_000).contains(&ago), "pressed {ago} ms ago");
}
