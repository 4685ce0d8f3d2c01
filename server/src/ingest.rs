//! Ingest: drains the inbox, believes, de-duplicates, judges, and makes alerts of it. Emergencies first.
//!
//! One batch is one transaction: alerts, presses, ladder, changes, judgements. Measured values are durable
//! in the series before; rows leave the inbox after; everything in between may happen twice. A batch
//! that fails is taken again record by record, and what still fails is put aside and told.
//! Not here: HTTP, the desk, who is spoken to next (`alert::escalate`).

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

use care::alert::Outcome;
use care::policy::Rules;
use proto::frame::Lane;
use proto::id::{DeviceId, HomeId};
use proto::up::Role;
use tokio::sync::{OwnedMutexGuard, mpsc};

use crate::app::App;
use crate::ingest::batch::Batcher;

/// Records of one emergency batch: what the commit that everybody waits for may hold.
const EMERGENCIES: usize = 512;
/// Records of one batch of telemetry: about 5 ms of work, which is what an emergency may have to wait.
const TELEMETRY: usize = 256;
/// Telemetry alone waits this long for company, so that a press seldom finds a commit under way.
const LINGER: Duration = Duration::from_millis(20);
/// Commands of people that may wait.
const COMMANDS: usize = 1024;
/// Orders of people told in one transaction.
const ORDERS: usize = 64;
/// Looks at deadlines this often.
const TICK: Duration = Duration::from_secs(1);
/// First and longest pause after the records refused a whole batch.
const PAUSE: Duration = Duration::from_millis(200);

/// What the rest of the server tells the judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A person closed an alert.
    Closed {
        /// Home number of the alert.
        home: i64,
        /// Incident number of the alert.
        incident: i64,
        /// How it ended, if a person said so.
        outcome: Option<Outcome>,
    },
    /// A home is judged by other rules from now on.
    Rules {
        /// Which.
        home: HomeId,
        /// How.
        rules: Rules,
    },
    /// Other people live in a home from now on.
    Residents {
        /// Home number.
        home: i64,
    },
    /// A device was put into a home.
    Enrolled {
        /// Who.
        device: DeviceId,
        /// Where.
        home: HomeId,
        /// As what.
        role: Role,
    },
    /// A device left a home.
    Released {
        /// Who.
        device: DeviceId,
        /// Where it was.
        home: HomeId,
    },
}

/// Tells ingest; clone freely.
#[derive(Debug, Clone)]
pub struct Commands(mpsc::Sender<Command>);

/// What ingest is told.
#[derive(Debug)]
pub struct Orders(mpsc::Receiver<Command>);

/// Both ends of the line to ingest.
pub fn line() -> (Commands, Orders) {
    let (sender, receiver) = mpsc::channel(COMMANDS);
    (Commands(sender), Orders(receiver))
}

impl Commands {
    /// Tells ingest; waits if it is behind. What is told is also in the rows, so a crash loses nothing.
    pub async fn tell(&self, command: Command) {
        // Only a server that is ending has no ingest.
        let _ = self.0.send(command).await;
    }
}

/// Runs until the process ends.
pub async fn run(app: Arc<App>, mut orders: OwnedMutexGuard<Orders>) {
    let orders = &mut orders.0;
    let mut batcher = loop {
        match Batcher::new(Arc::clone(&app)).await {
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
        let worked = drain(&app, &mut batcher).await;
        app.health.ingest_turned(app.clock.mono());
        if worked {
            // Deadlines and people are heard in between, whatever the backlog.
            while told.len() < ORDERS
                && let Ok(command) = orders.try_recv()
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
            () = app.inbox.wait() => gather(&app).await,
            _ = orders.recv_many(&mut told, ORDERS) => {
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
async fn gather(app: &App) {
    let pause = tokio::time::sleep(LINGER);
    tokio::pin!(pause);
    loop {
        let (emergencies, telemetry) = app.inbox.waiting();
        if emergencies > 0 || telemetry >= TELEMETRY as u64 || app.inbox.is_on_reserve() {
            return;
        }
        tokio::select! {
            () = app.inbox.wait() => {}
            () = &mut pause => return,
        }
    }
}

/// Takes one batch, emergencies before anything else; says whether there was one.
async fn drain(app: &App, batcher: &mut Batcher) -> bool {
    for (lane, most) in [(Lane::Emergency, EMERGENCIES), (Lane::Telemetry, TELEMETRY)] {
        if lane == Lane::Telemetry && app.inbox.is_on_reserve() {
            // It waits in the inbox, so that what room is left becomes alerts.
            continue;
        }
        let looked = app.clock.mono();
        match app.inbox.next(lane, batcher.taken(lane), most) {
            Ok(rows) if rows.is_empty() => batcher.caught_up(lane, looked),
            Ok(rows) => {
                if !batcher.take(lane, rows).await {
                    pause(app, lane).await;
                }
                return true;
            }
            Err(error) => {
                tracing::error!(error = %error, "inbox cannot be read, trying again");
                pause(app, lane).await;
                return true;
            }
        }
    }
    false
}

/// Waits before a lane is tried again; telemetry holds no emergency by it.
async fn pause(app: &App, lane: Lane) {
    let pause = tokio::time::sleep(PAUSE);
    tokio::pin!(pause);
    loop {
        if lane == Lane::Telemetry && app.inbox.waiting().0 > 0 {
            return;
        }
        tokio::select! {
            () = app.inbox.wait() => {}
            () = &mut pause => return,
        }
    }
}
