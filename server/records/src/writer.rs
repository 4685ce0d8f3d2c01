//! The one connection that writes, and its transactions.
//!
//! A transaction is a plain BEGIN … COMMIT, never one inside another: a BEGIN that the database refuses
//! because one is open, or any COMMIT or ROLLBACK that fails, throws the connection away. After a full
//! disk or an I/O error SQLite has rolled back by itself, and a connection that counts its own depth
//! would go on inside a transaction that nobody commits. A connection whose file was taken away has all that was ever
//! in it: it writes the file anew before its word counts. Not here: what is written, and for how long an answer is
//! waited for (`link`).

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use door::Place;
use sqlx::{ConnectOptions, Error, Executor, query};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use crate::engine::{COPY_OUT, Engine, Work};
use crate::link::{Link, within};
use crate::{Readers, settings};

/// Longest wait for the writer before a request is told that the store stands still.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest wait for the last word to a connection that is thrown away.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the next transaction finds.
#[derive(Debug, Default)]
enum Seat {
    /// Nothing: a connection has to be opened.
    #[default]
    Empty,
    /// A connection outside any transaction.
    Idle(Link),
    /// A connection whose transaction was dropped where nobody could end it.
    Dropped(Link),
    /// The records are closed.
    Closed,
}

/// The place of the one writer.
#[derive(Debug, Clone)]
pub(super) struct WriterSeat {
    store: Arc<Store>,
    seat: Arc<Mutex<Seat>>,
}

/// Where a transaction goes.
#[derive(Debug)]
struct Store {
    engine: Engine,
    /// The file, if it is one.
    place: Option<Place>,
    readers: Readers,
}

impl Store {
    fn is_gone(&self) -> bool {
        self.place.as_ref().is_some_and(Place::is_gone)
    }

    /// Says after a commit whether the next start will find it. If not, all is written anew, by this connection, which is
    /// of no use then; true: that has been done.
    async fn stays(&self, link: &mut Link) -> Result<bool, Error> {
        let Some(place) = &self.place else { return Ok(false) };
        let Err(error) = place.still() else { return Ok(false) };
        tracing::error!(%error, "the records are written anew");
        let draft = place.draft()?;
        query(COPY_OUT).bind(draft.to_string_lossy().into_owned()).execute(&mut *link).await?;
        // Its connections open when they are asked for: once the new file is in its place, nothing may fail that would give
        // this link, whose file nobody finds any more, another transaction.
        let fresh = settings(&self.engine).connect_lazy_with(self.engine.options()?);
        place.put()?;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *readers, fresh);
        drop(readers);
        // Whoever reads now reads to the end.
        tokio::spawn(async move { old.close().await });
        Ok(true)
    }

    async fn connect(&self) -> Result<Link, Error> {
        let patience = self.engine.answers_in();
        let opened = async { self.engine.options()?.connect().await };
        let mut link = Link::own(within(patience, opened).await?, patience);
        self.engine.settle(&mut link).await?;
        Ok(link)
    }
}

impl WriterSeat {
    pub(super) fn new(engine: Engine, readers: Readers) -> Self {
        let place = match &engine {
            Engine::Sqlite { file } => Some(Place::of(file.clone())),
            Engine::Postgres { .. } => None,
        };
        Self { store: Arc::new(Store { engine, place, readers }), seat: Arc::default() }
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.store.engine
    }

    pub(super) async fn begin(&self, work: Work) -> Result<Writer, Error> {
        let waiting = timeout(PATIENCE, Arc::clone(&self.seat).lock_owned());
        let mut seat = waiting.await.map_err(|_| Error::PoolTimedOut)?;
        let mut link = match std::mem::take(&mut *seat) {
            Seat::Idle(link) => link,
            Seat::Dropped(link) => match undo(link).await {
                Some(link) => link,
                None => self.store.connect().await?,
            },
            Seat::Empty => self.store.connect().await?,
            Seat::Closed => {
                *seat = Seat::Closed;
                return Err(Error::PoolClosed);
            }
        };
        if self.store.is_gone() {
            match self.store.stays(&mut link).await {
                Ok(_) => link = self.store.connect().await?,
                Err(error) => {
                    // It has all that was ever written: it is kept for the next try.
                    *seat = Seat::Idle(link);
                    return Err(error);
                }
            }
        }
        if let Err(error) = link.execute(self.store.engine.begin(work)).await {
            // A connection that is in a transaction already, or whose disk fails, is not used again.
            discard(link, &error).await;
            return Err(error);
        }
        let store = Arc::clone(&self.store);
        Ok(Writer { link: Some(link), store, seat: Some(seat) })
    }

    pub(super) async fn close(&self) {
        let mut seat = self.seat.lock().await;
        if let Seat::Idle(link) | Seat::Dropped(link) = std::mem::replace(&mut *seat, Seat::Closed)
            && let Err(error) = link.close().await
        {
            tracing::warn!(error = %error, "the writer of the records did not close in peace");
        }
    }
}

/// Ends a transaction that was dropped; a connection that cannot is not used again.
async fn undo(mut link: Link) -> Option<Link> {
    match link.execute("ROLLBACK").await {
        Ok(_) => Some(link),
        Err(error) => {
            discard(link, &error).await;
            None
        }
    }
}

/// Closes a connection that is not believed any more. Only what it had committed counts.
async fn discard(link: Link, why: &Error) {
    tracing::error!(error = %why, "the writer of the records is thrown away, the next one starts anew");
    match timeout(FAREWELL, link.close()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(error = %error, "it did not close in peace"),
        Err(_) => tracing::debug!("it did not close in peace"),
    }
}

/// A transaction of the one writer. Dropped without [`Writer::commit`], it never was.
#[derive(Debug)]
pub struct Writer {
    link: Option<Link>,
    store: Arc<Store>,
    /// Held until the transaction has ended, so that the next one waits for that.
    seat: Option<OwnedMutexGuard<Seat>>,
}

impl Writer {
    /// On disk when this answers with `Ok`. An error says nothing about what is on disk.
    pub async fn commit(mut self) -> Result<(), Error> {
        let Some(mut link) = self.link.take() else { return Err(Error::PoolClosed) };
        if let Err(error) = link.execute(self.store.engine.commit()).await {
            discard(link, &error).await;
            return Err(error);
        }
        let stays = self.store.stays(&mut link).await;
        match (&stays, self.seat.as_mut()) {
            (Ok(true), _) | (_, None) => drop(link.close().await),
            (Ok(false) | Err(_), Some(seat)) => **seat = Seat::Idle(link),
        }
        stays.map(drop)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let (Some(link), Some(mut seat)) = (self.link.take(), self.seat.take()) else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                if let Some(link) = undo(link).await {
                    *seat = Seat::Idle(link);
                }
            })),
            Err(_) => *seat = Seat::Dropped(link),
        }
    }
}

impl Deref for Writer {
    type Target = Link;

    fn deref(&self) -> &Link {
        // It is there from `begin` to `commit`, which takes `self`.
        #[expect(clippy::expect_used, reason = "no writer exists without its connection")]
        self.link.as_ref().expect("a writer has its connection")
    }
}

impl DerefMut for Writer {
    fn deref_mut(&mut self) -> &mut Link {
        #[expect(clippy::expect_used, reason = "no writer exists without its connection")]
        self.link.as_mut().expect("a writer has its connection")
    }
}

#[cfg(test)]
mod tests;
