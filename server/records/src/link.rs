//! A connection to the records: each statement on it is answered in time, or has failed.
//!
//! A file of this machine answers or fails by itself. A PostgreSQL that was stopped, or whose network was cut, does
//! neither for as long as TCP waits: every statement has an end of its own here, so no turn of a loop and no request
//! needs one. Not here: which connection it is (`writer`, `lib.rs`), or any statement.

use std::future::Future;
use std::io;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::time::Duration;

use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, Connection, Describe, Either, Error, Execute, Executor, SqlStr};
use tokio_stream::{Stream, StreamExt};

type Answer<'e, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'e>>;
type Answers<'e, T> = Pin<Box<dyn Stream<Item = Result<T, Error>> + Send + 'e>>;

/// A connection; what it is asked ends after its patience.
#[derive(Debug)]
pub struct Link {
    held: Held,
    patience: Option<Duration>,
}

#[derive(Debug)]
enum Held {
    Own(AnyConnection),
    Lent(PoolConnection<Any>),
}

/// A connection that only reads.
#[derive(Debug)]
pub struct Reader(Link);

impl Reader {
    pub(super) const fn new(lent: PoolConnection<Any>, patience: Option<Duration>) -> Self {
        Self(Link { held: Held::Lent(lent), patience })
    }
}

impl Deref for Reader {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.0
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Link {
        &mut self.0
    }
}

impl Link {
    pub(super) const fn own(connection: AnyConnection, patience: Option<Duration>) -> Self {
        Self { held: Held::Own(connection), patience }
    }

    /// Whether the database behind it wants the places of values numbered.
    pub(super) fn numbers(&self) -> bool {
        let connection = match &self.held {
            Held::Own(connection) => connection,
            Held::Lent(connection) => &**connection,
        };
        connection.backend_name() == "PostgreSQL"
    }

    /// Says farewell; nobody waits for an answer for longer than for any other.
    pub(super) async fn close(self) -> Result<(), Error> {
        let patience = self.patience;
        let closed: Answer<'_, ()> = match self.held {
            Held::Own(connection) => Box::pin(connection.close()),
            Held::Lent(connection) => Box::pin(connection.close()),
        };
        within(patience, closed).await
    }

    fn raw(&mut self) -> &mut AnyConnection {
        match &mut self.held {
            Held::Own(connection) => connection,
            Held::Lent(connection) => connection,
        }
    }
}

/// What a patience leaves of a wait.
pub(super) async fn within<T>(
    patience: Option<Duration>,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let Some(patience) = patience else { return asked.await };
    tokio::time::timeout(patience, asked).await.unwrap_or_else(|_| Err(late()))
}

fn late() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the records do not answer"))
}

impl<'c> Executor<'c> for &'c mut Link {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Answers<'e, Either<AnyQueryResult, AnyRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let patience = self.patience;
        let rows = self.raw().fetch_many(query);
        match patience {
            None => rows,
            Some(patience) => {
                let timed = rows.timeout(patience);
                Box::pin(timed.map(|row| row.unwrap_or_else(|_| Err(late()))))
            }
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, Option<AnyRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let patience = self.patience;
        let row = self.raw().fetch_optional(query);
        match patience {
            None => row,
            Some(_) => Box::pin(within(patience, row)),
        }
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> Answer<'e, AnyStatement>
    where
        'c: 'e,
    {
        let patience = self.patience;
        Box::pin(within(patience, self.raw().prepare_with(sql, parameters)))
    }

    fn describe<'e>(self, sql: SqlStr) -> Answer<'e, Describe<Any>>
    where
        'c: 'e,
    {
        self.raw().describe(sql)
    }
}
