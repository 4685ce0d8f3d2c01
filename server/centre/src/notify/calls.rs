//! Calls of one receiver that are under way, and notices that rest because nothing can be written of them.
//!
//! Not here: which notice is called next (`line`), and what its answer means (`worker`).

use std::collections::HashMap;

use records::Error;
use tokio::task::JoinSet;

use super::webhook::Failed;
use records::notify::OutboxRow;
use records::refusal::{is_of_row, leave_out};

/// What became of a call, by its notice.
type Ended = (String, Result<String, Failed>);

/// A notice of which nothing can be written is tried again after this, ms.
const REST: i64 = 60_000;

/// Calls under way: the row of each by its id.
#[derive(Default)]
pub(super) struct Calls {
    pub(super) tasks: JoinSet<Ended>,
    pub(super) rows: HashMap<String, OutboxRow>,
    /// Notices of which nothing can be written, and when they are tried again.
    pub(super) rests: HashMap<String, i64>,
}

impl Calls {
    pub(super) fn count(&self) -> (usize, usize) {
        let first = |row: &&OutboxRow| row.urgent && row.tries == 0;
        (self.rows.values().filter(|row| !first(row)).count(), self.rows.len())
    }

    /// What became of a notice cannot be written; if its own row is to blame, the others wait no longer for it.
    pub(super) fn rest(&mut self, id: &str, error: Error, now: i64) -> Result<(), Error> {
        if !is_of_row(&error) {
            return Err(error);
        }
        leave_out(&error, "a notice to the outside", id);
        self.rests.insert(id.to_owned(), now.saturating_add(REST));
        Ok(())
    }

    /// One call an alert at a time, so that "over" never overtakes what it ends.
    pub(super) fn has(&self, row: &OutboxRow) -> bool {
        self.rows.values().any(|other| other.alert == row.alert)
    }
}
