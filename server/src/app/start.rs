//! The start of a server: its stores are looked at, everything is built bottom up, then the door opens and the loops run.
//!
//! Records first, then clock, registry, series and inbox: a store beside records that are not there yet looks like
//! records that are lost. Not here: arguments (`cli`), the console's listener, and what any part does.

mod loops;

use std::sync::Arc;

use care::Seen;
use door::workers::Workers;
use door::{CommitHandle, CommitLimits, Door, DoorConfig, Edge};

use super::App;
use super::parts::Parts;
use centre::backup::stores::{self, Stores};
use centre::certificates::Certificates;
use centre::command;
use centre::config::Config;
#[cfg(feature = "influx")]
use centre::config::Store;
use centre::faults::{Fault, Faults};
use centre::gateways;
use centre::gateways::proved::Proved;
use centre::handles::Division;
use centre::inbox::{self, InboxLimits};
use centre::live::Live;
use centre::notify::Outbox;
use centre::provision::Provision;
use centre::receipts::Receipts;
use centre::replay::Replay;
use centre::rules::HomeRules;
use centre::timekeeping;
use centre::update::Updates;
use centre::zone::Zone;
use records::{Records, desk, rules};
#[cfg(feature = "influx")]
use series::influx;
use series::{Series, embedded};

use self::loops::Lines;

/// A server that runs: the app and its door.
pub struct Running {
    /// The collaborators.
    pub app: Arc<App>,
    /// The door for gateways.
    pub door: Door,
}

/// Builds everything and starts the loops. The console's listener is the caller's.
pub async fn start(config: Config) -> anyhow::Result<Running> {
    let found = stores::prepare(&config)?;
    start_found(config, None, found).await
}

/// The same on a store of measured values of the caller's.
pub async fn start_on(config: Config, series: Arc<dyn Series>) -> anyhow::Result<Running> {
    let found = stores::prepare(&config)?;
    start_found(config, Some(series), found).await
}

async fn start_found(
    config: Config,
    series: Option<Arc<dyn Series>>,
    found: Stores,
) -> anyhow::Result<Running> {
    let (handles, (records, found)) = (divide_handles(&config)?, opened(&config, found).await?);
    let series = series.map_or_else(|| open_series(&config), Ok)?;
    let clock = Arc::new(timekeeping::resume(&records).await?);
    let (line, high) = found.live(&records, clock.now()).await?;
    stores::note(&config, line, high).await;
    let provision = Provision::open(&config.data, records.clone()).await?;
    let at = config.data.join("inbox.db");
    let (inbox, keep) = inbox::open(&at, Arc::clone(&clock), InboxLimits::default())?;
    let (commit, _thread) = door::committer(keep, CommitLimits::default());
    let receipts = Arc::new(Receipts::new(provision.registry()));
    let ((live, rules), (commands, orders)) = (learn(&records, &config).await?, command::line());
    let (updates, words) = Updates::load(&records).await?;
    let faults = Faults::load(&records).await?;
    let certificates = Certificates::open(&config.data, &config.gateways, clock.now())?;
    let outbox = Outbox::of(&config.notify).knowing(&records).await?;
    let (replay, proved) = (Replay::load(&records, line).await?, Proved::load(&records).await?);
    let parts = Parts {
        clock,
        records,
        line,
        replay: Arc::new(replay),
        series,
        registry: provision.registry(),
        provision: Arc::new(provision),
        inbox,
        receipts,
        live,
        names: Arc::default(),
        presence: Arc::default(),
        links: Arc::default(),
        mirror: Arc::default(),
        commands,
        rules: Arc::new(rules),
        history: Arc::default(),
        updates: Arc::new(updates),
        health: Arc::default(),
        workers: Workers::default(),
        proved: Arc::new(proved),
        certificates: Arc::new(certificates),
        faults: Arc::new(faults),
        points: Arc::default(),
        outbox,
        auth: Arc::default(),
        handles,
        zone: Zone::named(&config.time_zone),
        config: Arc::new(config),
    };
    let app = Arc::new(App::of(&parts));
    app.names.know(Arc::clone(&app.registry));
    tell_found(&app, &found);
    centre::live::read::learn_all(&app.names, &app.records).await?;
    let door = open_door(&app, commit).await?;
    loops::spawn(&app, &parts, &door, Lines { orders, words })?;
    Ok(Running { app, door })
}

async fn opened(config: &Config, found: Stores) -> anyhow::Result<(Records, Stores)> {
    let records = Records::open_at(config.engine()?).await?;
    let found = found.seen(&records).await?;
    Ok((records, found))
}

async fn learn(records: &Records, config: &Config) -> anyhow::Result<(Live, HomeRules)> {
    let area = config.rules.area();
    let area = area.map_err(|field| anyhow::anyhow!("set rules.{field} within its range"))?;
    let mut reader = records.reader().await?;
    let live = Live::new(desk::newest(&mut reader).await?);
    Ok((live, HomeRules::load(rules::all(&mut reader).await?, area)))
}

fn divide_handles(config: &Config) -> anyhow::Result<Division> {
    let handles = config.divide_handles()?;
    tracing::info!(
        limit = handles.limit,
        gateways = handles.gateways.connections,
        consoles = handles.console.inside,
        "file handles are divided"
    );
    Ok(handles)
}

/// What the start has met in the data folder is told to people.
fn tell_found(app: &App, found: &Stores) {
    for device in app.provision.damaged() {
        app.faults.raise(Fault { device: Some(device), ..Fault::upkeep(Seen::RowRefused) });
    }
    found.told.iter().for_each(|cause| app.faults.raise(Fault::upkeep(*cause)));
}

fn open_series(config: &Config) -> anyhow::Result<Arc<dyn Series>> {
    let keep = config.series.retention;
    #[cfg(feature = "influx")]
    if let (Store::Influx, Some(settings)) = (config.series.store, &config.series.influx) {
        return Ok(Arc::new(influx::open(settings, &config.data, keep)?));
    }
    Ok(Arc::new(embedded::open(&config.data.join("series.db"), keep)?))
}

async fn open_door(app: &Arc<App>, commit: CommitHandle) -> anyhow::Result<Door> {
    let bind = app.config.gateways.bind;
    let edge = match app.certificates.pki() {
        Some(pki) => Edge::Tls(pki.server_config()?),
        None => Edge::Plain { open_to_home: false },
    };
    let gate = gateways::gate(&app.gateways);
    let config = DoorConfig { bind, edge, limits: app.handles.gateways.clone() };
    Ok(door::open(config, gate, commit, None).await?)
}
