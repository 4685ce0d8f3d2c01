//! The row that says what is thought of the clock on the wall, so that a restart forgets no proof.
//!
//! Not here: how a clock is proved (`clock::proof`).

use sqlx::{AnyConnection, Error, Row, query};

use crate::clock::edge::Edge;
use crate::clock::proof::Mark;

/// What is stored, if anything is.
pub async fn read(c: &mut AnyConnection) -> Result<Option<(Mark, Edge)>, Error> {
    let sql = "SELECT proved, believed, seen, since, edge, edge_at FROM wall_clock WHERE one = 1";
    let row = query(sql).fetch_optional(c).await?;
    let read = |row: sqlx::any::AnyRow| {
        let mark = Mark {
            proved: row.try_get("proved")?,
            believed: row.try_get("believed")?,
            seen: row.try_get("seen")?,
            since: row.try_get("since")?,
        };
        Ok((mark, Edge { wall: row.try_get("edge")?, at: row.try_get("edge_at")? }))
    };
    row.map(read).transpose()
}

/// Stores it.
pub async fn put(c: &mut AnyConnection, mark: &Mark, edge: &Edge) -> Result<(), Error> {
    let sql = "INSERT INTO wall_clock (one, proved, believed, seen, since, edge, edge_at) \
               VALUES (1, $1, $2, $3, $4, $5, $6) ON CONFLICT (one) DO UPDATE SET proved = $1, \
               believed = $2, seen = $3, since = $4, edge = $5, edge_at = $6";
    query(sql)
        .bind(mark.proved)
        .bind(mark.believed)
        .bind(mark.seen)
        .bind(mark.since)
        .bind(edge.wall)
        .bind(edge.at)
        .execute(c)
        .await
        .map(drop)
}
