//! What a spool has lost and what waits in it, read beside a box that may be running.
//!
//! Nothing is changed, and no lock is taken. Not here: the same for the running box (`room`).

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::SpoolError;
use super::schema::{LANE_TELEMETRY, unsigned};
use super::store::FILE;

/// The sums of one spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Records dropped since it was made.
    pub lost: u64,
    /// Those of them that the server was not told of yet.
    pub not_told: u64,
    /// Emergencies that the server does not have.
    pub emergencies: u64,
    /// Telemetry that the server does not have.
    pub telemetry: u64,
}

/// Reads the spool in a folder; none where there is none.
///
/// # Errors
/// It cannot be read.
pub fn read(dir: &Path) -> Result<Option<Account>, SpoolError> {
    let path = dir.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let file = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    file.busy_timeout(std::time::Duration::from_secs(5))?;
    let lost = file
        .query_row("SELECT lost_in_all, lost FROM own", [], |row| {
            Ok((unsigned(row.get(0)?), unsigned(row.get(1)?)))
        })
        .optional()?;
    let (lost, not_told) = lost.unwrap_or_default();
    let count = |sql: &str| file.query_row(sql, [LANE_TELEMETRY], |row| row.get(0).map(unsigned));
    let emergencies = count("SELECT count(*) FROM up WHERE lane <> ?1 AND acked IS NULL")?;
    let telemetry = count("SELECT count(*) FROM up WHERE lane = ?1 AND acked IS NULL")?;
    Ok(Some(Account { lost, not_told, emergencies, telemetry }))
}
