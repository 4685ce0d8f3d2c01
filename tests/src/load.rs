//! The measuring stick: kinds of load at a server's own door, counted from outside.
//!
//! - [`beds`]: many beds that live, and presses among them.
//! - [`flood`]: as much telemetry as the door acknowledges, and how much of it is readable.
//! - [`storm`]: every gateway comes back at once, each with an emergency.
//! - [`kill`]: gateway and server die at random moments under a stream of presses.
//! - [`disk`]: how much disk a bed needs in a year.
//! - [`sweep`]: the disk fails, or a process dies, at chosen system calls.
//!
//! A *target* is a server that was started here or one that is named. Not here: simulated homes (`home`).

pub mod beds;
pub mod crowd;
pub mod disk;
pub mod flood;
pub mod kill;
pub mod storm;
pub mod sweep;
pub mod target;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::book::Book;

/// The book of a run, shared by the screen's thread and the load.
#[derive(Debug, Clone, Default)]
pub struct Shared(Arc<Mutex<Book>>);

impl Shared {
    /// The book; entries are single calls, so one who panicked left it whole.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a run has measured, key by key.
#[derive(Debug, Default)]
pub struct Report(Map<String, Value>);

impl Report {
    /// Adds one number.
    pub fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    /// Adds what the book says of presses.
    pub fn put_book(&mut self, book: &Book) {
        let verdict = book.verdict();
        self.put("presses", verdict.presses);
        self.put("alerts", book.alerts().count());
        self.put("lost", verdict.lost);
        self.put("doubled", verdict.doubled);
        self.put("closed", book.in_state("closed"));
        if let Value::Object(times) = book.times() {
            self.0.extend(times);
        }
    }

    /// Whether nothing was lost or doubled, and everything came up.
    pub fn is_clean(&self) -> bool {
        let zero = |key: &str| self.0.get(key).is_none_or(|n| n.as_u64() == Some(0));
        ["lost", "doubled", "missed_on_screen", "unbootable", "unheard", "vanished", "reopened"]
            .into_iter()
            .all(zero)
    }

    /// The object for a machine.
    pub fn into_json(self) -> Value {
        Value::Object(self.0)
    }

    /// Lines for a person.
    pub fn table(&self) -> String {
        self.0.iter().map(|(key, value)| format!("{key:>22}  {value}\n")).collect()
    }
}

/// Rounded to three digits after the point.
pub fn rounded(value: f64) -> Value {
    json!((value * 1000.0).round() / 1000.0)
}
