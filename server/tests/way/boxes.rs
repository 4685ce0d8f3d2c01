//! Boxes that come and go, start again and again, or were never installed: one fault each, and what stays away is told.
//!
//! Not here: homes behind a box that is simply silent (`way`), what a home says of its devices (`care`).

use std::collections::BTreeSet;

use super::*;

const FAULT: i64 = care::Kind::Fault as i64;
const UNSTEADY: i64 = care::Kind::Unsteady as i64;
const BOOTS: i64 = care::Kind::Boots as i64;
const DAY_S: u64 = 24 * 3_600;

impl Room {
    /// A box says that it is well, in a boot.
    async fn box_says(&mut self, of: &Minted, boot: BootId, seconds: u64) {
        self.row += 1;
        let up = Up::Health(Health {
            uptime: Millis::secs(1),
            period_s: 30,
            battery: None,
            signal: None,
            firmware: 1,
            tested: None,
            role: Role::Gateway,
        });
        let id = PressId { device: of.device, boot, seq: Seq::new(1) };
        let header = Header { class: up.class(), epoch: of.epoch, id };
        let seal = of.key.end(of.epoch).boot(boot);
        let open = seal_end(&header, &up.to_body().unwrap(), &seal).unwrap();
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
    assert!(stands[0].state != CLOSED && stands[0].gateway == Some(gateway.get().cast_signed()));
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
    room.batcher = Batcher::new(Arc::clone(&room.app)).await.unwrap();
    for seconds in [1, 100, 3_600, DAY_S - 700] {
        room.tick(seconds).await;
        assert_eq!(room.all_of(GATEWAY_SILENCE).await, vec![], "{seconds} s");
        assert_eq!(room.all_of(FAULT).await, vec![], "{seconds} s");
    }
    room.tick(DAY_S + 1).await;
    let told = room.open_of(FAULT).await;
    assert_eq!(told.len(), 52);
    let all = server::desk::queue::snapshot(&room.app, "nobody").await.unwrap().alerts;
    let faults = all.iter().filter(|view| view.kind == "fault");
    let causes: BTreeSet<String> = faults.map(server::desk::fold::cause).collect();
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
    assert_eq!(told[0].gateway, Some(gateway.device.get().cast_signed()));
    room.tick(1_800 + DAY_S - 120).await;
    assert_eq!(room.open_of(BOOTS).await.len(), 1);
    room.tick(1_800 + DAY_S + 700).await;
    assert_eq!(room.open_of(BOOTS).await, vec![]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_comes_and_goes_is_one_row_that_says_what_it_is_now() {
    let folder = tempfile::tempdir().unwrap();
    let mut room = Room::open(folder.path()).await;
    let (home, gateway, cord) = room.heard_home().await;
    let other = room.cord(home, gateway).await;
    let mut shown = Vec::new();
    for now in (10..3_000).step_by(10) {
        room.says(&other, gateway, now).await;
        if now % 300 == 0 {
            room.says(&cord, gateway, now).await;
        }
        room.tick(now).await;
        let open = [SILENCE, UNSTEADY].map(|kind| room.open_of(kind));
        let [silent, unsteady] = open;
        let (silent, unsteady) = (silent.await.len(), unsteady.await.len());
        assert!(silent + unsteady <= 1);
        shown.push((silent, unsteady));
    }
    shown.dedup();
    let turns = shown.iter().filter(|now| **now == (1, 0)).count();
    assert!(turns >= 8, "silent in its time, each time: {shown:?}");
    let all = room.all_of(SILENCE).await.len() + room.all_of(UNSTEADY).await.len();
    assert_eq!(all, 2, "the first has passed, the second stands");
}
