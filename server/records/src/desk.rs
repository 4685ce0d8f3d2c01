//! Rows of the desk: an alert as whoever works on it needs it, and what was done.
//!
//! One read joins `alert` with the desk's own part `work`. One write is a compare-and-set on fence and
//! state, then a `change` row: its cursor is in commit order, since one connection writes. The rules
//! are `care::alert`'s. Not here: how alerts arise (`records::chain`), their stories (`records::story`).

mod row;

use proto::down::Rung;
use sqlx::{Error, Row, query};

use super::refusal::{Bound, fetch, pick, readable};
use super::swept::{Old, sweep};
use crate::Link;
use crate::head;

use crate::column::stored;

pub(crate) use self::row::activation;
pub use self::row::{ActivationRow, AlertState, DeskRow};
use self::row::{of, returned_number};

const SELECT: &str = "SELECT a.id, a.home, a.incident, a.kind, a.severity, a.state, a.device, \
    a.gateway, a.count, a.trust, a.late, a.raised_wall, a.raised_mono, a.visible_mono, a.owner, \
    a.fence, a.lease_mono, a.claimed_wall, a.suspended_until, a.outcome, a.closed_wall, a.closed_by, \
    a.note, a.step, a.told, a.cursor, a.evidence, a.spoke, w.since_mono, w.acted_mono, w.actions, \
    w.begun, w.returned, w.taken_from, w.taken_by, x.label AS home_label, x.person AS home_person \
    FROM alert a LEFT JOIN work w ON w.alert = a.id LEFT JOIN alert_whose x ON x.alert = a.id";

async fn many(c: &mut Link, sql: &str, binds: &[i64]) -> Result<Vec<DeskRow>, Error> {
    Ok(readable(&fetch(asked(sql, binds), c).await?, of))
}

/// The first `most` of those that can be read and are of use.
async fn first(
    c: &mut Link,
    (sql, binds): (&str, &[i64]),
    most: i64,
    use_of: impl Fn(&DeskRow) -> bool,
) -> Result<Vec<DeskRow>, Error> {
    let ask = |past: i64| asked(&format!("{sql} LIMIT {most} OFFSET {past}"), binds);
    Ok(pick(c, most, ask, of, use_of).await?.0)
}

fn asked(sql: &str, binds: &[i64]) -> Bound<'static> {
    let asked = query(sqlx::AssertSqlSafe(format!("{SELECT} {sql}")));
    binds.iter().fold(asked, |asked, bind| asked.bind(*bind))
}

/// One alert.
pub async fn find(c: &mut Link, id: &str) -> Result<Option<DeskRow>, Error> {
    let asked = query(sqlx::AssertSqlSafe(format!("{SELECT} WHERE a.id = $1"))).bind(id);
    asked.fetch_optional(c).await?.as_ref().map(of).transpose()
}

/// Every alert that is not closed.
pub async fn open(c: &mut Link) -> Result<Vec<DeskRow>, Error> {
    many(c, "WHERE a.state < 3 ORDER BY a.raised_mono, a.id", &[]).await
}

/// What changed after a cursor, in order, at most `most`.
pub async fn after(c: &mut Link, cursor: i64, most: i64) -> Result<Vec<DeskRow>, Error> {
    first(c, ("WHERE a.cursor > $1 ORDER BY a.cursor", &[cursor]), most, |_| true).await
}

/// Claims whose lease is over and suspensions that are due, without these: they cannot be returned.
pub async fn due(
    c: &mut Link,
    now_mono: i64,
    most: i64,
    stuck: &[String],
) -> Result<Vec<DeskRow>, Error> {
    let sql = "WHERE (a.state = 1 AND a.lease_mono <= $1) \
               OR (a.state = 2 AND a.suspended_until <= $1) ORDER BY a.raised_mono, a.id";
    first(c, (sql, &[now_mono]), most, |row| !stuck.contains(&row.id)).await
}

/// The last alerts of a home, newest first.
pub async fn of_home(c: &mut Link, home: i64, most: i64) -> Result<Vec<DeskRow>, Error> {
    first(c, ("WHERE a.home = $1 ORDER BY a.raised_wall DESC, a.id DESC", &[home]), most, |_| true)
        .await
}

/// Whether somebody has an alert of a home in hand at `now`, server's clock, and whether they closed one since a time of
/// the wall clock.
pub async fn worked_by(
    c: &mut Link,
    home: i64,
    staff: &str,
    (now, since): (i64, i64),
) -> Result<(bool, bool), Error> {
    let sql = "SELECT COALESCE(SUM(CASE WHEN state = 1 AND owner = $2 AND lease_mono > $3 THEN 1 ELSE 0 END), 0) \
               AS hand, \
               COALESCE(SUM(CASE WHEN state = 3 AND closed_by = $2 AND closed_wall > $4 THEN 1 ELSE 0 END), 0) \
               AS lately FROM alert WHERE home = $1";
    let row = query(sql).bind(home).bind(staff).bind(now).bind(since).fetch_one(c).await?;
    Ok((row.try_get::<i64, _>("hand")? > 0, row.try_get::<i64, _>("lately")? > 0))
}

/// Highest cursor given so far.
pub async fn newest(c: &mut Link) -> Result<i64, Error> {
    head::newest(c).await
}

/// Drops all but the newest `keep` changes: an alert's own rows tell its story, and a screen further
/// back starts anew. Says how many.
pub async fn forget_changes(c: &mut Link, keep: i64) -> Result<u64, Error> {
    let which = "cursor <= (SELECT MAX(cursor) FROM change) - $1";
    let old = Old { table: "change", key: &["cursor"], which };
    sweep(c, &old, |asked| asked.bind(keep.max(1))).await
}

/// Writes the desk's part of an alert back, if nobody else has in between, and gives the change its
/// cursor. None: somebody was faster.
pub async fn save(
    c: &mut Link,
    row: &DeskRow,
    was: (i64, AlertState),
    wall: i64,
) -> Result<Option<i64>, Error> {
    let cursor = head::change(c, &row.id, wall).await?;
    let sql = "UPDATE alert SET state = $2, owner = $3, fence = $4, lease_mono = $5, \
               claimed_wall = $6, suspended_until = $7, outcome = $8, closed_wall = $9, \
               closed_by = $10, note = $11, cursor = $12 \
               WHERE id = $1 AND fence = $13 AND state = $14";
    let done = query(sql)
        .bind(&row.id)
        .bind(row.state.number())
        .bind(&row.owner)
        .bind(row.fence)
        .bind(row.lease_mono.map(stored))
        .bind(row.claimed_wall)
        .bind(row.suspended_until.map(stored))
        .bind(row.outcome.map(|outcome| i64::from(outcome.code())))
        .bind(row.closed_wall)
        .bind(&row.closed_by)
        .bind(row.note.as_deref().unwrap_or(""))
        .bind(cursor)
        .bind(was.0)
        .bind(was.1.number())
        .execute(&mut *c)
        .await?;
    if done.rows_affected() != 1 {
        return Ok(None);
    }
    let sql = "INSERT INTO work (alert, since_mono, acted_mono, actions, begun, returned, \
               taken_from, taken_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
               ON CONFLICT (alert) DO UPDATE SET since_mono = $2, acted_mono = $3, actions = $4, \
               begun = $5, returned = $6, taken_from = $7, taken_by = $8";
    query(sql)
        .bind(&row.id)
        .bind(row.since_mono.map(stored))
        .bind(row.acted_mono.map(stored))
        .bind(row.actions)
        .bind(i64::from(row.begun))
        .bind(returned_number(row.returned))
        .bind(&row.taken_from)
        .bind(&row.taken_by)
        .execute(c)
        .await?;
    Ok(Some(cursor))
}

/// Lengthens a lease; says whether the claim still held.
pub async fn renew(c: &mut Link, id: &str, fence: i64, lease_mono: i64) -> Result<bool, Error> {
    let sql = "UPDATE alert SET lease_mono = $3 WHERE id = $1 AND fence = $2 AND state = 1";
    let done = query(sql).bind(id).bind(fence).bind(lease_mono).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// Notes the first screen that has painted an alert in this round; says whether this was the first.
pub async fn visible(c: &mut Link, id: &str, now: (i64, i64)) -> Result<bool, Error> {
    let sql = "UPDATE alert SET visible_mono = $2, visible_wall = COALESCE(visible_wall, $3) \
               WHERE id = $1 AND visible_mono IS NULL";
    let done = query(sql).bind(id).bind(now.0).bind(now.1).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// The newest presses and falls in an alert, at most `most`, as they came.
pub async fn activations(
    c: &mut Link,
    alert: &str,
    most: i64,
) -> Result<Vec<ActivationRow>, Error> {
    let sql = "SELECT device, boot, seq, kind, trust, rung, pressed_mono, received_wall, late \
               FROM activation WHERE alert = $1 ORDER BY received_wall DESC, seq DESC LIMIT $2";
    let rows = fetch(query(sql).bind(alert).bind(most), c).await?;
    let mut found = readable(&rows, activation);
    found.reverse();
    Ok(found)
}

/// Whether an alert has a verified press that has not come as far as `rung`.
pub async fn has_below(c: &mut Link, alert: &str, rung: Rung) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM activation WHERE alert = $1 AND trust = 0 AND rung < $2 LIMIT 1";
    let found = query(sql).bind(alert).bind(rung.number()).fetch_optional(c).await?;
    Ok(found.is_some())
}

/// Raises the rung of every press of an alert to `rung`; gives the newest verified one of each device
/// that rose: a light shows its last press only, and a home is not flooded.
pub async fn climb(c: &mut Link, alert: &str, rung: Rung) -> Result<Vec<ActivationRow>, Error> {
    let sql = "SELECT device, boot, seq, kind, trust, rung, pressed_mono, received_wall, late \
               FROM activation WHERE alert = $1 AND trust = 0 \
               ORDER BY device, COALESCE(pressed_mono, 0) DESC, received_wall DESC, seq DESC";
    let rows = fetch(query(sql).bind(alert), &mut *c).await?;
    let mut newest = readable(&rows, activation);
    newest.dedup_by_key(|row| row.device);
    newest.retain(|row| row.rung < Some(rung));
    query("UPDATE activation SET rung = $2 WHERE alert = $1 AND rung < $2")
        .bind(alert)
        .bind(rung.number())
        .execute(c)
        .await?;
    Ok(newest)
}

/// Whether there is such an alert that is not over.
pub async fn is_open(c: &mut Link, id: &str) -> Result<bool, Error> {
    let open = query("SELECT id FROM alert WHERE id = $1 AND state < 3").bind(id);
    Ok(open.fetch_optional(c).await?.is_some())
}
