//! A server in a folder, with a few homes that speak to a batcher of the test's own, and the rows behind it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use centre::config::Config;
use centre::inbox::InboxRow;
use centre::ingest::batch::Batcher;
use centre::provision::Minted;
use proto::frame::{Header, Lane, seal_end};
use proto::id::{BootId, GatewayId, HomeId, KeyEpoch, PressId, Seq};
use proto::relay::{Relay, RelayKind};
use proto::unit::Millis;
use proto::up::{Event, EventKind, Role, Up};
use records::desk::{self, ActivationRow, DeskRow};
use records::home::HomeRow;
use series::Series;
use server::app::{self, App, Running};

pub const WALL: i64 = 1_790_000_000_000;

/// One home with its box and a help button.
pub struct Place {
    pub home: HomeId,
    pub gateway: GatewayId,
    pub button: Minted,
}

impl Place {
    pub fn number(&self) -> i64 {
        i64::try_from(self.home.get()).unwrap()
    }

    pub fn says(&self, seq: u32, up: &Up) -> Vec<u8> {
        let (device, boot) = (self.button.device, BootId::new(7, 1));
        let epoch = KeyEpoch::new(self.button.epoch.get());
        let id = PressId { device, boot, seq: Seq::new(seq) };
        let header = Header { class: up.class(), epoch, id };
        let seal = self.button.key.end(epoch).boot(boot);
        seal_end(&header, &up.to_body().unwrap(), &seal).unwrap().to_vec()
    }

    pub fn event(&self, seq: u32, kind: EventKind) -> Vec<u8> {
        self.says(seq, &Up::Event(Event { kind, uptime: Millis::new(1_000), count: None }))
    }
}

pub struct Room {
    pub app: Arc<App>,
    pub batcher: Batcher,
    pub places: Vec<Place>,
    pub folder: tempfile::TempDir,
    rows: i64,
    _running: Running,
}

impl Room {
    pub async fn open(homes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("data = {:?}\n[gateways]\nbind = '127.0.0.1:0'\n", folder.path());
        Self::of(homes, folder, &config).await
    }

    pub async fn of(homes: usize, folder: tempfile::TempDir, config: &str) -> Self {
        let config: Config = toml::from_str(config).unwrap();
        config.prepare_data().unwrap();
        let running = app::start(config).await.unwrap();
        Self::furnished(homes, folder, running).await
    }

    /// The same on a store of measured values of the test's own.
    pub async fn on(homes: usize, series: Arc<dyn Series>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("data = {:?}\n[gateways]\nbind = '127.0.0.1:0'\n", folder.path());
        let config: Config = toml::from_str(&config).unwrap();
        config.prepare_data().unwrap();
        let running = app::start_on(config, series).await.unwrap();
        Self::furnished(homes, folder, running).await
    }

    async fn furnished(homes: usize, folder: tempfile::TempDir, running: Running) -> Self {
        let app = Arc::clone(&running.app);
        let organisation = app.provision.create_organisation("演示机构", WALL).await.unwrap();
        let mut places = Vec::new();
        for n in 0..homes {
            let place = HomeRow {
                organisation: organisation.clone(),
                label: format!("3-2-50{n}"),
                address: "演示路 1 号".into(),
                entry: "钥匙在驿站".into(),
                ..HomeRow::default()
            };
            let home = app.provision.create_home(place, WALL).await.unwrap();
            let hall = app.provision.create_gateway(&organisation, "hall", WALL).await.unwrap();
            let gateway = hall.device.as_gateway();
            let make = app.provision.create_device(home, gateway, Role::HelpButton, "bed", WALL);
            let button = make.await.unwrap();
            places.push(Place { home, gateway, button });
        }
        let batcher = Batcher::new(Arc::clone(&app.ingest)).await.unwrap();
        Self { app, batcher, places, folder, rows: 0, _running: running }
    }

    /// A batcher that has read the rows as they are now.
    pub async fn begin_anew(&mut self) {
        self.batcher = Batcher::new(Arc::clone(&self.app.ingest)).await.unwrap();
    }

    pub fn row(&mut self, place: usize, age_ms: u64, frame: &[u8]) -> InboxRow {
        let now = self.app.clock.now();
        let relay = Relay { kind: RelayKind::Open, age: Millis::new(age_ms), bytes: frame.into() };
        self.rows += 1;
        InboxRow {
            id: self.rows,
            gateway: self.places[place].gateway,
            mono: now.mono,
            wall_ms: now.wall_ms,
            bytes: minicbor::to_vec(&relay).unwrap(),
        }
    }

    /// Takes rows until the records have said what becomes of each.
    pub async fn take(&mut self, lane: Lane, rows: Vec<InboxRow>) {
        let last = rows.last().unwrap().id;
        for _ in 0..10 {
            let taken = self.batcher.taken(lane);
            let left: Vec<_> = rows.iter().filter(|row| row.id > taken).cloned().collect();
            if left.is_empty() || self.batcher.take(lane, left).await {
                break;
            }
        }
        assert_eq!(self.batcher.taken(lane), last, "the lane stands still");
    }

    pub async fn press(&mut self, place: usize, seq: u32) {
        let frame = self.places[place].event(seq, EventKind::Press);
        let row = self.row(place, 0, &frame);
        self.take(Lane::Emergency, vec![row]).await;
    }

    /// A statement on the rows, as somebody would write it who is not the server.
    pub fn sql(&self, sql: &str) {
        let file = rusqlite::Connection::open(self.folder.path().join("records.db")).unwrap();
        file.busy_timeout(Duration::from_secs(5)).unwrap();
        file.execute_batch(sql).unwrap();
    }

    pub fn bytes(&self, sql: &str) -> Vec<Vec<u8>> {
        let file = rusqlite::Connection::open(self.folder.path().join("records.db")).unwrap();
        let mut statement = file.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    pub fn count(&self, sql: &str) -> i64 {
        let file = rusqlite::Connection::open(self.folder.path().join("records.db")).unwrap();
        file.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Refuses every `what` (such as `INSERT ON alert`) for which `when` holds.
    pub fn refuse(&self, what: &str, when: &str) {
        let name = what.replace(' ', "_").to_lowercase();
        self.sql(&format!(
            "CREATE TRIGGER no_{name} BEFORE {what} WHEN {when} BEGIN SELECT RAISE(ABORT, 'no'); END"
        ));
    }

    pub async fn alerts(&self) -> Vec<DeskRow> {
        let mut reader = self.app.records.reader().await.unwrap();
        desk::after(&mut reader, 0, 10_000).await.unwrap()
    }

    pub async fn of_home(&self, place: usize) -> Vec<DeskRow> {
        let number = self.places[place].number();
        self.alerts().await.into_iter().filter(|a| a.home == number).collect()
    }

    /// Alerts about people in a home, and all their presses and falls.
    pub async fn calls(&self, place: usize) -> (Vec<DeskRow>, Vec<ActivationRow>) {
        let mut calls = self.of_home(place).await;
        calls.retain(|alert| alert.kind != care::Kind::Upkeep);
        let mut all = Vec::new();
        for call in &calls {
            let mut reader = self.app.records.reader().await.unwrap();
            all.extend(desk::activations(&mut reader, &call.id, 10_000).await.unwrap());
        }
        (calls, all)
    }

    /// Lets time pass until it is so.
    pub async fn ticks_until(&mut self, what: &str, so: impl AsyncFn(&Self) -> bool) {
        let since = Instant::now();
        loop {
            self.batcher.tick().await;
            if so(self).await {
                return;
            }
            assert!(since.elapsed() < Duration::from_secs(20), "never: {what}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits for what other loops of the server do.
    pub async fn until(&self, what: &str, so: impl AsyncFn(&Self) -> bool) {
        let since = Instant::now();
        while !so(self).await {
            assert!(since.elapsed() < Duration::from_secs(20), "never: {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// An alert of the server's own upkeep that gives this reason in this home, 0 for none.
    pub async fn told(&self, home: i64, word: &str) -> bool {
        self.alerts().await.iter().any(|a| {
            let evidence = a.evidence.clone().unwrap_or_default();
            let said = String::from_utf8(evidence).unwrap();
            a.kind == care::Kind::Upkeep && a.home == home && said.contains(word)
        })
    }
}
