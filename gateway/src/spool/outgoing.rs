//! Rows on their way up: what waits, in the order in which it must go, and marking what the server has.
//!
//! The emergency session takes the newest press first (an hour-old outage must not delay the press of
//! this minute), then what no key has verified. Telemetry goes in order of arrival.
//! Not here: windows, acknowledgements, time-outs (`uplink`).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proto::frame::Lane;
use proto::relay::RelayKind;
use proto::unit::Mono;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row, params};

use super::SpoolError;
use super::left_out::leave_out;
use super::schema::{LANE_DOUBTFUL, LANE_EMERGENCY, LANE_TELEMETRY, readable, signed, unsigned};
use super::store::Store;
use super::swept::is_of_row;

/// Presses asked about at one time.
const ASK_MAX: i64 = 16;
/// An answer of the server is late after this, ms.
const ANSWER_WITHIN: u64 = 10_000;
/// Page cache of a reading connection in KiB.
const CACHE_KIB: i64 = 256;

/// Number of a row: its place in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub(super) i64);

impl RowId {
    /// Before the first row.
    pub const START: Self = Self(0);

    /// Names a row by its number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }
}

/// One row that the server does not have yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which row.
    pub row: RowId,
    /// What the bytes are.
    pub kind: RelayKind,
    /// When it was stored, spool time.
    pub stored: Mono,
    /// What to send.
    pub bytes: Vec<u8>,
}

/// One row that the server has acknowledged and is given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// The row.
    pub waiting: Waiting,
    /// When its home's alarm ended after a person had it, if it did, spool time.
    pub ended: Option<Mono>,
}

/// Emergencies of the span, the newest first. A press that a person had (rung 3) has ended with the first end after that.
/// A claim tells the newest press of each device: whoever had it had those that the server had before it as well.
const AGAIN_EMERGENCY: &str = "
  SELECT u.id, u.kind, u.stored, u.bytes,
    (SELECT min(e.at) FROM rung g JOIN roster r ON r.device = g.device JOIN ended e ON e.home = r.home
     JOIN up n ON n.device = g.device AND n.boot = g.boot AND n.seq = g.seq AND n.lane = 0
     WHERE u.lane = 0 AND g.device = u.device AND g.rung = 3 AND e.at >= g.at
       AND (n.id = u.id OR n.id > u.id AND u.acked <= g.at))
  FROM span s JOIN up u ON u.acked >= s.first AND u.acked <= s.last
  WHERE s.lane = 0 AND u.lane < 2 AND u.acked IS NOT NULL ORDER BY u.acked DESC, u.id DESC LIMIT ?";
/// Presses from before the span whose end lies within it: the server knows them, and not that they have ended.
const ENDED_SINCE: &str = "
  SELECT u.id, u.kind, u.stored, u.bytes, min(e.at)
  FROM span s JOIN ended e ON e.at >= s.first AND e.at <= s.last JOIN roster r ON r.home = e.home
  JOIN rung g ON g.device = r.device JOIN up u ON u.device = g.device AND u.boot = g.boot AND u.seq = g.seq
  WHERE s.lane = 0 AND g.rung = 3 AND g.at <= e.at AND u.lane = 0 AND u.acked < s.first AND NOT EXISTS
    (SELECT 1 FROM ended x WHERE x.home = e.home AND x.at >= g.at AND x.at < s.first)
  GROUP BY u.id LIMIT ?";
/// Telemetry of the span in the order in which it went up.
const AGAIN_TELEMETRY: &str = "
  SELECT u.id, u.kind, u.stored, u.bytes, NULL
  FROM span s JOIN up u ON u.acked >= s.first AND u.acked <= s.last
  WHERE s.lane = 1 AND u.lane = 2 ORDER BY u.acked, u.id LIMIT ?";

/// A connection that only reads.
pub struct Reader {
    connection: Connection,
    path: PathBuf,
    /// Which database file the connection reads, and which is the present one.
    file: u64,
    files: Arc<AtomicU64>,
}

impl Reader {
    pub(super) fn open(path: &Path, files: Arc<AtomicU64>) -> Result<Self, SpoolError> {
        let file = files.load(Ordering::Acquire);
        Ok(Self { connection: connect(path)?, path: path.to_owned(), file, files })
    }

    /// The connection to the present file: the one that was open may have been set aside.
    fn connection(&mut self) -> Result<&Connection, SpoolError> {
        let present = self.files.load(Ordering::Acquire);
        if present != self.file {
            self.connection = connect(&self.path)?;
            self.file = present;
        }
        Ok(&self.connection)
    }

    /// Rows that wait for a session, in sending order, at most `limit`. `after` is the last telemetry
    /// row that this session has taken; emergencies are always asked for whole.
    pub fn waiting(
        &mut self,
        lane: Lane,
        after: RowId,
        limit: usize,
    ) -> Result<Vec<Waiting>, SpoolError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        match lane {
            Lane::Telemetry => self.ascending(after, limit),
            Lane::Emergency => {
                let mut rows = self.descending(LANE_EMERGENCY, limit)?;
                let left = limit - i64::try_from(rows.len()).unwrap_or(limit);
                if left > 0 {
                    rows.extend(self.descending(LANE_DOUBTFUL, left)?);
                }
                Ok(rows)
            }
        }
    }

    /// Rows of the span that are to go up again, at most `limit`.
    pub fn again(&mut self, lane: Lane, limit: usize) -> Result<Vec<Again>, SpoolError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        if lane == Lane::Telemetry {
            return self.spanned(AGAIN_TELEMETRY, limit);
        }
        let mut rows = self.spanned(AGAIN_EMERGENCY, limit)?;
        let left = limit - i64::try_from(rows.len()).unwrap_or(limit);
        if left > 0 {
            rows.extend(self.spanned(ENDED_SINCE, left)?);
        }
        Ok(rows)
    }

    fn spanned(&mut self, sql: &str, limit: i64) -> Result<Vec<Again>, SpoolError> {
        let mut rows = self.connection()?.prepare_cached(sql)?;
        let rows = rows.query_map([limit], |row| {
            let ended: Option<i64> = row.get(4)?;
            let ended = ended.map(|at| Mono::from_millis(unsigned(at)));
            Ok(Again { waiting: read(row)?, ended })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn ascending(&mut self, after: RowId, limit: i64) -> Result<Vec<Waiting>, SpoolError> {
        let sql = "SELECT id, kind, stored, bytes FROM up
                   WHERE lane = ? AND acked IS NULL AND id > ? ORDER BY id LIMIT ?";
        let mut rows = self.connection()?.prepare_cached(sql)?;
        let rows = rows.query(params![LANE_TELEMETRY, after.0, limit])?;
        Ok(readable("up", rows, |row| read(row).map(Some))?)
    }

    fn descending(&mut self, lane: i64, limit: i64) -> Result<Vec<Waiting>, SpoolError> {
        let sql = "SELECT id, kind, stored, bytes FROM up
                   WHERE lane = ? AND acked IS NULL ORDER BY id DESC LIMIT ?";
        let mut rows = self.connection()?.prepare_cached(sql)?;
        Ok(readable("up", rows.query(params![lane, limit])?, |row| read(row).map(Some))?)
    }
}

fn connect(path: &Path) -> Result<Connection, SpoolError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}

impl Store {
    pub(super) fn mark_sent(&mut self, now: Mono, rows: &[RowId]) -> Result<(), SpoolError> {
        self.lazy(|t| {
            let mut mark = t.prepare_cached("UPDATE up SET acked = ? WHERE id = ?")?;
            rows.iter().try_for_each(|row| match mark.execute([signed(now.millis()), row.0]) {
                // It goes up again, and the server knows it; the others are marked.
                Err(error) if is_of_row(&error) => {
                    leave_out(&error, "up", row.0);
                    Ok(())
                }
                done => done.map(|_| ()),
            })
        })
    }
}

impl Store {
    pub(super) fn ask_again(&mut self, now: Mono) -> Result<bool, SpoolError> {
        self.lazy(|t| {
            // Who was asked about longest ago comes first: what is never answered holds up nobody.
            let sql = "UPDATE up SET acked = NULL WHERE id IN (SELECT up.id FROM rung JOIN up
                       ON up.device = rung.device AND up.boot = rung.boot AND up.seq = rung.seq
                       WHERE rung.rung = 1 AND up.lane = ? AND up.acked < ? AND NOT EXISTS
                         (SELECT 1 FROM accepted a WHERE a.device = up.device AND a.boot = up.boot AND a.seq = up.seq)
                       ORDER BY up.acked, up.id DESC LIMIT ?)";
            let late = signed(now.millis().saturating_sub(ANSWER_WITHIN));
            Ok(t.prepare_cached(sql)?.execute([LANE_EMERGENCY, late, ASK_MAX])? > 0)
        })
    }
}

/// Another sort of value than was written is damage: the row goes up as one that cannot be read, and the server tells of
/// it; a row that ended this look would keep all behind it.
fn read(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    Ok(Waiting {
        row: RowId(row.get(0)?),
        kind: match row.get::<_, i64>(1) {
            Ok(0) => RelayKind::Open,
            Ok(1) => RelayKind::Stranger,
            Ok(3) => RelayKind::Petition,
            Ok(_) | Err(_) => RelayKind::Unreadable,
        },
        stored: Mono::from_millis(row.get(2).map_or(0, unsigned)),
        bytes: match row.get_ref(3)? {
            ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes.to_vec(),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => Vec::new(),
        },
    })
}
