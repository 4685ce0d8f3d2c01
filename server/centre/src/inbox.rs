//! The inbox: an ordered, durable log of what gateways say, kept before it is acknowledged.
//!
//! Two lanes, each numbered on its own. The door's commit thread writes; ingest reads by number and says
//! through which it is done. What was read and not yet done comes again after a crash: everything
//! downstream is idempotent. Not here: what a row says.

mod lane;
mod rows;
mod sqlite;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use proto::frame::Lane;
use proto::id::GatewayId;
use proto::unit::Mono;
use rusqlite::Connection;
use tokio::sync::Notify;

use crate::clock::Clock;

pub use sqlite::SqliteKeep;

/// How much the inbox may hold before telemetry is shed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxLimits {
    /// Rows of telemetry.
    pub telemetry: u64,
    /// Rows of emergencies; beyond it a press is refused, so that its gateway keeps it and says so.
    pub emergencies: u64,
    /// Bytes set aside on the disk, given back to emergencies when it is full.
    pub reserve: u64,
}

impl Default for InboxLimits {
    fn default() -> Self {
        // 4 million rows of about 200 bytes stay under 1 GiB; 10,000 presses fit the reserve.
        Self { telemetry: 4_000_000, emergencies: 1_000_000, reserve: 64 << 20 }
    }
}

/// Why the inbox cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The database refused.
    #[error("use inbox {path}: check free space and rights of the data folder")]
    File {
        /// Which file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// The file was written by a newer server.
    #[error(
        "open inbox {path} of version {found}, this server reads {known}: run the newer server"
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version this server reads.
        known: i64,
    },
}

impl InboxError {
    /// Whether the disk is full, which room would cure; anything else it would not.
    fn is_full(&self) -> bool {
        let Self::File { source, .. } = self else { return false };
        source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
    }
}

/// One message of a gateway, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// Number within its lane.
    pub id: i64,
    /// Who brought it.
    pub gateway: GatewayId,
    /// When it was kept, server's clock.
    pub mono: Mono,
    /// When it was kept, wall clock.
    pub wall_ms: i64,
    /// The relay envelope.
    pub bytes: Vec<u8>,
}

/// What is shared by the writing and the reading side.
#[derive(Debug)]
struct Shared {
    arrived: Notify,
    kept: [AtomicI64; 2],
    done: [AtomicI64; 2],
    /// Last number of each lane when the file was opened: what the last run has left.
    left: [i64; 2],
    lost: AtomicU64,
    /// The same when the file was opened.
    lost_before: u64,
    refused: AtomicU64,
    calls_refused: AtomicU64,
    /// Through which row of telemetry the series has the values.
    pointed: AtomicI64,
    /// Rows whose values were given up, since room ran out before the series took them.
    points_lost: AtomicU64,
    /// Emergencies live on the reserve.
    on_reserve: AtomicBool,
    /// Somebody else on this disk has found it full.
    no_room: AtomicBool,
    /// Counts connections of the writing side: after each the reading side opens its own anew.
    files: AtomicU64,
}

/// The reading side; clone freely.
#[derive(Debug, Clone)]
pub struct Inbox {
    shared: Arc<Shared>,
    reader: Arc<Mutex<Reader>>,
    path: PathBuf,
    limits: InboxLimits,
}

/// A connection that only reads, and which of the writing side's it was opened after.
#[derive(Debug)]
struct Reader {
    connection: Connection,
    file: u64,
}

/// Opens or makes the inbox.
pub fn open(
    path: &Path,
    clock: Arc<Clock>,
    limits: InboxLimits,
) -> Result<(Inbox, SqliteKeep), InboxError> {
    let fail = |source| InboxError::File { path: path.to_owned(), source };
    let writer = sqlite::connect(path, &limits)?;
    let ends = rows::ends(&writer).map_err(fail)?;
    let lost = rows::lost(&writer).map_err(fail)?;
    let shared = Arc::new(Shared {
        arrived: Notify::new(),
        kept: [AtomicI64::new(ends[0].1), AtomicI64::new(ends[1].1)],
        done: [AtomicI64::new(ends[0].0 - 1), AtomicI64::new(ends[1].0 - 1)],
        left: [ends[0].1, ends[1].1],
        lost: AtomicU64::new(lost),
        lost_before: lost,
        refused: AtomicU64::new(0),
        calls_refused: AtomicU64::new(0),
        pointed: AtomicI64::new(ends[1].0 - 1),
        points_lost: AtomicU64::new(0),
        on_reserve: AtomicBool::new(false),
        no_room: AtomicBool::new(false),
        files: AtomicU64::new(0),
    });
    let reader = Reader { connection: rows::reader(path, &limits)?, file: 0 };
    let keep = SqliteKeep::new(writer, path, clock, limits, Arc::clone(&shared));
    let inbox =
        Inbox { shared, reader: Arc::new(Mutex::new(reader)), path: path.to_owned(), limits };
    Ok((inbox, keep))
}

/// Telemetry that an inbox has dropped in all time, read beside a server that may be running; none without a file.
///
/// # Errors
/// It cannot be read.
pub fn lost_at(path: &Path) -> Result<u64, InboxError> {
    if !path.exists() {
        return Ok(0);
    }
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let read = Connection::open_with_flags(path, flags).and_then(|file| rows::lost(&file));
    read.map_err(|source| InboxError::File { path: path.to_owned(), source })
}

impl Inbox {
    /// Rows of a lane after a number, oldest first.
    pub fn next(&self, lane: Lane, after: i64, most: usize) -> Result<Vec<InboxRow>, InboxError> {
        if self.shared.kept[lane as usize].load(Ordering::Acquire) <= after {
            return Ok(Vec::new());
        }
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let file = self.shared.files.load(Ordering::Acquire);
        if reader.file != file {
            *reader = Reader { connection: rows::reader(&self.path, &self.limits)?, file };
        }
        rows::next(&reader.connection, lane, after, most)
            .map_err(|source| InboxError::File { path: self.path.clone(), source })
    }

    /// Everything of a lane up to a number has been taken in; it leaves with the next commit.
    pub fn done(&self, lane: Lane, through: i64) {
        self.shared.done[lane as usize].fetch_max(through, Ordering::AcqRel);
    }

    /// Through which number a lane has been taken in.
    pub fn done_through(&self, lane: Lane) -> i64 {
        self.shared.done[lane as usize].load(Ordering::Acquire)
    }

    /// The series has the values of telemetry up to a number; rows leave when both are done with them.
    pub fn pointed_through(&self, through: i64) {
        self.shared.pointed.fetch_max(through, Ordering::AcqRel);
    }

    /// Through which number of telemetry the series has the values, or they were given up.
    pub fn pointed(&self) -> i64 {
        self.shared.pointed.load(Ordering::Acquire)
    }

    /// Messages whose values were given up since the start, since the series did not take them in time.
    pub fn points_lost(&self) -> u64 {
        self.shared.points_lost.load(Ordering::Relaxed)
    }

    /// Whether everything of a lane that was there at the start has been taken in.
    pub fn caught_up(&self, lane: Lane) -> bool {
        let left = self.shared.left[lane as usize];
        self.shared.done[lane as usize].load(Ordering::Acquire) >= left
    }

    /// Waits until something has arrived.
    pub async fn wait(&self) {
        self.shared.arrived.notified().await;
    }

    /// Somebody else on this disk has found it full: the next group gives the reserve.
    pub fn no_room(&self) {
        self.shared.no_room.store(true, Ordering::Release);
    }

    /// Whether the disk is full and what is left of it is for emergencies.
    pub fn is_on_reserve(&self) -> bool {
        self.shared.on_reserve.load(Ordering::Acquire)
    }

    /// Rows that wait: emergencies, telemetry.
    pub fn waiting(&self) -> (u64, u64) {
        let wait = |lane: usize| {
            let kept = self.shared.kept[lane].load(Ordering::Acquire);
            (kept - self.shared.done[lane].load(Ordering::Acquire)).max(0).unsigned_abs()
        };
        (wait(0), wait(1))
    }

    /// Telemetry that was shed for want of room, in all time.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// The same at the start.
    pub fn lost_before(&self) -> u64 {
        self.shared.lost_before
    }

    /// Calls that could not be kept since the start; their boxes have them still.
    pub fn calls_refused(&self) -> u64 {
        self.shared.calls_refused.load(Ordering::Relaxed)
    }

    /// Messages that could not be kept since the start; their senders have them still.
    pub fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::Relaxed)
    }
}
