//! A server in a folder and a batcher of the test's own, so that each step ends with its commit.
//!
//! A [`House`] has nobody in it; a [`Room`] is one home in it, with its box and a help button.
//! Not here: frames, which each test seals as it needs them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::sync::Arc;

use centre::config::Config;
use centre::inbox::InboxRow;
use centre::ingest::batch::Batcher;
use centre::provision::Minted;
use proto::frame::Lane;
use proto::id::{GatewayId, HomeId};
use proto::relay::{Relay, RelayKind};
use proto::unit::Millis;
use proto::up::Role;
use records::desk::{self, DeskRow};
use records::home::HomeRow;
use server::app::{self, App, Running};

pub const WALL: i64 = 1_790_000_000_000;

pub struct House {
    pub app: Arc<App>,
    batcher: Batcher,
    rows: i64,
    _running: Running,
    _folder: tempfile::TempDir,
}

impl House {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("data = {:?}\n[gateways]\nbind = '127.0.0.1:0'\n", folder.path());
        let config: Config = toml::from_str(&config).unwrap();
        config.prepare_data().unwrap();
        let running = app::start(config).await.unwrap();
        let app = Arc::clone(&running.app);
        let batcher = Batcher::new(Arc::clone(&app.ingest)).await.unwrap();
        Self { app, batcher, rows: 0, _running: running, _folder: folder }
    }

    /// A batcher that has read the rows as they are now.
    pub async fn begin_anew(&mut self) {
        self.batcher = Batcher::new(Arc::clone(&self.app.ingest)).await.unwrap();
    }

    /// What a gateway has brought in now.
    pub fn row(
        &mut self,
        gateway: GatewayId,
        kind: RelayKind,
        age_ms: u64,
        bytes: &[u8],
    ) -> InboxRow {
        let now = self.app.clock.now();
        let relay = Relay { kind, age: Millis::new(age_ms), bytes: bytes.into() };
        let bytes = minicbor::to_vec(&relay).unwrap();
        self.rows += 1;
        InboxRow { id: self.rows, gateway, mono: now.mono, wall_ms: now.wall_ms, bytes }
    }

    pub async fn take(&mut self, lane: Lane, rows: Vec<InboxRow>) {
        assert!(self.batcher.take(lane, rows).await);
    }

    /// Every alert that a screen has been told of, in the order of its last change.
    pub async fn alerts(&self) -> Vec<DeskRow> {
        let mut reader = self.app.records.reader().await.unwrap();
        desk::after(&mut reader, 0, 10_000).await.unwrap()
    }

    pub async fn of_kind(&self, kind: care::Kind) -> Vec<DeskRow> {
        let mut alerts = self.alerts().await;
        alerts.retain(|alert| alert.kind == kind);
        alerts
    }

    /// Presses and falls of these alerts.
    pub async fn presses(&self, alerts: &[DeskRow]) -> usize {
        let mut sum = 0;
        for alert in alerts {
            let mut reader = self.app.records.reader().await.unwrap();
            sum += desk::activations(&mut reader, &alert.id, 10_000).await.unwrap().len();
        }
        sum
    }
}

pub struct Room {
    pub house: House,
    pub home: HomeId,
    pub gateway: GatewayId,
    /// The gateway as a speaker of its own.
    pub hall: Minted,
    pub button: Minted,
}

impl Room {
    pub async fn open() -> Self {
        let mut house = House::open().await;
        let make = &house.app.provision;
        let organisation = make.create_organisation("演示机构", WALL).await.unwrap();
        let place = HomeRow {
            organisation: organisation.clone(),
            label: "3-2-501".into(),
            address: "演示路 1 号".into(),
            entry: "钥匙在驿站".into(),
            ..HomeRow::default()
        };
        let home = make.create_home(place, WALL).await.unwrap();
        let hall = make.create_gateway(&organisation, "hall", WALL).await.unwrap();
        let gateway = hall.device.as_gateway();
        let button =
            make.create_device(home, gateway, Role::HelpButton, "bed", WALL).await.unwrap();
        house.begin_anew().await;
        Self { house, home, gateway, hall, button }
    }

    /// What its box has brought in now.
    pub fn row(&mut self, kind: RelayKind, age_ms: u64, bytes: &[u8]) -> InboxRow {
        self.house.row(self.gateway, kind, age_ms, bytes)
    }
}
