//! The life of the records, and how far they know what each gateway has sent.
//!
//! A position is written with the batch that it ends, so that it is never ahead of the rows. Not here: what
//! a position means on the wire (`proto::relay`), and who is told it (`replay`).

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;

/// The life of these records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Its number, the same as long as nothing is restored.
    pub line: i64,
    /// When it began by a restore, wall clock.
    pub restored_wall: Option<i64>,
    /// The same on the server's clock.
    pub restored_mono: Option<i64>,
}

/// How far the rows know one lane of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Gateway number.
    pub gateway: i64,
    /// 0 emergencies, 1 telemetry.
    pub lane: i64,
    /// In which life of the records it was said.
    pub line: i64,
    /// In which spool the time counts.
    pub spool: i64,
    /// Everything that this spool had marked as acknowledged before this time is here.
    pub through: i64,
}

/// The life, if one is written.
pub async fn line(c: &mut Link) -> Result<Option<Line>, Error> {
    let sql = "SELECT line, restored_wall, restored_mono FROM records_line WHERE one = 1";
    let row = query(sql).fetch_optional(c).await?;
    let read = |row: sqlx::any::AnyRow| {
        Ok(Line {
            line: row.try_get("line")?,
            restored_wall: row.try_get("restored_wall")?,
            restored_mono: row.try_get("restored_mono")?,
        })
    };
    row.map(read).transpose()
}

/// Writes the life.
pub async fn put_line(c: &mut Link, line: &Line) -> Result<(), Error> {
    let sql = "INSERT INTO records_line (one, line, restored_wall, restored_mono) VALUES (1, $1, $2, $3) \
               ON CONFLICT (one) DO UPDATE SET line = $1, restored_wall = $2, restored_mono = $3";
    let Line { line, restored_wall, restored_mono } = line;
    query(sql).bind(line).bind(restored_wall).bind(restored_mono).execute(c).await.map(drop)
}

/// Every position.
pub async fn reaches(c: &mut Link) -> Result<Vec<Reach>, Error> {
    let rows = fetch(query("SELECT gateway, lane, line, spool, through FROM reach"), c).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(Reach {
            gateway: row.try_get("gateway")?,
            lane: row.try_get("lane")?,
            line: row.try_get("line")?,
            spool: row.try_get("spool")?,
            through: row.try_get("through")?,
        })
    };
    Ok(readable(&rows, read))
}

/// Writes a position.
pub async fn put_reach(c: &mut Link, reach: &Reach) -> Result<(), Error> {
    let sql = "INSERT INTO reach (gateway, lane, line, spool, through) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (gateway, lane) DO UPDATE SET line = $3, spool = $4, through = $5";
    let Reach { gateway, lane, line, spool, through } = reach;
    query(sql)
        .bind(gateway)
        .bind(lane)
        .bind(line)
        .bind(spool)
        .bind(through)
        .execute(c)
        .await
        .map(drop)
}
