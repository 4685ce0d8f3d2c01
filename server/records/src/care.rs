//! Rows of what the judgement of each home remembers, and of states that were put aside.
//!
//! One row that cannot be read or written concerns its home alone: it is given without its state, or named as
//! refused, and all others come through. Not here: what a state says (`ingest::homes`).

use sqlx::any::AnyRow;
use sqlx::{Error, Row, query};

use super::refusal::is_of_row;
use super::swept::{Old, sweep};
use crate::Link;
use crate::sql::Sql;

const ROWS: usize = super::rows_of(4);
/// States put aside that are kept of one home.
const ASIDE_MAX: i64 = 8;

/// The judgement of one home as it is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CareRow {
    /// Home number.
    pub home: i64,
    /// CBOR of `care::Home`.
    pub state: Vec<u8>,
    /// When it wants to be asked again, server's clock.
    pub due: Option<i64>,
    /// Check over `state`.
    pub check: i64,
    /// What it takes the place of, if that must be kept, and why.
    pub aside: Option<(&'static str, Vec<u8>)>,
}

/// The judgement of one home as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CareFound {
    /// Home number.
    pub home: i64,
    /// CBOR of `care::Home`; none if the row cannot be read.
    pub state: Option<Vec<u8>>,
    /// Check over `state`; none if an older build wrote it.
    pub check: Option<i64>,
}

/// Stores judgements of homes, all or none.
pub async fn put(c: &mut Link, rows: &[CareRow]) -> Result<(), Error> {
    for row in rows {
        if let Some((reason, state)) = &row.aside {
            put_aside(c, row.home, reason, state).await?;
        }
    }
    for rows in rows.chunks(ROWS) {
        let mut sql = Sql::new("INSERT INTO care_state (home, state, due, check_sum) ");
        sql.push_values(rows, |mut row, r| {
            row.push_bind(r.home).push_bind(r.state.as_slice()).push_bind(r.due);
            row.push_bind(r.check);
        });
        sql.push(
            " ON CONFLICT (home) DO UPDATE SET state = excluded.state, due = excluded.due, \
             check_sum = excluded.check_sum",
        );
        sql.build(c).execute(&mut *c).await?;
    }
    Ok(())
}

/// Stores each judgement apart; gives the homes whose row is refused.
pub async fn put_apart(c: &mut Link, rows: &[CareRow]) -> Result<Vec<i64>, Error> {
    let mut refused = Vec::new();
    for row in rows {
        query("SAVEPOINT apart").execute(&mut *c).await?;
        match put(c, core::slice::from_ref(row)).await {
            Ok(()) => {}
            Err(error) if is_of_row(&error) => {
                tracing::error!(%error, home = row.home, "the state of a home is refused");
                query("ROLLBACK TO SAVEPOINT apart").execute(&mut *c).await?;
                refused.push(row.home);
            }
            Err(error) => return Err(error),
        }
        query("RELEASE SAVEPOINT apart").execute(&mut *c).await?;
    }
    Ok(refused)
}

/// Every judgement. A row that cannot be read is given without its state.
pub async fn all(c: &mut Link) -> Result<Vec<CareFound>, Error> {
    let sql = "SELECT home, CAST(state AS BLOB) AS state, check_sum FROM care_state";
    match query(sql).fetch_all(&mut *c).await {
        Ok(rows) => Ok(rows.iter().filter_map(found).collect()),
        Err(error) if is_of_row(&error) => {
            tracing::error!(%error, "states of homes are read one by one");
            one_by_one(c).await
        }
        Err(error) => Err(error),
    }
}

/// The index alone is read first, so that a damaged page of the table hides only its own rows.
async fn one_by_one(c: &mut Link) -> Result<Vec<CareFound>, Error> {
    let homes = query("SELECT home FROM care_state ORDER BY home").fetch_all(&mut *c).await?;
    let mut all = Vec::with_capacity(homes.len());
    for home in homes.iter().filter_map(|row| row.try_get::<i64, _>("home").ok()) {
        let sql = "SELECT home, CAST(state AS BLOB) AS state, check_sum FROM care_state \
                   WHERE home = $1";
        let read = query(sql).bind(home).fetch_optional(&mut *c).await;
        let row = read.ok().flatten().and_then(|row| found(&row));
        all.push(row.unwrap_or(CareFound { home, state: None, check: None }));
    }
    Ok(all)
}

fn found(row: &AnyRow) -> Option<CareFound> {
    // A row whose home cannot be told is nobody's; that home starts anew.
    let home = row.try_get("home").ok()?;
    let state = row.try_get("state").ok();
    // Both or none: without its check a state of this build would be believed.
    let check: Result<Option<i64>, Error> = row.try_get("check_sum");
    let state = state.filter(|_| check.is_ok());
    Some(CareFound { home, state, check: check.ok().flatten() })
}

async fn put_aside(c: &mut Link, home: i64, reason: &str, state: &[u8]) -> Result<(), Error> {
    let sql = "INSERT INTO care_aside (home, place, reason, state) \
               SELECT $1, COALESCE(MAX(place), 0) + 1, $2, $3 FROM care_aside WHERE home = $1";
    query(sql).bind(home).bind(reason).bind(state).execute(&mut *c).await?;
    let which = "home = $1 AND place <= (SELECT MAX(place) FROM care_aside WHERE home = $1) - $2";
    let old = Old { table: "care_aside", key: &["home", "place"], which };
    sweep(c, &old, |asked| asked.bind(home).bind(ASIDE_MAX)).await.map(drop)
}

/// States of a home that were put aside, oldest first: why, and the bytes.
pub async fn aside(c: &mut Link, home: i64) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let sql = "SELECT reason, state FROM care_aside WHERE home = $1 ORDER BY place";
    let rows = query(sql).bind(home).fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.try_get("reason")?, row.try_get("state")?))).collect()
}

/// The highest incident number that the rows have of each home, of those that a home counts itself.
pub async fn counted(c: &mut Link) -> Result<Vec<(i64, i64)>, Error> {
    let sql = "SELECT home, MAX(n) AS n FROM (SELECT home, MAX(incident) AS n FROM alert \
               WHERE incident <= $1 GROUP BY home UNION ALL SELECT home, MAX(incident) AS n \
               FROM question WHERE incident <= $1 GROUP BY home) AS t GROUP BY home";
    let rows = query(sql).bind(i64::from(u32::MAX)).fetch_all(c).await?;
    Ok(rows.iter().filter_map(|r| Some((r.try_get("home").ok()?, r.try_get("n").ok()?))).collect())
}

/// The same of one home, 0 if the rows have none.
pub async fn counted_of(c: &mut Link, home: i64) -> Result<i64, Error> {
    let sql = "SELECT COALESCE(MAX(n), 0) AS n FROM (SELECT MAX(incident) AS n FROM alert \
               WHERE home = $1 AND incident <= $2 UNION ALL SELECT MAX(incident) AS n \
               FROM question WHERE home = $1 AND incident <= $2) AS t";
    query(sql).bind(home).bind(i64::from(u32::MAX)).fetch_one(c).await?.try_get("n")
}
