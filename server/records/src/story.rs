//! Rows of an alert's story: what happened to it, what was done, and what its home has said since somebody looked.
//!
//! A story is read with the signals between two other lines as one line with their number: claims and acts
//! stand in it however often a home calls. Not here: which lines a card shows (`alert::story`), or the rows
//! of signals as they are written (`records::chain`).

use care::{Kind, Trust};
use proto::id::DeviceId;
use sqlx::any::AnyRow;
use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;
use crate::column::{device_of, kind, trust};

/// One action on an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRow {
    /// Who.
    pub staff: String,
    /// What, as a word.
    pub kind: String,
    /// How it went, as a word.
    pub result: Option<String>,
    /// In words.
    pub text: Option<String>,
    /// When, wall clock.
    pub wall: i64,
}

/// One line of an alert's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineRow {
    /// When, wall clock.
    pub wall: i64,
    /// When, server's clock.
    pub mono: i64,
    /// What, number of `What`.
    pub what: i64,
    /// Who, if a person.
    pub who: Option<String>,
    /// More.
    pub detail: Option<String>,
    /// Signals that it stands for; 1 for any other line.
    pub count: i64,
    /// When the last of them came, wall clock.
    pub until: i64,
}

impl TimelineRow {
    /// A line that tells what happened then, and nothing more.
    pub fn of(what: i64, mono: i64, wall: i64) -> Self {
        Self { wall, mono, what, who: None, detail: None, count: 1, until: wall }
    }
}

/// A signal of a home that joined an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalRow {
    /// What was said.
    pub kind: Kind,
    /// The device that spoke, if one did.
    pub device: Option<DeviceId>,
    /// When it was said, wall clock.
    pub at_wall: i64,
    /// Whether it came late.
    pub late: bool,
    /// How far it is to be believed.
    pub trust: Trust,
}

/// Adds a line to an alert's story.
pub async fn tell(c: &mut Link, alert: &str, line: &TimelineRow) -> Result<(), Error> {
    let sql = "INSERT INTO timeline (alert, wall, mono, what, who, detail) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    query(sql)
        .bind(alert)
        .bind(line.wall)
        .bind(line.mono)
        .bind(line.what)
        .bind(&line.who)
        .bind(&line.detail)
        .execute(c)
        .await
        .map(drop)
}

/// An alert's story, oldest first; signals (`again`) that follow each other are one line.
pub async fn timeline(c: &mut Link, alert: &str, again: i64) -> Result<Vec<TimelineRow>, Error> {
    let sql = "SELECT MIN(what) AS what, MIN(wall) AS wall, MIN(mono) AS mono, MAX(who) AS who, \
               MAX(detail) AS detail, COUNT(*) AS n, MAX(wall) AS until_wall FROM \
               (SELECT what, wall, mono, who, detail, \
               SUM(CASE WHEN what = $2 THEN 0 ELSE 1 END) OVER (ORDER BY mono, wall, rowid \
               ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run \
               FROM timeline WHERE alert = $1) AS line \
               GROUP BY run, what = $2 ORDER BY run, what = $2";
    let rows = fetch(query(sql).bind(alert).bind(again), c).await?;
    let read = |row: &AnyRow| {
        Ok(TimelineRow {
            wall: row.try_get("wall")?,
            mono: row.try_get("mono")?,
            what: row.try_get("what")?,
            who: row.try_get("who")?,
            detail: row.try_get("detail")?,
            count: row.try_get("n")?,
            until: row.try_get("until_wall")?,
        })
    };
    Ok(readable(&rows, read))
}

/// What a home has said since the change `seen` of an alert: the newest, at most `most`, as they came.
pub async fn newer(
    c: &mut Link,
    alert: &str,
    seen: i64,
    most: i64,
) -> Result<Vec<SignalRow>, Error> {
    let sql = "SELECT kind, device, at_wall, late, trust FROM timeline \
               WHERE alert = $1 AND cursor > $2 AND kind IS NOT NULL \
               ORDER BY cursor DESC, at_wall DESC LIMIT $3";
    let rows = fetch(query(sql).bind(alert).bind(seen).bind(most), c).await?;
    let read = |row: &AnyRow| {
        Ok(SignalRow {
            kind: kind(row.try_get("kind")?),
            device: row.try_get::<Option<i64>, _>("device")?.and_then(device_of),
            at_wall: row.try_get("at_wall")?,
            late: row.try_get::<i64, _>("late")? != 0,
            trust: trust(row.try_get("trust")?),
        })
    };
    let mut found = readable(&rows, read);
    found.reverse();
    Ok(found)
}

/// Records an action.
pub async fn act(c: &mut Link, id: &str, alert: &str, row: &ActionRow) -> Result<(), Error> {
    let sql = "INSERT INTO action (id, alert, staff, kind, result, text, wall) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    query(sql)
        .bind(id)
        .bind(alert)
        .bind(&row.staff)
        .bind(&row.kind)
        .bind(&row.result)
        .bind(&row.text)
        .bind(row.wall)
        .execute(c)
        .await
        .map(drop)
}

/// How many presses and falls an alert has, and how many actions.
pub async fn counts(c: &mut Link, alert: &str) -> Result<(i64, i64), Error> {
    let sql = "SELECT (SELECT COUNT(*) FROM activation WHERE alert = $1) AS pressed, \
               (SELECT COUNT(*) FROM action WHERE alert = $1) AS acted";
    let row = query(sql).bind(alert).fetch_one(c).await?;
    Ok((row.try_get("pressed")?, row.try_get("acted")?))
}

/// How many alerts of a home are kept.
pub async fn count_of_home(c: &mut Link, home: i64) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) AS n FROM alert WHERE home = $1";
    query(sql).bind(home).fetch_one(c).await?.try_get("n")
}

/// Row ids of the faults that are open in a home, newest first.
pub async fn open_faults(c: &mut Link, home: i64) -> Result<Vec<String>, Error> {
    let sql = "SELECT id FROM alert WHERE home = $1 AND state < 3 AND severity = 0 \
               ORDER BY raised_wall DESC";
    let rows = fetch(query(sql).bind(home), c).await?;
    Ok(readable(&rows, |row| row.try_get("id")))
}

/// What was done about an alert, oldest first: the newest, at most `most`.
pub async fn actions(c: &mut Link, alert: &str, most: i64) -> Result<Vec<ActionRow>, Error> {
    let sql = "SELECT staff, kind, result, text, wall FROM action WHERE alert = $1 \
               ORDER BY wall DESC, id DESC LIMIT $2";
    let rows = fetch(query(sql).bind(alert).bind(most), c).await?;
    let read = |row: &AnyRow| {
        Ok(ActionRow {
            staff: row.try_get("staff")?,
            kind: row.try_get("kind")?,
            result: row.try_get("result")?,
            text: row.try_get("text")?,
            wall: row.try_get("wall")?,
        })
    };
    let mut found = readable(&rows, read);
    found.reverse();
    Ok(found)
}
