//! The records: alerts, people, keys, everything that is not a measured value. One database, one writer.
//!
//! SQLite or PostgreSQL by `sqlx::Any`, every commit on disk before it is believed. Writers queue for one connection,
//! and for a row where there are several servers, so changes are numbered in commit order. Readers have connections of
//! their own. Not here: what rows mean. Each child room holds the SQL of one noun.
#![warn(missing_docs)]

pub mod bed;
pub mod boot;
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
pub mod engine;
pub mod event;
pub mod fault;
pub mod forgotten;
pub mod gateway;
mod head;
pub mod heard;
pub mod home;
pub mod identity;
pub mod image;
pub mod key_epoch;
pub mod line;
mod link;
pub mod look;
pub mod notify;
pub mod open;
pub mod opening;
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
mod sql;
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
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyPool, Connection};

pub use self::engine::{Engine, Work, is_full};
pub use self::link::{Link, Reader};
pub use self::opening::has_lived;
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

/// Longest wait for a connection that is given back: one that does not answer is thrown away.
const BACK: Duration = Duration::from_secs(2);

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
    /// Nobody answers at its address, or it lets this user not in.
    #[error(
        "reach {place}: see that PostgreSQL runs there and lets this user in, and check `records` and its password"
    )]
    Unreachable {
        /// Which database.
        place: String,
        /// Why.
        #[source]
        source: Error,
    },
    /// It is not set up as records need it.
    #[error("keep records in {place}: {why}")]
    Unfit {
        /// Which database.
        place: String,
        /// What to change.
        why: String,
    },
    /// It has no tables beside a data folder that a server has used.
    #[error(
        "open {place}: it is empty beside keys that have been used; name the right database in `records`, or put its backup back first"
    )]
    Blank {
        /// Which database.
        place: String,
    },
    /// It holds devices whose keys are not in the data folder.
    #[error(
        "open {place}: its devices have keys that are not in {data}; put the folders `keys` and `pki` of their server there first"
    )]
    Keyless {
        /// Which database.
        place: String,
        /// Which folder.
        data: PathBuf,
    },
    /// The database refused or did not answer.
    #[error("use the records: check free space and rights of the data folder, or of the database")]
    Database(#[from] Error),
}

/// The records of one server.
#[derive(Debug, Clone)]
pub struct Records {
    writer: WriterSeat,
    readers: Readers,
}

/// The pool of now: another one after a file had to be written anew.
type Readers = Arc<Mutex<AnyPool>>;

impl Records {
    /// Opens or makes `records.db` in the data folder and brings it up to date.
    pub async fn open(data: &Path) -> Result<Self, RecordsError> {
        Self::open_at(Engine::of(None, data)).await
    }

    /// Opens the records where they lie, and brings them up to date.
    ///
    /// # Errors
    /// They are lost, not reached, not fit, or of a newer server.
    pub async fn open_at(engine: Engine) -> Result<Self, RecordsError> {
        if let Engine::Sqlite { file } = &engine {
            opening::examine(file.parent().unwrap_or(Path::new(".")))?;
        }
        sqlx::any::install_default_drivers();
        let reached = |source| match &engine {
            Engine::Sqlite { .. } => RecordsError::Database(source),
            Engine::Postgres { .. } => RecordsError::Unreachable { place: engine.shown(), source },
        };
        #[cfg(debug_assertions)]
        engine.make().await.map_err(reached)?;
        let readers = pool(&engine).await.map_err(reached)?;
        let mut first = readers.acquire().await?;
        engine.prepare(&mut first).await?;
        MIGRATIONS.run(&mut first).await.map_err(|source| {
            let path = engine.shown();
            if let MigrateError::VersionMissing(version) = source {
                return RecordsError::Newer { path, version };
            }
            RecordsError::Migrate { path, source }
        })?;
        engine.finish(&mut first).await?;
        drop(first);
        let readers = Arc::new(Mutex::new(readers));
        Ok(Self { writer: WriterSeat::new(engine, Arc::clone(&readers)), readers })
    }

    /// A transaction that may change the queue; others wait until it ends. Dropped without commit, it never was.
    pub async fn begin(&self) -> Result<Writer, Error> {
        self.begin_for(Work::Queue).await
    }

    /// A transaction of one kind of work: on several servers only the same kinds wait for each other.
    pub async fn begin_for(&self, work: Work) -> Result<Writer, Error> {
        self.writer.begin(work).await
    }

    /// A connection for reading; it sees what was committed when its statement began.
    pub async fn reader(&self) -> Result<Reader, Error> {
        Ok(Reader::new(self.pool().acquire().await?, self.engine().answers_in()))
    }

    fn pool(&self) -> AnyPool {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where they lie.
    pub fn engine(&self) -> &Engine {
        self.writer.engine()
    }

    /// Finishes what runs and closes the files.
    pub async fn close(&self) {
        let readers = self.pool();
        readers.close().await;
        self.writer.close().await;
    }
}

async fn pool(engine: &Engine) -> Result<AnyPool, Error> {
    settings(engine).connect_with(engine.options()?).await
}

fn settings(engine: &Engine) -> AnyPoolOptions {
    let told = engine.clone();
    let options = AnyPoolOptions::new()
        .max_connections(engine.readers())
        .acquire_timeout(engine.patience())
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(!engine.is_file())
        .after_connect(move |connection, _| {
            let engine = told.clone();
            Box::pin(async move { engine.settle(connection).await })
        });
    if engine.is_file() {
        return options;
    }
    options.after_release(|connection, _| {
        // One whose request was given up, or whose database is gone, would keep its place for as long as TCP waits.
        Box::pin(async move {
            let asked = tokio::time::timeout(BACK, connection.ping()).await;
            asked.map_err(|_| Error::PoolTimedOut)?.map(|()| true)
        })
    })
}

/// How eagerly SQLite syncs. Only a debug build can be weakened, so that a test can see the promise break.
pub fn synchronous() -> &'static str {
    #[cfg(debug_assertions)]
    if std::env::var_os("HEARTHLINE_SYNCHRONOUS").is_some_and(|level| level == "NORMAL") {
        return "NORMAL";
    }
    "FULL"
}
