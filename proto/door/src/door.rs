//! The door as its owner holds it: opened, told, cut, counted, closed.
//!
//! Its tasks share [`Inside`]. Not here: how connections are served (`listener`), or who holds which seat (`identity`).

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use proto::topic::Topic;
use tokio::sync::watch;

use crate::bus::{Bus, BusCounters};
use crate::clock::Clock;
use crate::commit::CommitHandle;
use crate::entrance::Entrance;
use crate::identity::Roster;
use crate::inside::{Counters, Edge, Inside, Rule};
use crate::limits::Limits;
use crate::line::Down;
use crate::listener;
use crate::pulse::Pulse;
use crate::watchdog;
use crate::workers::{Rhythm, Workers};
use crate::{Gate, Who};

/// What a door is opened with.
#[derive(Debug, Clone)]
pub struct DoorConfig {
    /// Where it listens; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Plain or TLS.
    pub edge: Edge,
    /// Bounds.
    pub limits: Limits,
}

/// Why a door does not open.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// A plain edge on an address that others can reach.
    #[error("{0} is not loopback and has no TLS, bind to 127.0.0.1 or give the door a certificate")]
    Exposed(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {bind}, stop what holds this port or choose another")]
    Listen {
        /// The address.
        bind: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// What became of a down message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It waits on the session's line. The state owner still sends it again at the next listening.
    Queued,
    /// No session of that identity listens.
    Absent,
    /// The session does not take its messages and is being closed.
    Overflow,
}

/// An open door. Clones are the same door; it closes with [`Door::close`] or the last clone.
#[derive(Clone)]
pub struct Door {
    address: SocketAddr,
    inside: Arc<Inside>,
    closing: watch::Sender<bool>,
    closed: watch::Receiver<bool>,
}

/// Opens a door: it listens when this returns. Must be called on a tokio runtime.
pub async fn open(
    config: DoorConfig,
    gate: Arc<dyn Gate>,
    commit: CommitHandle,
    bus: Option<Bus>,
) -> Result<Door, DoorError> {
    let DoorConfig { bind, edge, limits } = config;
    let rule = match (&edge, bind.ip().is_loopback()) {
        (Edge::Tls(_), _) => Rule::Certified,
        (Edge::Plain { .. } | Edge::Household(_), true) => Rule::Own,
        (Edge::Household(_), false) => Rule::Household,
        (Edge::Plain { open_to_home: true }, false) => Rule::Sealed,
        (Edge::Plain { open_to_home: false }, false) => return Err(DoorError::Exposed(bind)),
    };
    let encrypted = matches!(edge, Edge::Tls(_) | Edge::Household(Some(_)));
    let socket = listener::listen(bind).map_err(|source| DoorError::Listen { bind, source })?;
    let address = socket.local_addr().map_err(|source| DoorError::Listen { bind, source })?;
    let entrance = Entrance::new(limits.rules());
    let inside = Arc::new(Inside {
        gate,
        commit,
        bus,
        limits: Arc::new(limits),
        clock: Clock::start(),
        roster: Roster::default(),
        entrance,
        pulse: Pulse::default(),
        workers: Workers::default(),
        rule,
        encrypted,
        counters: Mutex::default(),
    });
    let (closing, told) = watch::channel(false);
    let (done, closed) = watch::channel(false);
    let (watched, closes) = (Arc::clone(&inside), told.clone());
    let turns = Rhythm::Turns(watchdog::ROUND);
    inside.workers.keep("door.watchdog", turns, move || {
        watchdog::run(Arc::clone(&watched), address, closes.clone())
    });
    let (served, mut first) = (Arc::clone(&inside), Some(socket));
    inside.workers.keep("door.listener", Rhythm::Waits, move || {
        let rest = (edge.clone(), Arc::clone(&served), told.clone(), done.clone());
        listener::again(address, first.take(), rest)
    });
    Ok(Door { address, inside, closing, closed })
}

impl Door {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The tasks that keep it open.
    pub fn workers(&self) -> &Workers {
        &self.inside.workers
    }

    /// The thread behind it that makes messages durable, which it may share with other doors.
    pub fn committer(&self) -> &Workers {
        self.inside.commit.workers()
    }

    /// False once its keep has failed for good: then only a new process acknowledges anything.
    pub fn keeps(&self) -> bool {
        self.inside.commit.healthy()
    }

    /// Sends a message down to whoever of `who` listens, QoS 1. Never waits. `Queued` is no promise:
    /// a session keeps nothing, so the state owner tells it again at the next listening.
    pub fn tell(&self, who: Who, topic: Topic, payload: Bytes) -> Told {
        let lines = self.inside.roster.lines(who);
        let Some(line) = lines.iter().find(|line| line.listening()) else { return Told::Absent };
        let topic = topic.to_string();
        if line.tell(Down { topic, payload }) {
            self.inside.count(|counters| counters.told += 1);
            Told::Queued
        } else {
            Told::Overflow
        }
    }

    /// How many more messages a listening session of `who` takes now; none if nobody listens. Who has many to tell
    /// leaves room for those of others.
    pub fn room(&self, who: Who) -> Option<usize> {
        let lines = self.inside.roster.lines(who);
        lines.iter().find(|line| line.listening()).map(|line| line.room())
    }

    /// Whether a session of `who` listens now, so that it can be told something.
    pub fn listens(&self, who: Who) -> bool {
        self.inside.roster.lines(who).iter().any(|line| line.listening())
    }

    /// Ends all sessions of `who` now, also one that is just being admitted. Tell the gate first:
    /// it must refuse `who` by then.
    pub fn cut(&self, who: Who) {
        self.inside.roster.cut(who);
    }

    /// What has happened so far.
    pub fn counters(&self) -> Counters {
        let counters = *self.inside.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let (watchdog_rounds, watchdog_misses) = self.inside.pulse.rounds();
        let (open, turned_away) = (self.inside.entrance.open(), self.inside.entrance.evicted());
        Counters { open, turned_away, watchdog_rounds, watchdog_misses, ..counters }
    }

    /// What has happened on the bus behind it, if there is one.
    pub fn bus_counters(&self) -> Option<BusCounters> {
        self.inside.bus.as_ref().map(Bus::counters)
    }

    /// Whether the last caller of the door's own was admitted, heard and acknowledged through the real
    /// listener, and the keep and the bus stand. False until the first round trip, which is made at once.
    pub fn healthy(&self) -> bool {
        let bus = self.inside.bus.as_ref().is_none_or(Bus::healthy);
        bus && self.inside.commit.healthy() && self.inside.pulse.beats(self.inside.clock.now())
    }

    /// Stops listening, ends every session and waits until they are gone.
    pub async fn close(self) {
        self.closing.send_replace(true);
        let mut closed = self.closed;
        // An error means that the listener's task is gone, which is what is waited for.
        let _ = closed.wait_for(|closed| *closed).await;
    }
}
