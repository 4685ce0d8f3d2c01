//! The one connection that writes: how work becomes durable, and what happens when the disk fails.
//!
//! After an I/O error the connection is closed, opened again and checkpointed before its word counts:
//! a failed sync leaves pages that look clean and are not on disk, and only writing them anew heals that.
//! A file that SQLite cannot read is set aside, at a start or later, and a new one takes presses.
//! Not here: what is written (the sibling files), which file is lost (`opening`), who is shed on a full disk (`room`).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use door::{Place, Reserve};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::opening::{self, Found, Marker};
use super::swept::is_of_row;
use super::{Bounds, OwnBoot, SpoolError, salvage, schema};
use crate::clock::{self, Clock};

/// Name of the database in the data directory.
pub(super) const FILE: &str = "spool.db";
/// Room that a start needs on the disk, bytes: a log and its shared memory.
const START_BYTES: u64 = 512 << 10;
/// Row numbers that a new spool leaves out, so that an answer on its way never meets a younger row.
const ROWS_APART: i64 = 1_000_000;
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
    dir: PathBuf,
    path: PathBuf,
    place: Place,
    pub(super) bounds: Bounds,
    pub(super) reserve: Reserve,
    pub(super) clock: Option<Clock>,
    /// Raw and up rows are dropped in order of their number, oldest first.
    pub(super) failures: u64,
    /// What the marker beside the database says.
    pub(super) marker: Marker,
    /// This start, once it is counted.
    pub(super) own: Option<OwnBoot>,
    /// Counts database files, so that readers notice when theirs was set aside.
    pub(super) files: Arc<AtomicU64>,
    /// When the marker is written again, spool time in ms.
    pub(super) mark_at: u64,
    damaged: bool,
    _lock: File,
}

impl Store {
    pub(super) fn open(dir: &Path, bounds: Bounds, renew: bool) -> Result<Self, SpoolError> {
        let cannot = |e| SpoolError::Directory(dir.to_owned(), e);
        std::fs::create_dir_all(dir).map_err(cannot)?;
        let lock = lock(dir)?;
        let mut reserve = Reserve::new(dir.join("reserve"), bounds.reserve_bytes);
        let lived = dir.join("reserve").exists();
        if reserve.begin(0, START_BYTES) {
            tracing::error!(
                "disk is full, the box starts on the emergency reserve: free some space"
            );
        }
        let path = dir.join(FILE);
        let mut store = Self {
            connection: None,
            dir: dir.to_owned(),
            path: path.clone(),
            place: Place::of(path.clone()),
            bounds,
            reserve,
            clock: None,
            failures: 0,
            marker: Marker::read(dir).unwrap_or_default(),
            own: None,
            files: Arc::default(),
            mark_at: 0,
            damaged: false,
            _lock: lock,
        };
        match opening::look(dir, &path, lived) {
            Ok(Found::Nothing) => store.create_first()?,
            Ok(Found::Sound) if !renew => store.create(None)?,
            Ok(Found::Older) if !renew => {
                tracing::error!("the newest rows of the spool are lost, its numbers begin anew");
                store.create(None)?;
                store.line_anew(1)?;
            }
            Ok(Found::Sound | Found::Older | Found::Damaged) => store.replace()?,
            Err(SpoolError::Lost(_)) if renew => store.replace()?,
            Err(error) => return Err(error),
        }
        store.restore_reserve(0)?;
        Ok(store)
    }

    /// Makes the first database, or the one that a crash has kept from following one set aside.
    fn create_first(&mut self) -> Result<(), SpoolError> {
        let follows = Marker::read(&self.dir).is_some();
        self.create(None)?;
        if follows { self.line_anew(1) } else { Ok(()) }
    }

    /// Opens or makes the database; `saved` is one that was set aside, to take out of it what it still has.
    fn create(&mut self, saved: Option<&Path>) -> Result<(), SpoolError> {
        let cannot = |e| SpoolError::Directory(self.dir.clone(), e);
        close_to_others(&self.path).map_err(cannot)?;
        self.place.forget();
        let mut connection = connect(&self.path, &self.bounds)?;
        if let schema::Found::Newer(found) = schema::prepare(&mut connection)? {
            let known = schema::VERSION;
            return Err(SpoolError::Newer { path: self.dir.clone(), found, known });
        }
        if let Some(saved) = saved {
            let from = self.marker.row.saturating_add(ROWS_APART);
            transact(&mut connection, |t| {
                let found = salvage::salvage(saved, t);
                tracing::warn!(?found, from = %saved.display(), "saved out of the damaged spool");
                t.execute("DELETE FROM sqlite_sequence WHERE name = 'up'", [])?;
                let top = "INSERT INTO sqlite_sequence SELECT 'up', max(?1, coalesce(max(id), 0)) FROM up";
                t.execute(top, [from]).map(|_| ())
            })?;
        }
        // The directory entry of a new file must be on disk too, or a power cut takes the file away.
        File::open(&self.dir).and_then(|entries| entries.sync_all()).map_err(cannot)?;
        self.connection = Some(connection);
        self.marker.spool = self.line()?;
        Ok(())
    }

    /// Sets the database aside and begins a new one, which says so to the server.
    fn replace(&mut self) -> Result<(), SpoolError> {
        let cannot = |e| SpoolError::Directory(self.dir.clone(), e);
        self.connection = None;
        // Until the new one is there, the folder says that nothing is missed in it.
        Marker { row: self.marker.row, ..Marker::default() }.write(&self.dir).map_err(cannot)?;
        let aside = door::set_aside(&self.path, clock::wall()).map_err(cannot)?;
        tracing::error!(aside = %aside.display(), "spool is damaged or lost, a new one takes presses");
        self.files.fetch_add(1, Ordering::Release);
        self.create(Some(&aside))?;
        self.line_anew(1)?;
        self.resume_own()?;
        self.mark()
    }

    /// Writes the marker; what it says must be on disk in the database before.
    pub(super) fn mark(&mut self) -> Result<(), SpoolError> {
        self.marker.row = opening::top(self.connection()?)?;
        self.marker.boots = self.own.map_or(0, |own| own.counter);
        self.marker.open = self.own.is_some();
        if let Err(error) = self.marker.write(&self.dir) {
            tracing::warn!(%error, "the marker of the spool cannot be written");
        }
        Ok(())
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
        self.judge(done).and_then(|done| self.stays(done))
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
        self.judge(done).and_then(|done| self.stays(done))
    }

    /// What was committed counts if the next start will find it. A connection whose files were taken away still has all
    /// that was ever in them: it writes them anew, and is kept for the next try if it cannot.
    fn stays<T>(&mut self, done: T) -> Result<T, SpoolError> {
        let Err(error) = self.place.still() else { return Ok(done) };
        tracing::error!(%error, "the spool is written anew");
        let cannot = |error| SpoolError::Directory(self.dir.clone(), error);
        let draft = self.place.draft().map_err(cannot)?;
        let Some(connection) = &self.connection else { return Err(cannot(error)) };
        connection.execute("VACUUM INTO ?1", [draft.to_string_lossy()])?;
        self.place.put().map_err(cannot)?;
        self.files.fetch_add(1, Ordering::Release);
        self.reopen()?;
        // An empty log beside a running box would look like one that was lost.
        let mark = self.clock.as_ref().map(|clock| clock.mark(clock.now()));
        let begun = transact(self.connection()?, |transaction| {
            mark.iter().try_for_each(|mark| super::own::note_time(transaction, mark))
        });
        self.judge(begun)?;
        Ok(done)
    }

    /// Gives the connection up if its disk has failed.
    pub(super) fn judge<T>(&mut self, done: rusqlite::Result<T>) -> Result<T, SpoolError> {
        done.map_err(|error| {
            if !is_full(&error) && !is_of_row(&error) {
                self.failures += 1;
                self.connection = None;
                self.damaged |= opening::is_damage(&error);
                tracing::error!(%error, "spool failed, opening it again");
            }
            SpoolError::Store(error)
        })
    }

    /// Carries the write-ahead log into the database and gives its room back.
    pub(super) fn checkpoint(&mut self) -> Result<(), SpoolError> {
        let done = carry(self.connection()?);
        self.judge(done)?;
        // An empty log beside a running box would look like one that was lost.
        match self.durable(|_| Ok(())) {
            Err(SpoolError::Store(error)) if is_full(&error) => Ok(()),
            done => done,
        }
    }

    fn reopen(&mut self) -> Result<(), SpoolError> {
        self.connection = None;
        self.place.forget();
        // A file that is gone is not made anew without a word: what was in it is lost, and the server hears of that.
        if std::mem::take(&mut self.damaged) || door::is_blank(&self.path) {
            return self.replace();
        }
        let connection = connect(&self.path, &self.bounds)?;
        // What a failed sync left in the log must be written anew before it counts as on disk.
        carry(&connection)?;
        self.connection = Some(connection);
        self.limit_pages()
    }
}

impl Drop for Store {
    /// Says farewell, so that the log may go; if that cannot be written, the log stays.
    fn drop(&mut self) {
        if self.own.is_none() {
            return;
        }
        let farewell = Marker { open: false, ..self.marker }.write(&self.dir);
        if let (Err(_), Some(connection)) = (farewell, &self.connection) {
            let keep = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            let _ = connection.set_db_config(keep, true);
        }
    }
}

/// Takes the directory for this process; the system gives it back however the process ends.
fn lock(dir: &Path) -> Result<File, SpoolError> {
    let cannot = |e| SpoolError::Directory(dir.to_owned(), e);
    let file = File::options().create(true).truncate(false).write(true).open(dir.join(LOCK));
    let lock = file.map_err(cannot)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(SpoolError::InUse(dir.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(cannot(error)),
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
