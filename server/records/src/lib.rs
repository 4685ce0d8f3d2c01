//! The records: alerts, people, keys, everything that is not a measured value. One database, one writer.
//!
//! SQLite by `sqlx::Any`, write-ahead log, every commit on disk before it is believed. Writers queue for
//! one connection, so `change` rows are numbered in commit order. Readers have connections of their own.
//! Not here: what rows mean. Each child room holds the SQL of one noun.
#![warn(missing_docs)]

pub mod bed;
pub mod box_heard;
pub mod care;
pub mod chain;
pub mod clock;
pub mod closed;
pub mod column;
pub mod contact;
pub mod desk;
pub mod device;
pub mod due;
pub mod edit;
pub mod event;
pub mod fault;
pub mod forgotten;
pub mod gateway;
pub mod heard;
pub mod home;
pub mod identity;
pub mod image;
pub mod key_epoch;
pub mod line;
pub mod look;
pub mod notify;
pub mod open;
pub mod opening;
mod place;
pub mod placement;
pub mod presses;
pub mod program;
pub mod proof;
pub mod question;
pub mod receiver;
pub mod redate;
pub mod refusal;
pub mod resident;
pub mod rules;
pub mod second;
pub mod staff;
pub mod standing;
pub mod state;
pub mod story;
mod swept;
pub mod told;
pub mod turned;
pub mod used;
pub mod wall;
pub mod way;
pub mod whose;
mod writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Executor};

use self::place::Place;
pub use self::writer::Writer;
use self::writer::WriterSeat;
pub use sqlx::Error;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Values bound in one statement: each finds its place by a walk through the names of all, so twice as many cost four times.
const VALUES: usize = 500;

/// Rows of one statement that binds so many values a row.
const fn rows_of(values: usize) -> usize {
    VALUES / values
}

/// Readers that may look at once; the console's pages and the API share them.
const READERS: u32 = 4;
/// Longest wait for the writer before a request is told that the store stands still.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the records could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// Written by a newer server.
    #[error(
        "open records {path}: they were written by a newer server (migration {version}); run that version or restore a backup"
    )]
    Newer {
        /// Which file.
        path: String,
        /// The migration this server does not know.
        version: i64,
    },
    /// The file is gone or empty in a folder that a server has used.
    #[error(
        "open records {path}: they are gone or empty beside keys that have been used; put the file back, or move the folder away and run `server restore --from BACKUP`"
    )]
    Gone {
        /// Which file.
        path: PathBuf,
    },
    /// The log with the newest rows is gone or empty.
    #[error(
        "open records: the newest rows are gone with {path}; put that file back, or go on without them by `server restore --in-place`, after which gateways send again what they still have"
    )]
    NoLog {
        /// Which file.
        path: PathBuf,
    },
    /// SQLite cannot read the file.
    #[error(
        "read records {path}: check their rights; if they are damaged, move the folder away and run `server restore --from BACKUP`"
    )]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// A migration failed; the file is as it was.
    #[error("bring records {path} up to date")]
    Migrate {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: MigrateError,
    },
    /// The database refused or did not answer.
    #[error("use the records: check free space and rights of the data folder")]
    Database(#[from] Error),
}

/// A connection that only reads.
pub type Reader = PoolConnection<Any>;

/// The records of one server.
#[derive(Debug, Clone)]
pub struct Records {
    writer: WriterSeat,
    readers: AnyPool,
}

impl Records {
    /// Opens or makes `records.db` in the data folder and brings it up to date.
    pub async fn open(data: &Path) -> Result<Self, RecordsError> {
        opening::examine(data)?;
        sqlx::any::install_default_drivers();
        let path = data.join("records.db").display().to_string();
        let url = format!("sqlite://{path}?mode=rwc");
        let readers = pool(READERS, &url).await?;
        let mut first = readers.acquire().await?;
        MIGRATIONS.run(&mut first).await.map_err(|source| {
            let path = path.clone();
            if let MigrateError::VersionMissing(version) = source {
                return RecordsError::Newer { path, version };
            }
            RecordsError::Migrate { path, source }
        })?;
        drop(first);
        let place = Place::of(data.join("records.db"));
        Ok(Self { writer: WriterSeat::new(&url, place), readers })
    }

    /// A transaction of the one writer; others wait until it ends. Dropped without commit, it never was.
    pub async fn begin(&self) -> Result<Writer, Error> {
        self.writer.begin().await
    }

    /// A connection for reading; it sees what was committed when its statement began.
    pub async fn reader(&self) -> Result<Reader, Error> {
        self.readers.acquire().await
    }

    /// Finishes what runs and closes the files.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

async fn pool(most: u32, url: &str) -> Result<AnyPool, Error> {
    AnyPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(settle(connection)))
        .connect(url)
        .await
}

/// What every connection is told first.
async fn settle(connection: &mut AnyConnection) -> Result<(), Error> {
    let sql = format!(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = {}; PRAGMA foreign_keys = ON; \
         PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000;",
        synchronous()
    );
    connection.execute(sqlx::AssertSqlSafe(sql)).await.map(drop)
}

/// Whether the disk is full: SQLite's own number for it, which sqlx gives as text.
pub fn is_full(error: &Error) -> bool {
    error.as_database_error().is_some_and(|told| told.code().as_deref() == Some("13"))
}

/// How eagerly SQLite syncs. Only a debug build can be weakened, so that a test can see the promise break.
pub fn synchronous() -> &'static str {
    #[cfg(debug_assertions)]
    if std::env::var_os("HEARTHLINE_SYNCHRONOUS").is_some_and(|level| level == "NORMAL") {
        return "NORMAL";
    }
    "FULL"
}
