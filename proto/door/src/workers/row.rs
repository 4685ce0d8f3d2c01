//! One worker in the roll-call: when it last turned, when it fell, and what that says of it at a moment.
//!
//! Time is a parameter. Not here: how a worker is run (`workers`).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proto::backoff;
use proto::unit::{Millis, Mono};

use super::{Rhythm, Turnout};

/// First and longest pause before a worker begins anew.
const PAUSE: (Millis, Millis) = (Millis::secs(1), Millis::secs(30));
/// One that has run this long begins with the first pause again.
const STEADY: Millis = Millis::secs(60);
/// A worker this much later than it turns at the latest stands still.
const STILL: Millis = Millis::secs(20);
/// One that the process cannot do without, and that stands still so much longer, needs a new process.
const DEAD: Millis = Millis::secs(60);
/// So many new beginnings within `LATELY` are too many.
const OFTEN: usize = 3;
const LATELY: Millis = Millis::minutes(5);

pub(super) struct Row {
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

impl Row {
    pub(super) fn new(rhythm: Rhythm, now: Mono) -> Self {
        Self {
            rhythm,
            turned: AtomicU64::new(now.millis()),
            inside: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            restarts: AtomicU64::new(0),
            beginnings: Mutex::new(Beginnings { last: now, ..Beginnings::default() }),
        }
    }

    fn beginnings(&self) -> MutexGuard<'_, Beginnings> {
        self.beginnings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn turn(&self, now: Mono, inside: bool) {
        self.turned.store(now.millis(), Ordering::Relaxed);
        self.inside.store(inside, Ordering::Relaxed);
    }

    /// Enters an end that nobody asked for, and how long it waits now.
    pub(super) fn falls(&self, now: Mono) -> Duration {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        self.paused.store(true, Ordering::Relaxed);
        self.pause(now)
    }

    /// It has waited and begins anew.
    pub(super) fn begins(&self, now: Mono) {
        self.beginnings().last = now;
        self.turn(now, false);
        self.paused.store(false, Ordering::Relaxed);
    }

    /// The pause doubles while it does not run for long.
    fn pause(&self, now: Mono) -> Duration {
        let mut beginnings = self.beginnings();
        if now.since(beginnings.last) > STEADY {
            beginnings.streak = 0;
        }
        let pause = backoff::doubled(PAUSE.0, PAUSE.1, beginnings.streak).get();
        beginnings.streak = beginnings.streak.saturating_add(1);
        beginnings.lately.push_back(now);
        if beginnings.lately.len() > OFTEN {
            beginnings.lately.pop_front();
        }
        Duration::from_millis(pause)
    }

    pub(super) fn turnout(&self, name: &str, now: Mono) -> Turnout {
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

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
