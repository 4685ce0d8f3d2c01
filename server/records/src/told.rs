//! Rows of what steps of the ladder have come to: a line of the story, and what screens show of the last one.
//!
//! Not here: what counts as told (`alert::told`).

use sqlx::{Error, query};

use crate::Link;
use crate::head;

/// What the last step has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It had nobody to tell.
    Nobody,
    /// It was sent, and is not confirmed.
    Sent,
    /// Whoever it was for has confirmed it.
    Confirmed,
    /// It was given up.
    Failed,
}

proto::numbered!(Told: i64 {
    Nobody = 1 "nobody",
    Sent = 2 "sent",
    Confirmed = 3 "told",
    Failed = 4 "failed",
});

/// Whoever has confirmed stays the last word of a round.
const CONFIRMED: i64 = Told::Confirmed.number();

/// Adds a line to an alert's story.
pub async fn line(
    c: &mut Link,
    alert: &str,
    (wall, mono): (i64, i64),
    (what, detail): (i64, &str),
) -> Result<(), Error> {
    let sql = "INSERT INTO timeline (alert, wall, mono, what, detail) VALUES ($1, $2, $3, $4, $5)";
    query(sql).bind(alert).bind(wall).bind(mono).bind(what).bind(detail).execute(c).await.map(drop)
}

/// Notes what the last step has come to; the change is the caller's.
pub async fn put(c: &mut Link, alert: &str, told: Told) -> Result<(), Error> {
    let sql = "UPDATE alert SET told = $2 WHERE id = $1 AND told <> $3";
    query(sql).bind(alert).bind(told.number()).bind(CONFIRMED).execute(c).await.map(drop)
}

/// Notes it as a change of its own; says whether there is such an alert that is not over.
pub async fn change(c: &mut Link, alert: &str, (told, wall): (Told, i64)) -> Result<bool, Error> {
    let open = query("SELECT id FROM alert WHERE id = $1 AND state < 3").bind(alert);
    if open.fetch_optional(&mut *c).await?.is_none() {
        return Ok(false);
    }
    let cursor = head::change(c, alert, wall).await?;
    let sql = "UPDATE alert SET cursor = $2, told = CASE WHEN told = $4 THEN told ELSE $3 END WHERE id = $1";
    query(sql).bind(alert).bind(cursor).bind(told.number()).bind(CONFIRMED).execute(c).await?;
    Ok(true)
}
