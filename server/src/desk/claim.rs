//! Taking an alert and keeping it: claim, renewal, painting.
//!
//! A claim tells the presses' devices that a person has them: the `seen` rung, sealed by the same
//! function that seals `received`. Not here: the rules (`care::alert`), or who may claim.

use care::alert::Fence;
use care::policy::LEASE;
use proto::down::Rung;

use crate::app::App;
use crate::auth::Staff;
use crate::desk::change::{Trace, change};
use crate::desk::story::What;
use crate::desk::{DeskError, life};
use crate::records::desk;

/// Number of the rung `seen` in rows.
const SEEN: i64 = 3;

/// Makes `staff` the owner; gives the fence that every later write must carry.
pub async fn claim(app: &App, id: &str, staff: &Staff) -> Result<Fence, DeskError> {
    let trace = Trace {
        what: Some(What::Claimed),
        who: Some(staff.id.clone()),
        rung: Some(SEEN),
        ..Trace::default()
    };
    let who = staff.id.clone();
    let done = change(app, id, trace, |life, now| life.claim(now, who)).await?;
    app.tell_rung(&done.risen, Rung::Seen);
    Ok(done.answer)
}

/// Keeps a claim for another lease. Not a change of the queue: no cursor, no event.
pub async fn renew(app: &App, id: &str, fence: i64) -> Result<(), DeskError> {
    let mut writer = app.records.begin().await?;
    let now = app.clock.now().mono;
    let row = desk::find(&mut writer, id).await?.ok_or(DeskError::Unknown)?;
    let mut life = life::of(&row);
    life.renew(now, Fence::new(fence.unsigned_abs())).map_err(DeskError::Refused)?;
    let held = desk::renew(&mut writer, id, fence, life::stored(now.after(LEASE))).await?;
    writer.commit().await?;
    if held { Ok(()) } else { Err(DeskError::Raced) }
}

/// A console has painted the alert; the first word of it counts.
pub async fn visible(app: &App, id: &str) -> Result<(), DeskError> {
    let mut writer = app.records.begin().await?;
    desk::find(&mut writer, id).await?.ok_or(DeskError::Unknown)?;
    let now = app.clock.now();
    if desk::visible(&mut writer, id, (life::stored(now.mono), now.wall_ms)).await? {
        let line = desk::TimelineRow {
            wall: now.wall_ms,
            mono: life::stored(now.mono),
            what: What::Visible.number(),
            who: None,
            detail: None,
        };
        desk::tell(&mut writer, id, &line).await?;
    }
    writer.commit().await?;
    Ok(())
}
