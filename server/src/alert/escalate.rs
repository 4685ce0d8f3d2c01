//! The ladder: whom an alert calls next while nobody has it. Rows with a due time, so a restart forgets none.
//!
//! A step that no screen has painted by its first check makes all that follow due at once: then nobody is
//! there. An alert in somebody's hands keeps its place on the ladder. The last step leaves the house.
//! Not here: how a notice travels (`notify`), and claims that lapse (`desk::lapse`).

use std::sync::Arc;
use std::time::Duration;

use care::alert::{Ladder, Step};
use care::policy::RENEW;
use proto::unit::Millis;

use crate::app::App;
use crate::clock::Now;
use crate::desk::life::{CLAIMED, CLOSED, OPEN, mono, stored};
use crate::desk::story::What;
use crate::desk::view::{AlertView, kind_of, severity_of};
use crate::live::Change;
use crate::records::chain::{Batch, Growth, Line};
use crate::records::due::DueStep;
use crate::records::refusal::{is_of_row, leave_out};
use crate::records::{chain, desk, due, notify};

/// Looks for due steps this often.
const EVERY: Duration = Duration::from_millis(250);
/// Steps of one transaction: a press waits for the writer no longer than these take.
const AT_ONCE: i64 = 64;

/// A step whose rows are refused is tried again after this.
const REST: Millis = Millis::secs(60);

/// Runs until the process ends.
pub async fn run(app: Arc<App>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match step(&app).await {
            Ok(done) => {
                app.health.ladder_turned(app.clock.mono());
                // A full hand means that more is due already.
                if done == AT_ONCE.unsigned_abs() {
                    tick.reset_immediately();
                }
            }
            Err(error) => tracing::error!(error = %error, "ladder waits for the records"),
        }
    }
}

/// Takes the steps that are due; says how many.
pub async fn step(app: &App) -> Result<u64, sqlx::Error> {
    let now = app.clock.now();
    let mut reader = app.records.reader().await?;
    let steps = due::steps(&mut reader, stored(now.mono), AT_ONCE).await?;
    drop(reader);
    if steps.is_empty() {
        return Ok(0);
    }
    match take(app, now, &steps).await {
        Ok(()) => Ok(steps.len() as u64),
        Err(error) if is_of_row(&error) => apart(app, now, &steps).await,
        Err(error) => Err(error),
    }
}

/// Takes each step alone: one whose rows are refused rests, and the others are taken.
async fn apart(app: &App, now: Now, steps: &[DueStep]) -> Result<u64, sqlx::Error> {
    let mut taken = 0;
    for step in steps {
        match take(app, now, core::slice::from_ref(step)).await {
            Ok(()) => taken += 1,
            Err(error) if is_of_row(&error) => {
                leave_out(&error, "a step of the ladder");
                let mut writer = app.records.begin().await?;
                let later = stored(now.mono.after(REST));
                if due::put_off(&mut writer, step, later).await.is_ok() {
                    writer.commit().await?;
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}

/// Takes steps, in one transaction.
async fn take(app: &App, now: Now, steps: &[DueStep]) -> Result<(), sqlx::Error> {
    let mut writer = app.records.begin().await?;
    let mut batch = Batch::default();
    for step in steps {
        // What sank below an emergency keeps its place on the ladder, as what somebody has.
        let climbs = Ladder::climbs(kind_of(step.kind), severity_of(step.severity));
        if (step.state == OPEN && climbs) || step.state == CLOSED {
            if !due::done(&mut writer, step, stored(now.mono)).await? || step.state == CLOSED {
                continue;
            }
            climb(now, step, &mut batch);
            if step.step == Step::External as i64 {
                notify::enqueue(&mut writer, &step.alert, now.wall_ms).await?;
            }
        } else {
            debug_assert!(step.state == CLAIMED || step.state > 1 || !climbs);
            due::put_off(&mut writer, step, stored(now.mono.after(RENEW))).await?;
        }
    }
    chain::write(&mut writer, &mut batch, now.wall_ms).await?;
    let mut views = Vec::new();
    for grown in &batch.grown {
        if let Some(row) = desk::find(&mut writer, &grown.id).await? {
            let activations = desk::activations(&mut writer, &grown.id).await?;
            views.push((row.cursor, AlertView::of(&row, &activations, &app.names, now.mono)));
        }
    }
    writer.commit().await?;
    for (cursor, view) in views {
        app.live.publish(Change { cursor, view });
    }
    Ok(())
}

fn climb(now: Now, step: &DueStep, batch: &mut Batch) {
    let next = usize::try_from(step.step + 1).unwrap_or(usize::MAX);
    if let Some(due) = Ladder::due(mono(step.raised_mono), next) {
        let due = if step.visible { due } else { now.mono };
        batch.ladder.push((step.alert.clone(), step.step + 1, stored(due)));
    }
    if step.step == Step::CheckVisible as i64 && step.visible {
        return;
    }
    batch.grown.push(Growth { id: step.alert.clone(), step: Some(step.step), ..Growth::default() });
    batch.lines.push(Line {
        alert: step.alert.clone(),
        wall: now.wall_ms,
        mono: stored(now.mono),
        what: What::Step.number(),
        detail: Some(step.step.to_string()),
    });
}
