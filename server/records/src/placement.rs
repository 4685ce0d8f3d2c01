//! Rows of where devices were until they were taken away. Where they are now is in their own rows (`device`).
//!
//! Not here: what follows for a word that waited (`ingest::read`).

use sqlx::any::AnyRow;
use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;
use crate::clock::Now;
use crate::column::stored;

/// Where a device was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// Device number.
    pub device: i64,
    /// Home number.
    pub home: i64,
    /// Until when, server's clock.
    pub until_mono: i64,
    /// Until when, wall clock.
    pub until_wall: i64,
}

/// A device leaves the home of its row; call it before the row says where it is then.
pub async fn end(c: &mut Link, device: i64, now: Now) -> Result<(), Error> {
    let sql = "INSERT INTO placement (device, home, role, room, spot, from_wall, until_wall, until_mono) \
               SELECT id, home, role, '', label, enrolled_wall, $2, $3 FROM device \
               WHERE id = $1 AND home IS NOT NULL";
    query(sql).bind(device).bind(now.wall_ms).bind(stored(now.mono)).execute(c).await.map(drop)
}

fn of(row: &AnyRow) -> Result<Placement, Error> {
    Ok(Placement {
        device: row.try_get("device")?,
        home: row.try_get("home")?,
        until_mono: row.try_get("until_mono")?,
        until_wall: row.try_get("until_wall")?,
    })
}

/// Every place that a device has left, in the order in which they were left.
pub async fn all(c: &mut Link) -> Result<Vec<Placement>, Error> {
    let sql = "SELECT device, home, until_mono, until_wall FROM placement ORDER BY until_mono";
    Ok(readable(&fetch(query(sql), c).await?, of))
}

/// The place that a device has left last.
pub async fn last(c: &mut Link, device: i64) -> Result<Option<Placement>, Error> {
    let sql = "SELECT device, home, until_mono, until_wall FROM placement WHERE device = $1 \
               ORDER BY until_mono DESC LIMIT 1";
    query(sql).bind(device).fetch_optional(c).await?.as_ref().map(of).transpose()
}
