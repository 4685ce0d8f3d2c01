//! Taking an alert and keeping it: claim, take-over, renewal, painting.
//!
//! A claim tells the presses' devices that a person has them: the `seen` rung, sealed by the same function
//! that seals `received`, one word a device. Not here: the rules (`care::alert`), or who may claim.

use care::alert::{Hand, Life, Refusal};
use proto::down::Rung;
use proto::unit::Mono;

use crate::alert::life;
use crate::alert::story::What;
use crate::desk::change::{Trace, change};
use crate::desk::{Desk, DeskError};
use crate::live::read;
use crate::live::view::AlertView;
use records::desk;
use records::story::{self, TimelineRow};

/// A claim that was won.
#[derive(Debug)]
pub struct Claim {
    /// What every later write of its holder carries.
    pub fence: u64,
    /// The alert as it is now, all of its signals included: whoever reads it has been shown it.
    pub view: AlertView,
}

/// Makes this hand the owner, if nobody else is.
pub async fn claim(room: &Desk, id: &str, hand: &Hand<String>) -> Result<Claim, DeskError> {
    hold(room, id, What::Claimed, hand, |life, now| life.claim(now, hand)).await
}

/// Makes this hand the owner, whoever is: a supervisor's right. Whoever had it is told.
pub async fn take(room: &Desk, id: &str, hand: &Hand<String>) -> Result<Claim, DeskError> {
    hold(room, id, What::Taken, hand, |life, now| life.take_over(now, hand)).await
}

async fn hold(
    room: &Desk,
    id: &str,
    what: What,
    hand: &Hand<String>,
    wish: impl FnOnce(&mut Life<String>, Mono) -> Result<care::alert::Fence, Refusal<String>> + Send,
) -> Result<Claim, DeskError> {
    let who = Some(hand.who.clone());
    let trace = Trace { what: Some(what), who, rung: Some(Rung::Seen), ..Trace::default() };
    let done = change(room, id, trace, wish).await?;
    room.receipts.climbed(&done.risen, Rung::Seen);
    let mut reader = room.records.reader().await?;
    let row = desk::find(&mut reader, id).await?.ok_or(DeskError::Unknown)?;
    let seen = (&*room.names, room.clock.now().mono);
    let view = read::views(seen, &mut reader, std::slice::from_ref(&row)).await?.pop();
    Ok(Claim { fence: done.answer.get(), view: view.ok_or(DeskError::Unknown)? })
}

/// Keeps a claim for another lease. Not a change of the queue: no cursor, no event. Presses that joined since and that the
/// holder was shown reach `seen` by it.
pub async fn renew(room: &Desk, id: &str, hand: &Hand<String>) -> Result<(), DeskError> {
    let trace = Trace { shown: hand.seen, ..Trace::default() };
    let done = change(room, id, trace, |life, now| life.renew(now, hand)).await?;
    room.receipts.climbed(&done.risen, Rung::Seen);
    Ok(())
}

/// A console has painted the alert; the first word of it counts.
pub async fn visible(room: &Desk, id: &str) -> Result<(), DeskError> {
    let mut writer = room.records.begin().await?;
    desk::find(&mut writer, id).await?.ok_or(DeskError::Unknown)?;
    let now = room.clock.now();
    let mono = life::stored(now.mono);
    if desk::visible(&mut writer, id, (mono, now.wall_ms)).await? {
        let line = TimelineRow::of(What::Visible.number(), mono, now.wall_ms);
        story::tell(&mut writer, id, &line).await?;
    }
    writer.commit().await?;
    Ok(())
}
