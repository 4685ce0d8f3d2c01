//! The line to one session: what others have for it, and one bell.
//!
//! The commit thread leaves verdicts, the state owner leaves down messages, the roster and the
//! operator ask it to close. Each leaves its word and rings; the session's task empties the whole
//! line at one ring. A line dies with its session, so a late word never reaches a successor.
//! Not here: what the session does with it (`session`, `listener`).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::Verdict;
use crate::entrance::Leave;

/// Verdicts of neighbouring arrivals that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// Number of the first arrival in its session.
    pub(crate) first: u64,
    /// How many.
    pub(crate) len: u64,
    pub(crate) verdict: Verdict,
}

/// A message on its way to a device or gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Down {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Bytes,
}

/// Why the door itself ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hangup {
    /// The same identity has connected again.
    TakenOver,
    /// Its identity was revoked.
    Cut,
    /// It does not take its down messages.
    Overflow,
    /// The door closes.
    Shutdown,
    /// The bus behind it has begun anew or does not answer: it must come again.
    BusLost,
    /// Its place is needed by somebody who goes before it.
    Crowded,
}

/// What has gathered since the last ring.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    pub(crate) verdicts: Vec<Run>,
    pub(crate) down: VecDeque<Down>,
    pub(crate) hangup: Option<Hangup>,
}

/// The line to one session.
#[derive(Debug)]
pub(crate) struct Line {
    inbox: Mutex<Inbox>,
    bell: Notify,
    listening: AtomicBool,
    crowded: AtomicBool,
    room: usize,
}

impl Leave for Line {
    fn leave(&self) {
        self.crowded.store(true, Ordering::Release);
        self.hang_up(Hangup::Crowded);
    }
}

impl Line {
    /// A line on which at most `room` down messages wait.
    pub(crate) fn new(room: usize) -> Self {
        Self {
            inbox: Mutex::default(),
            bell: Notify::new(),
            listening: AtomicBool::new(false),
            crowded: AtomicBool::new(false),
            room,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the verdicts of arrivals `first..`.
    pub(crate) fn answer(&self, first: u64, verdicts: &[Verdict]) {
        let mut inbox = self.lock();
        for (number, verdict) in (first..).zip(verdicts) {
            match inbox.verdicts.last_mut() {
                Some(run) if run.verdict == *verdict && run.first + run.len == number => {
                    run.len += 1;
                }
                _ => inbox.verdicts.push(Run { first: number, len: 1, verdict: *verdict }),
            }
        }
        drop(inbox);
        self.bell.notify_one();
    }

    /// Leaves a down message; false when the line is full, which also hangs up.
    pub(crate) fn tell(&self, down: Down) -> bool {
        let mut inbox = self.lock();
        let fits = inbox.down.len() < self.room;
        if fits {
            inbox.down.push_back(down);
        } else {
            inbox.hangup.get_or_insert(Hangup::Overflow);
        }
        drop(inbox);
        self.bell.notify_one();
        fits
    }

    /// How many more down messages it takes now.
    pub(crate) fn room(&self) -> usize {
        self.room.saturating_sub(self.lock().down.len())
    }

    /// Rings, as something waits elsewhere.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Asks the session to end.
    pub(crate) fn hang_up(&self, why: Hangup) {
        self.lock().hangup.get_or_insert(why);
        self.bell.notify_one();
    }

    /// Whether the session has subscribed to its down tree.
    pub(crate) fn listening(&self) -> bool {
        self.listening.load(Ordering::Acquire)
    }

    /// Remembers whether the session is subscribed to its down tree.
    pub(crate) fn set_listening(&self, listening: bool) {
        self.listening.store(listening, Ordering::Release);
    }

    /// Waits for the next ring.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Waits until its place is needed by somebody else.
    pub(crate) async fn crowded(&self) {
        while !self.crowded.load(Ordering::Acquire) {
            self.rung().await;
        }
    }

    /// Takes everything, except that down messages stay while the session has no room for them.
    pub(crate) fn empty(&self, take_down: bool) -> Inbox {
        let mut inbox = self.lock();
        let verdicts = std::mem::take(&mut inbox.verdicts);
        let mut taken = Inbox { verdicts, hangup: inbox.hangup, ..Inbox::default() };
        if take_down {
            taken.down = std::mem::take(&mut inbox.down);
        }
        taken
    }
}
