//! Rows of questions to homes: what was asked before anybody else was, and whether somebody answered.
//!
//! The question itself lives in the judgement of the home; a row is what people read later. Not here: lamps.

use care::Kind;
use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use super::swept::{Old, sweep};
use crate::Link;
use crate::column::kind;

/// How long answered questions are kept, ms: as long as homes can be rehearsed.
const KEPT_MS: i64 = 91 * 24 * 60 * 60 * 1_000;

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is being asked.
    None,
    /// Somebody did something.
    Given,
    /// Nobody did, and it is an alert.
    Raised,
}

proto::numbered!(Answer: i64 {
    None = 0 "none",
    Given = 1 "given",
    Raised = 2 "raised",
});

/// One question to a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionRow {
    /// Home number.
    pub home: i64,
    /// Incident number that it has, or would have had.
    pub incident: i64,
    /// What would be raised.
    pub kind: Kind,
    /// Device number.
    pub device: Option<i64>,
    /// When it was asked, wall clock.
    pub asked_wall: i64,
    /// When it ends, server's clock.
    pub until_mono: i64,
    /// When it ended, wall clock.
    pub ended_wall: Option<i64>,
    /// What became of it.
    pub answer: Answer,
}

/// Notes that a home is asked, and forgets what is too old to be looked at.
pub async fn ask(c: &mut Link, row: &QuestionRow) -> Result<(), Error> {
    // By measured time: a wall clock that ran ahead takes nothing away.
    let (home, before) = (row.home, row.until_mono - KEPT_MS);
    let which = "home = $1 AND until_mono < $2";
    let old = Old { table: "question", key: &["home", "incident"], which };
    sweep(c, &old, |asked| asked.bind(home).bind(before)).await?;
    let sql = "INSERT INTO question (home, incident, kind, device, asked_wall, until_mono) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (home, incident) DO NOTHING";
    query(sql)
        .bind(row.home)
        .bind(row.incident)
        .bind(row.kind.number())
        .bind(row.device)
        .bind(row.asked_wall)
        .bind(row.until_mono)
        .execute(c)
        .await
        .map(drop)
}

/// Notes how a question ended; says whether one was being asked.
pub async fn end(
    c: &mut Link,
    (home, incident): (i64, i64),
    answer: Answer,
    wall: i64,
) -> Result<bool, Error> {
    let sql = "UPDATE question SET answer = $3, ended_wall = $4 \
               WHERE home = $1 AND incident = $2 AND answer = 0";
    let done =
        query(sql).bind(home).bind(incident).bind(answer.number()).bind(wall).execute(c).await?;
    Ok(done.rows_affected() > 0)
}

/// Questions of a home, newest first.
pub async fn of_home(c: &mut Link, home: i64, most: i64) -> Result<Vec<QuestionRow>, Error> {
    let sql = "SELECT home, incident, kind, device, asked_wall, until_mono, ended_wall, answer \
               FROM question WHERE home = $1 ORDER BY asked_wall DESC LIMIT $2";
    let rows = fetch(query(sql).bind(home).bind(most), c).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(QuestionRow {
            home: row.try_get("home")?,
            incident: row.try_get("incident")?,
            kind: kind(row.try_get("kind")?),
            device: row.try_get("device")?,
            asked_wall: row.try_get("asked_wall")?,
            until_mono: row.try_get("until_mono")?,
            ended_wall: row.try_get("ended_wall")?,
            answer: Answer::from_number(row.try_get("answer")?).unwrap_or(Answer::None),
        })
    };
    Ok(readable(&rows, read))
}
