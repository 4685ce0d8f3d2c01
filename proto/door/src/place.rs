//! Whether the files that commits go into are still the ones that the next start will find, and how they come back.
//!
//! A database that was removed or replaced under a running program takes every commit and loses all of them with the
//! program; a log that was removed takes the newest ones with it. The connection that is open still has everything, so
//! whoever finds this out has it written out anew and goes on there. Not here: files that are gone before a start, SQL.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::aside::set_aside;

/// A database in use: the file itself, its log, and the index of the log.
const ENDS: [&str; 3] = ["", "-wal", "-shm"];

/// Device and number of each of them.
type Files = [(u64, u64); ENDS.len()];

/// The files of one database.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    /// Learned after a commit: some file systems give another number with the first write.
    files: Mutex<Option<Files>>,
}

impl Place {
    /// The place of a database that is open, or will be.
    pub const fn of(path: PathBuf) -> Self {
        Self { path, files: Mutex::new(None) }
    }

    /// The connections are closed; the next ones may make a log of their own.
    pub fn forget(&self) {
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Call it after each commit and before its word counts.
    ///
    /// # Errors
    /// A file was removed, or another one stands in its place.
    pub fn still(&self) -> io::Result<()> {
        let found = self.found();
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        match (*files, found) {
            (None, Ok(found)) => {
                *files = Some(found);
                Ok(())
            }
            (Some(known), Ok(found)) if known == found => Ok(()),
            // A database that keeps no log beside it has nothing to be known by.
            (None, Err(_)) if self.is_bare() => Ok(()),
            (_, Ok(_) | Err(_)) => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!(
                    "{} or its log was removed or replaced while it is in use: leave the folder as it is, and see that \
                     its disk has room",
                    self.path.display()
                ),
            )),
        }
    }

    fn is_bare(&self) -> bool {
        let [file, log, index] = ENDS.map(|end| self.named(end).exists());
        file && !log && !index
    }

    /// Whether they are known and not there any more; nothing is learned by it, so that it may be asked before a commit.
    pub fn is_gone(&self) -> bool {
        let known = *self.files.lock().unwrap_or_else(PoisonError::into_inner);
        known.is_some_and(|known| self.found().ok() != Some(known))
    }

    /// Where the open connection writes all that it has; what an earlier try has left there is removed.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn draft(&self) -> io::Result<PathBuf> {
        let draft = self.named(".anew");
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        // SQLite fills an empty file and leaves its rights alone: what is in it is nobody else's.
        File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
        Ok(draft)
    }

    /// Puts the finished draft in the place of whatever stands there, which is set aside and not deleted.
    /// Connections that were open before are of no use any more.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn put(&self) -> io::Result<()> {
        let draft = self.named(".anew");
        let file = File::open(&draft)?;
        file.sync_all()?;
        // It was written just now.
        let wall_ms = file.metadata()?.mtime().saturating_mul(1_000);
        if ENDS.iter().any(|end| self.named(end).exists()) {
            let aside = set_aside(&self.path, wall_ms)?;
            tracing::error!(aside = %aside.display(), "a store was replaced while it is in use: its own rows are back");
        } else {
            tracing::error!(store = %self.path.display(), "a store was removed while it is in use: its rows are back");
        }
        fs::rename(&draft, &self.path)?;
        File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
        self.forget();
        Ok(())
    }

    fn found(&self) -> io::Result<Files> {
        let mut files = Files::default();
        for (end, file) in ENDS.iter().zip(&mut files) {
            let found = fs::metadata(self.named(end))?;
            *file = (found.dev(), found.ino());
        }
        Ok(files)
    }

    fn named(&self, end: &str) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(end);
        PathBuf::from(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    fn open(path: &Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.execute_batch("CREATE TABLE IF NOT EXISTS t (a INTEGER)").unwrap();
        connection
    }

    fn rows(path: &Path) -> i64 {
        open(path).query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn whatever_is_taken_from_a_store_in_use_its_rows_come_back_with_the_next_commit() {
        for taken in [&["", "-wal", "-shm"][..], &[""], &["-wal"], &["-shm"], &["-wal", "-shm"]] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.db");
            let place = Place::of(path.clone());
            let connection = open(&path);
            let insert = || connection.execute("INSERT INTO t VALUES (1)", []).unwrap();
            insert();
            place.still().unwrap();
            for end in taken {
                fs::remove_file(place.named(end)).unwrap();
            }
            insert();
            assert!(place.still().is_err(), "{taken:?}");
            let draft = place.draft().unwrap();
            connection.execute("VACUUM INTO ?1", [draft.display().to_string()]).unwrap();
            place.put().unwrap();
            let next = open(&path);
            next.execute("INSERT INTO t VALUES (1)", []).unwrap();
            place.still().unwrap();
            // The old connection goes last: it must not take the new one's log with it.
            drop(connection);
            place.still().unwrap();
            drop(next);
            assert_eq!(rows(&path), 3, "{taken:?}");
        }
    }

    #[test]
    fn a_log_that_was_taken_before_anybody_looked_is_missed_and_one_that_never_was_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let connection = open(&path);
        connection.execute("INSERT INTO t VALUES (1)", []).unwrap();
        fs::remove_file(folder.path().join("x.db-wal")).unwrap();
        assert!(Place::of(path).still().is_err());
        let path = folder.path().join("bare.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (a INTEGER)").unwrap();
        let place = Place::of(path.clone());
        place.still().unwrap();
        fs::remove_file(path).unwrap();
        assert!(place.still().is_err());
    }

    #[test]
    fn a_foreign_file_is_set_aside_and_not_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let place = Place::of(path.clone());
        let connection = open(&path);
        connection.execute("INSERT INTO t VALUES (1)", []).unwrap();
        place.still().unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"a copy from somewhere").unwrap();
        assert!(place.still().is_err());
        let draft = place.draft().unwrap();
        connection.execute("VACUUM INTO ?1", [draft.display().to_string()]).unwrap();
        place.put().unwrap();
        assert_eq!(rows(&path), 1);
        let all = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let aside = all.filter(|path| path.to_string_lossy().contains(".aside-20"));
        let aside: Vec<_> = aside.map(|path| fs::read(path).unwrap()).collect();
        assert!(aside.iter().any(|bytes| bytes == b"a copy from somewhere"));
    }
}
