//! Why the store cannot do what it was asked, in sentences that say what to do.
//!
//! Not here: what is tried before it is given up (`store`, `arrivals`), and exit codes (`start`).

use std::path::PathBuf;

/// Why the store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The directory cannot be made or written.
    #[error("cannot write the spool in {0}, name another directory in `data` or make room")]
    Directory(PathBuf, #[source] std::io::Error),
    /// Another process has the spool.
    #[error("the spool in {0} is in use by another gateway, stop that one first")]
    InUse(PathBuf),
    /// Written by a later version of this program.
    #[error(
        "the spool in {path} has data version {found}, this program reads up to {known}: install the newer program"
    )]
    Newer {
        /// Which directory.
        path: PathBuf,
        /// Version on disk.
        found: u32,
        /// Highest version this build reads.
        known: u32,
    },
    /// The database, or the log that holds its newest rows, is gone from a spool that has lived.
    #[error(
        "{0} is gone or empty in a spool that has lived: put it back, or begin a new spool with `gateway renew`, which tells the server"
    )]
    Lost(PathBuf),
    /// SQLite says no.
    #[error("the spool cannot be read or written")]
    Store(#[from] rusqlite::Error),
}
