//! Rows of the outbox: messages that leave the house, until they are confirmed or given up.
//!
//! A row is written in the transaction that causes it. One alert, reason and channel is one row,
//! however often it is asked for. Not here: how a message is sent (`notify`).

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Error, Row, query};

use super::refusal::{fetch, readable};

/// Waits for its time.
const WAITING: i16 = 0;
/// Confirmed.
const DELIVERED: i16 = 1;
/// Given up.
const DEAD: i16 = 2;

/// Why the last step of the ladder tells the outside.
const UNCLAIMED: &str = "unclaimed";

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Id of the message; the same on each try.
    pub id: String,
    /// By which channel.
    pub channel: String,
    /// About which alert.
    pub alert: String,
    /// Why it is sent.
    pub reason: String,
    /// What is sent.
    pub body: String,
    /// How often it was tried.
    pub tries: i64,
    /// When it is next tried, ms of the server's clock.
    pub due_mono: i64,
}

/// Puts a message in; answers whether it was new.
pub async fn put(c: &mut AnyConnection, row: &OutboxRow, wall: i64) -> Result<bool, Error> {
    let sql = "INSERT INTO outbox (id, channel, alert, reason, body, state, tries, due_mono, \
               created_wall) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8) \
               ON CONFLICT (alert, reason, channel) DO NOTHING";
    let done = query(sql)
        .bind(&row.id)
        .bind(&row.channel)
        .bind(&row.alert)
        .bind(&row.reason)
        .bind(&row.body)
        .bind(WAITING)
        .bind(row.due_mono)
        .bind(wall)
        .execute(c)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Tells the outside of an alert that nobody took, once; in the transaction of the step that says so.
pub async fn enqueue(c: &mut AnyConnection, alert: &str, wall: i64) -> Result<(), Error> {
    let sql = "SELECT home, kind FROM alert WHERE id = $1";
    let Some(row) = query(sql).bind(alert).fetch_optional(&mut *c).await? else { return Ok(()) };
    let (home, kind): (i64, i64) = (row.try_get("home")?, row.try_get("kind")?);
    let message = crate::notify::Message { alert, kind, home, reason: UNCLAIMED };
    crate::notify::put(c, &message, wall).await.map(drop)
}

/// Messages that are due, longest first.
pub async fn due(c: &mut AnyConnection, mono: i64, limit: i64) -> Result<Vec<OutboxRow>, Error> {
    let sql = "SELECT id, channel, alert, reason, body, tries, due_mono FROM outbox \
               WHERE state = 0 AND due_mono <= $1 ORDER BY due_mono, id LIMIT $2";
    let rows = fetch(query(sql).bind(mono).bind(limit), c).await?;
    let read = |row: &AnyRow| {
        Ok(OutboxRow {
            id: row.try_get("id")?,
            channel: row.try_get("channel")?,
            alert: row.try_get("alert")?,
            reason: row.try_get("reason")?,
            body: row.try_get("body")?,
            tries: row.try_get("tries")?,
            due_mono: row.try_get("due_mono")?,
        })
    };
    Ok(readable(&rows, read))
}

/// When the next message is due, ms of the server's clock.
pub async fn next_due(c: &mut AnyConnection) -> Result<Option<i64>, Error> {
    let sql = "SELECT MIN(due_mono) AS next FROM outbox WHERE state = 0";
    query(sql).fetch_one(c).await?.try_get("next")
}

/// A message was confirmed.
pub async fn delivered(
    c: &mut AnyConnection,
    id: &str,
    receipt: &str,
    wall: i64,
) -> Result<(), Error> {
    end(c, id, DELIVERED, receipt, wall).await
}

/// A message is given up.
pub async fn dead(c: &mut AnyConnection, id: &str, why: &str, wall: i64) -> Result<(), Error> {
    end(c, id, DEAD, why, wall).await
}

async fn end(
    c: &mut AnyConnection,
    id: &str,
    state: i16,
    receipt: &str,
    wall: i64,
) -> Result<(), Error> {
    let sql = "UPDATE outbox SET state = $1, receipt = $2, ended_wall = $3, tries = tries + 1 \
               WHERE id = $4 AND state = 0";
    query(sql).bind(state).bind(receipt).bind(wall).bind(id).execute(c).await.map(drop)
}

/// A try failed; the next one is at `due`.
pub async fn again(c: &mut AnyConnection, id: &str, why: &str, due: i64) -> Result<(), Error> {
    let sql = "UPDATE outbox SET tries = tries + 1, due_mono = $1, receipt = $2 \
               WHERE id = $3 AND state = 0";
    query(sql).bind(due).bind(why).bind(id).execute(c).await.map(drop)
}

/// How many messages wait and how many were given up.
pub async fn counts(c: &mut AnyConnection) -> Result<(i64, i64), Error> {
    let sql = "SELECT COALESCE(SUM(CASE WHEN state = 0 THEN 1 ELSE 0 END), 0) AS waiting, \
               COALESCE(SUM(CASE WHEN state = 2 THEN 1 ELSE 0 END), 0) AS dead FROM outbox";
    let row = query(sql).fetch_one(c).await?;
    Ok((row.try_get("waiting")?, row.try_get("dead")?))
}

/// What a message came to: its receipt, once it was confirmed or given up.
pub async fn receipt(c: &mut AnyConnection, id: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT receipt FROM outbox WHERE id = $1 AND state <> 0";
    let row = query(sql).bind(id).fetch_optional(c).await?;
    row.map(|row| row.try_get("receipt")).transpose()
}

/// Drops messages that ended before `wall`: their alert's own rows tell the story.
pub async fn drop_ended(c: &mut AnyConnection, wall: i64) -> Result<u64, Error> {
    let sql = "DELETE FROM outbox WHERE state <> 0 AND ended_wall < $1";
    query(sql).bind(wall).execute(c).await.map(|done| done.rows_affected())
}
