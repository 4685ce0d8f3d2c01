//! Rows that wait for a time: ladder steps. Any instance may pick a due one.
//!
//! A step is done at most once a round: it is marked in the transaction that does it. An alert has at most
//! one step that is not done, and a round begins only when it has none. Not here: what a step does
//! (`escalation`), and when a round begins (`alert::round`).

use care::alert::Step;
use care::{Kind, Severity};
use proto::unit::Mono;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Error, Row, query};

use super::refusal::pick;
use crate::Link;
use crate::column::{kind, mono, severity, stored};
use crate::desk::AlertState;

/// A ladder step whose time has come, with what decides what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueStep {
    /// Row id of the alert.
    pub alert: String,
    /// Which time it climbs, from 0.
    pub round: i64,
    /// Which step; none if this build does not know it.
    pub step: Option<Step>,
    number: i64,
    /// When it was due, server's clock.
    pub due: Mono,
    /// In whose hands the alert is.
    pub state: AlertState,
    /// Whether a screen has painted it in this round.
    pub visible: bool,
    /// What the alert is about.
    pub kind: Kind,
    /// How soon somebody must act.
    pub severity: Severity,
}

/// The ladder leads: steps come in the order of their time from its index.
const SELECT: &str = "SELECT l.alert, l.round, l.step, l.due, a.state, a.visible_mono, a.kind, a.severity \
    FROM ladder l CROSS JOIN alert a WHERE a.id = l.alert AND l.done IS NULL AND l.due <= $1";

fn step_of(row: &AnyRow) -> Result<DueStep, Error> {
    Ok(DueStep {
        alert: row.try_get("alert")?,
        round: row.try_get("round")?,
        step: Step::from_number(row.try_get("step")?),
        number: row.try_get("step")?,
        due: mono(row.try_get("due")?),
        state: AlertState::read(row.try_get("state")?),
        visible: row.try_get::<Option<i64>, _>("visible_mono")?.is_some(),
        kind: kind(row.try_get("kind")?),
        severity: severity(row.try_get("severity")?),
    })
}

/// Steps due by now, emergencies first, then the oldest.
pub async fn steps(c: &mut Link, now: Mono, most: i64) -> Result<Vec<DueStep>, Error> {
    steps_but(c, now, most, &[]).await
}

/// The same without these: they can neither be taken nor put off.
pub async fn steps_but(
    c: &mut Link,
    now: Mono,
    most: i64,
    stuck: &[DueStep],
) -> Result<Vec<DueStep>, Error> {
    // Thousands of emergencies at once are read without sorting all of them for each handful.
    let gravest = format!("{SELECT} AND a.severity = 3 ORDER BY l.due, l.alert LIMIT $2 OFFSET $3");
    let others = format!(
        "{SELECT} AND a.severity <> 3 ORDER BY a.severity DESC, l.due, l.alert LIMIT $2 OFFSET $3"
    );
    let mut found = Vec::new();
    for sql in [gravest, others] {
        let rest = most - i64::try_from(found.len()).unwrap_or(most);
        if rest <= 0 {
            break;
        }
        let ask = |past| query(AssertSqlSafe(sql.clone())).bind(stored(now)).bind(rest).bind(past);
        found.extend(pick(&mut *c, rest, ask, step_of, |step| !stuck.contains(step)).await?.0);
    }
    Ok(found)
}

/// This step, if it is still to do and due by now.
pub async fn still(c: &mut Link, now: Mono, step: &DueStep) -> Result<Option<DueStep>, Error> {
    let sql = format!("{SELECT} AND l.alert = $2 AND l.round = $3 AND l.step = $4");
    let asked = query(AssertSqlSafe(sql)).bind(stored(now)).bind(&step.alert).bind(step.round);
    asked.bind(step.number).fetch_optional(c).await?.as_ref().map(step_of).transpose()
}

/// Whether any step is due by now.
pub async fn any(c: &mut Link, now: Mono) -> Result<bool, Error> {
    Ok(oldest(c).await?.is_some_and(|due| due <= now))
}

/// Marks a step as done; says whether it was still to do.
pub async fn done(c: &mut Link, step: &DueStep, now: Mono) -> Result<bool, Error> {
    let sql = "UPDATE ladder SET done = $4 WHERE alert = $1 AND round = $2 AND step = $3 AND done IS NULL";
    let done = query(sql).bind(&step.alert).bind(step.round).bind(step.number).bind(stored(now));
    Ok(done.execute(c).await?.rows_affected() == 1)
}

/// Puts a step off: its alert is in somebody's hands.
pub async fn put_off(c: &mut Link, step: &DueStep, due: Mono) -> Result<(), Error> {
    let sql =
        "UPDATE ladder SET due = $4 WHERE alert = $1 AND round = $2 AND step = $3 AND done IS NULL";
    let later = query(sql).bind(&step.alert).bind(step.round).bind(step.number).bind(stored(due));
    later.execute(c).await.map(drop)
}

/// The step that follows one that was done, in the same round.
pub async fn next(c: &mut Link, done: &DueStep, (step, due): (Step, Mono)) -> Result<(), Error> {
    let sql = "INSERT INTO ladder (alert, round, step, due) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (alert, round, step) DO NOTHING";
    query(sql)
        .bind(&done.alert)
        .bind(done.round)
        .bind(step.number())
        .bind(stored(due))
        .execute(c)
        .await
        .map(drop)
}

/// Begins a round of an open alert that is not climbing; changes nothing about one that is. What screens had
/// painted before counts no more. Says whether a round began.
pub async fn begin(c: &mut Link, alert: &str, (step, due): (Step, Mono)) -> Result<bool, Error> {
    let sql = "INSERT INTO ladder (alert, round, step, due) SELECT a.id, \
               COALESCE((SELECT MAX(round) + 1 FROM ladder WHERE alert = $1), 0), $2, $3 \
               FROM alert a WHERE a.id = $1 AND a.state = 0 \
               AND NOT EXISTS (SELECT 1 FROM ladder WHERE alert = $1 AND done IS NULL)";
    let begun =
        query(sql).bind(alert).bind(step.number()).bind(stored(due)).execute(&mut *c).await?;
    if begun.rows_affected() == 0 {
        return Ok(false);
    }
    let sql = "UPDATE alert SET visible_mono = NULL, step = -1, told = 0 WHERE id = $1";
    query(sql).bind(alert).execute(c).await?;
    Ok(true)
}

/// Ends the round that an alert is in; says how many rounds it has had.
pub async fn end(c: &mut Link, alert: &str, now: Mono) -> Result<i64, Error> {
    let sql = "UPDATE ladder SET done = $2 WHERE alert = $1 AND done IS NULL";
    query(sql).bind(alert).bind(stored(now)).execute(&mut *c).await?;
    let sql = "SELECT COALESCE(MAX(round) + 1, 0) AS n FROM ladder WHERE alert = $1";
    query(sql).bind(alert).fetch_one(c).await?.try_get("n")
}

/// When the oldest undone step was due; none if there is none.
pub async fn oldest(c: &mut Link) -> Result<Option<Mono>, Error> {
    let sql = "SELECT MIN(due) AS due FROM ladder WHERE done IS NULL";
    let due: Option<i64> = query(sql).fetch_one(c).await?.try_get("due")?;
    Ok(due.map(mono))
}

/// After a reboot of the machine: what waits is due at once and no lease or suspension counts any more (V7).
pub async fn all_at_once(c: &mut Link, now: Mono) -> Result<(), Error> {
    let now = stored(now);
    query("UPDATE ladder SET due = $1 WHERE done IS NULL").bind(now).execute(&mut *c).await?;
    query("UPDATE outbox SET due_mono = $1 WHERE state = 0").bind(now).execute(&mut *c).await?;
    let sql = "UPDATE alert SET suspended_until = $1 WHERE state = 2";
    query(sql).bind(now).execute(&mut *c).await?;
    let sql = "UPDATE alert SET lease_mono = $1 WHERE state = 1";
    query(sql).bind(now).execute(c).await.map(drop)
}
