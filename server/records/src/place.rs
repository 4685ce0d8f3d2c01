//! Whether the file that transactions go into is still the one that the next start will find.
//!
//! A file that was removed or replaced under a running program takes every commit and loses all of them with the
//! program. Not here: a file that is gone before a start (`opening`).

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::OnceLock;

use sqlx::Error;

/// One database file.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    /// Device and number of the file. Learned after a commit: some file systems give another one with the first write.
    file: OnceLock<(u64, u64)>,
}

impl Place {
    pub(super) const fn of(path: PathBuf) -> Self {
        Self { path, file: OnceLock::new() }
    }

    /// A commit has gone into it.
    pub(super) fn written(&self) {
        if self.file.get().is_none()
            && let Ok(found) = self.found()
        {
            // Whoever is first has seen the same file.
            let _ = self.file.set(found);
        }
    }

    /// An error if it has been removed or another one stands in its place.
    pub(super) fn still(&self) -> Result<(), Error> {
        let Some(file) = self.file.get() else { return Ok(()) };
        match self.found() {
            Ok(found) if found == *file => Ok(()),
            Ok(_) | Err(_) => Err(Error::Io(io::Error::new(
                io::ErrorKind::NotFound,
                format!(
                    "{} was removed or replaced while the server runs: put the same file back, or stop the server and \
                     restore a backup; until then nothing is acknowledged",
                    self.path.display()
                ),
            ))),
        }
    }

    fn found(&self) -> io::Result<(u64, u64)> {
        std::fs::metadata(&self.path).map(|file| (file.dev(), file.ino()))
    }
}
