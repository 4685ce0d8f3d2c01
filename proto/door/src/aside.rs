//! Setting a damaged store aside: it is renamed with the date and never deleted, so that support can read it.
//!
//! A SQLite file goes together with its write-ahead log, whose name must follow. Not here: who finds
//! out that a store is damaged, and who tells of it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

const DAY_S: i64 = 86_400;

/// Renames a database, its log and its shared memory; gives its new name. `wall_ms`: since 1970, for the name only.
///
/// # Errors
/// The folder cannot be written.
pub fn set_aside(path: &Path, wall_ms: i64) -> io::Result<PathBuf> {
    let named = |path: &Path, end: &str| {
        let mut name = OsString::from(path);
        name.push(end);
        PathBuf::from(name)
    };
    let date = stamp(wall_ms);
    let mut aside = named(path, &format!(".aside-{date}"));
    let mut again = 1;
    while aside.exists() {
        again += 1;
        aside = named(path, &format!(".aside-{date}-{again}"));
    }
    for end in ["-wal", "-shm"] {
        let (from, to) = (named(path, end), named(&aside, end));
        if from.exists() {
            fs::rename(from, to)?;
        }
    }
    if path.exists() {
        fs::rename(path, &aside)?;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(aside)
}

/// Whether a file is missing, empty, or begins with zeros where a database has its name.
pub fn is_blank(path: &Path) -> bool {
    use std::io::Read;
    let mut head = [0; 16];
    let read = File::open(path).and_then(|mut file| file.read(&mut head));
    match read {
        Ok(read) => head[..read].iter().all(|byte| *byte == 0),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Date and time as `20261129T191832Z`.
fn stamp(wall_ms: i64) -> String {
    let seconds = wall_ms.div_euclid(1000);
    let (day, second) = (seconds.div_euclid(DAY_S), seconds.rem_euclid(DAY_S));
    // Civil date from days, by eras of 400 years that begin on a 1 March.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{date:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_set_aside_keeps_its_bytes_and_its_log_under_the_date() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool.db");
        for _ in 0..2 {
            fs::write(&path, b"rows").unwrap();
            fs::write(folder.path().join("spool.db-wal"), b"log").unwrap();
            let aside = set_aside(&path, 1_795_979_912_000).unwrap();
            assert!(aside.display().to_string().contains("spool.db.aside-20261129T191832Z"));
            assert!(!path.exists() && !folder.path().join("spool.db-wal").exists());
            assert_eq!(fs::read(&aside).unwrap(), b"rows");
            assert_eq!(fs::read(format!("{}-wal", aside.display())).unwrap(), b"log");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "nothing is overwritten");
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(stamp(0), "19700101T000000Z");
        assert_eq!(stamp(951_782_399_000), "20000228T235959Z");
        assert_eq!(stamp(951_782_400_000), "20000229T000000Z");
        assert_eq!(stamp(-1), "19691231T235959Z");
    }

    #[test]
    fn a_file_of_zeros_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        assert!(is_blank(&path));
        for (bytes, blank) in [(&b""[..], true), (&[0; 4096], true), (b"SQLite format 3\0", false)]
        {
            fs::write(&path, bytes).unwrap();
            assert_eq!(is_blank(&path), blank);
        }
    }
}
