//! Events that no receiver will be told: too old, too many, or of which nothing can be read. Each is counted as lost.
//!
//! One that cannot be read is the oldest of its home for ever, and keeps that home's others. Not here: who is told of what
//! is lost (`notify::events`).

use std::collections::HashSet;

use sqlx::{Error, Row, query};

use super::{HEADS, row_of};
use crate::Link;
use crate::forgotten::first_of;
use crate::refusal::{fetch, leave_out, readable};
use crate::swept::tried;

/// Rows that one step drops at most.
const DROPPED_AT_ONCE: i64 = 500;
/// What goes with an event.
const PARTS: &[(&str, &str)] = &[("event_out", "id")];

/// Gives up what was made before `mono`, and of what is left the oldest beyond `most`. Says how many were lost by it.
pub async fn lose(
    c: &mut Link,
    channel: &str,
    (mono, most): (i64, i64),
    now: i64,
) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) AS n FROM event_out WHERE channel = $1";
    let waiting: i64 = query(sql).bind(channel).fetch_one(&mut *c).await?.try_get("n")?;
    let over = (waiting - most).clamp(0, DROPPED_AT_ONCE);
    let old = "SELECT id FROM event_out WHERE channel = $1 AND made_mono < $2 AND tries > 0 \
               ORDER BY id LIMIT $3 OFFSET $4";
    let ask = |past| query(old).bind(channel).bind(mono).bind(DROPPED_AT_ONCE).bind(past);
    let mut lost = first_of(&mut *c, PARTS, DROPPED_AT_ONCE, ask).await?;
    if over > 0 {
        let full = "SELECT id FROM event_out WHERE channel = $1 ORDER BY id LIMIT $2 OFFSET $3";
        let ask = |past| query(full).bind(channel).bind(over).bind(past);
        lost += first_of(&mut *c, PARTS, over, ask).await?;
    }
    count(c, channel, lost, now).await
}

/// Gives up the events that are the oldest of their homes and cannot be read; says how many were lost by it.
pub async fn lose_unread(c: &mut Link, channel: &str, now: i64) -> Result<u64, Error> {
    let all = query(HEADS).bind(channel).bind(i64::MAX).bind(i64::MAX).bind(0_i64);
    let known = readable(&fetch(all, &mut *c).await?, row_of);
    let known: HashSet<(i64, i64)> = known.iter().map(|row| (row.home, row.n)).collect();
    let sql = "SELECT home, MIN(n) AS n FROM event_out WHERE channel = $1 GROUP BY home";
    let heads = fetch(query(sql).bind(channel), &mut *c).await?;
    let heads = readable(&heads, |row| Ok((row.try_get("home")?, row.try_get("n")?)));
    let mut lost = 0;
    for (home, n) in heads.into_iter().filter(|head| !known.contains(head)) {
        let sql = "DELETE FROM event_out WHERE channel = $1 AND home = $2 AND n = $3";
        match tried(c, query(sql).bind(channel).bind(home).bind(n)).await? {
            Ok(gone) => lost += gone,
            Err(error) => leave_out(&error, "an event that cannot be given up", (home, n)),
        }
    }
    count(c, channel, lost, now).await
}

async fn count(c: &mut Link, channel: &str, lost: u64, now: i64) -> Result<u64, Error> {
    if lost > 0 {
        let sql = "UPDATE event_receiver SET lost = lost + $2, lost_mono = $3 WHERE channel = $1";
        let count = i64::try_from(lost).unwrap_or(i64::MAX);
        query(sql).bind(channel).bind(count).bind(now).execute(c).await?;
    }
    Ok(lost)
}
