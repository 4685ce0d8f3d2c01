//! The one connection that writes: how work becomes durable, and what happens when the disk fails.
//!
//! After an I/O error the connection is closed, opened again and checkpointed before its word counts:
//! a failed sync leaves pages that look clean and are not on disk, and only writing them anew heals that.
//! Not here: what is written (the sibling files), and who is shed on a full disk (`room`).

use std::fs::File;
use std::path::{Path, PathBuf};

use door::Reserve;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::{Bounds, SpoolError, schema};
use crate::clock::Clock;

/// Name of the database in the data directory.
const FILE: &str = "spool.db";
/// Name of the lock file in the data directory.
const LOCK: &str = "spool.lock";
/// Page cache of the writing connection in KiB.
const CACHE_KIB: i64 = 2048;
/// Pages of the write-ahead log at which a commit carries them into the database, at most.
const CHECKPOINT_PAGES: u64 = 1000;
/// Bytes of the reserve for each of these pages: a log that has filled the disk must still find
/// room in the reserve to be carried into the database.
const RESERVE_PER_PAGE: u64 = 16 << 10;
/// Bytes to which the write-ahead log is cut back after a burst.
const LOG_BYTES: i64 = 8 << 20;

/// The writing connection and what belongs to it.
pub(super) struct Store {
    /// None after the disk has failed, until opening it again works.
    connection: Option<Connection>,
    path: PathBuf,
    pub(super) bounds: Bounds,
    pub(super) reserve: Reserve,
    pub(super) clock: Option<Clock>,
    /// Raw and up rows are dropped in order of their number, oldest first.
    pub(super) failures: u64,
    _lock: File,
}

impl Store {
    pub(super) fn open(dir: &Path, bounds: Bounds) -> Result<Self, SpoolError> {
        let cannot = |e| SpoolError::Directory(dir.to_owned(), e);
        std::fs::create_dir_all(dir).map_err(cannot)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(dir.join(LOCK))
            .map_err(cannot)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(SpoolError::InUse(dir.to_owned()));
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(cannot(error)),
        }
        let path = dir.join(FILE);
        close_to_others(&path).map_err(cannot)?;
        let mut connection = connect(&path, &bounds)?;
        if let schema::Found::Newer(found) = schema::prepare(&mut connection)? {
            let known = schema::VERSION;
            return Err(SpoolError::Newer { path: dir.to_owned(), found, known });
        }
        // The directory entry of a new file must be on disk too, or a power cut takes the file away.
        File::open(dir).and_then(|entries| entries.sync_all()).map_err(cannot)?;
        let mut store = Self {
            connection: Some(connection),
            path,
            bounds,
            reserve: Reserve::new(dir.join("reserve"), bounds.reserve_bytes),
            clock: None,
            failures: 0,
            _lock: lock,
        };
        store.restore_reserve(0)?;
        Ok(store)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The connection; opened again first if the last one was given up.
    pub(super) fn connection(&mut self) -> Result<&mut Connection, SpoolError> {
        if self.connection.is_none() {
            self.reopen()?;
        }
        self.connection.as_mut().ok_or(SpoolError::Store(rusqlite::Error::InvalidQuery))
    }

    /// Does work in one transaction that is on disk when this returns.
    pub(super) fn durable<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, SpoolError> {
        let mark = self.clock.as_ref().map(|clock| clock.mark(clock.now()));
        let connection = self.connection()?;
        let done = transact(connection, |transaction| {
            if let Some(mark) = &mark {
                super::own::note_time(transaction, mark)?;
            }
            work(transaction)
        });
        self.judge(done)
    }

    /// Does work in one transaction that costs no sync: it is on disk with the next durable one.
    pub(super) fn lazy<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, SpoolError> {
        let connection = self.connection()?;
        let done = relax(connection).and_then(|()| {
            let done = transact(connection, work);
            restore(connection).and(done)
        });
        self.judge(done)
    }

    /// Gives the connection up if its disk has failed.
    fn judge<T>(&mut self, done: rusqlite::Result<T>) -> Result<T, SpoolError> {
        done.map_err(|error| {
            if !is_full(&error) {
                self.failures += 1;
                self.connection = None;
                tracing::error!(%error, "spool failed, opening it again");
            }
            SpoolError::Store(error)
        })
    }

    /// Carries the write-ahead log into the database and gives its room back.
    pub(super) fn checkpoint(&mut self) -> Result<(), SpoolError> {
        let done = carry(self.connection()?);
        self.judge(done)
    }

    fn reopen(&mut self) -> Result<(), SpoolError> {
        self.connection = None;
        let connection = connect(&self.path, &self.bounds)?;
        // What a failed sync left in the log must be written anew before it counts as on disk.
        carry(&connection)?;
        self.connection = Some(connection);
        self.limit_pages()
    }
}

/// Whether an error means "no room", which other work may still find.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

fn transact<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

/// Opens the database as every writer must.
fn connect(path: &Path, bounds: &Bounds) -> Result<Connection, SpoolError> {
    let pages = (bounds.reserve_bytes / RESERVE_PER_PAGE).clamp(16, CHECKPOINT_PAGES);
    let pages = i64::try_from(pages).unwrap_or(i64::MAX);
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", pages)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    restore(&connection)?;
    Ok(connection)
}

fn carry(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

fn relax(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("PRAGMA synchronous=NORMAL")?.execute([]).map(|_| ())
}

fn restore(connection: &Connection) -> rusqlite::Result<()> {
    let sql = if weakened() { "PRAGMA synchronous=NORMAL" } else { "PRAGMA synchronous=FULL" };
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

/// Debug builds can be told to lie, so that a test can show that it notices: with
/// `HEARTHLINE_SYNCHRONOUS=NORMAL` commits are not synced. Release builds cannot.
fn weakened() -> bool {
    cfg!(debug_assertions)
        && std::env::var_os("HEARTHLINE_SYNCHRONOUS").is_some_and(|word| word == "NORMAL")
}

/// The spool holds the keys of a home's devices.
fn close_to_others(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    file.set_permissions(PermissionsExt::from_mode(0o600))
}
