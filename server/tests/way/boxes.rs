//! Boxes that come and go, start again and again, or were never installed: one fault each, and what stays away is told.
//!
//! Not here: homes behind a box that is simply silent (`way`), what a home says of its devices (`care`).

use std::collections::BTreeSet;
use std::sync::Arc;

use care::{Evidence, Output, Seen, Trust};
use centre::clock::Now;
use centre::inbox::InboxRow;
use centre::ingest::batch::Batcher;
use centre::ingest::judge::{Cause, Sheet};
use centre::provision::Minted;
use proto::frame::{Header, Lane, seal_end};
use proto::id::{BootId, PressId, Seq};
use proto::relay::{Relay, RelayKind};
use proto::unit::Millis;
use proto::up::{Health, Role, Up};
use records::chain::{self, Batch, Growth};
use records::desk::DeskRow;
use records::open::OfIncident;

use super::{CLOSED, GATEWAY_SILENCE, NO_WAY, NOW, Room, WALL};

const FAULT: care::Kind = care::Kind::Fault;
const UNSTEADY: care::Kind = care::Kind::Unsteady;
const BOOTS: care::Kind = care::Kind::Boots;
const DAY_S: u64 = 24 * 3_600;

/// The first frame of a boot: all is well.
fn frame(of: &Minted, boot: BootId, role: Role) -> Vec<u8> {
    let up = Up::Health(Health {
        uptime: Millis::secs(1),
        period_s: 60,
        battery: None,
        signal: None,
        firmware: 1,
        tested: None,
        role,
    });
    let id = PressId { device: of.device, boot, seq: Seq::new(1) };
    let header = Header { class: up.class(), epoch: of.epoch, id };
    let seal = of.key.end(of.epoch).boot(boot);
    seal_end(&header, &up.to_body().unwrap(), &seal).unwrap().to_vec()
}

impl Room {
    /// A box says that it is well, in a boot.
    async fn box_says(&mut self, of: &Minted, boot: BootId, seconds: u64) {
        self.row += 1;
        let open = frame(of, boot, Role::Gateway);
        let bytes: &[u8] = &open;
        let relay = Relay { kind: RelayKind::Open, age: Millis::new(0), bytes: bytes.into() };
        let bytes = minicbor::to_vec(&relay).unwrap();
        let Now { mono, wall_ms } = self.at(seconds);
        let gateway = of.device.as_gateway();
        let row = InboxRow { id: self.row, gateway, mono, wall_ms, bytes };
        assert!(self.batcher.take(Lane::Telemetry, vec![row]).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_with_a_loose_plug_is_one_fault_and_its_homes_are_told_when_it_stays_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut room = Room::open(folder.path()).await;
    let (_, gateway, cord) = room.heard_home().await;
    let mut now = 1;
    for _ in 0..40 {
        for step in [95, 120, 220] {
            room.tick(now + step).await;
        }
        now += 240;
        room.says(&cord, gateway, now).await;
        room.tick(now).await;
    }
    let told = |rows: &[DeskRow]| rows.iter().map(|row| row.state).collect::<Vec<_>>();
    assert_eq!(told(&room.all_of(GATEWAY_SILENCE).await), [CLOSED], "the first has passed");
    let stands = room.all_of(UNSTEADY).await;
    assert_eq!((stands.len(), stands[0].count), (1, 1), "and the second stands for all");
    assert!(stands[0].state != CLOSED && stands[0].gateway == Some(gateway));
    assert_eq!(told(&room.all_of(NO_WAY).await), [CLOSED]);
    // It stays away: told in its time, and its homes when it is clear that it does.
    room.tick(now + 92).await;
    let silent = room.open_of(GATEWAY_SILENCE).await;
    assert_eq!((silent.len(), &silent[0].id), (1, &stands[0].id), "the same row says it");
    room.tick(now + 300).await;
    assert_eq!(room.open_of(NO_WAY).await, vec![]);
    room.tick(now + 92 + 600).await;
    room.tick(now + 92 + 601).await;
    assert_eq!(room.open_of(NO_WAY).await.len(), 1);
    // Back for good, it ends a day later.
    now += 1_000;
    for minute in 0..=24 * 60 + 1 {
        room.says(&cord, gateway, now + minute * 60).await;
        if minute % 60 == 0 || minute > 24 * 60 - 2 {
            room.tick(now + minute * 60).await;
        }
    }
    assert_eq!(room.open_of(UNSTEADY).await, vec![]);
    assert_eq!(room.open_of(GATEWAY_SILENCE).await, vec![]);
    assert_eq!(room.open_of(NO_WAY).await, vec![]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_closed_what_a_box_does_again_and_again_is_told_when_it_is_silent_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut room = Room::open(folder.path()).await;
    let (_, gateway, cord) = room.heard_home().await;
    for now in [240, 480] {
        room.tick(now - 100).await;
        room.says(&cord, gateway, now).await;
        room.tick(now).await;
    }
    let id = room.open_of(UNSTEADY).await[0].id.clone();
    let mut writer = room.app.records.begin().await.unwrap();
    let growth = Growth { id, passed: true, ..Growth::default() };
    let mut batch = Batch { grown: vec![growth], ..Batch::default() };
    chain::write(&mut writer, &mut batch, WALL).await.unwrap();
    writer.commit().await.unwrap();
    room.tick(480 + 95).await;
    assert_eq!(room.open_of(GATEWAY_SILENCE).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn boxes_that_are_enrolled_and_not_installed_are_silent_to_nobody_and_after_a_day_one_task() {
    let folder = tempfile::tempdir().unwrap();
    let mut room = Room::open(folder.path()).await;
    let mut boxes = Vec::new();
    for n in 0..52 {
        let label = format!("hall {n}");
        let provision = &room.app.provision;
        let made = provision.create_gateway(&room.organisation, &label, room.base.wall_ms);
        boxes.push(made.await.unwrap().device.as_gateway());
    }
    let home = room.home().await;
    let cord = room.cord(home, boxes[0]).await;
    // As after a restart.
    room.batcher = Batcher::new(Arc::clone(&room.app.ingest)).await.unwrap();
    for seconds in [1, 100, 3_600, DAY_S - 700] {
        room.tick(seconds).await;
        assert_eq!(room.all_of(GATEWAY_SILENCE).await, vec![], "{seconds} s");
        assert_eq!(room.all_of(FAULT).await, vec![], "{seconds} s");
    }
    room.tick(DAY_S + 1).await;
    let told = room.open_of(FAULT).await;
    assert_eq!(told.len(), 52);
    let all = centre::desk::queue::snapshot(&room.app.desk, "nobody").await.unwrap().alerts;
    let faults = all.iter().filter(|view| view.kind == "fault");
    let causes: BTreeSet<String> = faults.map(centre::live::fold::cause).collect();
    assert_eq!(causes, BTreeSet::from(["not_installed".to_owned()]), "one line");
    // One that speaks is installed, and from then on missed like any other.
    room.says(&cord, boxes[0], DAY_S + 2).await;
    room.tick(DAY_S + 2).await;
    assert_eq!(room.open_of(FAULT).await.len(), 51);
    room.tick(DAY_S + 100).await;
    assert_eq!(room.open_of(GATEWAY_SILENCE).await.len(), 1);
    // One that is revoked is nobody's task any more.
    room.app.provision.revoke_gateway(boxes[1]).await.unwrap();
    room.tick(DAY_S + 1_000).await;
    assert_eq!(room.open_of(FAULT).await.len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_in_a_boot_loop_is_one_fault_until_it_has_run_for_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let mut room = Room::open(folder.path()).await;
    let made = room.app.provision.create_gateway(&room.organisation, "hall", room.base.wall_ms);
    let gateway = made.await.unwrap();
    for n in 1..60 {
        let at = u64::from(n) * 30;
        room.box_says(&gateway, BootId::new(5, n), at).await;
        room.tick(at).await;
    }
    let told = room.all_of(BOOTS).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].gateway, proto::id::GatewayId::new(gateway.device.get()));
    room.tick(1_800 + DAY_S - 120).await;
    assert_eq!(room.open_of(BOOTS).await.len(), 1);
    room.tick(1_800 + DAY_S + 700).await;
    assert_eq!(room.open_of(BOOTS).await, vec![]);
}

#[tokio::test(flavor = "multi_thread")]
async fn six_hundred_boots_of_a_device_in_forty_minutes_are_one_fault_however_late_they_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut room = Room::open(folder.path()).await;
    let (_, gateway, cord) = room.heard_home().await;
    let mut rows = Vec::new();
    for n in 0..600_u32 {
        room.row += 1;
        let bytes = frame(&cord, BootId::new(7, n + 2), Role::PullCord);
        let age = Millis::secs(u64::from(600 - n) * 4);
        let bytes: &[u8] = &bytes;
        let relay = Relay { kind: RelayKind::Open, age, bytes: bytes.into() };
        let bytes = minicbor::to_vec(&relay).unwrap();
        let Now { mono, wall_ms } = room.at(0);
        rows.push(InboxRow { id: room.row, gateway, mono, wall_ms, bytes });
    }
    for rows in rows.chunks(100) {
        assert!(room.batcher.take(Lane::Telemetry, rows.to_vec()).await);
    }
    let told = room.all_of(BOOTS).await;
    assert_eq!((told.len(), told[0].count), (1, 1), "{told:?}");
    assert_eq!(told[0].device, Some(cord.device));
    assert_eq!(told[0].severity, care::Severity::Fault);
}

#[test]
fn an_alert_that_turns_is_no_signal_has_no_line_and_ends_when_all_is_well() {
    let (home, incident) = (7, 2);
    let why = Evidence { what: Seen::Wavered, supports: true, at: NOW.mono, value: 2.0 };
    let evidence = std::iter::once(why).collect();
    let turn = Output::Turn { incident, kind: care::Kind::Unsteady, evidence };
    let ease = Output::Ease { incident, kind: care::Kind::Unsteady, device: None };
    let cause = Cause {
        press: None,
        trust: Trust::Verified,
        hash: &[],
        stored: NOW.mono,
        late: false,
        gateway: None,
        uptime: None,
    };
    let mut sheet = Sheet::default();
    let found = OfIncident { alert: "a".into(), over: false, evidence: None };
    sheet.found(home, incident, found);
    sheet.put(NOW, home, &turn, &cause);
    let grown = &sheet.batch.grown[0];
    assert_eq!((grown.kind, grown.count, grown.wakes), (Some(UNSTEADY), 0, false));
    assert!(!grown.passed && grown.graded.is_none() && sheet.batch.lines.is_empty());
    sheet.put(NOW, home, &ease, &cause);
    assert!(sheet.batch.grown[0].passed, "equipment that is well ends its own alert");
}
