//! Rows of the spool that cannot be read or are refused: left out, so that the others go on, and told.
//!
//! Each is in the log once until it changes, and all are counted. Not here: what is left out of what.

use std::fmt::Display;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use door::once::{Once, Say};
use rusqlite::Row;
use rusqlite::types::ValueRef;

/// How often a row was left out since the process began.
static COUNT: AtomicU64 = AtomicU64::new(0);
/// What was said of them.
static SAID: Mutex<Option<Once>> = Mutex::new(None);

/// A row is left out; `row` is its name, or a digest of what it holds.
pub(super) fn leave_out(why: &dyn Display, table: &str, row: impl Hash) {
    COUNT.fetch_add(1, Ordering::Relaxed);
    let why = why.to_string();
    let mut hasher = DefaultHasher::new();
    (table, &why, row).hash(&mut hasher);
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    match said.get_or_insert_default().meet(hasher.finish()) {
        Say::Yes => tracing::error!(why, table, "a row of the spool is left out"),
        Say::TooMany => {
            tracing::error!(
                "too many rows of the spool are left out to name each, all are counted"
            );
        }
        Say::No => {}
    }
}

/// How often a row was left out since the process began.
pub(super) fn left_out() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

/// What a row holds, as a number.
pub(super) fn digest(row: &Row<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let values = (0..).map_while(|place| row.get_ref(place).ok());
    for value in values {
        match value {
            ValueRef::Null => 0u8.hash(&mut hasher),
            ValueRef::Integer(number) => number.hash(&mut hasher),
            ValueRef::Real(number) => number.to_bits().hash(&mut hasher),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.hash(&mut hasher),
        }
    }
    hasher.finish()
}
