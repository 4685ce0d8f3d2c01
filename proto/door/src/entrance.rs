//! The way in: a place for each connection, and who is told to go when there is none.
//!
//! Every listener of a program has one: doors, pages, consoles. It hands out *tickets* as the rules of
//! [`crate::admission`] say; a listener takes one before it serves a connection, and while it waits for
//! one it accepts nothing more. A ticket is given back when it is dropped. Not here: sockets.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::sleep_until;

use crate::admission::{Admission, Answer, Offer, Rank, Rules};
use crate::clock::Clock;

/// Somebody who can be told that its place is needed.
pub trait Leave: Send + Sync + 'static {
    /// Its connection is to be closed at once.
    fn leave(&self);
}

/// A bell for whoever serves a connection in one future.
#[derive(Debug, Default)]
pub struct Exit(Notify);

impl Exit {
    /// Waits until the connection is to be closed.
    pub async fn told(&self) {
        self.0.notified().await;
    }
}

impl Leave for Exit {
    fn leave(&self) {
        self.0.notify_one();
    }
}

struct Book {
    core: Admission,
    holders: HashMap<u64, Arc<dyn Leave>>,
    evicted: u64,
}

/// The way in of one listener.
pub struct Entrance {
    book: Mutex<Book>,
    gone: Notify,
    clock: Clock,
}

impl Entrance {
    /// Nobody is inside.
    pub fn new(rules: Rules) -> Arc<Self> {
        let book = Book { core: Admission::new(rules), holders: HashMap::new(), evicted: 0 };
        Arc::new(Self { book: Mutex::new(book), gone: Notify::new(), clock: Clock::start() })
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a caller from `address`, as soon as there is one. For one listener at a time.
    pub async fn place(self: &Arc<Self>, address: IpAddr, holder: Arc<dyn Leave>) -> Ticket {
        loop {
            let until = {
                let mut book = self.lock();
                match book.core.offer(address, self.clock.now()) {
                    Offer::Admit { id, evict } => {
                        book.send_away(evict);
                        book.holders.insert(id, holder);
                        return Ticket { entrance: Arc::clone(self), id, spoken: false };
                    }
                    Offer::Wait(until) => until,
                }
            };
            match until {
                None => self.gone.notified().await,
                Some(until) => tokio::select! {
                    () = self.gone.notified() => {}
                    () = sleep_until(self.clock.instant(until)) => {}
                },
            }
        }
    }

    /// A place beside all others, for the listener's own caller.
    pub fn own_place(self: &Arc<Self>, address: IpAddr, holder: Arc<dyn Leave>) -> Ticket {
        let mut book = self.lock();
        let id = book.core.offer_own(address, self.clock.now());
        book.holders.insert(id, holder);
        Ticket { entrance: Arc::clone(self), id, spoken: false }
    }

    /// File handles have run out: the oldest of the porch goes.
    pub fn press(&self) {
        let mut book = self.lock();
        let first = book.core.press();
        book.send_away(first);
    }

    /// Connections open now.
    pub fn open(&self) -> u64 {
        u64::try_from(self.lock().core.open()).unwrap_or(u64::MAX)
    }

    /// Connections that had to make room so far.
    pub fn evicted(&self) -> u64 {
        self.lock().evicted
    }
}

impl Book {
    fn send_away(&mut self, id: Option<u64>) {
        let Some(id) = id else { return };
        self.evicted += 1;
        if let Some(holder) = self.holders.remove(&id) {
            holder.leave();
        }
    }
}

/// The place of one connection; given back when dropped.
pub struct Ticket {
    entrance: Arc<Entrance>,
    id: u64,
    spoken: bool,
}

impl Ticket {
    /// A number that no other connection of this entrance has or had.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its holder has proved to be of this rank and takes over the seat of `former`, if any.
    /// False if there is no room for it.
    pub fn prove(&self, rank: Rank, former: Option<u64>) -> bool {
        let now = self.entrance.clock.now();
        let mut book = self.entrance.lock();
        match book.core.prove(self.id, rank, former, now) {
            Answer::Stay(evict) => {
                book.send_away(evict);
                drop(book);
                // The porch has a place more.
                self.entrance.gone.notify_one();
                true
            }
            Answer::Full | Answer::Gone => false,
        }
    }

    /// Its holder was looked at and had said nothing yet.
    pub fn looked(&self) {
        self.entrance.lock().core.looked(self.id, self.entrance.clock.now());
        // Whoever waits was told the time of one who speaks; this one may have to go sooner.
        self.entrance.gone.notify_one();
    }

    /// Its holder has begun to speak.
    pub fn heard(&self) {
        self.entrance.lock().core.heard(self.id);
    }

    /// Its holder has said what a stranger or a local program is there to say.
    pub fn spoke(&mut self) {
        if !std::mem::replace(&mut self.spoken, true) {
            self.entrance.lock().core.spoke(self.id, self.entrance.clock.now());
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut book = self.entrance.lock();
        book.core.closed(self.id);
        book.holders.remove(&self.id);
        drop(book);
        self.entrance.gone.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proto::unit::Millis;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn who_waits_hears_at_once_that_somebody_is_found_silent() {
        let grace = Millis::secs(4);
        let rules = Rules {
            porch: 1,
            share: 0,
            grace,
            inside: 1,
            reserve: 0,
            strangers: 1,
            strangers_per_minute: 1,
        };
        let entrance = Entrance::new(rules);
        let home = IpAddr::from([127, 0, 0, 1]);
        let first = entrance.place(home, Arc::new(Exit::default())).await;
        let next = entrance.place(home, Arc::new(Exit::default()));
        tokio::pin!(next);
        // Nobody has looked at the first one yet: it has the time of who speaks.
        assert!(timeout(Duration::from_millis(50), &mut next).await.is_err());
        first.looked();
        let waited = timeout(Duration::from_millis(grace.get()), next).await;
        assert!(waited.is_ok(), "a silent one above its share has a quarter of the grace");
    }
}
