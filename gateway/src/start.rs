//! The story of one run: store, time, doors, uplink, announce, hear until told to stop, drain.
//!
//! Everything that can be wrong is found before the first port is bound, except that a port is taken.
//! Not here: arguments (`cli`), what happens while it runs (`event_loop`).

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use door::admission::CLOSING_MAX;
use door::{
    Bus, BusLimits, CommitHandle, CommitLimits, Door, DoorConfig, DoorError, Edge, committer,
};
use proto::frame::Lane;
use proto::id::{BootId, PressId};
use proto::unit::Millis;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::bus_gate::BusGate;
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::credentials::{Credentials, CredentialsError, papers};
use crate::devices::Devices;
use crate::enrol::Roster;
use crate::event_loop::{Event, EventLoop, OwnVoice};
use crate::handles::{Division, LOCALS};
use crate::health::{HealthPage, Pulse};
use crate::hub::Hub;
use crate::local_alarm::LocalAlarm;
use crate::reload::Reload;
use crate::spool::{Bounds, Reader, Spool, SpoolError};
use crate::uplink::Bells;
use crate::uplink::driver::{self, Uplink};
use crate::uplink::renewal::{Order, Renewal};
use crate::uplink::transport::{Endpoint, TransportError};
use crate::uplink::wallet::Wallet;

/// Groups of stored frames that wait for the loop; then the commit thread waits.
const EVENTS: usize = 32;

/// Why the box does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The store.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The certificates.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A door.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// More file handles are needed than there are.
    #[error("{0}")]
    Handles(String),
    /// The health page.
    #[error(
        "cannot listen on {0} for the health page, stop what holds this port or choose another in [health] bind"
    )]
    Health(SocketAddr, #[source] std::io::Error),
    /// The bus password.
    #[error("cannot use {0}, write one line `name:password` into it or remove [bus] password_file")]
    BusPassword(PathBuf),
    /// The runtime, signals or randomness.
    #[error("the operating system gives no {0}, restart the machine")]
    System(&'static str, #[source] std::io::Error),
}

impl StartError {
    /// The process's exit code, as `cli` documents it.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Handles(_) => 64,
            Self::Credentials(_)
            | Self::Transport(_)
            | Self::BusPassword(_)
            | Self::Spool(SpoolError::Lost(_)) => 65,
            Self::Door(_) | Self::Health(..) => 69,
            Self::System(..) => 71,
            Self::Spool(SpoolError::Directory(..)) => 73,
            Self::Spool(SpoolError::Store(_)) => 74,
            Self::Spool(SpoolError::InUse(_)) => 75,
            Self::Spool(SpoolError::Newer { .. }) => 78,
        }
    }
}

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
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,rumqttd=warn"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
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
        let mut address = credentials.server.clone();
        if let Some(host) = &config.server.host {
            address.host.clone_from(host);
        }
        address.port = config.server.port.unwrap_or(address.port);
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
        })
    }

    async fn live(self) -> Result<(), StartError> {
        let (events_in, events) = mpsc::channel(EVENTS);
        let (stop_in, stop) = watch::channel(false);
        let bells = Bells::default();
        // It has its handle before anybody who calls can take one.
        let alarm = LocalAlarm::new(&self.config.alarm);
        let keep = self.keep(&bells, &events_in);
        let (commit, commit_thread) = committer(keep, CommitLimits::default());
        let door = self.open_devices(commit.clone()).await?;
        // The door holds to the number; one that has just made room may not have left the bus yet.
        let clients = LOCALS + CLOSING_MAX;
        let bus = Bus::start(BusLimits { clients, ..BusLimits::default() });
        let gate = Arc::new(BusGate::new(self.bus_password.clone()));
        let bus_door = self.open_bus(commit, (bus.clone(), Arc::clone(&gate))).await?;
        let page_at = self.config.health.bind;
        let page = TcpListener::bind(page_at).await.map_err(|e| StartError::Health(page_at, e))?;
        let (pulse_in, pulse) = watch::channel(Pulse::default());
        let health = self.health_page(pulse, (&door, &bus_door));
        announce(&door, &bus_door, page.local_addr().unwrap_or(page_at));
        let page = tokio::spawn(health.serve(page, self.division.page));
        let mut signals = Signals::new()?;
        let signal = tokio::spawn(async move {
            signals.wait().await;
            let _ = stop_in.send(true);
        });
        let orders = watch::channel(Order::None).0;
        let reload = tokio::spawn(self.reload(gate, &orders).run());
        let hub = EventLoop {
            hub: Hub::new(self.clock.now(), firmware()),
            alarm,
            voice: self.voice(),
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
        };
        let (quiet_in, quiet) = watch::channel(false);
        let lanes = self.connect(bells, events_in, (orders, &quiet));
        hub.run(events, stop).await;
        tracing::info!("stopping");
        page.abort();
        reload.abort();
        signal.abort();
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

    fn keep(&self, bells: &Bells, events: &mpsc::Sender<Event>) -> Devices {
        let (spool, roster) = (self.spool.clone(), Arc::clone(&self.roster));
        Devices::new(spool, roster, self.clock.clone(), bells.clone(), events.clone())
    }

    async fn open_devices(&self, commit: CommitHandle) -> Result<Door, StartError> {
        let limits = self.division.devices.clone();
        let bind = self.config.devices.bind;
        let edge = Edge::Plain { open_to_home: true };
        let config = DoorConfig { bind, edge, limits };
        Ok(door::open(config, Arc::clone(&self.roster) as Arc<_>, commit, None).await?)
    }

    async fn open_bus(
        &self,
        commit: CommitHandle,
        (bus, gate): (Bus, Arc<BusGate>),
    ) -> Result<Door, StartError> {
        let edge = Edge::Plain { open_to_home: false };
        let limits = self.division.bus.clone();
        let config = DoorConfig { bind: self.config.bus.bind, edge, limits };
        Ok(door::open(config, gate, commit, Some(bus)).await?)
    }

    fn voice(&self) -> OwnVoice {
        let device = self.credentials.gateway.as_device();
        let epoch = self.credentials.epoch;
        OwnVoice {
            last: PressId { device, boot: self.boot, seq: OwnVoice::before_first() },
            epoch,
            seal: self.credentials.key.end(epoch).boot(self.boot),
            started: self.clock.now(),
        }
    }

    fn health_page(
        &self,
        pulse: watch::Receiver<Pulse>,
        (door, bus): (&Door, &Door),
    ) -> HealthPage {
        let (door, bus) = (door.clone(), bus.clone());
        let (clock, wallet) = (self.clock.clone(), self.wallet.clone());
        HealthPage { pulse, clock, door, bus, wallet }
    }

    fn reload(&self, gate: Arc<BusGate>, orders: &watch::Sender<Order>) -> Reload {
        Reload {
            credentials: (self.config.credentials.clone(), self.credentials.clone()),
            wallet: self.wallet.clone(),
            orders: orders.clone(),
            bus: (gate, self.config.bus.password_file.clone()),
        }
    }

    fn renewal(&self, orders: &watch::Sender<Order>) -> Option<Renewal> {
        let wallet = self.wallet.clone()?;
        let place = (self.config.data.clone(), self.config.credentials.clone());
        Some(Renewal::new(self.credentials.gateway, wallet, place, orders.clone()))
    }

    fn connect(
        self,
        bells: Bells,
        events: mpsc::Sender<Event>,
        (orders, quiet): (watch::Sender<Order>, &watch::Receiver<bool>),
    ) -> [tokio::task::JoinHandle<()>; 2] {
        let shared = Arc::new(Uplink {
            spool: self.spool,
            clock: self.clock,
            bells,
            endpoint: self.endpoint,
            hop: self.credentials.key.hop(self.credentials.epoch),
            boot: self.boot,
            proofs: AtomicU32::new(0),
            events,
            emergency_up: watch::channel(false).0,
            orders,
            turns: [watch::channel(None).0, watch::channel(None).0],
        });
        let [emergency, telemetry] = self.readers;
        [
            tokio::spawn(driver::run(
                Arc::clone(&shared),
                Lane::Emergency,
                emergency,
                quiet.clone(),
            )),
            tokio::spawn(driver::run(shared, Lane::Telemetry, telemetry, quiet.clone())),
        ]
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

/// The papers of a box whose server speaks TLS.
pub fn wallet(
    config: &Config,
    credentials: &Credentials,
) -> Result<Option<Arc<Wallet>>, TransportError> {
    let papers = credentials.papers.as_ref().filter(|_| credentials.server.tls);
    let made = papers.map(|papers| Wallet::new(&papers::all(&config.data, papers)));
    Ok(made.transpose()?.map(Arc::new))
}

/// Name and password of the bus, if a file holds them.
pub fn read_password(path: Option<&PathBuf>) -> Result<Option<(String, String)>, StartError> {
    let Some(path) = path else { return Ok(None) };
    let text = std::fs::read_to_string(path);
    let line = text.as_deref().ok().and_then(|text| text.lines().next()?.split_once(':'));
    let (name, password) = line.ok_or_else(|| StartError::BusPassword(path.clone()))?;
    Ok(Some((name.to_owned(), password.to_owned())))
}

/// One JSON line on standard output: who starts this program waits for it.
fn announce(door: &Door, bus: &Door, health: SocketAddr) {
    let line = serde_json::json!({
        "ready": true,
        "devices": door.address(),
        "bus": bus.address(),
        "health": health,
    });
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// This program's version as a device tells its firmware.
fn firmware() -> u32 {
    let mut parts = env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse().unwrap_or(0u32));
    let mut next = || parts.next().unwrap_or(0) & 0xFF;
    next() << 16 | next() << 8 | next()
}

struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self, StartError> {
        let take = |kind| signal(kind).map_err(|e| StartError::System("signals", e));
        Ok(Self {
            terminate: take(SignalKind::terminate())?,
            interrupt: take(SignalKind::interrupt())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
