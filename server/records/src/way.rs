//! Rows of homes that have had a way to the server since they were furnished.
//!
//! Not here: whether they have one now (`ingest::way`).

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;
use crate::sql::Sql;

/// Rows of one statement.
const ROWS: usize = super::rows_of(2);

/// All of them.
pub async fn all(c: &mut Link) -> Result<Vec<i64>, Error> {
    let rows = fetch(query("SELECT home FROM home_way"), c).await?;
    Ok(readable(&rows, |row| row.try_get("home")))
}

/// These have one now.
pub async fn put(c: &mut Link, homes: &[i64], wall: i64) -> Result<(), Error> {
    for homes in homes.chunks(ROWS) {
        let mut sql = Sql::new("INSERT INTO home_way (home, since_wall) ");
        sql.push_values(homes, |mut row, home| {
            row.push_bind(*home).push_bind(wall);
        });
        sql.push(" ON CONFLICT (home) DO NOTHING");
        sql.build(c).execute(&mut *c).await?;
    }
    Ok(())
}

/// These have no device any more: whoever is fitted there next is new.
pub async fn forget(c: &mut Link, homes: &[i64]) -> Result<(), Error> {
    for home in homes {
        query("DELETE FROM home_way WHERE home = $1").bind(*home).execute(&mut *c).await?;
    }
    Ok(())
}
