//! The time of a running server: kept, proved by a commit, and what is said of a wrong clock.
//!
//! Measured values go by the edge (`clock::edge`), a bounded share at a time. Not here: how long they are kept
//! (`series`), what a wrong clock is (`clock::proof`), and old rows of the records (`upkeep`).

use std::sync::Arc;
use std::time::Duration;

use care::Seen;
use tokio::time::{MissedTickBehavior, interval};

use crate::backup::stores;
use crate::clock::Clock;
use crate::clock::proof::Stand;
use crate::config::Config;
use crate::faults::{Fault, Faults};
use crate::health::Health;
use crate::inbox::Inbox;
use crate::upkeep::{Sweeps, Upkeep};
use records::line::Line;
use records::{Records, Work, is_full, state, wall};
use series::Series;

/// Keeps the time, and what goes by it.
pub struct Timekeeping {
    /// What the server was told to be: where its folder is.
    pub config: Arc<Config>,
    /// The clock that is kept.
    pub clock: Arc<Clock>,
    /// Where it is kept.
    pub records: Records,
    /// The life that the records have.
    pub line: Line,
    /// It is told when the disk is full.
    pub inbox: Inbox,
    /// Measured values.
    pub series: Arc<dyn Series>,
    /// It is told that the records took the time.
    pub health: Arc<Health>,
    /// Where it is told that they did not.
    pub faults: Arc<Faults>,
    /// What is swept now and then.
    pub upkeep: Arc<Upkeep>,
}

/// Writes the highest time every few seconds, so that a reboot of the machine loses no more of it.
pub async fn keep_time(time: Arc<Timekeeping>) {
    let mut sweeps = Sweeps::default();
    let mut tick = interval(Duration::from_secs(5));
    loop {
        tick.tick().await;
        let put = async {
            let mut writer = time.records.begin_for(Work::Other).await?;
            let now = time.clock.stored();
            state::put_clock(&mut writer, &now).await?;
            if let Some(known) = time.clock.wall() {
                wall::put(&mut writer, &known).await?;
            }
            writer.commit().await?;
            prove(&time, now.high).await?;
            Ok::<_, records::Error>(now.high)
        };
        let refuse = Fault::upkeep(Seen::RecordsRefuse);
        match put.await {
            Ok(high) => {
                time.health.stored(time.clock.mono());
                time.health.room_left(true);
                time.faults.clear(&refuse);
                stores::note(&time.config, time.line, high).await;
            }
            Err(error) => {
                tracing::error!(error = %error, "records do not take the time");
                if is_full(&error) {
                    time.health.room_left(false);
                    time.inbox.no_room();
                }
                time.faults.raise(refuse);
            }
        }
        sweeps.step(&time.upkeep).await;
    }
}

/// What a writer has committed is seen by a reader, or it was not committed.
async fn prove(time: &Timekeeping, written: i64) -> Result<(), records::Error> {
    let mut reader = time.records.reader().await?;
    state::prove_clock(&mut reader, written).await
}

/// Rolls up and drops measured values that are old, as far as the edge goes.
pub async fn tend_series(time: Arc<Timekeeping>) {
    let mut tick = interval(Duration::from_secs(10));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        while let Some(edge) = time.clock.edge() {
            match time.series.tend(edge).await {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => break,
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "series is not tended");
                    break;
                }
            }
        }
    }
}

/// Says that the clock on the wall is wrong, and that it is right again.
pub async fn watch(time: Arc<Timekeeping>) {
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        time.faults.set(Fault::upkeep(Seen::WrongTime), time.clock.stand() == Stand::Wrong);
    }
}

/// The clock of a server that starts: goes on from what the records hold.
pub async fn resume(records: &Records) -> Result<Clock, records::Error> {
    let mut writer = records.begin().await?;
    let known = state::clock(&mut writer).await?;
    let wall = wall::read(&mut writer).await?;
    let clock = Clock::resume(known.as_ref()).with_wall(wall);
    let now = clock.stored();
    if clock.rebooted() {
        records::due::all_at_once(&mut writer, clock.mono()).await?;
    }
    state::put_clock(&mut writer, &now).await?;
    writer.commit().await?;
    Ok(clock)
}
