//! The time of a running server: kept, proved by a commit, and what is said of a wrong clock.
//!
//! Measured values go by the edge (`clock::edge`), a bounded share at a time. Not here: how long they are kept
//! (`series`), what a wrong clock is (`clock::proof`), and old rows of the records (`upkeep`).

use std::sync::Arc;
use std::time::Duration;

use care::Seen;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::backup::stores;
use crate::clock::proof::Stand;
use crate::faults::Fault;
use crate::records::{is_full, state, wall};
use crate::upkeep::Sweeps;

/// Writes the highest time every few seconds, so that a reboot of the machine loses no more of it.
pub async fn keep_time(app: Arc<App>) {
    let mut sweeps = Sweeps::default();
    let mut tick = interval(Duration::from_secs(5));
    loop {
        tick.tick().await;
        let put = async {
            let mut writer = app.records.begin().await?;
            let now = app.clock.stored();
            state::put_clock(&mut writer, &now).await?;
            if let Some(known) = app.clock.wall() {
                wall::put(&mut writer, &known).await?;
            }
            writer.commit().await?;
            prove(&app, now.high).await?;
            Ok::<_, records::Error>(now.high)
        };
        let refuse = Fault::upkeep(Seen::RecordsRefuse);
        match put.await {
            Ok(high) => {
                app.health.stored(app.clock.mono());
                app.health.room_left(true);
                app.faults.clear(&refuse);
                stores::note(&app.config, app.line, high).await;
            }
            Err(error) => {
                tracing::error!(error = %error, "records do not take the time");
                if is_full(&error) {
                    app.health.room_left(false);
                    app.inbox.no_room();
                }
                app.faults.raise(refuse);
            }
        }
        sweeps.step(&app).await;
    }
}

/// What a writer has committed is seen by a reader, or it was not committed.
async fn prove(app: &App, written: i64) -> Result<(), records::Error> {
    let mut reader = app.records.reader().await?;
    state::prove_clock(&mut reader, written).await
}

/// Rolls up and drops measured values that are old, as far as the edge goes.
pub async fn tend_series(app: Arc<App>) {
    let mut tick = interval(Duration::from_secs(10));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        while let Some(edge) = app.clock.edge() {
            match app.series.tend(edge).await {
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
pub async fn watch(app: Arc<App>) {
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        app.faults.set(Fault::upkeep(Seen::WrongTime), app.clock.stand() == Stand::Wrong);
    }
}

/// The clock of a server that starts: goes on from what the records hold.
pub async fn resume(records: &records::Records) -> Result<crate::clock::Clock, records::Error> {
    let mut writer = records.begin().await?;
    let known = state::clock(&mut writer).await?;
    let wall = wall::read(&mut writer).await?;
    let clock = crate::clock::Clock::resume(known.as_ref()).with_wall(wall);
    let now = clock.stored();
    if clock.rebooted() {
        records::due::all_at_once(&mut writer, clock.mono()).await?;
    }
    state::put_clock(&mut writer, &now).await?;
    writer.commit().await?;
    Ok(clock)
}
