//! Whose alerts are, written down after they were told, while nobody waits: and people are told of homes that cannot be.
//!
//! A home that cannot be read in full rests and is tried again; it stands as a fault until it was read or nothing of it is
//! owed. Not here: the rows (`records::whose::owed`).

use care::Seen;

use super::Batcher;
use crate::app::App;
use crate::clock::Now;
use crate::desk::life::stored;
use crate::faults::Fault;
use crate::records::refusal::{is_of_row, leave_out};
use crate::records::whose::owed;

impl Batcher {
    /// Writes down whose alerts are, of those that were told first; says whether there is more.
    pub(super) async fn settle_owed(&self, now: Now) -> bool {
        settle(&self.app, now).await.unwrap_or_else(|error| {
            if is_of_row(&error) {
                leave_out(&error, "whose some alerts are");
            } else {
                tracing::error!(error = %error, "whose some alerts are waits for the records");
            }
            false
        })
    }
}

async fn settle(app: &App, now: Now) -> Result<bool, records::Error> {
    let now = stored(now.mono);
    let mut reader = app.records.reader().await?;
    let any = owed::any(&mut reader, now).await?;
    drop(reader);
    let mut more = false;
    if any {
        let mut writer = app.records.begin().await?;
        more = owed::settle(&mut writer, now).await?;
        writer.commit().await?;
    }
    say(app).await?;
    Ok(more)
}

/// A fault stands for each home that rests, and for no other.
async fn say(app: &App) -> Result<(), records::Error> {
    let fault = |home: i64| Fault { home, ..Fault::upkeep(Seen::RowRefused) };
    let resting = owed::resting(&mut *app.records.reader().await?).await?;
    let standing = app.faults.standing(Seen::RowRefused).into_iter();
    let told = standing.filter(|(home, gateway)| *home != 0 && *gateway == 0);
    told.filter(|(home, _)| !resting.contains(home)).for_each(|(h, _)| app.faults.clear(&fault(h)));
    resting.into_iter().for_each(|home| app.faults.raise(fault(home)));
    Ok(())
}
