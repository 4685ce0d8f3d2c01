//! Rows of homes in which other people have come to live, until the judgement of the home knows.
//!
//! Not here: who they are (`resident`).

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;

/// Other people live in a home: its judgement is to know.
pub async fn put(c: &mut Link, home: i64) -> Result<(), Error> {
    let sql = "INSERT INTO home_turned (home) VALUES ($1) ON CONFLICT (home) DO NOTHING";
    query(sql).bind(home).execute(c).await.map(drop)
}

/// The judgement of a home knows.
pub async fn told(c: &mut Link, home: i64) -> Result<(), Error> {
    query("DELETE FROM home_turned WHERE home = $1").bind(home).execute(c).await.map(drop)
}

/// Homes whose judgement does not know yet that other people live there.
pub async fn all(c: &mut Link) -> Result<Vec<i64>, Error> {
    let rows = fetch(query("SELECT home FROM home_turned"), c).await?;
    Ok(readable(&rows, |row| row.try_get("home")))
}
