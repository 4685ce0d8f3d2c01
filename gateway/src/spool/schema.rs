//! Tables of the spool and their version.
//!
//! Forward only: a build reads its own version and makes it of older ones; a newer one is refused.
//! Numbers of 64 bits are stored with the bits of a signed integer. Row numbers of `up` never come
//! back: an acknowledgement that is still on its way must not meet a younger row. Not here: statements that use them.

use rusqlite::{Connection, Row, Rows};

use super::SpoolError;
use super::left_out::{digest, leave_out};

/// Version of the tables below, in SQLite's `user_version`.
pub(super) const VERSION: u32 = 1;

/// Row lanes: what the emergency session takes first, what it takes after, and the rest.
pub(super) const LANE_EMERGENCY: i64 = 0;
/// Emergencies that no key has verified: strangers and unreadable ones. They never delay a verified press.
pub(super) const LANE_DOUBTFUL: i64 = 1;
/// Telemetry.
pub(super) const LANE_TELEMETRY: i64 = 2;

const TABLES: &str = "
CREATE TABLE up (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  lane INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  device INTEGER NOT NULL,
  boot INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  stored INTEGER NOT NULL,
  acked INTEGER
) STRICT;
CREATE UNIQUE INDEX up_name ON up(device, boot, seq, mark);
CREATE INDEX up_waiting ON up(lane, id) WHERE acked IS NULL;
CREATE INDEX up_sent ON up(acked) WHERE acked IS NOT NULL;
CREATE TABLE raw (
  id INTEGER PRIMARY KEY,
  device INTEGER NOT NULL,
  boot INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  stored INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX raw_name ON raw(device, boot, seq);
CREATE TABLE rung (
  device INTEGER NOT NULL,
  boot INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  rung INTEGER NOT NULL,
  at INTEGER NOT NULL,
  sealed BLOB,
  PRIMARY KEY (device, boot, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX rung_age ON rung(at);
CREATE INDEX rung_open ON rung(at) WHERE rung = 1;
CREATE TABLE roster (
  device INTEGER PRIMARY KEY,
  home INTEGER NOT NULL,
  role INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  hop_key BLOB NOT NULL,
  released INTEGER NOT NULL,
  proof_boot INTEGER,
  proof_counter INTEGER,
  past_boots BLOB NOT NULL
) STRICT;
CREATE TABLE own (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  life INTEGER NOT NULL,
  counter INTEGER NOT NULL,
  high INTEGER NOT NULL,
  wall INTEGER NOT NULL,
  machine_boot TEXT NOT NULL,
  offset INTEGER NOT NULL,
  lost INTEGER NOT NULL,
  lost_in_all INTEGER NOT NULL
) STRICT;
";

/// Keys of before the last change of keys. Beside the version: a build that does not know them goes on without.
const FORMER: &str = "
CREATE TABLE IF NOT EXISTS former (
  device INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  hop_key BLOB NOT NULL
) STRICT;
";

/// Time of the spool that nobody measured, and until when it counts; a build that does not know it loses nothing.
const DOUBT: &str = "
CREATE TABLE IF NOT EXISTS doubt (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  ms INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT;
";

/// Tables that came later and that no older build minds: what both ends agree on of what was sent.
///
/// `line`: generation of this spool, and how many were lost or set aside before it. `span`: by session, the
/// life of the server's records that was last told of, and between which times of `acked` frames are to
/// go up again; none if `first` is above `last`. `ended`: when the server has said that a home's alarm is over.
/// `accepted`: presses that people have and nobody has verified. `proof`: connect proofs that have been used.
const LATER: &str = "
CREATE TABLE IF NOT EXISTS line (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  spool INTEGER NOT NULL,
  aside INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS span (
  lane INTEGER PRIMARY KEY,
  told INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS ended (
  home INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (home, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accepted (
  device INTEGER NOT NULL,
  boot INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (device, boot, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS proof (
  device INTEGER PRIMARY KEY,
  used BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS up_urgent ON up(acked) WHERE lane < 2 AND acked IS NOT NULL;
";

/// What can be wrong with a file that opens.
pub(super) enum Found {
    /// Ours, or made just now.
    Ready,
    /// Written by a later build.
    Newer(u32),
}

/// Makes or checks the tables.
pub(super) fn prepare(connection: &mut Connection) -> Result<Found, SpoolError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0 => {
            let make = connection.transaction()?;
            make.execute_batch(TABLES)?;
            make.execute_batch(FORMER)?;
            make.execute_batch(DOUBT)?;
            make.execute_batch(LATER)?;
            make.pragma_update(None, "user_version", VERSION)?;
            make.commit()?;
        }
        VERSION => {
            connection.execute_batch(FORMER)?;
            connection.execute_batch(DOUBT)?;
        }
        newer => return Ok(Found::Newer(newer)),
    }
    let sql = "SELECT count(*) FROM sqlite_schema
               WHERE name IN ('line', 'span', 'ended', 'up_urgent', 'accepted', 'proof')";
    let later: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    if later < 6 {
        let make = connection.transaction()?;
        make.execute_batch(LATER)?;
        make.commit()?;
    }
    Ok(Found::Ready)
}

/// The rows of a table that can be read; `read` gives none for values that no build of this version writes. Such a row
/// hides no other; an error of the store does.
pub(super) fn readable<T>(
    table: &str,
    mut rows: Rows<'_>,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<Option<T>>,
) -> rusqlite::Result<Vec<T>> {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        match read(row) {
            Ok(Some(known)) => all.push(known),
            Ok(None) => leave_out(&"values of another build, or damage", table, digest(row)),
            Err(
                error @ (FromSqlConversionFailure(..)
                | IntegralValueOutOfRange(..)
                | InvalidColumnType(..)),
            ) => leave_out(&error, table, digest(row)),
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// The bits of a number as SQLite stores them.
pub(super) const fn signed(bits: u64) -> i64 {
    bits.cast_signed()
}

/// The number that [`signed`] has stored.
pub(super) const fn unsigned(stored: i64) -> u64 {
    stored.cast_unsigned()
}
