//! House-keeping of a running server: its time, what is old, and what it says of both.
//!
//! What is old goes by measured time where rows have it, else by the edge (`clock::edge`), a bounded share at a
//! time. Not here: how long measured values are kept (`series`), and what a wrong clock is (`clock::proof`).

use std::sync::Arc;
use std::time::Duration;

use care::Seen;
use care::policy::time::REFUSED_FOR;
use proto::unit::Mono;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::clock::proof::Stand;
use crate::desk::life::stored;
use crate::faults::Fault;
use crate::records::{desk, notify, state, wall};

/// Frames of a boot are told apart this long after its last one, ms; gateways keep what they sent for 7 days at most.
const SEEN_KEPT: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Changes of the queue that are kept; `routes::stream` lets no screen resume from further back than a fifth.
const CHANGES_KEPT: i64 = 100_000;
/// Ended notices are kept this long, ms: a quarter, for whoever asks whether a family was told.
const NOTICES_KEPT: i64 = 92 * 24 * 60 * 60 * 1_000;

/// Writes the highest time every few seconds, so that a reboot of the machine loses no more of it.
pub async fn keep_time(app: Arc<App>) {
    let mut tick = interval(Duration::from_secs(5));
    loop {
        tick.tick().await;
        let put = async {
            let mut writer = app.records.begin().await?;
            let now = app.clock.stored();
            state::put_clock(&mut writer, &now).await?;
            if let Some((mark, edge)) = app.clock.wall() {
                wall::put(&mut writer, &mark, &edge).await?;
            }
            state::forget_seen(&mut writer, now.high - SEEN_KEPT).await?;
            desk::forget_changes(&mut writer, CHANGES_KEPT).await?;
            notify::drop_ended(&mut writer, now.high - NOTICES_KEPT).await?;
            writer.commit().await?;
            prove(&app, now.high).await
        };
        let refuse = Fault::upkeep(Seen::RecordsRefuse);
        match put.await {
            Ok(()) => {
                app.health.stored(app.clock.mono());
                app.faults.clear(&refuse);
            }
            Err(error) => {
                tracing::error!(error = %error, "records do not take the time");
                app.faults.raise(refuse);
            }
        }
    }
}

/// What a writer has committed is seen by a reader, or it was not committed.
async fn prove(app: &App, written: i64) -> Result<(), sqlx::Error> {
    let mut reader = app.records.reader().await?;
    match state::clock(&mut reader).await? {
        Some(seen) if seen.high >= written => Ok(()),
        Some(_) | None => Err(sqlx::Error::Protocol("a commit that no reader sees".into())),
    }
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

/// Says what is wrong with the clock on the wall, and that measured values are refused.
pub async fn watch(app: Arc<App>) {
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut lost, mut last) = (app.series.facts().lost, None::<Mono>);
    loop {
        tick.tick().await;
        let now = app.clock.now();
        app.faults.set(Fault::upkeep(Seen::WrongTime), app.clock.stand() == Stand::Wrong);
        let all = app.series.facts().lost;
        if all != lost {
            (lost, last) = (all, Some(now.mono));
        }
        // What stood at the start stands until a while has passed without a refusal.
        let since = now.mono.since(last.unwrap_or(app.clock.started()));
        let refused = Fault::upkeep(Seen::PointsRefused);
        if last.is_some() && since < REFUSED_FOR {
            app.faults.raise(refused);
        } else if since >= REFUSED_FOR {
            app.faults.clear(&refused);
        }
    }
}

/// The clock of a server that starts: goes on from what the records hold.
pub async fn resume(records: &crate::records::Records) -> Result<crate::clock::Clock, sqlx::Error> {
    let mut writer = records.begin().await?;
    let known = state::clock(&mut writer).await?;
    let wall = wall::read(&mut writer).await?;
    let clock = crate::clock::Clock::resume(known.as_ref()).with_wall(wall);
    let now = clock.stored();
    if clock.rebooted() {
        crate::records::due::all_at_once(&mut writer, stored(clock.mono())).await?;
    }
    state::put_clock(&mut writer, &now).await?;
    writer.commit().await?;
    Ok(clock)
}
