//! What an alert tells the outside, and the notice that is made of it: ids and a kind, never a name or a number of a
//! person.
//!
//! Not here: who is told when (`notify`), and how a notice is sent.

use care::Kind;
use serde::Serialize;
use sqlx::Error;

use super::OutboxRow;
use crate::Link;
use crate::clock::row_name;
use crate::column::home_text;

/// What an alert tells the outside.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Row id of the alert.
    pub alert: &'a str,
    /// What it is about.
    pub kind: Kind,
    /// Number of its home.
    pub home: i64,
    /// Why it is told now: `unclaimed`, or `over`.
    pub reason: &'a str,
    /// Which round of the ladder tells it.
    pub round: i64,
    /// Whether it goes before what is not.
    pub urgent: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    alert: &'a str,
    kind: &'a str,
    home: String,
    reason: &'a str,
}

/// Puts a notice for one receiver into the outbox, in the transaction of what causes it; a second one of the
/// same alert, reason and round changes nothing. Wake the workers after the commit.
///
/// # Errors
/// The database refused.
pub async fn put(
    c: &mut Link,
    message: &Message<'_>,
    channel: &str,
    now: (i64, i64),
) -> Result<bool, Error> {
    let id = row_name();
    let Message { alert, kind, home, reason, round, urgent } = *message;
    let body = Body { id: &id, alert, kind: kind.word(), home: home_text(home), reason };
    let body = serde_json::to_string(&body).map_err(|error| Error::Encode(error.into()))?;
    let row = OutboxRow {
        channel: channel.to_owned(),
        alert: alert.to_owned(),
        reason: reason.to_owned(),
        round,
        urgent,
        body,
        tries: 0,
        due_mono: 0,
        created_mono: now.0,
        id,
    };
    super::put(c, &row, now.1).await
}
