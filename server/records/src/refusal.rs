//! Who is to blame when the records refuse: the row that was written or read, or the store for everybody.
//!
//! A row that is to blame is taken alone and left out, so that the others go on; a store that refuses everybody is
//! waited for. Where the code alone does not tell, [`takes_others`] asks. Not here: what is left out.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use door::once::{Once, Say};
use sqlx::any::AnyRow;
use sqlx::{Error, Row};
use tokio_stream::StreamExt;

use super::{Records, state};
use crate::Link;
use crate::clock::Stored;
pub use crate::sql::Bound;

/// SQLite's numbers for a store that refuses whatever the row: busy, locked, no memory, read-only, interrupted, disk
/// error, full, cannot open, protocol, schema changed, misuse, no large files, not a database.
const STORE: [u32; 13] = [5, 6, 7, 8, 9, 10, 13, 14, 15, 17, 21, 22, 26];
/// PostgreSQL's classes for a row that it refuses: data, constraint, a rule that says no, damage.
const ROW_CLASSES: [&str; 4] = ["22", "23", "P0", "XX"];

/// Rows that were left out since the process began; told while it grows (`upkeep`).
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// What was said of them.
static SAID: Mutex<Option<Once>> = Mutex::new(None);

/// A row is left out of what is done, so that the others go on. `row` is its name or what is known of it: each is said
/// once until it changes, and all are counted.
pub fn leave_out(error: &Error, what: &'static str, row: impl Hash) {
    LEFT_OUT.fetch_add(1, Ordering::Relaxed);
    let mut hasher = DefaultHasher::new();
    (what, error.to_string(), row).hash(&mut hasher);
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    match said.get_or_insert_default().meet(hasher.finish()) {
        Say::Yes => tracing::error!(%error, what, "a row of the records is left out"),
        Say::TooMany => {
            tracing::error!(
                "too many rows of the records are left out to name each, all are counted"
            );
        }
        Say::No => {}
    }
}

/// What a row holds, as far as it can be got: a digest, since rows hold what no log may.
pub(super) fn digest(row: &AnyRow) -> u64 {
    let mut hasher = DefaultHasher::new();
    for place in 0..row.len() {
        format!("{:?}", row.try_get_raw(place).ok()).hash(&mut hasher);
    }
    hasher.finish()
}

/// How often a row was left out since the process began.
pub fn left_out() -> u64 {
    LEFT_OUT.load(Ordering::Relaxed)
}

/// The rows that the database can give. One with text that is none is left out, where the driver's own list would end.
pub async fn fetch(asked: Bound<'_>, c: &mut Link) -> Result<Vec<AnyRow>, Error> {
    Ok(fetch_seen(asked, c).await?.0)
}

/// The same, and how many rows there were with those that were left out.
pub async fn fetch_seen(asked: Bound<'_>, c: &mut Link) -> Result<(Vec<AnyRow>, usize), Error> {
    let (mut rows, mut found, mut seen) = (asked.fetch(c), Vec::new(), 0);
    while let Some(row) = rows.next().await {
        match row {
            Ok(row) => found.push(row),
            Err(error @ Error::Database(_)) => return Err(error),
            Err(error) if is_of_row(&error) => leave_out(&error, "a row that cannot be read", seen),
            Err(error) => return Err(error),
        }
        seen += 1;
    }
    Ok((found, seen))
}

/// The first `most` rows that can be read and are of `use_of`; rows before them that are not, however many, are gone
/// past, so that they are not before the others for ever. `ask` asks for `most` rows after so many. Gives how many of
/// those that were gone past cannot be read as well.
pub async fn pick<'q, T>(
    c: &mut Link,
    most: i64,
    ask: impl Fn(i64) -> Bound<'q>,
    read: impl Fn(&AnyRow) -> Result<T, Error>,
    use_of: impl Fn(&T) -> bool,
) -> Result<(Vec<T>, usize), Error> {
    let (mut picked, mut past, mut unread) = (Vec::new(), 0, 0);
    let most = most.max(1);
    let full = usize::try_from(most).unwrap_or(usize::MAX);
    loop {
        let (rows, seen) = fetch_seen(ask(past), c).await?;
        let found = readable(&rows, &read);
        unread += seen - found.len();
        picked.extend(found.into_iter().filter(|row| use_of(row)));
        if seen < full || picked.len() >= full {
            picked.truncate(full);
            return Ok((picked, unread));
        }
        past += most;
    }
}

/// The rows that can be read; one that cannot hides no other.
pub fn readable<T>(rows: &[AnyRow], read: impl Fn(&AnyRow) -> Result<T, Error>) -> Vec<T> {
    let known = |row: &AnyRow| {
        let read = read(row);
        read.inspect_err(|error| leave_out(error, "a row that cannot be read", digest(row))).ok()
    };
    rows.iter().filter_map(known).collect()
}

/// Whether an error speaks of one row and not of the whole store.
pub fn is_of_row(error: &Error) -> bool {
    if let Error::Database(told) = error {
        return told.code().is_some_and(|code| is_row_code(&code));
    }
    matches!(
        error,
        Error::RowNotFound
            | Error::ColumnDecode { .. }
            | Error::Decode(_)
            | Error::Encode(_)
            | Error::ColumnIndexOutOfBounds { .. }
            | Error::ColumnNotFound(_)
            | Error::TypeNotFound { .. }
    )
}

/// Whether a key is taken already.
pub fn is_taken(error: &Error) -> bool {
    error.as_database_error().is_some_and(|told| told.is_unique_violation())
}

fn is_row_code(code: &str) -> bool {
    // PostgreSQL's have five signs, SQLite's extended numbers at most four.
    if code.len() == 5 {
        return ROW_CLASSES.iter().any(|class| code.starts_with(class));
    }
    code.parse::<u32>().is_ok_and(|code| !STORE.contains(&(code & 0xFF)))
}

/// Whether the records take another row meanwhile: a commit of the time, which is written every few seconds anyway.
pub async fn takes_others(records: &Records, time: &Stored) -> bool {
    let probe = async {
        let mut writer = records.begin().await?;
        state::put_clock(&mut writer, time).await?;
        writer.commit().await
    };
    probe.await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_blames_nobody_and_a_refused_row_itself() {
        // Trigger, unique key, damaged page; PostgreSQL's unique key and its own damage.
        for code in ["1811", "2067", "1555", "11", "20", "23505", "XX001"] {
            assert!(is_row_code(code), "{code}");
        }
        // Busy, disk error with its many causes, full, read-only; PostgreSQL without room or connection.
        for code in ["5", "10", "1034", "4874", "13", "8", "53100", "08006", "57P01"] {
            assert!(!is_row_code(code), "{code}");
        }
        assert!(!is_of_row(&Error::PoolTimedOut) && is_of_row(&Error::RowNotFound));
    }
}
