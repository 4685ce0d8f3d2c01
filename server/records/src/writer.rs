//! The one connection that writes, and its transactions.
//!
//! A transaction is a plain BEGIN … COMMIT, never one inside another: a BEGIN that the database refuses
//! because one is open, or any COMMIT or ROLLBACK that fails, throws the connection away. After a full
//! disk or an I/O error SQLite has rolled back by itself, and a connection that counts its own depth
//! would go on inside a transaction that nobody commits. Not here: what is written.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::{AnyConnection, Connection, Error, Executor};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::place::Place;
use super::settle;

/// Longest wait for the writer before a request is told that the store stands still.
const PATIENCE: Duration = Duration::from_secs(10);
/// Takes the write lock at once: what a transaction has read stays true until it commits.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// What the next transaction finds.
#[derive(Debug, Default)]
enum Seat {
    /// Nothing: a connection has to be opened.
    #[default]
    Empty,
    /// A connection outside any transaction.
    Idle(AnyConnection),
    /// A connection whose transaction was dropped where nobody could end it.
    Dropped(AnyConnection),
    /// The records are closed.
    Closed,
}

/// The place of the one writer.
#[derive(Debug, Clone)]
pub(super) struct WriterSeat {
    url: Arc<str>,
    place: Arc<Place>,
    seat: Arc<Mutex<Seat>>,
}

impl WriterSeat {
    pub(super) fn new(url: &str, place: Place) -> Self {
        Self { url: url.into(), place: Arc::new(place), seat: Arc::default() }
    }

    pub(super) async fn begin(&self) -> Result<Writer, Error> {
        self.place.still()?;
        let waiting = tokio::time::timeout(PATIENCE, Arc::clone(&self.seat).lock_owned());
        let mut seat = waiting.await.map_err(|_| Error::PoolTimedOut)?;
        let mut connection = match std::mem::take(&mut *seat) {
            Seat::Idle(connection) => connection,
            Seat::Dropped(connection) => match undo(connection).await {
                Some(connection) => connection,
                None => self.connect().await?,
            },
            Seat::Empty => self.connect().await?,
            Seat::Closed => {
                *seat = Seat::Closed;
                return Err(Error::PoolClosed);
            }
        };
        if let Err(error) = connection.execute(BEGIN).await {
            // A connection that is in a transaction already, or whose disk fails, is not used again.
            discard(connection, &error).await;
            return Err(error);
        }
        let place = Arc::clone(&self.place);
        Ok(Writer { connection: Some(connection), place, seat: Some(seat) })
    }

    async fn connect(&self) -> Result<AnyConnection, Error> {
        let mut connection = AnyConnection::connect(&self.url).await?;
        settle(&mut connection).await?;
        Ok(connection)
    }

    pub(super) async fn close(&self) {
        let mut seat = self.seat.lock().await;
        if let Seat::Idle(connection) | Seat::Dropped(connection) =
            std::mem::replace(&mut *seat, Seat::Closed)
            && let Err(error) = connection.close().await
        {
            tracing::warn!(error = %error, "the writer of the records did not close in peace");
        }
    }
}

/// Ends a transaction that was dropped; a connection that cannot is not used again.
async fn undo(mut connection: AnyConnection) -> Option<AnyConnection> {
    match connection.execute("ROLLBACK").await {
        Ok(_) => Some(connection),
        Err(error) => {
            discard(connection, &error).await;
            None
        }
    }
}

/// Closes a connection that is not believed any more. Only what it had committed counts.
async fn discard(connection: AnyConnection, why: &Error) {
    tracing::error!(error = %why, "the writer of the records is thrown away, the next one starts anew");
    if let Err(error) = connection.close().await {
        tracing::debug!(error = %error, "it did not close in peace");
    }
}

/// A transaction of the one writer. Dropped without [`Writer::commit`], it never was.
#[derive(Debug)]
pub struct Writer {
    connection: Option<AnyConnection>,
    place: Arc<Place>,
    /// Held until the transaction has ended, so that the next one waits for that.
    seat: Option<OwnedMutexGuard<Seat>>,
}

impl Writer {
    /// On disk when this answers with `Ok`. An error says nothing about what is on disk.
    pub async fn commit(mut self) -> Result<(), Error> {
        let Some(mut connection) = self.connection.take() else { return Err(Error::PoolClosed) };
        if let Err(error) = connection.execute("COMMIT").await {
            discard(connection, &error).await;
            return Err(error);
        }
        if let Some(seat) = self.seat.as_mut() {
            **seat = Seat::Idle(connection);
        }
        self.place.written();
        self.place.still()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let (Some(connection), Some(mut seat)) = (self.connection.take(), self.seat.take()) else {
            return;
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                if let Some(connection) = undo(connection).await {
                    *seat = Seat::Idle(connection);
                }
            })),
            Err(_) => *seat = Seat::Dropped(connection),
        }
    }
}

impl Deref for Writer {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        // It is there from `begin` to `commit`, which takes `self`.
        #[expect(clippy::expect_used, reason = "no writer exists without its connection")]
        self.connection.as_ref().expect("a writer has its connection")
    }
}

impl DerefMut for Writer {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        #[expect(clippy::expect_used, reason = "no writer exists without its connection")]
        self.connection.as_mut().expect("a writer has its connection")
    }
}

#[cfg(test)]
mod tests {
    use crate::clock::Stored;
    use crate::{Records, state};
    use sqlx::Executor;

    async fn open() -> (Records, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Records::open(folder.path()).await.unwrap(), folder)
    }

    fn time(high: i64) -> Stored {
        Stored { boot: "b".into(), offset: 0, high }
    }

    async fn seen(records: &Records) -> Option<i64> {
        let mut reader = records.reader().await.unwrap();
        state::clock(&mut reader).await.unwrap().map(|seen| seen.high)
    }

    #[tokio::test]
    async fn after_the_database_has_rolled_back_by_itself_each_commit_counts_again() {
        let (records, _folder) = open().await;
        let mut writer = records.begin().await.unwrap();
        state::put_clock(&mut writer, &time(1)).await.unwrap();
        // What SQLite does on a full disk or an I/O error.
        writer.execute("ROLLBACK").await.unwrap();
        assert!(writer.commit().await.is_err(), "nothing was left to commit");
        // A refused wish: a transaction that is dropped.
        drop(records.begin().await.unwrap());
        let mut writer = records.begin().await.unwrap();
        state::put_clock(&mut writer, &time(2)).await.unwrap();
        writer.commit().await.unwrap();
        assert_eq!(seen(&records).await, Some(2), "a reader sees what was committed");
    }

    #[tokio::test]
    async fn a_file_that_is_taken_away_takes_no_commit_until_it_is_back() {
        let (records, folder) = open().await;
        let put = async |high| {
            let mut writer = records.begin().await?;
            state::put_clock(&mut writer, &time(high)).await?;
            writer.commit().await
        };
        put(1).await.unwrap();
        let (file, aside) = (folder.path().join("records.db"), folder.path().join("aside"));
        std::fs::rename(&file, &aside).unwrap();
        assert!(put(2).await.is_err(), "what goes into it now is lost with the program");
        std::fs::write(&file, b"").unwrap();
        assert!(put(3).await.is_err(), "nor does another file stand for it");
        std::fs::rename(&aside, &file).unwrap();
        put(4).await.unwrap();
        assert_eq!(seen(&records).await, Some(4));
    }

    #[tokio::test]
    async fn a_transaction_never_begins_inside_another() {
        let (records, _folder) = open().await;
        let mut writer = records.begin().await.unwrap();
        state::put_clock(&mut writer, &time(1)).await.unwrap();
        writer.execute("COMMIT; BEGIN").await.unwrap();
        // It ends with a transaction open that nobody will ever commit.
        writer.execute("COMMIT; BEGIN; SAVEPOINT inner").await.unwrap();
        writer.execute("RELEASE inner").await.unwrap();
        let seat = records.writer.clone();
        let connection = writer.connection.take().unwrap();
        **writer.seat.as_mut().unwrap() = super::Seat::Idle(connection);
        drop(writer);
        assert!(seat.begin().await.is_err(), "a connection inside a transaction is refused");
        let mut writer = seat.begin().await.unwrap();
        state::put_clock(&mut writer, &time(3)).await.unwrap();
        writer.commit().await.unwrap();
        assert_eq!(seen(&records).await, Some(3));
    }

    #[tokio::test]
    async fn whoever_panics_in_the_middle_of_a_transaction_leaves_a_writer_that_commits() {
        let (records, _folder) = open().await;
        for n in 1..=3 {
            let falls = records.clone();
            let fallen = tokio::spawn(async move {
                let mut writer = falls.begin().await.unwrap();
                state::put_clock(&mut writer, &time(99)).await.unwrap();
                panic!("planted");
            });
            assert!(fallen.await.is_err());
            let mut writer = records.begin().await.unwrap();
            state::put_clock(&mut writer, &time(n)).await.unwrap();
            writer.commit().await.unwrap();
            assert_eq!(seen(&records).await, Some(n), "a reader sees this one and not the other");
        }
    }

    #[tokio::test]
    async fn a_commit_that_nobody_waits_for_any_more_leaves_a_writer_that_commits() {
        let (records, _folder) = open().await;
        for n in 1..=3 {
            let mut writer = records.begin().await.unwrap();
            state::put_clock(&mut writer, &time(10 * n)).await.unwrap();
            {
                let mut commit = std::pin::pin!(writer.commit());
                let waker = std::task::Waker::noop();
                let asked = commit.as_mut().poll(&mut std::task::Context::from_waker(waker));
                assert!(asked.is_pending(), "it is at the disk");
            }
            let mut writer = records.begin().await.unwrap();
            state::put_clock(&mut writer, &time(10 * n + 1)).await.unwrap();
            writer.commit().await.unwrap();
            assert_eq!(seen(&records).await, Some(10 * n + 1));
        }
    }

    #[tokio::test]
    async fn a_dropped_transaction_never_was_and_holds_nobody_up() {
        let (records, _folder) = open().await;
        let mut writer = records.begin().await.unwrap();
        state::put_clock(&mut writer, &time(1)).await.unwrap();
        drop(writer);
        let writer = records.begin().await.unwrap();
        assert_eq!(seen(&records).await, None);
        writer.commit().await.unwrap();
        records.close().await;
        assert!(records.begin().await.is_err(), "closed records take nothing");
    }
}
