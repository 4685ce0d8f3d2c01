//! What a receiver of events is sent, and what is known of those who follow.
//!
//! The body is part of the API: fields are added and never change. Not here: when it is sent (`notify::events`).

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::live::view::home_text;
use records::event::EventRow;

/// What a receiver is sent.
#[derive(Debug, Serialize)]
pub struct EventBody {
    /// Id of this event, the same on each try: what has it already has been told.
    id: String,
    /// `raised`, `told`, `claimed` or `closed`.
    event: String,
    /// Row id of the alert, as in `/api/alerts/{id}`.
    alert: String,
    /// Home id; empty for what belongs to no home.
    home: String,
    /// The how-manieth event of its home it is, from 1.
    order: i64,
    /// The order of the event of this home that this receiver confirmed last, 0 before any. Less than `order` − 1:
    /// those between are lost, read the queue.
    after: i64,
    /// Word of the alert's kind, such as `help`.
    kind: &'static str,
    /// `emergency`, `important`, `general` or `fault`.
    severity: &'static str,
    /// When it happened, ms since 1970.
    at_ms: i64,
    /// Staff id of who did it; null where nobody did.
    by: Option<String>,
    /// Code of the outcome, with `closed` by somebody.
    outcome: Option<i64>,
}

impl EventBody {
    /// What is sent of a row.
    pub fn of(row: &EventRow) -> Self {
        Self {
            id: row.id.clone(),
            event: row.event.clone(),
            alert: row.alert.clone(),
            home: home_text(row.home),
            order: row.n,
            after: row.after,
            kind: row.kind.word(),
            severity: row.severity.word(),
            at_ms: row.wall,
            by: row.who.clone(),
            outcome: row.outcome,
        }
    }
}

/// What is known of the receivers of events.
#[derive(Debug, Default)]
pub struct Follows {
    /// Whether each is in trouble: it does not answer, or has lost events lately.
    trouble: Mutex<HashMap<String, bool>>,
    /// Events that were confirmed.
    pub confirmed: AtomicU64,
    /// Tries that failed.
    pub failed: AtomicU64,
    /// Events that were lost.
    pub lost: AtomicU64,
}

impl Follows {
    /// Whether one of them is in trouble; none before anything is known.
    pub fn trouble(&self) -> Option<bool> {
        let all = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        (!all.is_empty()).then(|| all.values().any(|one| *one))
    }

    pub(super) fn set(&self, channel: &str, trouble: bool) {
        let mut all = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(channel.to_owned(), trouble);
    }
}
