//! The file on disk: its tables, its version, and how it is opened.
//!
//! `name` gives a series its number; `log` holds what is not yet in a chunk; `chunk` holds points,
//! `minute` and `hour` what old points were rolled up to. Any SQLite tool can open it.
//! Not here: what is in the blobs (`chunk`, `log`).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::SeriesError;

/// Version of the tables this server writes and the newest it reads.
const VERSION: i64 = 1;
/// A reader waits at most so long for a lock.
const PATIENCE: Duration = Duration::from_secs(5);

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS name(
    id INTEGER PRIMARY KEY, home INTEGER NOT NULL, device INTEGER NOT NULL, quantity INTEGER NOT NULL,
    UNIQUE(home, quantity, device));
CREATE TABLE IF NOT EXISTS log(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS chunk(
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL, day INTEGER NOT NULL, loose INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS chunk_place ON chunk(series, day, loose);
CREATE TABLE IF NOT EXISTS minute(
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL, day INTEGER NOT NULL,
    crc INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE(series, day));
CREATE TABLE IF NOT EXISTS hour(
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL, period INTEGER NOT NULL,
    crc INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE(series, period));
";

/// Says which file an error of SQLite is about.
pub(super) fn told(path: &Path) -> impl Fn(rusqlite::Error) -> SeriesError + '_ {
    |source| SeriesError::File { path: path.display().to_string(), source: Arc::new(source) }
}

/// Opens the file for writing, and makes it if it is not there.
pub(super) fn open(path: &Path) -> Result<Connection, SeriesError> {
    let told = told(path);
    let connection = Connection::open(path).map_err(&told)?;
    let settle = || {
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "page_size", 8192)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 2000)?;
        connection.pragma_update(None, "cache_size", -8192)?;
        connection.set_prepared_statement_cache_capacity(32);
        connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
    };
    let found = settle().map_err(&told)?;
    if found > VERSION {
        let path = path.display().to_string();
        return Err(SeriesError::Newer { path, found, known: VERSION });
    }
    let tables = format!("BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;");
    connection.execute_batch(&tables).map_err(&told)?;
    Ok(connection)
}

/// Opens the file for reading beside the writer.
pub(super) fn open_reader(path: &Path) -> Result<Connection, SeriesError> {
    let told = told(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(&told)?;
    connection.busy_timeout(PATIENCE).map_err(&told)?;
    connection.pragma_update(None, "cache_size", -8192).map_err(&told)?;
    Ok(connection)
}
