//! The counters that everybody who changes something takes turns at: row 1 numbers changes of the queue.
//!
//! A number is taken under the lock of its row, which is held until the transaction ends, so numbers become visible in
//! their order on both databases. They live with the data, so that a copy that is put back cannot leave them behind.
//! Not here: who holds a row from the begin (`engine`).

use sqlx::{Error, Row, query};

use crate::Link;

/// Takes the next `many` cursors; gives the last of them.
pub(crate) async fn take(c: &mut Link, many: i64) -> Result<i64, Error> {
    let sql = "UPDATE head SET n = n + $1 WHERE one = 1 RETURNING n";
    query(sql).bind(many).fetch_one(c).await?.try_get("n")
}

/// A change of one alert: its cursor.
pub(crate) async fn change(c: &mut Link, alert: &str, wall: i64) -> Result<i64, Error> {
    let cursor = take(c, 1).await?;
    let sql = "INSERT INTO change (cursor, id, wall) VALUES ($1, $2, $3)";
    query(sql).bind(cursor).bind(alert).bind(wall).execute(c).await?;
    Ok(cursor)
}

/// The last cursor that was given.
pub(crate) async fn newest(c: &mut Link) -> Result<i64, Error> {
    let row = query("SELECT n FROM head WHERE one = 1").fetch_one(c).await?;
    row.try_get("n")
}
