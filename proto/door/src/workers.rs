//! Long-lived tasks by name: begun anew after an end that nobody asked for, counted, and seen when they stand still.
//!
//! Every turn of a worker is its beat: one that is never turned hangs, and so does one whose turn does not come back.
//! A pause before it begins anew doubles up to half a minute, and is short again once it has run for a while.
//! Not here: what a worker does, who is told of it (`health` of each program), and who starts the process again.

mod row;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use proto::unit::Millis;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use row::Row;

/// How a worker turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// By itself, after so long at the latest: nothing more of it is a standstill.
    Turns(Duration),
    /// The same, and the process is of no use without it.
    Vital(Duration),
    /// When others have something for it, perhaps never: only a turn that does not come back is a standstill.
    Waits,
}

/// How a worker has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As it was told to.
    Asked,
    /// By itself: it begins anew.
    Unasked,
}

impl From<()> for End {
    fn from((): ()) -> Self {
        Self::Unasked
    }
}

/// What the roll-call says of one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turnout {
    /// Its name.
    pub name: String,
    /// How often it had to begin anew.
    pub restarts: u64,
    /// Whether that was often of late.
    pub restarting: bool,
    /// Whether it stands still.
    pub still: bool,
    /// Whether only a new process helps.
    pub dead: bool,
    /// How long ago it last turned.
    pub quiet: Millis,
}

#[derive(Default)]
struct Table(Mutex<BTreeMap<String, Arc<Row>>>);

impl Table {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Row>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The workers of one program or one part of it; clones are the same.
#[derive(Clone)]
pub struct Workers {
    clock: Clock,
    table: Arc<Table>,
}

/// One worker's place in the roll-call; it leaves when dropped.
pub struct Worker {
    name: String,
    clock: Clock,
    row: Arc<Row>,
    table: Arc<Table>,
}

impl Default for Workers {
    fn default() -> Self {
        Self { clock: Clock::start(), table: Arc::default() }
    }
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.table.lock().keys()).finish()
    }
}

impl Workers {
    /// A place for a worker that its owner drives by itself.
    pub fn enter(&self, name: &str, rhythm: Rhythm) -> Worker {
        let now = self.clock.now();
        let row = Arc::new(Row::new(rhythm, now));
        self.table.lock().insert(name.to_owned(), Arc::clone(&row));
        let (clock, table) = (self.clock, Arc::clone(&self.table));
        Worker { name: name.to_owned(), clock, row, table }
    }

    /// Runs a worker until it ends as it was told to; ending the task ends the worker.
    pub fn keep<F>(
        &self,
        name: &str,
        rhythm: Rhythm,
        mut make: impl FnMut() -> F + Send + 'static,
    ) -> JoinHandle<()>
    where
        F: Future<Output: Into<End> + Send> + Send,
    {
        let worker = self.enter(name, rhythm);
        tokio::spawn(async move {
            loop {
                let ended = worker.live(async { make().await }).await;
                let why = match ended.map(Into::into) {
                    Ok(End::Asked) => return,
                    Ok(End::Unasked) => "it ended".to_owned(),
                    Err(why) => why,
                };
                worker.again(&why).await;
            }
        })
    }

    /// Calls the roll.
    pub fn roll_call(&self) -> Vec<Turnout> {
        let now = self.clock.now();
        let table = self.table.lock();
        table.iter().map(|(name, row)| row.turnout(name, now)).collect()
    }
}

impl Worker {
    /// Lets it run to its end, each of its turns a beat; an error is what it said when it panicked.
    pub async fn live<T>(&self, work: impl Future<Output = T>) -> Result<T, String> {
        let mut work = pin!(caught(work));
        std::future::poll_fn(|context| {
            self.row.turn(self.clock.now(), true);
            let turn = work.as_mut().poll(context);
            self.row.turn(self.clock.now(), false);
            turn
        })
        .await
    }

    /// Counts and tells that it has to begin anew, and waits for its pause.
    pub async fn again(&self, why: &str) {
        let pause = self.falls(why);
        tokio::time::sleep(pause).await;
        self.row.begins(self.clock.now());
    }

    /// The same for a thread: lets it run to its end, each piece of its work a turn of its own, see [`Worker::busy`].
    pub fn attempt<T>(&self, work: impl FnOnce() -> T) -> Result<T, String> {
        catch_unwind(AssertUnwindSafe(work)).map_err(|panic| said(&*panic))
    }

    /// A thread works until this is dropped; before and after it waits for others.
    pub fn busy(&self) -> Busy<'_> {
        self.row.turn(self.clock.now(), true);
        Busy(self)
    }

    /// As [`Worker::again`], for a thread.
    pub fn again_on_thread(&self, why: &str) {
        let pause = self.falls(why);
        let end =
            self.clock.now().after(Millis::new(u64::try_from(pause.as_millis()).unwrap_or(0)));
        while self.clock.now() < end {
            std::thread::park_timeout(pause);
        }
        self.row.begins(self.clock.now());
    }

    /// It has fallen and goes on at once: counted and told.
    pub(crate) fn fell(&self, why: &str) {
        self.row.falls(self.clock.now());
        self.row.begins(self.clock.now());
        let worker = &self.name;
        tracing::error!(worker, why, "a worker goes on after a fall");
    }

    fn falls(&self, why: &str) -> Duration {
        let pause = self.row.falls(self.clock.now());
        let worker = &self.name;
        tracing::error!(worker, why, pause_s = pause.as_secs(), "a worker begins anew");
        pause
    }
}

/// A piece of a thread's work.
pub struct Busy<'a>(&'a Worker);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.row.turn(self.0.clock.now(), false);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut table = self.table.lock();
        // One of the same name that came later stays.
        if table.get(&self.name).is_some_and(|row| Arc::ptr_eq(row, &self.row)) {
            table.remove(&self.name);
        }
    }
}

/// Runs a piece of work; an error is what it said when it panicked.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Err(panic) => Poll::Ready(Err(said(&*panic))),
        }
    })
    .await
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "it panicked".to_owned())
}
