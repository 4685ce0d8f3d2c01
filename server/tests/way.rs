//! A home that nobody hears: one row under its gateway, from the moment that it has no way until it has one again.
//!
//! Time is given to the batcher, so that ninety seconds pass at once. Not here: what a way is (`ingest::way`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "way/boxes.rs"]
mod boxes;

use std::path::Path;
use std::sync::Arc;

use centre::clock::Now;
use centre::config::Config;
use centre::faults;
use centre::inbox::InboxRow;
use centre::ingest::batch::Batcher;
use centre::provision::Minted;
use proto::frame::{Header, Lane, seal_end};
use proto::id::{BootId, GatewayId, HomeId, PressId, Seq};
use proto::relay::{Relay, RelayKind};
use proto::unit::{Millis, Mono};
use proto::up::{Health, Role, Up};
use records::desk::{self, DeskRow};
use records::home::HomeRow;
use server::app::{self, App, Running};

const WALL: i64 = 1_790_000_000_000;
const NOW: Now = Now { mono: Mono::from_millis(0), wall_ms: WALL };
const NO_WAY: care::Kind = care::Kind::NoWay;
const GATEWAY_SILENCE: care::Kind = care::Kind::GatewaySilence;
const SILENCE: care::Kind = care::Kind::Silence;
const CLOSED: desk::AlertState = desk::AlertState::Closed;

struct Room {
    app: Arc<App>,
    batcher: Batcher,
    organisation: String,
    base: Now,
    row: i64,
    _running: Running,
}

impl Room {
    async fn open(folder: &Path) -> Self {
        let config = format!("data = {folder:?}\n[gateways]\nbind = '127.0.0.1:0'\n");
        let config: Config = toml::from_str(&config).unwrap();
        config.prepare_data().unwrap();
        let running = app::start(config).await.unwrap();
        let app = Arc::clone(&running.app);
        let organisation = app.provision.create_organisation("演示机构", WALL).await.unwrap();
        let batcher = Batcher::new(Arc::clone(&app.ingest)).await.unwrap();
        let base = app.clock.now();
        Self { app, batcher, organisation, base, row: 0, _running: running }
    }

    async fn gateway(&self) -> GatewayId {
        let made = self.app.provision.create_gateway(&self.organisation, "hall", WALL).await;
        made.unwrap().device.as_gateway()
    }

    async fn home(&self) -> HomeId {
        let organisation = self.organisation.clone();
        let place = HomeRow { organisation, label: "3-2-501".into(), ..HomeRow::default() };
        self.app.provision.create_home(place, WALL).await.unwrap()
    }

    async fn cord(&self, home: HomeId, gateway: GatewayId) -> Minted {
        let made = self.app.provision.create_device(home, gateway, Role::PullCord, "bed", WALL);
        made.await.unwrap()
    }

    /// A home with a gateway that is heard.
    async fn heard_home(&mut self) -> (HomeId, GatewayId, Minted) {
        let (home, gateway) = (self.home().await, self.gateway().await);
        let cord = self.cord(home, gateway).await;
        self.says(&cord, gateway, 0).await;
        self.tick(1).await;
        (home, gateway, cord)
    }

    fn at(&self, seconds: u64) -> Now {
        let wall_ms = self.base.wall_ms + i64::try_from(seconds).unwrap() * 1_000;
        Now { mono: self.base.mono.after(Millis::secs(seconds)), wall_ms }
    }

    /// So many seconds after the beginning a device says that it is well.
    async fn says(&mut self, of: &Minted, through: GatewayId, seconds: u64) {
        self.row += 1;
        let up = Up::Health(Health {
            uptime: Millis::secs(seconds),
            period_s: 60,
            battery: None,
            signal: None,
            firmware: 1,
            tested: None,
            role: of.role,
        });
        let (boot, seq) = (BootId::new(7, 1), Seq::new(u32::try_from(self.row).unwrap()));
        let id = PressId { device: of.device, boot, seq };
        let header = Header { class: up.class(), epoch: of.epoch, id };
        let seal = of.key.end(of.epoch).boot(boot);
        let open = seal_end(&header, &up.to_body().unwrap(), &seal).unwrap();
        let bytes: &[u8] = &open;
        let relay = Relay { kind: RelayKind::Open, age: Millis::new(0), bytes: bytes.into() };
        let bytes = minicbor::to_vec(&relay).unwrap();
        let Now { mono, wall_ms } = self.at(seconds);
        let row = InboxRow { id: self.row, gateway: through, mono, wall_ms, bytes };
        assert!(self.batcher.take(Lane::Telemetry, vec![row]).await);
    }

    async fn tick(&mut self, seconds: u64) {
        let now = self.at(seconds);
        self.batcher.tick_at(now).await;
        faults::step(&self.app.ledger).await.unwrap();
    }

    /// Alerts of a kind that are not over.
    async fn open_of(&self, kind: care::Kind) -> Vec<DeskRow> {
        let mut all = self.all_of(kind).await;
        all.retain(|alert| alert.state != CLOSED);
        all
    }

    async fn all_of(&self, kind: care::Kind) -> Vec<DeskRow> {
        let mut reader = self.app.records.reader().await.unwrap();
        let mut all = desk::after(&mut reader, 0, 10_000).await.unwrap();
        all.retain(|alert| alert.kind == kind);
        all
    }
}

fn number(home: HomeId) -> i64 {
    home.get().cast_signed()
}

#[tokio::test(flavor = "multi_thread")]
async fn homes_behind_a_dead_gateway_have_one_row_each_within_95_s_and_it_ends_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut room = Room::open(folder.path()).await;
    let (home, gateway, cord) = room.heard_home().await;
    let second = room.home().await;
    room.cord(second, gateway).await;
    room.tick(2).await;
    assert_eq!(room.all_of(NO_WAY).await, vec![]);
    for seconds in [91, 92, 93, 94, 95, 300, 3_000] {
        room.tick(seconds).await;
        let rows = room.open_of(NO_WAY).await;
        assert_eq!(rows.len(), 2, "{seconds} s");
        for row in &rows {
            assert_eq!(row.gateway, Some(gateway));
            assert_eq!(row.severity, care::Severity::Important);
        }
        let homes: Vec<i64> = rows.iter().map(|row| row.home).collect();
        assert!(homes.contains(&number(home)) && homes.contains(&number(second)));
    }
    assert_eq!(room.open_of(GATEWAY_SILENCE).await.len(), 1);
    room.says(&cord, gateway, 3_001).await;
    room.tick(3_001).await;
    assert_eq!(room.open_of(NO_WAY).await, vec![], "it ends by itself");
    assert_eq!(room.all_of(NO_WAY).await.len(), 2, "one row a home");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_whose_gateway_is_revoked_has_one_row_until_its_device_has_another_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let mut room = Room::open(folder.path()).await;
    let (home, old, cord) = room.heard_home().await;
    room.app.provision.revoke_gateway(old).await.unwrap();
    room.tick(2).await;
    let rows = room.open_of(NO_WAY).await;
    assert_eq!(rows.len(), 1, "a revoked gateway is not waited for");
    assert_eq!((rows[0].home, rows[0].gateway), (number(home), Some(old)));
    // Another gateway that nobody has heard yet is no way.
    let new = room.gateway().await;
    room.app.provision.move_device(cord.device, home, new, NOW).await.unwrap();
    room.tick(3).await;
    assert_eq!(room.open_of(NO_WAY).await[0].id, rows[0].id, "the same row stands");
    let bystander = room.home().await;
    let other = room.cord(bystander, new).await;
    room.says(&other, new, 4).await;
    room.tick(4).await;
    assert_eq!(room.open_of(NO_WAY).await, vec![]);
    assert_eq!(room.all_of(NO_WAY).await.len(), 1);
    // The device has its whole time on the new way, and is then missed.
    for seconds in (5..1_000).step_by(5) {
        room.says(&other, new, seconds).await;
        room.tick(seconds).await;
    }
    let silent = room.open_of(SILENCE).await;
    assert!(silent.iter().any(|row| row.home == number(home)), "nobody mutes it any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_silence_of_a_gateway_that_is_revoked_is_over_and_its_homes_still_stand() {
    let folder = tempfile::tempdir().unwrap();
    let mut room = Room::open(folder.path()).await;
    let (_, gateway, _) = room.heard_home().await;
    room.tick(95).await;
    assert_eq!(room.open_of(GATEWAY_SILENCE).await.len(), 1);
    room.app.provision.revoke_gateway(gateway).await.unwrap();
    room.tick(96).await;
    assert_eq!(room.open_of(GATEWAY_SILENCE).await, vec![]);
    assert_eq!(room.open_of(NO_WAY).await.len(), 1);
    assert_eq!(room.all_of(NO_WAY).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_with_two_gateways_of_which_one_is_heard_is_not_cut_off_and_its_silent_device_is_missed()
 {
    let folder = tempfile::tempdir().unwrap();
    let mut room = Room::open(folder.path()).await;
    let (home, dead, lost) = room.heard_home().await;
    let alive = room.gateway().await;
    let speaks = room.cord(home, alive).await;
    for seconds in (5..400).step_by(5) {
        room.says(&speaks, alive, seconds).await;
        room.tick(seconds).await;
        assert_eq!(room.all_of(NO_WAY).await, vec![]);
    }
    assert_eq!(room.open_of(GATEWAY_SILENCE).await[0].gateway, Some(dead));
    let missed = room.open_of(SILENCE).await;
    let lost = Some(lost.device);
    assert!(missed.iter().any(|row| row.device == lost), "the one behind the dead one is missed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_waits_for_its_fitter_or_has_no_device_left_is_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut room = Room::open(folder.path()).await;
    let (waits, unheard) = (room.home().await, room.gateway().await);
    room.cord(waits, unheard).await;
    let (_, gateway, cord) = room.heard_home().await;
    room.tick(100).await;
    assert_eq!(room.open_of(NO_WAY).await.len(), 1, "only the one that was heard");
    assert_eq!(room.open_of(NO_WAY).await[0].gateway, Some(gateway));
    room.app.provision.release(cord.device, NOW).await.unwrap();
    room.tick(101).await;
    assert_eq!(room.open_of(NO_WAY).await, vec![]);
    // What is fitted there next is new.
    let home = room.all_of(NO_WAY).await[0].home;
    let home = HomeId::new(home.cast_unsigned()).unwrap();
    room.cord(home, unheard).await;
    room.tick(300).await;
    assert_eq!(room.open_of(NO_WAY).await, vec![]);
}

fn on<T>(of: impl Future<Output = T>) -> T {
    // With its runtime a server ends.
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(of)
}

/// What a server that has ended leaves on its disk; the door of this process still holds the old folder.
fn disk_of(folder: &Path) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(to)?;
        for file in std::fs::read_dir(from)? {
            let file = file?;
            let to = to.join(file.file_name());
            if file.file_type()?.is_dir() {
                copy(&file.path(), &to)?;
            } else {
                std::fs::copy(file.path(), to)?;
            }
        }
        Ok(())
    }
    // A file that goes meanwhile is the log of a store that is being closed: then all is copied again.
    for _ in 0..100 {
        let disk = tempfile::tempdir().unwrap();
        if copy(folder, disk.path()).is_ok() {
            return disk;
        }
    }
    panic!("the folder never rests");
}

#[test]
fn a_home_that_nobody_hears_is_still_told_after_a_restart_and_once() {
    let folder = tempfile::tempdir().unwrap();
    if !records::Engine::of(None, folder.path()).is_file() {
        // The disk of a dead machine is a copy of its folder, which holds no rows then.
        return;
    }
    let (old, new, cord) = on(async {
        let mut room = Room::open(folder.path()).await;
        let (home, old, cord) = room.heard_home().await;
        room.heard_home().await;
        room.tick(95).await;
        let new = room.gateway().await;
        room.app.provision.revoke_gateway(old).await.unwrap();
        room.app.provision.move_device(cord.device, home, new, NOW).await.unwrap();
        room.tick(96).await;
        assert_eq!(room.open_of(NO_WAY).await.len(), 2);
        (old, new, cord)
    });
    let disk = disk_of(folder.path());
    on(async {
        let mut room = Room::open(disk.path()).await;
        for seconds in [1, 50, 89, 95, 200] {
            room.tick(seconds).await;
            assert_eq!(room.open_of(NO_WAY).await.len(), 2, "{seconds} s after the restart");
        }
        room.says(&cord, new, 201).await;
        room.tick(201).await;
        let rows = room.open_of(NO_WAY).await;
        assert_eq!(rows.len(), 1);
        assert_ne!(rows[0].gateway, Some(old));
        assert_eq!(room.all_of(NO_WAY).await.len(), 2, "none was told twice");
    });
}
