//! Which spool lies in the folder: none yet, a sound one, a damaged one, an older one, or one that is lost.
//!
//! A small *marker* beside the database says what the spool has been: its generation, how often the box
//! has started, how far its row numbers have come. A database that is gone, or that knows less than the
//! marker because its log is gone, is no first start: it is refused with what to do. A damaged one is
//! set aside and a new one takes presses. Not here: what is saved out of a damaged one (`salvage`).

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::SpoolError;

/// Name of the marker in the data directory.
const MARKER: &str = "spool.id";
/// A database of at most so many bytes is read whole at a start, to find damage that its first page does not show.
const CHECKED_MAX: u64 = 64 << 20;
/// Bytes of the header of a write-ahead log.
const LOG_HEADER: usize = 32;
/// First bytes of a write-ahead log, but for the last bit, which says how its numbers lie.
const LOG_MAGIC: u32 = 0x377f_0682;

/// What the marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Marker {
    /// Generation of the spool; 0 until there is one.
    pub spool: u64,
    /// Starts of the box.
    pub boots: u32,
    /// Highest row number seen.
    pub row: i64,
    /// Whether a box runs on it, or has ended without a farewell: its newest rows are then in the log.
    pub open: bool,
}

/// What lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing, and nothing says that there ever was.
    Nothing,
    /// A database that knows all that the marker knows.
    Sound,
    /// One whose numbers have gone back: a copy from before was put there, or its log is damaged.
    Older,
    /// One that SQLite cannot read.
    Damaged,
}

/// Looks at the folder; changes nothing in it.
pub(super) fn look(dir: &Path, database: &Path, lived: bool) -> Result<Found, SpoolError> {
    let marker = Marker::read(dir);
    // A marker without a generation is that of a spool that was set aside and not yet followed by another.
    let lived = marker.map_or(lived, |marker| marker.spool != 0);
    if door::is_blank(database) {
        return if lived { Err(lost(database)) } else { Ok(Found::Nothing) };
    }
    let log = log_of(database);
    let (has_log, torn) = (is_log(&log), door::is_torn(&log));
    match contents(database) {
        // All that it ever held was in the log, and the log is damaged, not gone.
        Ok(None) if lived && torn => Ok(Found::Damaged),
        Ok(None) if lived => Err(lost(if has_log { database } else { &log })),
        Ok(None) => Ok(Found::Nothing),
        Ok(Some((boots, row))) => {
            let known = marker.unwrap_or_default();
            let older = boots < known.boots || row < known.row;
            match (older || torn, has_log) {
                (true, _) if torn => Ok(Found::Older),
                (_, false) if older || known.open => Err(lost(&log)),
                (false, _) => Ok(Found::Sound),
                (true, _) => Ok(Found::Older),
            }
        }
        Err(error) if is_damage(&error) => Ok(Found::Damaged),
        Err(error) => Err(error.into()),
    }
}

/// Whether an error says that the file is not what SQLite has written.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn lost(file: &Path) -> SpoolError {
    SpoolError::Lost(file.to_owned())
}

fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

fn is_log(log: &Path) -> bool {
    let mut head = [0; LOG_HEADER];
    let read = File::open(log).and_then(|mut file| file.read_exact(&mut head));
    let magic = head.first_chunk().map_or(0, |first| u32::from_be_bytes(*first));
    read.is_ok() && magic & !1 == LOG_MAGIC
}

/// Starts of the box and highest row number; none if no table was ever made.
fn contents(database: &Path) -> rusqlite::Result<Option<(u32, i64)>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    // What is refused stays as it was found.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let made: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'own'",
        [],
        |row| row.get(0),
    )?;
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if made == 0 {
        // Another version's tables are its own affair.
        return Ok((version != 0).then_some((u32::MAX, i64::MAX)));
    }
    if fs::metadata(database).is_ok_and(|file| file.len() <= CHECKED_MAX) {
        let told: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if told != "ok" {
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
                Some(told),
            ));
        }
    }
    let boots =
        connection.query_row("SELECT coalesce(max(counter), 0) FROM own", [], |row| row.get(0))?;
    Ok(Some((boots, top(&connection)?)))
}

/// Highest row number that was ever given.
pub(super) fn top(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'up'";
    connection.query_row(sql, [], |row| row.get(0))
}

impl Marker {
    /// What stands in the folder, if a marker does.
    pub(super) fn read(dir: &Path) -> Option<Self> {
        let text = fs::read_to_string(dir.join(MARKER)).ok()?;
        let field = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
        };
        Some(Self {
            spool: field("spool ")?,
            boots: u32::try_from(field("boots ")?).ok()?,
            row: i64::try_from(field("row ")?).ok()?,
            open: field("open ") == Some(1),
        })
    }

    /// Puts it in the folder, durably. A marker that cannot be written says less than it could, nothing wrong.
    pub(super) fn write(self, dir: &Path) -> io::Result<()> {
        use std::os::unix::fs::OpenOptionsExt;
        let part = dir.join("spool.id.part");
        let mut file =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        let Self { spool, boots, row, open } = self;
        write!(file, "spool {spool}\nboots {boots}\nrow {row}\nopen {}\n", u8::from(open))?;
        file.sync_all()?;
        fs::rename(&part, dir.join(MARKER))?;
        File::open(dir)?.sync_all()
    }
}
