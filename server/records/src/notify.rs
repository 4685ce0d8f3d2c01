//! Rows of the outbox: notices that leave the house, until they are confirmed, given up, or not needed.
//!
//! A row is written in the transaction that causes it. One alert, reason, round and receiver is one row, however
//! often it is asked for; of one alert and receiver only the newest waits. Ages are the server's clock's.
//! Not here: how a notice is sent (`notify`).

pub mod message;

use care::Severity;
use sqlx::any::AnyRow;
use sqlx::{Error, Row, query};

use super::forgotten::{Kept, oldest};
use super::refusal::pick;
use crate::Link;
use crate::clock::Now;
use crate::column::{kind, stored};
use crate::due::DueStep;

use self::message::Message;

/// Waits for its time.
const WAITING: i16 = 0;
/// Confirmed.
const DELIVERED: i16 = 1;
/// Given up.
const DEAD: i16 = 2;
/// Not needed any more: its alert is over, or a later notice tells the same.
const NEEDLESS: i16 = 3;

/// Why the last step of the ladder tells the outside.
const UNCLAIMED: &str = "unclaimed";
/// Why the outside is told again, once: somebody has ended it.
const OVER: &str = "over";
/// Rows that one step of house-keeping drops at most.
const DROPPED_AT_ONCE: i64 = 500;

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Id of the notice; the same on each try.
    pub id: String,
    /// Which receiver.
    pub channel: String,
    /// About which alert.
    pub alert: String,
    /// Why it is sent.
    pub reason: String,
    /// Which round of the ladder.
    pub round: i64,
    /// Whether it tells of an emergency.
    pub urgent: bool,
    /// What is sent.
    pub body: String,
    /// How often it was tried.
    pub tries: i64,
    /// When it is next tried, ms of the server's clock.
    pub due_mono: i64,
    /// When it was caused, ms of the server's clock.
    pub created_mono: i64,
}

/// Puts a notice in; answers whether it was new. An older one of the same alert and receiver that still waits
/// is not needed any more.
pub async fn put(c: &mut Link, row: &OutboxRow, wall: i64) -> Result<bool, Error> {
    let sql = "INSERT INTO outbox (id, channel, alert, reason, round, urgent, body, state, tries, \
               due_mono, created_mono, created_wall) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11) \
               ON CONFLICT (alert, reason, round, channel) DO NOTHING";
    let done = query(sql)
        .bind(&row.id)
        .bind(&row.channel)
        .bind(&row.alert)
        .bind(&row.reason)
        .bind(row.round)
        .bind(i64::from(row.urgent))
        .bind(&row.body)
        .bind(WAITING)
        .bind(row.due_mono)
        .bind(row.created_mono)
        .bind(wall)
        .execute(&mut *c)
        .await?;
    let new = done.rows_affected() > 0;
    if new {
        let sql = "UPDATE outbox SET state = $4, ended_mono = $5, ended_wall = $6 \
                   WHERE alert = $1 AND channel = $2 AND id <> $3 AND state = 0";
        let older = query(sql).bind(&row.alert).bind(&row.channel).bind(&row.id).bind(NEEDLESS);
        older.bind(row.created_mono).bind(wall).execute(c).await?;
    }
    Ok(new)
}

/// Tells every receiver of an alert that nobody took, once a round; in the transaction of the step that says so.
pub async fn unclaimed(
    c: &mut Link,
    step: &DueStep,
    receivers: &[String],
    now: Now,
) -> Result<(), Error> {
    let now = (stored(now.mono), now.wall_ms);
    let home = query("SELECT home FROM alert WHERE id = $1").bind(&step.alert);
    let home = home.fetch_one(&mut *c).await?.try_get("home")?;
    let urgent = step.severity > Severity::Fault;
    let told = Message {
        alert: &step.alert,
        kind: step.kind,
        home,
        reason: UNCLAIMED,
        round: step.round,
        urgent,
    };
    for receiver in receivers {
        message::put(c, &told, receiver, now).await?;
    }
    Ok(())
}

/// An alert is over: what was not confirmed is tried no more, and whoever was told, or may have been, hears it.
pub async fn over(c: &mut Link, alert: &str, wall: i64) -> Result<(), Error> {
    let sql = "UPDATE outbox SET state = $2, ended_wall = $3, \
               ended_mono = COALESCE((SELECT high FROM clock WHERE one = 1), created_mono) \
               WHERE alert = $1 AND state = 0 AND reason <> $4";
    let done = query(sql).bind(alert).bind(NEEDLESS).bind(wall).bind(OVER).execute(&mut *c);
    done.await?;
    over_of(c, Over { alert, channel: None }, wall).await
}

/// Whom to tell that which alert is over.
#[derive(Debug, Clone, Copy)]
pub struct Over<'a> {
    /// Row id of the alert.
    pub alert: &'a str,
    /// One receiver, else all.
    pub channel: Option<&'a str>,
}

/// Tells those who know of an alert that it is over, if it is; each once.
pub async fn over_of(c: &mut Link, over: Over<'_>, wall: i64) -> Result<(), Error> {
    let sql = "SELECT DISTINCT o.channel, a.home, a.kind, \
               COALESCE((SELECT high FROM clock WHERE one = 1), 0) AS mono \
               FROM outbox o JOIN alert a ON a.id = o.alert WHERE o.alert = $1 AND a.state = 3 \
               AND o.reason <> $2 AND (o.state = 1 OR o.unsure = 1) AND o.channel = COALESCE($3, o.channel)";
    let told = query(sql).bind(over.alert).bind(OVER).bind(over.channel).fetch_all(&mut *c).await?;
    for row in told {
        let channel: String = row.try_get("channel")?;
        let notice = Message {
            alert: over.alert,
            kind: kind(row.try_get("kind")?),
            home: row.try_get("home")?,
            reason: OVER,
            round: 0,
            urgent: false,
        };
        message::put(c, &notice, &channel, (row.try_get("mono")?, wall)).await?;
    }
    Ok(())
}

/// Notices of a receiver that are due and do not rest, emergencies first, what was never tried before what was.
pub async fn due(
    c: &mut Link,
    channel: &str,
    (mono, most): (i64, i64),
    rests: impl Fn(&str) -> bool,
) -> Result<Vec<OutboxRow>, Error> {
    let sql = "SELECT id, channel, alert, reason, round, urgent, body, tries, due_mono, created_mono \
               FROM outbox WHERE state = 0 AND channel = $1 AND due_mono <= $2 \
               ORDER BY urgent DESC, CASE WHEN tries = 0 THEN 0 ELSE 1 END, due_mono, id LIMIT $3 OFFSET $4";
    let ask = |past| query(sql).bind(channel).bind(mono).bind(most).bind(past);
    let read = |row: &AnyRow| {
        Ok(OutboxRow {
            id: row.try_get("id")?,
            channel: row.try_get("channel")?,
            alert: row.try_get("alert")?,
            reason: row.try_get("reason")?,
            round: row.try_get("round")?,
            urgent: row.try_get::<i64, _>("urgent")? != 0,
            body: row.try_get("body")?,
            tries: row.try_get("tries")?,
            due_mono: row.try_get("due_mono")?,
            created_mono: row.try_get("created_mono")?,
        })
    };
    Ok(pick(c, most, ask, read, |row| !rests(&row.id)).await?.0)
}

/// A receiver is back: all that waits for it is due.
pub async fn all_due(c: &mut Link, channel: &str, mono: i64) -> Result<(), Error> {
    let sql = "UPDATE outbox SET due_mono = $2 WHERE channel = $1 AND state = 0 AND due_mono > $2";
    query(sql).bind(channel).bind(mono).execute(c).await.map(drop)
}

/// A notice was confirmed, also one that was not needed any more; `now`: server's clock, wall clock.
pub async fn delivered(
    c: &mut Link,
    id: &str,
    receipt: &str,
    now: (i64, i64),
) -> Result<(), Error> {
    end(c, id, (DELIVERED, NEEDLESS), receipt, now).await
}

/// A notice is given up.
pub async fn dead(c: &mut Link, id: &str, why: &str, now: (i64, i64)) -> Result<(), Error> {
    end(c, id, (DEAD, WAITING), why, now).await
}

async fn end(
    c: &mut Link,
    id: &str,
    (state, or): (i16, i16),
    receipt: &str,
    now: (i64, i64),
) -> Result<(), Error> {
    let sql = "UPDATE outbox SET state = $1, receipt = $2, ended_mono = $3, ended_wall = $4, \
               tries = tries + 1 WHERE id = $5 AND (state = 0 OR state = $6)";
    let done = query(sql).bind(state).bind(receipt).bind(now.0).bind(now.1).bind(id).bind(or);
    done.execute(c).await.map(drop)
}

/// A try failed; the next one is at `due`. `unsure`: it may have arrived.
pub async fn again(
    c: &mut Link,
    id: &str,
    (why, unsure): (&str, bool),
    due: i64,
) -> Result<(), Error> {
    let sql = "UPDATE outbox SET tries = tries + 1, due_mono = $1, receipt = $2, \
               unsure = CASE WHEN $3 = 1 THEN 1 ELSE unsure END WHERE id = $4 AND state <> 1";
    let later = query(sql).bind(due).bind(why).bind(i64::from(unsure)).bind(id);
    later.execute(c).await.map(drop)
}

/// How many notices wait and how many were given up.
pub async fn counts(c: &mut Link) -> Result<(i64, i64), Error> {
    let sql = "SELECT COALESCE(SUM(CASE WHEN state = 0 THEN 1 ELSE 0 END), 0) AS waiting, \
               COALESCE(SUM(CASE WHEN state = 2 THEN 1 ELSE 0 END), 0) AS dead FROM outbox";
    let row = query(sql).fetch_one(c).await?;
    Ok((row.try_get("waiting")?, row.try_get("dead")?))
}

/// What a notice came to: its receipt, once it was confirmed or given up.
pub async fn receipt(c: &mut Link, id: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT receipt FROM outbox WHERE id = $1 AND state <> 0";
    let row = query(sql).bind(id).fetch_optional(c).await?;
    Ok(row.map(|row| row.try_get("receipt")).transpose()?.flatten())
}

/// Drops notices that ended before `mono`, server's clock: their alert's own rows tell the story. A bounded
/// number; says how many. One that cannot be dropped keeps no other.
pub async fn drop_ended(c: &mut Link, mono: i64) -> Result<u64, Error> {
    let sql = "SELECT id FROM outbox WHERE state <> 0 AND ended_mono < $1 ORDER BY ended_mono, id \
               LIMIT $2 OFFSET $3";
    oldest(c, &Kept { ids: sql, parts: &[("outbox", "id")] }, mono, DROPPED_AT_ONCE).await
}
