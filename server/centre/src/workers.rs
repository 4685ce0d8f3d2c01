//! The server's long-lived tasks: each has a name, begins anew if it falls, and is told to people if it does not go on.
//!
//! `door::workers` runs them; here is which of them an alert is due for, and when a process is of no use any more.
//! What must outlive a fall is lent to a worker for each of its lives. Not here: what any worker does.

pub mod apart;

use std::sync::Arc;
use std::time::Duration;

use care::Seen;
use door::sentry::Sentry;
use door::workers::{End, Rhythm, Turnout, Workers};
use proto::unit::{Millis, Mono};
use series::Series;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::MissedTickBehavior;

use crate::clock::Clock;
use crate::faults::{Fault, Faults};
use crate::health::Health;

/// How often the roll is called to see who has fallen.
const LOOK: Duration = Duration::from_secs(1);
/// A part that has run for so long since it was restarted is well again.
const WELL: Millis = Millis::minutes(60);

/// What the roll-call asks, and whom it tells.
pub struct Crew {
    /// The server's own workers.
    pub workers: Workers,
    /// The store of values has its own.
    pub series: Arc<dyn Series>,
    /// Knows the door, which has its own.
    pub health: Arc<Health>,
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Where it is told who does not go on.
    pub faults: Arc<Faults>,
}

/// Runs a worker of a room for as long as the server runs.
pub fn keep<R, F>(
    workers: &Workers,
    room: &Arc<R>,
    name: &str,
    rhythm: Rhythm,
    make: impl Fn(Arc<R>) -> F + Send + 'static,
) where
    R: Send + Sync + 'static,
    F: Future<Output: Into<End> + Send> + Send,
{
    let of = Arc::clone(room);
    drop(workers.keep(name, rhythm, move || make(Arc::clone(&of))));
}

/// The same with something that is lent to each of its lives: the end of a line, say.
pub fn keep_with<R, T, F>(
    workers: &Workers,
    room: &Arc<R>,
    name: &str,
    rhythm: Rhythm,
    lent: T,
    make: impl Fn(Arc<R>, OwnedMutexGuard<T>) -> F + Clone + Send + Sync + 'static,
) where
    R: Send + Sync + 'static,
    T: Send + 'static,
    F: Future<Output: Into<End> + Send> + Send,
{
    let lent = Arc::new(Mutex::new(lent));
    keep(workers, room, name, rhythm, move |room| {
        let (lent, make) = (Arc::clone(&lent), make.clone());
        async move { make(room, lent.lock_owned().await).await.into() }
    });
}

impl Crew {
    /// Everybody in the roll-call, those of the door and of the store of values as well.
    pub fn turnouts(&self) -> Vec<Turnout> {
        let mut all = self.workers.roll_call();
        all.extend(self.series.workers().roll_call());
        if let Some(door) = self.health.door() {
            all.extend(door.workers().roll_call());
            all.extend(door.committer().roll_call());
        }
        all
    }

    /// Whether this process is of use: no worker that it cannot do without hangs, and the door can keep what it is
    /// told. A store that is full or does not answer, a wrong clock and a dead receiver are no reason to start it again.
    pub fn alive(&self, turnouts: &[Turnout]) -> bool {
        let keeps = self.health.door().is_none_or(door::Door::keeps);
        keeps && !turnouts.iter().any(|worker| worker.dead)
    }
}

/// Tells the machine's service manager that this process is alive, if there is one that asks.
pub fn report(crew: &Arc<Crew>) {
    let Some(sentry) = Sentry::called() else { return };
    let turns = Rhythm::Turns(sentry.every());
    let workers = crew.workers.clone();
    keep_with(&workers, crew, "sentry", turns, Some(sentry), |crew, mut sentry| async move {
        // One that has fallen is called anew.
        let Some(sentry) = sentry.take().or_else(Sentry::called) else { return };
        sentry.stand(|| crew.alive(&crew.turnouts())).await;
    });
}

/// Tells people of parts that were restarted or stand still, until all have been well for a while.
pub async fn watch(crew: Arc<Crew>) {
    let mut known = 0;
    let mut last: Option<Mono> = None;
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let (now, turnouts) = (crew.clock.mono(), crew.turnouts());
        let restarts: u64 = turnouts.iter().map(|worker| worker.restarts).sum();
        let restarted = Fault::upkeep(Seen::LoopRestarted);
        if restarts > known {
            crew.faults.raise_again(restarted, now);
            last = Some(now);
        } else if last.is_some_and(|at| now.since(at) > WELL) {
            crew.faults.clear(&restarted);
            last = None;
        }
        known = restarts;
        let still = turnouts.iter().any(|worker| worker.still);
        crew.faults.set(Fault::upkeep(Seen::WorkerStill), still);
    }
}
