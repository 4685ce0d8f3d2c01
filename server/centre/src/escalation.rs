//! The ladder: whom an alert calls next while nobody has it. Rows with a due time, so a restart forgets none.
//!
//! An emergency that no screen has painted by its first check makes all that follow due at once: then nobody
//! is there. An alert in somebody's hands rests on the ladder. The last step leaves the house: its notice and
//! its id are made in the transaction that does the step. Not here: how a notice travels (`notify`), when a
//! round begins (`alert::round`), and claims that lapse (`desk::lapse`).

pub mod told;

use std::sync::Arc;
use std::time::Duration;

use care::alert::{Course, Step};
use care::policy::RENEW;
use proto::unit::Millis;
use records::Writer;

use crate::alert::story::What;
use crate::clock::{Clock, Now};
use crate::desk::presence::Presence;
use crate::health::Health;
use crate::live::names::Names;
use crate::live::view::{AlertView, SHOWN};
use crate::live::{Change, Live};
use crate::notify::Outbox;
use records::Records;
use records::chain::{Batch, Growth, Line};
use records::column::stored;
use records::desk::AlertState;
use records::due::DueStep;
use records::refusal::{is_of_row, leave_out};
use records::{chain, desk, due, notify};

/// Looks for due steps this often.
const EVERY: Duration = Duration::from_millis(250);
/// Steps of one transaction: a press waits for the writer no longer than these take.
const AT_ONCE: i64 = 64;

/// A step whose rows are refused is tried again after this.
const REST: Millis = Millis::secs(60);

/// What an alert climbs by while nobody has it.
pub struct Escalation {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Steps with their due times.
    pub records: Records,
    /// Screens that are told.
    pub live: Live,
    /// How homes are called.
    pub names: Arc<Names>,
    /// Who is on duty.
    pub presence: Arc<Presence>,
    /// Notices that leave the house.
    pub outbox: Outbox,
    /// It is told that the ladder turns.
    pub health: Arc<Health>,
}

/// Runs until the process ends.
pub async fn run(room: Arc<Escalation>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match step(&room).await {
            Ok(done) => {
                room.health.ladder_turned(room.clock.mono());
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
pub async fn step(room: &Escalation) -> Result<u64, records::Error> {
    let now = room.clock.now();
    let mut reader = room.records.reader().await?;
    let any = due::any(&mut reader, now.mono).await?;
    drop(reader);
    if !any {
        return Ok(0);
    }
    match take_due(room, now, None).await {
        Err(error) if is_of_row(&error) => apart(room, now).await,
        done => done,
    }
}

/// Takes each step alone: one whose rows are refused rests, and the others are taken. One that cannot even be put off
/// is gone past.
async fn apart(room: &Escalation, now: Now) -> Result<u64, records::Error> {
    let (mut taken, mut stuck) = (0, Vec::new());
    loop {
        let mut reader = room.records.reader().await?;
        let steps = due::steps_but(&mut reader, now.mono, AT_ONCE, &stuck).await?;
        drop(reader);
        for step in &steps {
            match take_due(room, now, Some(step)).await {
                Ok(done) => taken += done,
                Err(error) if is_of_row(&error) => {
                    leave_out(&error, "a step of the ladder", &step.alert);
                    if !put_off(room, now, step).await? {
                        stuck.push(step.clone());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        if taken > 0 || stuck.is_empty() || steps.len() as u64 != AT_ONCE.unsigned_abs() {
            return Ok(taken);
        }
    }
}

/// Whether a step that cannot be taken rests now.
async fn put_off(room: &Escalation, now: Now, step: &DueStep) -> Result<bool, records::Error> {
    let mut writer = room.records.begin().await?;
    match due::put_off(&mut writer, step, now.mono.after(REST)).await {
        Ok(()) => writer.commit().await.map(|()| true),
        Err(error) if is_of_row(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes what is due, or only this one, in one transaction.
async fn take_due(
    room: &Escalation,
    now: Now,
    only: Option<&DueStep>,
) -> Result<u64, records::Error> {
    let mut writer = room.records.begin().await?;
    // Read where it is written: nobody takes or ends an alert between the look and the step.
    let steps = match only {
        Some(step) => due::still(&mut writer, now.mono, step).await?.into_iter().collect(),
        None => due::steps(&mut writer, now.mono, AT_ONCE).await?,
    };
    let mut batch = Batch::default();
    let mut told = false;
    for step in &steps {
        told |= take(room, &mut writer, now, step, &mut batch).await?;
    }
    chain::write(&mut writer, &mut batch, now.wall_ms).await?;
    let mut views = Vec::new();
    for grown in &batch.grown {
        if let Some(row) = desk::find(&mut writer, &grown.id).await? {
            let activations = desk::activations(&mut writer, &grown.id, SHOWN).await?;
            views.push((row.cursor, AlertView::of(&row, &activations, &room.names, now.mono)));
        }
    }
    writer.commit().await?;
    for (cursor, view) in views {
        room.live.publish(Change { cursor, view });
    }
    if told {
        room.outbox.wake();
    }
    Ok(steps.len() as u64)
}

/// Takes one step, if nobody has its alert; says whether it leaves the house.
async fn take(
    room: &Escalation,
    writer: &mut Writer,
    now: Now,
    step: &DueStep,
    batch: &mut Batch,
) -> Result<bool, records::Error> {
    if step.state == AlertState::Closed {
        due::done(writer, step, now.mono).await?;
        return Ok(false);
    }
    let course = Course::of(step.kind, step.severity);
    // What sank below an emergency keeps its place on the ladder, as what somebody has.
    let (Some(course), Some(known), AlertState::Open) = (course, step.step, step.state) else {
        due::put_off(writer, step, now.mono.after(RENEW)).await?;
        return Ok(false);
    };
    if !due::done(writer, step, now.mono).await? {
        return Ok(false);
    }
    if let Some((next, planned)) = course.next(known, step.due) {
        let due = if step.visible || !course.hurries() { planned } else { now.mono };
        due::next(writer, step, (next, due)).await?;
    }
    if known == Step::CheckVisible && step.visible {
        return Ok(false);
    }
    batch.grown.push(Growth { id: step.alert.clone(), step: Some(known), ..Growth::default() });
    let mut tell = |what: What, detail: String| {
        batch.lines.push(Line {
            alert: step.alert.clone(),
            wall: now.wall_ms,
            mono: stored(now.mono),
            what: what.number(),
            detail: Some(detail),
            ..Line::default()
        });
    };
    tell(What::Step, known.number().to_string());
    if let Some((what, detail)) = told::taken(room, writer, (&step.alert, known), now).await? {
        tell(what, detail);
    }
    if known == Step::External {
        notify::unclaimed(writer, step, room.outbox.receivers(), now).await?;
        return Ok(true);
    }
    Ok(false)
}
