//! Ingest: drains the inbox, believes, de-duplicates, judges, and makes alerts of it. Emergencies first.
//!
//! One batch is one transaction: alerts, presses, ladder, changes, judgements. Measured values are durable
//! in the series before; rows leave the inbox after; everything in between may happen twice. A batch
//! that fails is taken again record by record, and what still fails is put aside and told.
//! Not here: HTTP, the desk, who is spoken to next (`escalation`).

pub mod batch;
pub mod boxes;
pub mod dating;
pub mod homes;
pub mod judge;
pub mod mirror;
pub mod read;
pub mod renewal;
pub mod seen;
mod state;
pub mod voices;
pub mod way;

pub use self::state::row_of;

use std::sync::Arc;
use std::time::Duration;

use proto::frame::Lane;
use tokio::sync::OwnedMutexGuard;

use crate::certificates::Certificates;
use crate::clock::Clock;
use crate::command::Orders;
use crate::faults::Faults;
use crate::health::Health;
use crate::history::History;
use crate::inbox::Inbox;
use crate::ingest::batch::Batcher;
use crate::ingest::boxes::Links;
use crate::ingest::mirror::Mirror;
use crate::live::Live;
use crate::live::names::Names;
use crate::points::Points;
use crate::provision::Registry;
use crate::receipts::Receipts;
use crate::replay::Replay;
use crate::rules::HomeRules;
use crate::update::Updates;
use crate::zone::Zone;
use records::Records;
use records::line::Line;

/// Records of one emergency batch: what the commit that everybody waits for may hold.
const EMERGENCIES: usize = 512;
/// Records of one batch of telemetry: about 5 ms of work, which is what an emergency may have to wait.
const TELEMETRY: usize = 256;
/// Telemetry alone waits this long for company, so that a press seldom finds a commit under way.
const LINGER: Duration = Duration::from_millis(20);
/// Orders of people told in one transaction.
const ORDERS: usize = 64;
/// Looks at deadlines this often.
const TICK: Duration = Duration::from_secs(1);
/// First and longest pause after the records refused a whole batch.
const PAUSE: Duration = Duration::from_millis(200);

/// What ingest reads from, and whom it tells.
pub struct Ingest {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Where the homes are.
    pub zone: Zone,
    /// What gateways say.
    pub inbox: Inbox,
    /// Who may say it.
    pub registry: Arc<Registry>,
    /// What becomes of it.
    pub records: Records,
    /// The life that the records have.
    pub line: Line,
    /// How far the records know each gateway.
    pub replay: Arc<Replay>,
    /// How homes are judged.
    pub rules: Arc<HomeRules>,
    /// What was heard, for who shows it.
    pub mirror: Arc<Mirror>,
    /// What was heard, for rehearsals.
    pub history: Arc<History>,
    /// Measured values on their way.
    pub points: Arc<Points>,
    /// By which devices and gateways are told.
    pub receipts: Arc<Receipts>,
    /// It hears which image runs where.
    pub updates: Arc<Updates>,
    /// They hear petitions.
    pub certificates: Arc<Certificates>,
    /// How often home boxes connect.
    pub links: Arc<Links>,
    /// How homes are called.
    pub names: Arc<Names>,
    /// Screens that are told.
    pub live: Live,
    /// Counters and proofs of life.
    pub health: Arc<Health>,
    /// What is out of order.
    pub faults: Arc<Faults>,
}

/// Runs until the process ends.
pub async fn run(room: Arc<Ingest>, mut orders: OwnedMutexGuard<Orders>) {
    let orders = &mut *orders;
    let mut batcher = loop {
        match Batcher::new(Arc::clone(&room)).await {
            Ok(batcher) => break batcher,
            Err(error) => {
                tracing::error!(error = %error, "ingest waits for the records");
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    batcher.catch_up().await;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // Deadlines that broke off for an emergency.
    let mut more = false;
    let mut told = Vec::with_capacity(ORDERS);
    loop {
        let worked = drain(&room, &mut batcher).await;
        room.health.ingest_turned(room.clock.mono());
        if worked {
            // Deadlines and people are heard in between, whatever the backlog.
            while told.len() < ORDERS
                && let Some(command) = orders.ready()
            {
                told.push(command);
            }
            batcher.commands(&told).await;
            told.clear();
            if futures_ready(&mut tick) {
                more = batcher.tick().await;
            }
            tokio::task::yield_now().await;
            continue;
        }
        if more {
            more = batcher.tick().await;
            continue;
        }
        tokio::select! {
            () = room.inbox.wait() => gather(&room).await,
            () = orders.some(&mut told, ORDERS) => {
                batcher.commands(&told).await;
                told.clear();
            }
            _ = tick.tick() => more = batcher.tick().await,
        }
    }
}

fn futures_ready(tick: &mut tokio::time::Interval) -> bool {
    let waker = std::task::Waker::noop();
    tick.poll_tick(&mut std::task::Context::from_waker(waker)).is_ready()
}

/// Lets telemetry gather; an emergency, or a batch full of telemetry, ends the wait.
async fn gather(room: &Ingest) {
    let pause = tokio::time::sleep(LINGER);
    tokio::pin!(pause);
    loop {
        let (emergencies, telemetry) = room.inbox.waiting();
        if emergencies > 0 || telemetry >= TELEMETRY as u64 || room.inbox.is_on_reserve() {
            return;
        }
        tokio::select! {
            () = room.inbox.wait() => {}
            () = &mut pause => return,
        }
    }
}

/// Takes one batch, emergencies before anything else; says whether there was one.
async fn drain(room: &Ingest, batcher: &mut Batcher) -> bool {
    for (lane, most) in [(Lane::Emergency, EMERGENCIES), (Lane::Telemetry, TELEMETRY)] {
        if lane == Lane::Telemetry && room.inbox.is_on_reserve() {
            // It waits in the inbox, so that what room is left becomes alerts.
            continue;
        }
        let looked = room.clock.mono();
        match room.inbox.next(lane, batcher.taken(lane), most) {
            Ok(rows) if rows.is_empty() => batcher.caught_up(lane, looked),
            Ok(rows) => {
                if !batcher.take(lane, rows).await {
                    pause(room, lane).await;
                }
                return true;
            }
            Err(error) => {
                tracing::error!(error = %error, "inbox cannot be read, trying again");
                pause(room, lane).await;
                return true;
            }
        }
    }
    false
}

/// Waits before a lane is tried again; telemetry holds no emergency by it.
async fn pause(room: &Ingest, lane: Lane) {
    let pause = tokio::time::sleep(PAUSE);
    tokio::pin!(pause);
    loop {
        if lane == Lane::Telemetry && room.inbox.waiting().0 > 0 {
            return;
        }
        tokio::select! {
            () = room.inbox.wait() => {}
            () = &mut pause => return,
        }
    }
}
