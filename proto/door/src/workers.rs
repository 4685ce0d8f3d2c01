//! Long-lived tasks by name: begun anew after an end that nobody asked for, counted, and seen when they stand still.
//!
//! Every turn of a worker is its beat: one that is never turned hangs, and so does one whose turn does not come back.
//! A pause before it begins anew doubles up to half a minute, and is short again once it has run for a while.
//! Not here: what a worker does, who is told of it (`health` of each program), and who starts the process again.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use proto::unit::{Millis, Mono};
use tokio::task::JoinHandle;

use crate::clock::Clock;

/// First and longest pause before a worker begins anew.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// One that has run this long begins with the first pause again.
const STEADY: Millis = Millis::secs(60);
/// A worker this much later than it turns at the latest stands still.
const STILL: Millis = Millis::secs(20);
/// One that the process cannot do without, and that stands still so much longer, needs a new process.
const DEAD: Millis = Millis::secs(60);
/// So many new beginnings within `LATELY` are too many.
const OFTEN: usize = 3;
const LATELY: Millis = Millis::minutes(5);

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

struct Row {
    rhythm: Rhythm,
    /// When its last turn began or came back, ms.
    turned: AtomicU64,
    /// Whether its turn has not come back yet.
    inside: AtomicBool,
    /// Whether it waits to begin anew.
    paused: AtomicBool,
    restarts: AtomicU64,
    beginnings: Mutex<Beginnings>,
}

/// When it has begun.
#[derive(Default)]
struct Beginnings {
    last: Mono,
    /// How often in a row it has not run for long.
    streak: u32,
    /// The latest ones after the first, the oldest first.
    lately: VecDeque<Mono>,
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
        let row = Arc::new(Row {
            rhythm,
            turned: AtomicU64::new(now.millis()),
            inside: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            restarts: AtomicU64::new(0),
            beginnings: Mutex::new(Beginnings { last: now, ..Beginnings::default() }),
        });
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
        self.row.restarts.fetch_add(1, Ordering::Relaxed);
        let pause = self.row.pause(self.clock.now());
        let worker = &self.name;
        tracing::error!(worker, why, pause_s = pause.as_secs(), "a worker begins anew");
        self.row.paused.store(true, Ordering::Relaxed);
        tokio::time::sleep(pause).await;
        let now = self.clock.now();
        self.row.beginnings().last = now;
        self.row.turn(now, false);
        self.row.paused.store(false, Ordering::Relaxed);
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

impl Row {
    fn beginnings(&self) -> MutexGuard<'_, Beginnings> {
        self.beginnings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, now: Mono, inside: bool) {
        self.turned.store(now.millis(), Ordering::Relaxed);
        self.inside.store(inside, Ordering::Relaxed);
    }

    /// Enters an end that nobody asked for; the pause doubles while it does not run for long.
    fn pause(&self, now: Mono) -> Duration {
        let mut beginnings = self.beginnings();
        if now.since(beginnings.last) > STEADY {
            beginnings.streak = 0;
        }
        let pause = PAUSE.0.saturating_mul(1 << beginnings.streak.min(5)).min(PAUSE.1);
        beginnings.streak += 1;
        beginnings.lately.push_back(now);
        if beginnings.lately.len() > OFTEN {
            beginnings.lately.pop_front();
        }
        pause
    }

    fn turnout(&self, name: &str, now: Mono) -> Turnout {
        let quiet = now.since(Mono::from_millis(self.turned.load(Ordering::Relaxed)));
        let most = match self.rhythm {
            Rhythm::Turns(most) | Rhythm::Vital(most) => u64::try_from(most.as_millis()).ok(),
            Rhythm::Waits => self.inside.load(Ordering::Relaxed).then_some(0),
        };
        let most = most.filter(|_| !self.paused.load(Ordering::Relaxed));
        let later =
            |by: Millis| most.is_some_and(|most| quiet.get() > most.saturating_add(by.get()));
        let beginnings = self.beginnings();
        let lately = beginnings.lately.iter().filter(|at| now.since(**at) < LATELY).count();
        Turnout {
            name: name.to_owned(),
            restarts: self.restarts.load(Ordering::Relaxed),
            restarting: lately >= OFTEN,
            still: later(STILL),
            dead: matches!(self.rhythm, Rhythm::Vital(_)) && later(STILL.plus(DEAD)),
            quiet,
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
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                Poll::Ready(Err(text.unwrap_or_else(|| "it panicked".to_owned())))
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURN: Duration = Duration::from_secs(1);

    fn worker(rhythm: Rhythm) -> Worker {
        Workers::default().enter("reader", rhythm)
    }

    fn at(s: u64) -> Mono {
        Mono::from_millis(s * 1_000)
    }

    #[test]
    fn pauses_double_while_it_falls_soon_and_are_short_again_after_it_has_run() {
        let worker = worker(Rhythm::Waits);
        let mut now = 10;
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let pause = worker.row.pause(at(now)).as_secs();
            pauses.push(pause);
            now += pause + 1;
            worker.row.beginnings().last = at(now);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        assert!(worker.row.turnout("reader", at(now)).restarting);
        assert!(!worker.row.turnout("reader", at(now + 400)).restarting, "it has run since");
        assert_eq!(worker.row.pause(at(now + 400)).as_secs(), 1);
    }

    #[test]
    fn what_does_not_turn_stands_still_and_a_vital_one_needs_a_new_process() {
        for (rhythm, vital) in [(Rhythm::Turns(TURN), false), (Rhythm::Vital(TURN), true)] {
            let worker = worker(rhythm);
            worker.row.turn(at(100), false);
            let told = |s: u64| {
                let turnout = worker.row.turnout("reader", at(100 + s));
                (turnout.still, turnout.dead)
            };
            assert_eq!([told(21), told(22)], [(false, false), (true, false)]);
            assert_eq!([told(81), told(82)], [(true, false), (true, vital)]);
            worker.row.turn(at(200), false);
            assert_eq!(told(101), (false, false), "it turns again");
        }
    }

    #[test]
    fn one_that_waits_for_others_stands_still_only_in_a_turn_that_does_not_come_back() {
        let worker = worker(Rhythm::Waits);
        worker.row.turn(at(100), false);
        assert!(!worker.row.turnout("reader", at(9_000)).still);
        worker.row.turn(at(9_000), true);
        assert!(worker.row.turnout("reader", at(9_040)).still);
    }

    #[test]
    fn one_that_waits_to_begin_anew_does_not_stand_still() {
        let worker = worker(Rhythm::Vital(TURN));
        worker.row.turn(at(100), false);
        worker.row.paused.store(true, Ordering::Relaxed);
        assert!(!worker.row.turnout("reader", at(900)).still);
    }
}
