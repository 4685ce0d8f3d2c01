//! Which records lie in the data folder: none yet, sound ones, ones from before, or ones that are lost.
//!
//! The folder's *identity* ([`Identity`]) says which life the records had and how far their clock had come.
//! A file that is gone beside keys, or that knows less because its log is gone, is no first start: it is
//! refused with what to do. Not here: what a server does with records from before (`backup`).

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use crate::RecordsError;
use crate::identity::Identity;

/// A file of at most so many bytes is read whole at a start, to find damage that its first page does not show.
const CHECKED_MAX: u64 = 256 << 20;
/// Bytes of the header of a write-ahead log.
const LOG_HEADER: usize = 32;
/// First bytes of a write-ahead log, but for the last bit, which says how its numbers lie.
const LOG_MAGIC: u32 = 0x377f_0682;

/// What lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing, and nothing says that there ever was.
    Nothing,
    /// Records that know all that the folder knows.
    Sound,
    /// Records of another life, or from before: a copy was put there.
    Older,
}

/// What records say of themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// Their life; none in records of an older build.
    pub line: Option<i64>,
    /// Highest time of the server's clock.
    pub high: i64,
    /// Highest cursor of the queue.
    pub cursor: i64,
}

/// Looks at the folder; changes nothing in it.
///
/// # Errors
/// The records, or the log with their newest rows, are lost; or they cannot be read.
pub fn examine(data: &Path) -> Result<Found, RecordsError> {
    let path = data.join("records.db");
    let log = data.join("records.db-wal");
    let identity = Identity::read(data);
    if door::is_blank(&path) {
        return if has_lived(data) { Err(RecordsError::Gone { path }) } else { Ok(Found::Nothing) };
    }
    let (has_log, torn) = (is_log(&log), door::is_torn(&log));
    let told =
        tell(&path).map_err(|source| RecordsError::Unreadable { path: path.clone(), source })?;
    let Some(told) = told else {
        // Keys are made after the tables, and the tables of new records are in the log at first.
        return match (data.join("keys/kek").exists(), has_log) {
            (true, false) => Err(RecordsError::NoLog { path: log }),
            (true, true) => Err(RecordsError::Gone { path }),
            (false, _) => Ok(Found::Nothing),
        };
    };
    if torn {
        // What is missing behind the damage gateways send again.
        tracing::error!(log = %log.display(), "the newest rows of the records are lost");
        return Ok(Found::Older);
    }
    let Some(known) = identity else { return Ok(Found::Sound) };
    match (told.line == Some(known.line), told.high < known.high, has_log) {
        (true, false, _) => Ok(Found::Sound),
        (true, true, false) => Err(RecordsError::NoLog { path: log }),
        _ => Ok(Found::Older),
    }
}

/// Whether a server has ever run on this folder, whatever became of its records: keys are made after them.
pub fn has_lived(data: &Path) -> bool {
    let signs = ["keys/kek", "keys/records.id", "pki/root.key", "pki/root.pem"];
    signs.iter().any(|sign| data.join(sign).exists())
}

/// What records say of themselves; none if they have no tables.
///
/// # Errors
/// SQLite cannot read them.
pub fn tell(path: &Path) -> rusqlite::Result<Option<Told>> {
    let connection = read_only(path)?;
    let has = |table: &str| -> rusqlite::Result<bool> {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        connection.query_row(sql, [table], |row| row.get::<_, i64>(0)).map(|count| count > 0)
    };
    if !has("device")? {
        return Ok(None);
    }
    let number = |sql: &str| -> rusqlite::Result<Option<i64>> {
        connection.query_row(sql, [], |row| row.get(0)).optional()
    };
    let line = match has("records_line")? {
        true => number("SELECT line FROM records_line WHERE one = 1")?,
        false => None,
    };
    let high = number("SELECT high FROM clock WHERE one = 1")?.unwrap_or(0);
    let cursor = number("SELECT COALESCE(MAX(cursor), 0) FROM change")?.unwrap_or(0);
    Ok(Some(Told { line, high, cursor }))
}

/// Whether a store can be read: false only if SQLite says that the file is not what it has written.
pub fn is_sound(path: &Path) -> bool {
    let check = || -> rusqlite::Result<bool> {
        let connection = read_only(path)?;
        connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
        if std::fs::metadata(path).is_ok_and(|file| file.len() > CHECKED_MAX) {
            return Ok(true);
        }
        let told: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok(told == "ok")
    };
    match check() {
        Ok(sound) => sound,
        Err(error) => !matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ),
    }
}

/// Writes a copy of a store as it is at this moment, while others use it. `to` must not exist.
///
/// # Errors
/// SQLite cannot read the one or write the other.
pub fn snapshot(from: &Path, to: &Path) -> rusqlite::Result<()> {
    let connection = read_only(from)?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map(drop)
}

/// A connection that leaves a log as it found it.
fn read_only(path: &Path) -> rusqlite::Result<Connection> {
    // Reading a log that a dead server has left needs the right to write its shared memory.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    Ok(connection)
}

fn is_log(log: &PathBuf) -> bool {
    let mut head = [0; LOG_HEADER];
    let read = File::open(log).and_then(|mut file| file.read_exact(&mut head));
    let magic = head.first_chunk().map_or(0, |first| u32::from_be_bytes(*first));
    read.is_ok() && magic & !1 == LOG_MAGIC
}
