//! What a step of the ladder has come to: "told" is said only with a receipt, and who was not there is named.
//!
//! A step writes down whom it had: nobody, or a receiver whose receipt is awaited. The receipt, or that there will be
//! none, is a line of its own when it comes. Not here: when a step is due ([`super`]), calls (`notify`).

use std::sync::Arc;

use care::alert::Step;
use records::Writer;
use tokio::sync::broadcast::error::RecvError;

use super::Escalation;
use crate::alert::story::What;
use crate::clock::Now;
use crate::live::{Change, read};
use records::told::Told;
use records::{desk, staff, told as rows};

/// Writes down whom a step had, in its transaction; gives the line of the story.
pub(super) async fn taken(
    room: &Escalation,
    c: &mut Writer,
    (alert, step): (&str, Step),
    now: Now,
) -> Result<Option<(What, String)>, records::Error> {
    let number = step.number();
    let (what, detail, told) = match step {
        // Screens show and ring by themselves: a check and a ring tell nobody else.
        Step::CheckVisible | Step::RingAll => return Ok(None),
        Step::Supervisor => match supervisors(room, c, now).await? {
            names if names.is_empty() => (What::Nobody, number.to_string(), Some(Told::Nobody)),
            // That they are there is known; that they have heard is not.
            names => (What::OnDuty, format!("{number}:{}", names.join("、")), None),
        },
        Step::SecondSite => (What::Nobody, number.to_string(), Some(Told::Nobody)),
        Step::External => match room.outbox.configured() {
            names if names.is_empty() => (What::Nobody, number.to_string(), Some(Told::Nobody)),
            names => (What::Sent, format!("{number}:{}", names.join("、")), Some(Told::Sent)),
        },
    };
    if let Some(told) = told {
        rows::put(c, alert, told).await?;
    }
    Ok(Some((what, detail)))
}

/// Supervisors whose console is there, by their names.
async fn supervisors(
    room: &Escalation,
    c: &mut Writer,
    now: Now,
) -> Result<Vec<String>, records::Error> {
    let there = room.presence.people(now.mono);
    let all = staff::all(c).await?.into_iter();
    let own = all.filter(|row| row.role == "supervisor" && there.contains(&row.id));
    Ok(own.map(|row| row.display).collect())
}

/// Tells screens of receipts after their commit; runs until the process ends.
pub async fn run(room: Arc<Escalation>) {
    let mut receipts = room.outbox.receipts();
    loop {
        let alert = match receipts.recv().await {
            Ok(alert) => alert,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        if let Err(error) = show(&room, &alert).await {
            tracing::warn!(%error, alert, "screens hear of a receipt with the next change");
        }
    }
}

async fn show(room: &Escalation, alert: &str) -> Result<(), records::Error> {
    let mut reader = room.records.reader().await?;
    let Some(row) = desk::find(&mut reader, alert).await? else { return Ok(()) };
    let seen = (&*room.names, room.clock.now().mono);
    let view = read::views(seen, &mut reader, std::slice::from_ref(&row)).await?.pop();
    room.live.publish(Change { cursor: row.cursor, view });
    Ok(())
}
