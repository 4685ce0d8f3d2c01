//! Whose alerts are, written down after they were told, while nobody waits: and people are told of homes that cannot be.
//!
//! A home that cannot be read in full rests and is tried again; it stands as a fault until it was read or nothing of it is
//! owed. Not here: the rows (`records::whose::owed`).

use care::Seen;

use super::Batcher;
use crate::clock::Now;
use crate::faults::Fault;
use crate::ingest::Ingest;
use records::column::stored;
use records::refusal::{is_of_row, leave_out};
use records::whose::owed;

impl Batcher {
    /// Writes down whose alerts are, of those that were told first; says whether there is more.
    pub(super) async fn settle_owed(&self, now: Now) -> bool {
        settle(&self.room, now).await.unwrap_or_else(|error| {
            if is_of_row(&error) {
                leave_out(&error, "whose some alerts are", ());
            } else {
                tracing::error!(error = %error, "whose some alerts are waits for the records");
            }
            false
        })
    }
}

async fn settle(room: &Ingest, now: Now) -> Result<bool, records::Error> {
    let now = stored(now.mono);
    let mut reader = room.records.reader().await?;
    let any = owed::any(&mut reader, now).await?;
    drop(reader);
    let mut more = false;
    if any {
        let mut writer = room.records.begin().await?;
        more = owed::settle(&mut writer, now).await?;
        writer.commit().await?;
    }
    say(room).await?;
    Ok(more)
}

/// A fault stands for each home that rests, and for no other.
async fn say(room: &Ingest) -> Result<(), records::Error> {
    let fault = |home: i64| Fault { home, ..Fault::upkeep(Seen::RowRefused) };
    let resting = owed::resting(&mut *room.records.reader().await?).await?;
    let standing = room.faults.standing(Seen::RowRefused).into_iter();
    let told = standing.filter(|(home, gateway)| *home != 0 && *gateway == 0);
    told.filter(|(home, _)| !resting.contains(home))
        .for_each(|(h, _)| room.faults.clear(&fault(h)));
    resting.into_iter().for_each(|home| room.faults.raise(fault(home)));
    Ok(())
}
