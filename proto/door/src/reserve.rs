//! The reserve: room on the disk that only emergencies may use.
//!
//! A file of zeros beside a database. When the disk is full it is removed, which frees its blocks; from
//! then on whoever keeps messages sheds telemetry, until there is room to make the file again and some to spare.
//! A program that starts on a full disk gives it at once, or it could not open its stores. A full disk is
//! not written to in vain: pauses between attempts double. Not here: who decides that the disk is full.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Pauses between attempts to make the reserve again, ms: they double.
const PAUSE_FIRST: u64 = 15_000;
const PAUSE_LAST: u64 = 960_000;
/// Bytes written at once.
const BLOCK: usize = 64 << 10;
/// One part in so many of its size must be free beside it, or the next write would find the disk full again.
const SPARE: u64 = 4;

/// The file that keeps room for emergencies.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
    bytes: u64,
    made: bool,
    /// The latest time that was told, caller's clock in ms.
    now: u64,
    /// Not tried before this time.
    retry_at: u64,
    /// Pause after the next failure, ms.
    pause: u64,
}

impl Reserve {
    /// A reserve of so many bytes in this file; nothing is written yet.
    pub const fn new(path: PathBuf, bytes: u64) -> Self {
        Self { path, bytes, made: false, now: 0, retry_at: 0, pause: PAUSE_FIRST }
    }

    /// Whether it is in place.
    pub const fn is_made(&self) -> bool {
        self.made
    }

    /// How many bytes it keeps.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// At a start, before any store is opened: if the disk has not even room for `least` bytes, a reserve
    /// that is in place is given, so that the stores can be opened. Says whether it was.
    pub fn begin(&mut self, now: u64, least: u64) -> bool {
        self.now = self.now.max(now);
        let probe = self.path.with_extension("probe");
        let full = make(&probe, least, 0).is_err_and(|error| is_full(&error));
        let _ = fs::remove_file(&probe);
        self.made = full && fs::metadata(&self.path).is_ok();
        full && self.give()
    }

    /// Gives its room to emergencies; says whether there was any to give.
    pub fn give(&mut self) -> bool {
        let given = self.made && fs::remove_file(&self.path).is_ok();
        self.made = false;
        // What was freed is for emergencies, not for this file at once.
        self.retry_at = self.now.saturating_add(self.pause);
        given
    }

    /// Makes it if it is missing and a pause is over; `now` in ms on any steady clock.
    ///
    /// # Errors
    /// The disk has no room for it, or refuses; it is then not tried before the pause is over.
    pub fn restore(&mut self, now: u64) -> io::Result<()> {
        self.now = self.now.max(now);
        if self.made || now < self.retry_at {
            return Ok(());
        }
        let made = make(&self.path, self.bytes, self.bytes / SPARE);
        self.made = made.is_ok();
        if made.is_ok() {
            self.pause = PAUSE_FIRST;
        } else {
            let _ = fs::remove_file(&self.path);
            self.retry_at = now.saturating_add(self.pause);
            self.pause = (self.pause * 2).min(PAUSE_LAST);
        }
        made
    }
}

/// Whether an error says that there is no room, which a reserve would cure.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Writes every block: holes would keep no room. `spare` bytes more are written and given back.
fn make(path: &Path, bytes: u64, spare: u64) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|file| file.len() == bytes) {
        return Ok(());
    }
    let mut file = File::create(path)?;
    let zeros = vec![0; BLOCK];
    let mut left = bytes.saturating_add(spare);
    while left > 0 {
        let part = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        file.write_all(zeros.get(..part).unwrap_or_default())?;
        left -= part as u64;
    }
    file.sync_all()?;
    file.set_len(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_is_given_once_and_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reserve");
        let mut reserve = Reserve::new(path.clone(), 100_000);
        reserve.restore(0).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 100_000);
        assert!(reserve.give() && !path.exists());
        assert!(!reserve.give(), "there is nothing more to give");
        reserve.restore(PAUSE_FIRST - 1).unwrap();
        assert!(!reserve.is_made(), "its room is for emergencies first");
        reserve.restore(PAUSE_FIRST).unwrap();
        assert!(reserve.is_made());
    }

    #[test]
    fn a_disk_that_refuses_is_left_alone_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let mut reserve = Reserve::new(folder.path().join("nowhere").join("reserve"), 10);
        assert!(reserve.restore(1_000).is_err());
        assert!(reserve.restore(1_000 + PAUSE_FIRST - 1).is_ok(), "not tried");
        assert!(reserve.restore(1_000 + PAUSE_FIRST).is_err());
        assert!(!reserve.is_made());
    }
}
