//! One wish on one alert, as one transaction: read, ask the rules, write, tell.
//!
//! Everything that moves an alert at the desk comes through [`change`]: nothing else writes the desk's
//! part of a row. Whether a hand may do what it wishes is `care::alert::hand`'s word, asked in the same
//! transaction, so that nothing joins between the answer and the write. The writer is alone, and the write
//! compares fence and state besides, so that a sibling process on a shared database is refused as well.
//! Not here: which wishes there are.

use care::alert::{Life, Refusal, Shown, State};
use proto::down::Rung;
use proto::unit::Mono;
use records::Writer;

use crate::alert::life;
use crate::alert::round;
use crate::alert::story::What;
use crate::clock::row_name;
use crate::desk::{Desk, DeskError};
use crate::live::Change;
use crate::live::view::{AlertView, SHOWN};
use records::desk::{self, ActivationRow, DeskRow};
use records::event::{self, Event};
use records::story::{self, ActionRow, TimelineRow};

/// Signals that are told to somebody who has not seen them.
const NEWER: i64 = 50;

/// What a wish leaves besides the alert itself.
#[derive(Debug, Default)]
pub struct Trace {
    /// Line of the story.
    pub what: Option<What>,
    /// Who wished it.
    pub who: Option<String>,
    /// More on that line.
    pub detail: Option<String>,
    /// Action to record.
    pub action: Option<ActionRow>,
    /// Last words, kept with the alert.
    pub note: Option<String>,
    /// Rung that its presses reach by it.
    pub rung: Option<Rung>,
    /// How far whoever holds the alert longer was shown it: its presses up to there are seen.
    pub shown: Option<Shown>,
}

/// What a wish has done.
#[derive(Debug)]
pub struct Done<T> {
    /// What the rules answered.
    pub answer: T,
    /// Presses that rose to the wished rung: their devices are to be told.
    pub risen: Vec<ActivationRow>,
}

/// Applies `wish` to an alert. Nothing is written when the rules refuse it or it changes nothing.
pub async fn change<T>(
    room: &Desk,
    id: &str,
    trace: Trace,
    wish: impl FnOnce(&mut Life<String>, Mono) -> Result<T, Refusal<String>> + Send,
) -> Result<Done<T>, DeskError> {
    let mut writer = room.records.begin().await?;
    let now = room.clock.now();
    let mut row = desk::find(&mut writer, id).await?.ok_or(DeskError::Unknown)?;
    let was = life::of(&row);
    let mut life = was.clone();
    let answer = match wish(&mut life, now.mono) {
        Ok(answer) => answer,
        Err(Refusal::Unseen { seen }) => {
            let seen = life::number(seen.get());
            let newer = story::newer(&mut writer, id, seen, NEWER).await?;
            return Err(DeskError::Unseen { newer, cursor: row.cursor });
        }
        Err(refusal) => return Err(DeskError::Refused(refusal)),
    };
    let quiet = Done { answer, risen: Vec::new() };
    if life == was && trace.action.is_none() {
        return Ok(quiet);
    }
    if let (State::Claimed { lease, .. }, true, None) =
        (&life.state, life.fence == was.fence, &trace.action)
    {
        // A longer lease is no news: no cursor, no line, no event.
        if !desk::renew(&mut writer, id, row.fence, life::stored(*lease)).await? {
            return Err(DeskError::Raced);
        }
        let risen = shown(&mut writer, id, trace.shown, &life).await?;
        writer.commit().await?;
        return Ok(Done { risen, ..quiet });
    }
    let before = (row.fence, row.state);
    life::into(&mut row, &life, now.wall_ms);
    row.note = trace.note.clone().or(row.note);
    row.cursor = match desk::save(&mut writer, &row, before, now.wall_ms).await? {
        Some(cursor) => cursor,
        None => return Err(DeskError::Raced),
    };
    round::turned(&mut writer, &mut row, before.1, now).await?;
    let at = (life::stored(now.mono), now.wall_ms);
    let risen = write_trace(&mut writer, &row, trace, at).await?;
    let activations = desk::activations(&mut writer, id, SHOWN).await?;
    writer.commit().await?;
    if row.state != before.1 {
        room.outbox.wake();
    }
    room.live.publish(Change {
        cursor: row.cursor,
        view: AlertView::of(&row, &activations, &room.names, now.mono),
    });
    Ok(Done { risen, ..quiet })
}

/// Presses that their holder was shown reach `seen`; a number that this alert has never had is no look at it.
async fn shown(
    c: &mut Writer,
    id: &str,
    through: Option<Shown>,
    life: &Life<String>,
) -> Result<Vec<ActivationRow>, records::Error> {
    let shown = through.is_some_and(|shown| (life.spoke..=life.latest).contains(&shown));
    if !shown || !desk::has_below(c, id, Rung::Seen).await? {
        return Ok(Vec::new());
    }
    desk::climb(c, id, Rung::Seen).await
}

async fn write_trace(
    c: &mut Writer,
    row: &DeskRow,
    mut trace: Trace,
    (mono, wall): (i64, i64),
) -> Result<Vec<ActivationRow>, records::Error> {
    if let Some(action) = &mut trace.action {
        // Its line of the story finds its words by the moment, which is this one, however long it waited.
        action.wall = wall;
        story::act(c, &row_name(), &row.id, action).await?;
    }
    if let Some(what) = trace.what {
        // A take-over tells out of whose hands.
        let from = row.taken_from.clone().filter(|_| what == What::Taken);
        let line = TimelineRow {
            who: trace.who,
            detail: trace.detail.or(from),
            ..TimelineRow::of(what.number(), mono, wall)
        };
        story::tell(c, &row.id, &line).await?;
        if matches!(what, What::Claimed | What::Taken) {
            event::tell(c, &row.id, (Event::Claimed, line.who.as_deref()), wall).await?;
        }
    }
    match trace.rung {
        Some(rung) => desk::climb(c, &row.id, rung).await,
        None => Ok(Vec::new()),
    }
}
