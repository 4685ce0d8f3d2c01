//! Rows that wait for a time: ladder steps. Any instance may pick a due one.
//!
//! A step is done at most once: it is marked in the transaction that does it.
//! Not here: what a step does (`alert::escalate`).

use sqlx::{AnyConnection, Error, Row, query};

use super::refusal::{fetch, readable};

/// A ladder step whose time has come, with what decides what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueStep {
    /// Row id of the alert.
    pub alert: String,
    /// Step number, see `care::alert::Step`.
    pub step: i64,
    /// State of the alert: 0 open, 1 claimed, 2 suspended, 3 closed.
    pub state: i64,
    /// Whether a screen has painted it.
    pub visible: bool,
    /// When it was raised, or became an emergency, server's clock.
    pub raised_mono: i64,
    /// Number of `care::Kind`.
    pub kind: i64,
    /// Number of `care::Severity`.
    pub severity: i64,
}

/// Steps due by now, oldest first.
pub async fn steps(c: &mut AnyConnection, now: i64, most: i64) -> Result<Vec<DueStep>, Error> {
    let sql = "SELECT l.alert, l.step, a.state, a.visible_mono, a.kind, a.severity, \
               COALESCE(a.rose_mono, a.raised_mono) AS raised_mono FROM ladder l JOIN alert a \
               ON a.id = l.alert WHERE l.done IS NULL AND l.due <= $1 ORDER BY l.due LIMIT $2";
    let rows = fetch(query(sql).bind(now).bind(most), c).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(DueStep {
            alert: row.try_get("alert")?,
            step: row.try_get("step")?,
            state: row.try_get("state")?,
            visible: row.try_get::<Option<i64>, _>("visible_mono")?.is_some(),
            raised_mono: row.try_get("raised_mono")?,
            kind: row.try_get("kind")?,
            severity: row.try_get("severity")?,
        })
    };
    Ok(readable(&rows, read))
}

/// Marks a step as done; says whether it was still to do.
pub async fn done(c: &mut AnyConnection, step: &DueStep, now: i64) -> Result<bool, Error> {
    let sql = "UPDATE ladder SET done = $3 WHERE alert = $1 AND step = $2 AND done IS NULL";
    let result = query(sql).bind(&step.alert).bind(step.step).bind(now).execute(c).await?;
    Ok(result.rows_affected() == 1)
}

/// Puts a step off: its alert is in somebody's hands.
pub async fn put_off(c: &mut AnyConnection, step: &DueStep, due: i64) -> Result<(), Error> {
    let sql = "UPDATE ladder SET due = $3 WHERE alert = $1 AND step = $2 AND done IS NULL";
    query(sql).bind(&step.alert).bind(step.step).bind(due).execute(c).await.map(drop)
}

/// When the oldest undone step was due; none if there is none.
pub async fn oldest(c: &mut AnyConnection) -> Result<Option<i64>, Error> {
    let sql = "SELECT MIN(due) AS due FROM ladder WHERE done IS NULL";
    query(sql).fetch_one(c).await?.try_get("due")
}

/// After a reboot of the machine: what waits is due at once and no lease counts any more (V7).
pub async fn all_at_once(c: &mut AnyConnection, now: i64) -> Result<(), Error> {
    query("UPDATE ladder SET due = $1 WHERE done IS NULL").bind(now).execute(&mut *c).await?;
    let sql = "UPDATE alert SET lease_mono = $1 WHERE state = 1";
    query(sql).bind(now).execute(c).await.map(drop)
}
