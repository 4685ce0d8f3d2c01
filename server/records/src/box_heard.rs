//! Rows of home boxes that have been heard, and which of the others have waited for their fitter too long.
//!
//! Not here: whether one is heard now (`ingest::boxes`).

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use super::rows_of;
use crate::Link;
use crate::sql::Sql;

/// All of them.
pub async fn all(c: &mut Link) -> Result<Vec<i64>, Error> {
    let rows = fetch(query("SELECT gateway FROM box_heard"), c).await?;
    Ok(readable(&rows, |row| row.try_get("gateway")))
}

/// These have been heard.
pub async fn put(c: &mut Link, gateways: &[i64], wall: i64) -> Result<(), Error> {
    for gateways in gateways.chunks(rows_of(2)) {
        let mut sql = Sql::new("INSERT INTO box_heard (gateway, since_wall) ");
        sql.push_values(gateways, |mut row, gateway| {
            row.push_bind(*gateway).push_bind(wall);
        });
        sql.push(" ON CONFLICT (gateway) DO NOTHING");
        sql.build(c).execute(&mut *c).await?;
    }
    Ok(())
}

/// Boxes that were enrolled before a moment, are not revoked and were never heard, with that moment of each.
pub async fn waiting(c: &mut Link, before: i64) -> Result<Vec<(i64, i64)>, Error> {
    let sql = "SELECT g.id, g.created_wall FROM gateway g \
               LEFT JOIN box_heard h ON h.gateway = g.id \
               WHERE g.revoked = 0 AND g.created_wall <= $1 AND h.gateway IS NULL ORDER BY g.id";
    let rows = fetch(query(sql).bind(before), c).await?;
    Ok(readable(&rows, |row| Ok((row.try_get("id")?, row.try_get("created_wall")?))))
}
