//! Hold on the workers that send notices: starts them, wakes them, asks what they have done, stops them.
//!
//! Not here: what a worker does (`worker`), and what is put into the outbox (`notify`).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::line::Line;
use super::webhook::Webhook;
use super::worker::{Make, Worker};
use super::{Pace, WEBHOOK};
use crate::clock::Now;
use crate::config;
use crate::records::Records;

/// What the workers have done since they were started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Notices that were confirmed.
    pub delivered: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Notices given up: each is a fault that a person must look at.
    pub dead: u64,
    /// Whether the last try was confirmed.
    pub healthy: bool,
    /// Receivers that do not answer; none before any was called.
    pub dead_receivers: Option<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) delivered: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) dead: AtomicU64,
    pub(super) failing: AtomicBool,
}

/// A look at the server's clock.
pub type Look = Arc<dyn Fn() -> Now + Send + Sync>;

/// Hold on the workers: wakes them, asks them, stops them.
#[derive(Debug, Clone)]
pub struct Outbox {
    wake: Arc<watch::Sender<u64>>,
    stop: Arc<AtomicBool>,
    pub(super) counters: Arc<Counters>,
    /// Receivers that were called, and whether they are dead.
    pub(super) dead: Arc<Mutex<BTreeMap<String, bool>>>,
    names: Arc<Vec<String>>,
}

impl Outbox {
    /// The outbox of a configuration; [`super::run()`] starts its workers.
    pub fn of(config: &config::Notify) -> Self {
        let many = config.receivers().count().max(1);
        Self::named((1..=many).map(|n| match n {
            1 => WEBHOOK.to_owned(),
            n => format!("{WEBHOOK}-{n}"),
        }))
    }

    /// Starts one worker as a task of this runtime; `look` is the server's clock.
    pub fn start(records: Records, look: Look, hook: Webhook, pace: Pace) -> Self {
        let outbox = Self::named([WEBHOOK.to_owned()]);
        outbox.receiver(&records, &look, (WEBHOOK, hook), pace);
        outbox
    }

    /// Starts the worker of one more receiver.
    pub fn receiver(
        &self,
        records: &Records,
        look: &Look,
        (name, hook): (&str, Webhook),
        pace: Pace,
    ) {
        let hook = Arc::new(hook);
        let make: Make = Arc::new(move || Ok(Some(hook.again())));
        tokio::spawn(self.worker(records, look, (name, make), pace).run());
    }

    fn named(names: impl IntoIterator<Item = String>) -> Self {
        Self {
            wake: Arc::new(watch::Sender::new(0)),
            stop: Arc::default(),
            counters: Arc::default(),
            dead: Arc::default(),
            names: Arc::new(names.into_iter().collect()),
        }
    }

    pub(super) fn worker(
        &self,
        records: &Records,
        look: &Look,
        (name, make): (&str, Make),
        pace: Pace,
    ) -> Worker {
        Worker {
            records: records.clone(),
            look: Arc::clone(look),
            name: name.to_owned(),
            make,
            hook: None,
            pace,
            outbox: self.clone(),
            line: Line::new(pace.probe_ms),
        }
    }

    /// Names of the receivers, as in the rows.
    pub fn receivers(&self) -> &[String] {
        &self.names
    }

    /// There is something new in the outbox.
    pub fn wake(&self) {
        self.wake.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Ends the workers after what they are at.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
        self.wake();
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    pub(super) fn bell(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }

    /// What they have done.
    pub fn facts(&self) -> Facts {
        let dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        Facts {
            delivered: self.counters.delivered.load(Relaxed),
            failed: self.counters.failed.load(Relaxed),
            dead: self.counters.dead.load(Relaxed),
            healthy: !self.counters.failing.load(Relaxed),
            dead_receivers: (!dead.is_empty()).then(|| dead.values().filter(|d| **d).count()),
        }
    }
}
