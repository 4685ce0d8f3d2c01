//! What time does to the desk: a lease that nobody renewed, a suspension that is over.
//!
//! Looked for once a second in an index; each is an ordinary change with its own cursor, so it rings
//! again on every screen. Not here: escalation (`escalation`).

use std::sync::Arc;
use std::time::Duration;

use care::alert::{Refusal, State};
use tokio::time::{MissedTickBehavior, interval};

use crate::alert::life::{self, stored};
use crate::alert::story::What;
use crate::desk::change::{Trace, change};
use crate::desk::{Desk, DeskError};
use records::desk::{self, DeskRow};
use records::refusal::{is_of_row, leave_out};

/// Most alerts returned in one step.
const AT_ONCE: i64 = 500;
/// How often leases and suspensions are looked at, ms: a dead holder's alert is back well within 30 s.
const EVERY_MS: u64 = 1_000;

/// Returns every alert whose holder's time is over to the queue; says how many.
pub async fn step(room: &Desk) -> Result<usize, DeskError> {
    let now = stored(room.clock.now().mono);
    let (mut returned, mut stuck) = (0, Vec::new());
    loop {
        let mut reader = room.records.reader().await?;
        let due = desk::due(&mut reader, now, AT_ONCE, &stuck).await?;
        drop(reader);
        for row in &due {
            match give_back(room, row).await {
                Ok(()) => returned += 1,
                // Its row alone cannot be returned; those behind it can.
                Err(DeskError::Records(error)) if is_of_row(&error) => {
                    leave_out(&error, "an alert that cannot be returned", &row.id);
                    stuck.push(row.id.clone());
                }
                Err(error) => return Err(error),
            }
        }
        if returned > 0 || due.len() as u64 != AT_ONCE.unsigned_abs() {
            return Ok(returned);
        }
    }
}

async fn give_back(room: &Desk, row: &DeskRow) -> Result<(), DeskError> {
    let lapsed = matches!(life::of(row).state, State::Claimed { .. });
    let trace = Trace {
        what: Some(if lapsed { What::Lapsed } else { What::Resumed }),
        who: row.owner.clone(),
        ..Trace::default()
    };
    // Renewed in between: nothing changes and nothing is written.
    let expire = |life: &mut care::alert::Life<String>, now| {
        life.expire(now);
        Ok::<_, Refusal<String>>(())
    };
    match change(room, &row.id, trace, expire).await {
        Ok(_) | Err(DeskError::Raced | DeskError::Unknown) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Looks for ever; a store that fails is asked again.
pub async fn run(room: Arc<Desk>) {
    let mut tick = interval(Duration::from_millis(EVERY_MS));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = step(&room).await {
            tracing::error!(error = &error as &dyn std::error::Error, "lapses are not looked at");
        }
    }
}
