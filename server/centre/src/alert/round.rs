//! When the ladder of an alert begins anew, and when it is over for whoever was told outside.
//!
//! Everything that gives an alert back to the queue comes through here: a lease that lapsed, a suspension
//! that ended. A press begins a round too, if the last step of the one before is done (`records::due::begin`).
//! Not here: the steps (`escalation`).

use care::alert::Course;
use records::Writer;

use crate::clock::Now;
use records::desk::AlertState;
use records::desk::DeskRow;
use records::event::{self, Event};
use records::{due, notify};

/// An alert has changed from `was` to what its row says; in the transaction of that change.
pub async fn turned(
    c: &mut Writer,
    row: &mut DeskRow,
    was: AlertState,
    now: Now,
) -> Result<(), records::Error> {
    if row.state == AlertState::Closed && was != AlertState::Closed {
        due::end(c, &row.id, now.mono).await?;
        event::tell(c, &row.id, (Event::Closed, row.closed_by.as_deref()), now.wall_ms).await?;
        return notify::over(c, &row.id, now.wall_ms).await;
    }
    if row.state != AlertState::Open || was == AlertState::Open {
        return Ok(());
    }
    let Some(course) = Course::of(row.kind, row.severity) else {
        return Ok(());
    };
    let rounds = due::end(c, &row.id, now.mono).await?;
    // Equipment climbs only where homes stand behind it: then it had a round before.
    if course == Course::Person || rounds > 0 {
        let (step, at) = course.begin(now.mono);
        due::begin(c, &row.id, (step, at)).await?;
        (row.visible_mono, row.step) = (None, None);
    }
    Ok(())
}
