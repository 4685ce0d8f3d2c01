//! Rows of what homes have said, for rehearsals: one row a home and stretch of time.
//!
//! Not here: what is in a row (`history`).

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use super::swept::{Old, sweep};
use crate::Link;
use crate::sql::Sql;

/// What one home said in one stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardRow {
    /// Home number.
    pub home: i64,
    /// First word, server's clock.
    pub from: i64,
    /// Last word at the latest, server's clock.
    pub to: i64,
    /// CBOR of `history::Stretch`.
    pub inputs: Vec<u8>,
}

/// Stores stretches.
pub async fn put(c: &mut Link, rows: &[HeardRow]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new("INSERT INTO heard (home, from_mono, to_mono, inputs) ");
    sql.push_values(rows, |mut row, r| {
        row.push_bind(r.home).push_bind(r.from).push_bind(r.to).push_bind(r.inputs.as_slice());
    });
    sql.push(" ON CONFLICT (home, from_mono) DO NOTHING");
    sql.build(c).execute(c).await.map(drop)
}

/// Forgets some of what ended before a time of the server's clock.
pub async fn forget(c: &mut Link, before: i64) -> Result<(), Error> {
    let old = Old { table: "heard", key: &["home", "from_mono"], which: "to_mono < $1" };
    sweep(c, &old, |asked| asked.bind(before)).await.map(drop)
}

/// What a home said since a time of the server's clock, oldest first.
pub async fn since(c: &mut Link, home: i64, since: i64) -> Result<Vec<Vec<u8>>, Error> {
    let sql = "SELECT inputs FROM heard WHERE home = $1 AND to_mono >= $2 ORDER BY from_mono";
    let rows = fetch(query(sql).bind(home).bind(since), c).await?;
    Ok(readable(&rows, |row| row.try_get("inputs")))
}
