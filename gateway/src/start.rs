//! The story of one run: store, time, doors, uplink, announce, hear until told to stop, drain.
//!
//! Everything that can be wrong is found before the first port is bound, except that a port is taken.
//! Not here: arguments (`cli`), what happens while it runs (`event_loop`).

mod aside;
mod doors;
mod error;
mod lanes;
mod signals;

use std::sync::Arc;
use std::time::Duration;

use door::admission::CLOSING_MAX;
use door::workers::{Rhythm, Workers};
use door::{Bus, BusLimits, CommitLimits, committer};
use proto::id::BootId;
use proto::unit::Millis;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::bus_files::read_password;
use crate::bus_gate::BusGate;
use crate::clock::Clock;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::devices::Devices;
use crate::enrol::Roster;
use crate::event::Event;
use crate::event_loop::{EventLoop, Losses};
use crate::handles::{Division, LOCALS};
use crate::health::Pulse;
use crate::hub::Hub;
use crate::local_alarm::LocalAlarm;
use crate::reload::Reload;
use crate::spool::{Bounds, Reader, Spool};
use crate::uplink::Bells;
use crate::uplink::renewal::Order;
use crate::uplink::transport::Endpoint;
use crate::uplink::wallet::Wallet;
use crate::voice::OwnVoice;

use doors::announce;
pub use doors::bus_shown;
pub use error::StartError;
pub use lanes::{address, wallet};
use signals::Signals;

/// Groups of stored frames that wait for the loop; then the commit thread waits.
const EVENTS: usize = 32;

/// What is built before anything listens.
struct Built {
    config: Config,
    division: Division,
    spool: Spool,
    clock: Clock,
    roster: Arc<Roster>,
    endpoint: Endpoint,
    wallet: Option<Arc<Wallet>>,
    readers: [Reader; 2],
    boot: BootId,
    credentials: Credentials,
    bus_password: Option<(String, String)>,
    bus_shown: Option<Arc<door::tls::Shown>>,
}

/// Runs the box until SIGTERM or SIGINT.
pub fn run(division: Division, config: Config, credentials: Credentials) -> Result<(), StartError> {
    log_to_stderr();
    tracing::info!(
        handles = division.limit,
        devices = division.devices.connections,
        "file handles are divided"
    );
    let home = Built::build(division, config, credentials)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| StartError::System("threads", e))?;
    runtime.block_on(home.live())
}

fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // A log that can take no more, as one on a full disk, costs its lines and nothing else.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .with_ansi(false)
        .try_init();
}

impl Built {
    fn build(
        division: Division,
        config: Config,
        credentials: Credentials,
    ) -> Result<Self, StartError> {
        let bus_password = read_password(config.bus.password_file.as_ref())?;
        let bus_shown = bus_shown(&config.bus)?;
        let address = address(&config, &credentials)?;
        let wallet = wallet(&config, &credentials)?;
        let endpoint = Endpoint::new(credentials.gateway, address, wallet.clone());
        let spool = Spool::open(&config.data, bounds(&config))?;
        let clock = Clock::resume(spool.time_mark()?.as_ref());
        let life = getrandom::u32()
            .map_err(|e| StartError::System("random numbers", std::io::Error::other(e)))?;
        let own = spool.begin(clock.clone(), life)?;
        let roster = Arc::new(Roster::new(spool.roster()?));
        let readers = [spool.reader()?, spool.reader()?];
        let boot = BootId::new(own.life, own.counter);
        Ok(Self {
            config,
            division,
            spool,
            clock,
            roster,
            endpoint,
            wallet,
            readers,
            boot,
            credentials,
            bus_password,
            bus_shown,
        })
    }

    async fn live(self) -> Result<(), StartError> {
        let (events_in, events) = mpsc::channel(EVENTS);
        let (stop_in, stop) = watch::channel(false);
        let bells = Bells::default();
        // It has its handle before anybody who calls can take one.
        let alarm = LocalAlarm::new(&self.config.alarm);
        let voice = self.voice();
        let keep = self.keep(&bells, &events_in, voice.clone());
        let (commit, commit_thread) = committer(keep, CommitLimits::default());
        let door = self.open_devices(commit.clone()).await?;
        // The door holds to the number; one that has just made room may not have left the bus yet.
        let clients = LOCALS + CLOSING_MAX;
        let bus = Bus::start(BusLimits { clients, ..BusLimits::default() });
        let gate = Arc::new(BusGate::new(self.bus_password.clone(), self.clock.clone()));
        let bus_door = self.open_bus(commit, (bus.clone(), Arc::clone(&gate))).await?;
        let page_at = self.config.health.bind;
        let page = TcpListener::bind(page_at).await.map_err(|e| StartError::Health(page_at, e))?;
        let (pulse_in, pulse) = watch::channel(Pulse::default());
        let workers = Workers::default();
        let health = self.health_page(pulse, (&door, &bus_door), (&bus, &workers));
        announce(&door, &bus_door, page.local_addr().unwrap_or(page_at));
        let orders = watch::channel(Order::None).0;
        let reload = self.reload(gate, &orders, &pulse_in);
        let aside = self.aside(&workers, (health, page), (Signals::new()?, stop_in), reload);
        let hub = EventLoop {
            hub: Hub::new(self.clock.now(), firmware()),
            alarm,
            voice,
            clock: self.clock.clone(),
            spool: self.spool.clone(),
            roster: Arc::clone(&self.roster),
            door: door.clone(),
            bus,
            unsaid: std::collections::BTreeMap::new(),
            bells: bells.clone(),
            renewal: self.renewal(&orders),
            handles: self.division.limit,
            pulse: pulse_in,
            files: self.spool.files(),
            losses: Losses::default(),
            firmware: firmware(),
        };
        let (quiet_in, quiet) = watch::channel(false);
        let lanes = self.connect(bells, events_in, (orders, &quiet), &workers);
        let turns = workers.enter("loop", Rhythm::Vital(Duration::from_secs(1)));
        hub.live(turns, events, stop).await;
        tracing::info!("stopping");
        aside.iter().for_each(JoinHandle::abort);
        door.close().await;
        bus_door.close().await;
        let _ = quiet_in.send(true);
        for lane in lanes {
            let _ = lane.await;
        }
        // The thread ends with the last handle; what it has acknowledged is on disk.
        let _ = tokio::task::spawn_blocking(move || commit_thread.join()).await;
        Ok(())
    }

    fn keep(&self, bells: &Bells, events: &mpsc::Sender<Event>, voice: OwnVoice) -> Devices {
        let (spool, roster) = (self.spool.clone(), Arc::clone(&self.roster));
        Devices::new(spool, roster, (self.clock.clone(), voice), bells.clone(), events.clone())
    }

    fn voice(&self) -> OwnVoice {
        let device = self.credentials.gateway.as_device();
        let epoch = self.credentials.epoch;
        let seal = self.credentials.key.end(epoch).boot(self.boot);
        OwnVoice::new((device, self.boot), (epoch, seal), self.clock.now())
    }

    fn reload(
        &self,
        gate: Arc<BusGate>,
        orders: &watch::Sender<Order>,
        pulse: &watch::Sender<Pulse>,
    ) -> Reload {
        Reload {
            config: self.config.clone(),
            credentials: self.credentials.clone(),
            wallet: self.wallet.clone(),
            orders: orders.clone(),
            bus: (gate, self.bus_shown.clone()),
            chain: None,
            pulse: pulse.clone(),
        }
    }
}

/// Gives up the spool that lies in the data directory and begins a new one.
pub fn renew(config: &Config) -> Result<(), StartError> {
    log_to_stderr();
    Ok(Spool::renew(&config.data, bounds(config))?)
}

fn bounds(config: &Config) -> Bounds {
    let limits = &config.limits;
    Bounds {
        spool_bytes: limits.spool_bytes,
        reserve_bytes: limits.reserve_bytes,
        raw_for: Millis::minutes(u64::from(limits.raw_days) * 24 * 60),
        sent_for: Millis::minutes(u64::from(limits.sent_hours) * 60),
    }
}

/// This program's version as a device tells its firmware.
fn firmware() -> u32 {
    let mut parts = env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse().unwrap_or(0u32));
    let mut next = || parts.next().unwrap_or(0) & 0xFF;
    next() << 16 | next() << 8 | next()
}
