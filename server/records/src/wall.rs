//! The row that says what is thought of the clock on the wall, so that a restart forgets no proof.
//!
//! Not here: how a clock is proved (`clock::proof`).

use sqlx::{Error, Row, query};

use crate::Link;

/// The row; offsets are wall minus measured time, ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallRow {
    /// Offset that was proved.
    pub proved: Option<i64>,
    /// Offset that was believed.
    pub believed: i64,
    /// Offset that was seen last.
    pub seen: i64,
    /// Since when it goes on, measured time.
    pub since: i64,
    /// Wall time that things are aged by; none before any clock was proved.
    pub edge: Option<i64>,
    /// Measured time at which that was moved last.
    pub edge_at: i64,
}

/// What is stored, if anything is.
pub async fn read(c: &mut Link) -> Result<Option<WallRow>, Error> {
    let sql = "SELECT proved, believed, seen, since, edge, edge_at FROM wall_clock WHERE one = 1";
    let row = query(sql).fetch_optional(c).await?;
    let read = |row: sqlx::any::AnyRow| {
        Ok(WallRow {
            proved: row.try_get("proved")?,
            believed: row.try_get("believed")?,
            seen: row.try_get("seen")?,
            since: row.try_get("since")?,
            edge: row.try_get("edge")?,
            edge_at: row.try_get("edge_at")?,
        })
    };
    row.map(read).transpose()
}

/// Stores it.
pub async fn put(c: &mut Link, row: &WallRow) -> Result<(), Error> {
    let sql = "INSERT INTO wall_clock (one, proved, believed, seen, since, edge, edge_at) \
               VALUES (1, $1, $2, $3, $4, $5, $6) ON CONFLICT (one) DO UPDATE SET proved = $1, \
               believed = $2, seen = $3, since = $4, edge = $5, edge_at = $6";
    query(sql)
        .bind(row.proved)
        .bind(row.believed)
        .bind(row.seen)
        .bind(row.since)
        .bind(row.edge)
        .bind(row.edge_at)
        .execute(c)
        .await
        .map(drop)
}
