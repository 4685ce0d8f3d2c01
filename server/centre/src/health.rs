//! The roll-call of the server: every loop says when it last turned, every store when it last took a row.
//!
//! `/health` is true only while all have answered lately. Counters in and out are kept here for
//! `/metrics`, so that what came in can be held against what went out (V13). Not here: HTTP.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use door::Door;
use proto::frame::Lane;
use proto::unit::{Millis, Mono};
use serde::Serialize;

/// A loop that has not turned for this long does not answer the roll-call.
const PATIENCE: Millis = Millis::secs(15);

/// Counters and proofs of life.
#[derive(Default)]
pub struct Health {
    door: OnceLock<Door>,
    ingest: AtomicU64,
    ladder: AtomicU64,
    store: AtomicU64,
    ingested: [AtomicU64; 2],
    copies: AtomicU64,
    aside: AtomicU64,
    aside_dropped: AtomicU64,
    points: AtomicU64,
    alerts: AtomicU64,
    activations: AtomicU64,
    box_lost: AtomicU64,
    device_lost: AtomicU64,
    bus_lost: AtomicU64,
    handles_short: AtomicBool,
    disk_full: AtomicBool,
}

/// The answer to the roll-call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RollCall {
    /// All of the others, and no promise is broken.
    pub healthy: bool,
    /// The door took and acknowledged its own message.
    pub door: bool,
    /// Ingest turns.
    pub ingest: bool,
    /// The ladder turns.
    pub ladder: bool,
    /// The records took a row.
    pub store: bool,
    /// The series took its last batch.
    pub series: bool,
    /// File handles are left.
    pub handles: bool,
    /// The clock on the wall can be right.
    pub clock: bool,
    /// The server's own papers are in force.
    pub certificates: bool,
    /// The disk has room for more than emergencies.
    pub disk: bool,
}

/// What was counted since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Emergency records taken from the inbox.
    pub emergencies: u64,
    /// Telemetry records taken from the inbox.
    pub telemetry: u64,
    /// Copies of what was known.
    pub copies: u64,
    /// Records put aside.
    pub aside: u64,
    /// Records put aside that were dropped for newer ones.
    pub aside_dropped: u64,
    /// Measured values kept.
    pub points: u64,
    /// Alerts opened.
    pub alerts: u64,
    /// Presses and falls entered.
    pub activations: u64,
    /// Records that home boxes say they have dropped.
    pub box_lost: u64,
    /// Records that devices say they have dropped.
    pub device_lost: u64,
    /// Messages that local buses have lost.
    pub bus_lost: u64,
}

impl Health {
    /// The door to ask.
    pub fn at(&self, door: Door) {
        // Called once, at the start.
        let _ = self.door.set(door);
    }

    /// The door's counters, once it is open.
    pub fn door(&self) -> Option<&Door> {
        self.door.get()
    }

    /// Ingest has turned.
    pub(crate) fn ingest_turned(&self, now: Mono) {
        self.ingest.store(now.millis(), Ordering::Relaxed);
    }

    /// The ladder has turned.
    pub(crate) fn ladder_turned(&self, now: Mono) {
        self.ladder.store(now.millis(), Ordering::Relaxed);
    }

    /// The records have taken a row.
    pub fn stored(&self, now: Mono) {
        self.store.store(now.millis(), Ordering::Relaxed);
    }

    /// Whether file handles are left.
    pub(crate) fn handles_left(&self, left: bool) {
        self.handles_short.store(!left, Ordering::Relaxed);
    }

    /// Whether the disk had room for what the records wrote last.
    pub fn room_left(&self, left: bool) {
        self.disk_full.store(!left, Ordering::Relaxed);
    }

    /// Whether the records have found the disk full.
    pub fn is_full(&self) -> bool {
        self.disk_full.load(Ordering::Relaxed)
    }

    /// Records of the inbox were taken in.
    pub(crate) fn ingested(&self, lane: Lane, count: usize) {
        self.ingested[lane as usize].fetch_add(count as u64, Ordering::Relaxed);
    }

    /// A copy of something known came.
    pub fn copied(&self) {
        self.copies.fetch_add(1, Ordering::Relaxed);
    }

    /// Records put aside had to go for newer ones.
    pub fn aside_dropped(&self, count: u64) {
        if count > 0 {
            tracing::warn!(count, "oldest records put aside were dropped");
        }
        self.aside_dropped.fetch_add(count, Ordering::Relaxed);
    }

    /// A record was put aside.
    pub fn put_aside(&self) {
        self.aside.fetch_add(1, Ordering::Relaxed);
    }

    /// Measured values were kept.
    pub fn pointed(&self, count: usize) {
        self.points.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Alerts and presses were entered.
    pub(crate) fn alerted(&self, alerts: usize, activations: usize) {
        self.alerts.fetch_add(alerts as u64, Ordering::Relaxed);
        self.activations.fetch_add(activations as u64, Ordering::Relaxed);
    }

    /// A home box has dropped records.
    pub(crate) fn lost_by_box(&self, count: u64) {
        self.box_lost.fetch_add(count, Ordering::Relaxed);
    }

    /// A device has dropped records.
    pub(crate) fn lost_by_device(&self, count: u64) {
        self.device_lost.fetch_add(count, Ordering::Relaxed);
    }

    /// The local bus of a home has lost messages.
    pub(crate) fn lost_by_bus(&self, count: u64) {
        self.bus_lost.fetch_add(count, Ordering::Relaxed);
    }

    /// Calls the roll.
    pub fn roll_call(&self, now: Mono, series: bool) -> RollCall {
        let lately =
            |at: &AtomicU64| now.since(Mono::from_millis(at.load(Ordering::Relaxed))) < PATIENCE;
        let door = self.door.get().is_some_and(Door::healthy);
        let (ingest, ladder) = (lately(&self.ingest), lately(&self.ladder));
        let store = lately(&self.store);
        let handles = !self.handles_short.load(Ordering::Relaxed);
        let healthy = door && ingest && ladder && store && series && handles;
        let (clock, certificates, disk) = (true, true, true);
        RollCall {
            healthy,
            door,
            ingest,
            ladder,
            store,
            series,
            handles,
            clock,
            certificates,
            disk,
        }
    }

    /// What was counted.
    pub fn counted(&self) -> Counted {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counted {
            emergencies: read(&self.ingested[0]),
            telemetry: read(&self.ingested[1]),
            copies: read(&self.copies),
            aside: read(&self.aside),
            aside_dropped: read(&self.aside_dropped),
            points: read(&self.points),
            alerts: read(&self.alerts),
            activations: read(&self.activations),
            box_lost: read(&self.box_lost),
            device_lost: read(&self.device_lost),
            bus_lost: read(&self.bus_lost),
        }
    }
}
