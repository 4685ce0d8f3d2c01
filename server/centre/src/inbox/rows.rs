//! The inbox read: rows of a lane, its ends, and what was shed.
//!
//! Not here: what is written and when (`sqlite`), who is told of a loss (`losses`).

use std::path::Path;

use proto::frame::Lane;
use proto::id::GatewayId;
use proto::unit::Mono;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use super::sqlite::connect;
use super::{InboxError, InboxLimits, InboxRow};

/// Opens a connection that only reads.
pub(super) fn reader(path: &Path, limits: &InboxLimits) -> Result<Connection, InboxError> {
    let connection = connect(path, limits)?;
    let told = connection.execute_batch("PRAGMA query_only = ON");
    told.map_err(|source| InboxError::File { path: path.to_owned(), source })?;
    Ok(connection)
}

/// First row that waits and last number given, of each lane.
pub(super) fn ends(connection: &Connection) -> rusqlite::Result<[(i64, i64); 2]> {
    let mut ends = [(1, 0); 2];
    for (lane, table) in [(0i64, "inbox_e"), (1, "inbox_t")] {
        let high: i64 =
            connection
                .query_row("SELECT high FROM mark WHERE lane = ?1", [lane], |row| row.get(0))?;
        let sql = format!("SELECT MIN(id), MAX(id) FROM {table}");
        let (first, last): (Option<i64>, Option<i64>) =
            connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let last = last.unwrap_or(0).max(high);
        if let Some(end) = ends.get_mut(usize::from(lane == 1)) {
            *end = (first.unwrap_or(last + 1), last);
        }
    }
    Ok(ends)
}

/// Telemetry that was shed so far.
pub(super) fn lost(connection: &Connection) -> rusqlite::Result<u64> {
    let count: i64 =
        connection.query_row("SELECT count FROM loss WHERE one = 1", [], |row| row.get(0))?;
    Ok(count.max(0).unsigned_abs())
}

/// Rows of a lane after a number.
pub(super) fn next(
    connection: &Connection,
    lane: Lane,
    after: i64,
    most: usize,
) -> rusqlite::Result<Vec<InboxRow>> {
    let sql = match lane {
        Lane::Emergency => {
            "SELECT id, gateway, mono, wall, bytes FROM inbox_e WHERE id > ?1 ORDER BY id LIMIT ?2"
        }
        Lane::Telemetry => {
            "SELECT id, gateway, mono, wall, bytes FROM inbox_t WHERE id > ?1 ORDER BY id LIMIT ?2"
        }
    };
    let mut statement = connection.prepare_cached(sql)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![after, most], |row| {
        // Another sort of value than was written is damage: it is read as a record that cannot be, and told; a row that
        // ended this look would end each look after it.
        let number = |at: usize| row.get::<_, i64>(at).unwrap_or(0);
        let bytes = match row.get_ref(4)? {
            ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes.to_vec(),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => Vec::new(),
        };
        let gateway = number(1);
        Ok(InboxRow {
            id: row.get(0)?,
            // A number out of range cannot have been written; zero is nobody's.
            gateway: GatewayId::new(gateway.unsigned_abs())
                .or_else(|| GatewayId::new(0))
                .ok_or(rusqlite::Error::IntegralValueOutOfRange(1, gateway))?,
            mono: Mono::from_millis(number(2).unsigned_abs()),
            wall_ms: number(3),
            bytes,
        })
    })?;
    rows.collect()
}
