//! The start of a server: its stores are looked at, everything is built bottom up, then the door opens and the loops run.
//!
//! Records first, then clock, registry, series and inbox: a store beside records that are not there yet looks like
//! records that are lost. Not here: arguments (`cli`), the console's listener, and what any part does.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use care::Seen;
use door::workers::{Rhythm, Workers};
use door::{CommitHandle, CommitLimits, Door, DoorConfig, Edge};

use super::App;
use crate::alert::escalate;
use crate::auth::Auth;
use crate::backup::stores::{self, Stores};
use crate::certificates::{self, Certificates};
use crate::config::Config;
#[cfg(feature = "influx")]
use crate::config::Store;
use crate::desk::names::Names;
use crate::desk::presence::Presence;
use crate::faults::{self, Fault, Faults};
use crate::gateways::proved::{self, Proved};
use crate::handles::{self, Division};
use crate::health::Health;
use crate::history::{self, History};
use crate::inbox::{self, InboxLimits};
use crate::ingest::boxes::Links;
use crate::ingest::{self, Orders};
use crate::live::Live;
use crate::notify::Outbox;
use crate::pages::when::Zone;
use crate::points::{self, Points};
use crate::provision::Provision;
use crate::receipts::Receipts;
use crate::records::{Records, desk, rules};
use crate::rehearsal::Rehearsals;
use crate::rehearsal::rules::HomeRules;
use crate::replay::{self, Replay};
use crate::update::{self, Updates, Words};
use crate::workers::{self, keep, keep_with};
use crate::{files, gateways, losses, timekeeping};
#[cfg(feature = "influx")]
use series::influx;
use series::{Series, embedded};

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
    let (handles, records) = (divide_handles(&config)?, Records::open(&config.data).await?);
    let series = series.map_or_else(|| open_series(&config), Ok)?;
    let clock = Arc::new(timekeeping::resume(&records).await?);
    let (line, high) = found.live(&records, clock.now()).await?;
    stores::note(&config, line, high).await;
    let provision = Provision::open(&config.data, records.clone()).await?;
    let at = config.data.join("inbox.db");
    let (inbox, keep) = inbox::open(&at, Arc::clone(&clock), InboxLimits::default())?;
    let (commit, _thread) = door::committer(keep, CommitLimits::default());
    let receipts = Arc::new(Receipts::new(provision.registry()));
    let ((live, rules), (commands, orders)) = (learn(&records, &config).await?, ingest::line());
    let (updates, words) = Updates::load(&records).await?;
    let faults = Faults::load(&records).await?;
    let certificates = Certificates::open(&config.data, &config.gateways, clock.now())?;
    let outbox = Outbox::of(&config.notify).knowing(&records).await?;
    let (replay, proved) = (Replay::load(&records, line).await?, Proved::load(&records).await?);
    let app = Arc::new(App {
        zone: Zone::named(&config.time_zone),
        config,
        clock,
        records,
        line,
        replay,
        series,
        registry: provision.registry(),
        provision,
        inbox,
        receipts,
        live,
        names: Names::default(),
        presence: Presence::default(),
        links: Links::default(),
        mirror: Arc::default(),
        commands,
        rules,
        history: History::default(),
        rehearsals: Rehearsals::default(),
        updates,
        health: Health::default(),
        workers: Workers::default(),
        proved,
        certificates,
        faults,
        points: Points::default(),
        outbox,
        auth: Auth::default(),
        handles,
    });
    app.names.know(Arc::clone(&app.registry));
    tell_found(&app, &found);
    crate::desk::queue::learn_all(&app).await?;
    let door = open_door(&app, commit).await?;
    spawn_judgement(&app, orders)?;
    spawn_loops(&app, &door, words);
    Ok(Running { app, door })
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
    let gate = gateways::gate(app);
    let config = DoorConfig { bind, edge, limits: app.handles.gateways.clone() };
    Ok(door::open(config, gate, commit, None).await?)
}

/// What a press waits for: a crowd of gateways, pages and streams keeps none of it waiting.
fn spawn_judgement(app: &Arc<App>, orders: Orders) -> anyhow::Result<()> {
    let apart = workers::apart::start("judgement").context("start the thread of the judgement")?;
    let _apart = apart.enter();
    let vital = Rhythm::Vital(Duration::from_secs(1));
    keep_with(app, "ingest", vital, orders, ingest::run);
    keep(app, "ladder", vital, escalate::run);
    Ok(())
}

fn spawn_loops(app: &Arc<App>, door: &Door, words: Words) {
    app.receipts.at(door.clone());
    app.health.at(door.clone());
    let turns = |s| Rhythm::Turns(Duration::from_secs(s));
    workers::report(app);
    keep(app, "faults", Rhythm::Waits, faults::run);
    keep(app, "workers", turns(1), workers::watch);
    keep(app, "certificates", turns(60), certificates::run);
    keep(app, "losses", turns(2), losses::run);
    keep(app, "proofs", Rhythm::Waits, proved::run);
    keep(app, "handles", turns(2), handles::watch);
    keep(app, "files", turns(5), files::watch);
    keep_with(app, "updates", Rhythm::Waits, words, update::talk::run);
    keep(app, "replay", turns(5), replay::run);
    keep(app, "lapses", turns(1), return_lapsed);
    crate::notify::start(app);
    keep(app, "receipts", Rhythm::Waits, crate::alert::told::run);
    keep(app, "time", turns(30), timekeeping::keep_time);
    // A step of it waits for a store that may be far away.
    keep(app, "tending", turns(120), timekeeping::tend_series);
    keep(app, "clock", turns(1), timekeeping::watch);
    keep(app, "points", turns(30), points::run);
    keep(app, "history", turns(30), history::run);
}

/// Looks for claims and suspensions whose time is over.
async fn return_lapsed(app: Arc<App>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tick.tick().await;
        if let Err(error) = crate::desk::lapse::step(&app).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "claims wait for the records"
            );
        }
    }
}
