//! The queue as a whole: every alert that is not closed, in the order of the queue law.
//!
//! A snapshot carries the cursor that was newest *before* its rows were read: whatever changed while
//! reading comes again on the stream. Not here: the law itself (`care::alert::queue_rank`), views and names (`live`).

use std::collections::BTreeMap;

use crate::desk::Desk;
use crate::live::read;
use crate::live::view::{self, AlertView};
use records::desk::{self, AlertState};

/// The queue at one moment, as one person reads it.
#[derive(Debug)]
pub struct Snapshot {
    /// Where the stream goes on.
    pub cursor: i64,
    /// Everything that is open, in order.
    pub alerts: Vec<AlertView>,
    /// Fences of the claims of whoever asks: nobody else is told them.
    pub fences: BTreeMap<String, i64>,
}

/// Everything that is open, in order, with the cursor to go on from and the claims of `me`.
pub async fn snapshot(room: &Desk, me: &str) -> Result<Snapshot, records::Error> {
    let mut reader = room.records.reader().await?;
    let cursor = desk::newest(&mut reader).await?;
    let mut rows = desk::open(&mut reader).await?;
    let now = room.clock.now().mono;
    rows.sort_by_key(|row| view::rank(row, now));
    let mine = rows
        .iter()
        .filter(|row| row.state == AlertState::Claimed && row.owner.as_deref() == Some(me));
    let fences = mine.map(|row| (row.id.clone(), row.fence)).collect();
    Ok(Snapshot {
        cursor,
        alerts: read::views((&room.names, now), &mut reader, &rows).await?,
        fences,
    })
}
