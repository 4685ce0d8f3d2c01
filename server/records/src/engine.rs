//! Which database keeps the records, and whatever the two say differently: all of it stands in this file.
//!
//! SQLite is a file in the data folder with one writer. PostgreSQL is told to behave like it: whoever changes the queue
//! holds row 1 of `head`, whoever changes who belongs where holds row 2, from the begin of a transaction to its end, so
//! that cursors are in commit order. Not here: how an address is read (`address`), what a server must be set to
//! (`fitness`), or any statement that both understand.

pub mod address;
mod fitness;
#[cfg(debug_assertions)]
mod instead;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Error, Executor, Row, query};

use self::address::Address;
use super::{RecordsError, has_lived, synchronous};

/// What a transaction is about: who is in each other's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It may change the queue of alerts.
    Queue,
    /// It changes who and what belongs where.
    Edit,
    /// Neither: rows that nobody else decides by.
    Other,
}

/// Where the records of a server lie.
#[derive(Debug, Clone)]
pub enum Engine {
    /// In a file of the data folder.
    Sqlite {
        /// Which file.
        file: PathBuf,
    },
    /// In a database of a PostgreSQL.
    Postgres {
        /// Which one.
        address: Address,
        /// The data folder of the server, where its keys are.
        data: PathBuf,
    },
}

/// Readers that may look at once; the console's pages and the API share them.
const READERS: (u32, u32) = (4, 8);
/// Longest wait for a connection before a request is told that the store stands still.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(5));
/// Longest wait for the answer of a PostgreSQL to one statement.
const ANSWER: Duration = Duration::from_secs(5);

/// A transaction begins; what is left of another one is an error (a division by zero), as it is for SQLite.
const BEGIN: &str = "BEGIN; SELECT 1 / CASE WHEN now() = statement_timestamp() THEN 1 ELSE 0 END";
const BEGIN_QUEUE: &str = "BEGIN; SELECT 1 / CASE WHEN now() = statement_timestamp() THEN 1 ELSE 0 END; \
    SELECT n FROM head WHERE one = 1 FOR UPDATE";
const BEGIN_EDIT: &str = "BEGIN; SELECT 1 / CASE WHEN now() = statement_timestamp() THEN 1 ELSE 0 END; \
    SELECT n FROM head WHERE one = 2 FOR UPDATE";
/// PostgreSQL says that all is well where it has rolled a refused transaction back instead: the savepoint is the
/// question whether there is one that can be committed.
const COMMIT: &str = "SAVEPOINT whole; COMMIT";

/// A session that goes silent in the middle of a transaction holds the others up for so long; nobody waits longer for a
/// row, and no statement runs longer.
const SETTLE: &str = "SET idle_in_transaction_session_timeout = '2s'; SET lock_timeout = '3s'; \
    SET statement_timeout = '4s'; SET client_min_messages = 'error'";
/// Whoever brings the tables up to date takes the time that it needs.
const UNHURRIED: &str =
    "SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 0; SET statement_timeout = 0";

/// All of a file that is open, into another one: SQLite alone has files.
pub(super) const COPY_OUT: &str = "VACUUM INTO $1";

/// Before the migrations: the word that they have for bytes.
const BEFORE: &str =
    "DO $$ BEGIN CREATE DOMAIN blob AS bytea; EXCEPTION WHEN duplicate_object THEN NULL; END $$";
/// After them: SQLite numbers rows by itself, and has one size of number.
const AFTER: [&str; 2] = [
    "ALTER TABLE timeline ADD COLUMN IF NOT EXISTS rowid BIGINT GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE change ALTER COLUMN cursor TYPE BIGINT",
];
const HAS_TABLES: &str = "SELECT COUNT(*) AS n FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'device'";

impl Engine {
    /// Where the records of a data folder lie; without an address, in it.
    pub fn of(address: Option<&Address>, data: &Path) -> Self {
        #[cfg(debug_assertions)]
        let told = address.cloned().or_else(|| instead::of(data));
        #[cfg(not(debug_assertions))]
        let told = address.cloned();
        match told {
            Some(address) => Self::Postgres { address, data: data.to_owned() },
            None => Self::Sqlite { file: data.join("records.db") },
        }
    }

    /// Whether they lie in a file of the data folder.
    pub const fn is_file(&self) -> bool {
        matches!(self, Self::Sqlite { .. })
    }

    /// As people are told of it; without a user and a password.
    pub fn shown(&self) -> String {
        match self {
            Self::Sqlite { file } => file.display().to_string(),
            Self::Postgres { address, .. } => address.to_string(),
        }
    }

    pub(super) fn options(&self) -> Result<AnyConnectOptions, Error> {
        match self {
            Self::Sqlite { file } => format!("sqlite://{}?mode=rwc", file.display()).parse(),
            Self::Postgres { address, .. } => address.options(),
        }
    }

    pub(super) const fn readers(&self) -> u32 {
        if self.is_file() { READERS.0 } else { READERS.1 }
    }

    pub(super) const fn patience(&self) -> Duration {
        if self.is_file() { PATIENCE.0 } else { PATIENCE.1 }
    }

    /// Longest wait for one answer; a file of this machine needs none.
    pub(super) const fn answers_in(&self) -> Option<Duration> {
        if self.is_file() { None } else { Some(ANSWER) }
    }

    /// Takes the write lock at once: what a transaction has read stays true until it commits.
    pub(super) const fn begin(&self, work: Work) -> &'static str {
        match (self, work) {
            (Self::Sqlite { .. }, _) => "BEGIN IMMEDIATE",
            (Self::Postgres { .. }, Work::Queue) => BEGIN_QUEUE,
            (Self::Postgres { .. }, Work::Edit) => BEGIN_EDIT,
            (Self::Postgres { .. }, Work::Other) => BEGIN,
        }
    }

    pub(super) const fn commit(&self) -> &'static str {
        if self.is_file() { "COMMIT" } else { COMMIT }
    }

    /// What every connection is told first.
    pub(super) async fn settle<'c>(
        &self,
        c: impl Executor<'c, Database = Any>,
    ) -> Result<(), Error> {
        let sql = match self {
            Self::Sqlite { .. } => format!(
                "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = {}; \
                 PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000;",
                synchronous()
            ),
            Self::Postgres { .. } => SETTLE.to_owned(),
        };
        c.execute(AssertSqlSafe(sql)).await.map(drop)
    }

    /// Tests have a database made for each data folder; anybody else has made theirs.
    #[cfg(debug_assertions)]
    pub(super) async fn make(&self) -> Result<(), Error> {
        match self {
            Self::Sqlite { .. } => Ok(()),
            Self::Postgres { address, data } => instead::make(address, data).await,
        }
    }

    /// Whether a PostgreSQL is set up as records need it.
    pub(super) async fn fit(&self, c: &mut AnyConnection) -> Result<(), RecordsError> {
        let found = fitness::check(c).await?;
        found.map_err(|why| RecordsError::Unfit { place: self.shown(), why })
    }

    /// Whether the database is what the tables need, before they are brought up to date.
    pub(super) async fn prepare(&self, c: &mut AnyConnection) -> Result<(), RecordsError> {
        let Self::Postgres { data, .. } = self else { return Ok(()) };
        self.fit(c).await?;
        let used = has_lived(data);
        match self.has_tables(&mut *c).await? {
            false if used => return Err(RecordsError::Blank { place: self.shown() }),
            true if !used && self.has_devices(&mut *c).await? => {
                return Err(RecordsError::Keyless { place: self.shown(), data: data.clone() });
            }
            true | false => {}
        }
        for sql in [UNHURRIED, BEFORE] {
            (&mut *c).execute(sql).await?;
        }
        Ok(())
    }

    pub(super) async fn has_tables<'c>(
        &self,
        c: impl Executor<'c, Database = Any>,
    ) -> Result<bool, Error> {
        let row = query(HAS_TABLES).fetch_one(c).await?;
        Ok(row.try_get::<i64, _>("n")? > 0)
    }

    async fn has_devices<'c>(&self, c: impl Executor<'c, Database = Any>) -> Result<bool, Error> {
        let row = query("SELECT COUNT(*) AS n FROM device").fetch_one(c).await?;
        Ok(row.try_get::<i64, _>("n")? > 0)
    }

    /// What the migrations cannot say in words of both.
    pub(super) async fn finish(&self, c: &mut AnyConnection) -> Result<(), Error> {
        if self.is_file() {
            return Ok(());
        }
        for sql in AFTER {
            (&mut *c).execute(sql).await?;
        }
        self.settle(c).await
    }
}

/// Whether the disk is full: SQLite's own number for it, which sqlx gives as text, or PostgreSQL's.
pub fn is_full(error: &Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| matches!(&*code, "13" | "53100"))
}
