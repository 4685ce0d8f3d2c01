//! Hold on the workers that send notices: starts them, wakes them, asks what they have done, stops them.
//!
//! Not here: what a worker does (`worker`), and what is put into the outbox (`notify`).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use care::protection::Outside;
use proto::unit::Mono;
use tokio::sync::{broadcast, watch};

use super::events::Follows;
use super::line::Line;
use super::proof::{self, Proofs};
use super::webhook::Webhook;
use super::worker::{Make, Worker};
use super::{Pace, WEBHOOK};
use crate::clock::Now;
use crate::config;
use records::{Records, event};

/// Receipts that screens may be told of at once; one that is missed is seen with the next change.
const NEWS: usize = 1024;

/// What the workers have done since they were started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Notices that were confirmed.
    pub delivered: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Notices given up: each is a fault that a person must look at.
    pub dead: u64,
    /// Those of them that had a receiver, which has confirmed none of their tries.
    pub given_up: u64,
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
    pub(super) given_up: AtomicU64,
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
    followers: Arc<Vec<String>>,
    /// How those are who follow alerts.
    pub follows: Arc<Follows>,
    pub(super) proofs: Arc<Proofs>,
    /// Alerts of which screens must be told that a receipt has come, or will not.
    news: Arc<broadcast::Sender<String>>,
}

impl Outbox {
    /// The outbox of a configuration; [`super::start()`] starts its workers.
    pub fn of(config: &config::Notify) -> Self {
        let many = config.receivers().count().max(1);
        let outbox = Self::named((1..=many).map(|n| match n {
            1 => WEBHOOK.to_owned(),
            n => format!("{WEBHOOK}-{n}"),
        }));
        let urls = config.receivers().map(|hook| hook.url.as_str());
        let proofs = Proofs::of(outbox.names.iter().map(String::as_str).zip(urls));
        let followers = (1..=config.events.len()).map(|n| format!("events-{n}"));
        Self { proofs: Arc::new(proofs), followers: Arc::new(followers.collect()), ..outbox }
    }

    /// The same with what the records know of receivers.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn knowing(self, records: &Records) -> Result<Self, records::Error> {
        self.proofs.learn(proof::load(records).await?);
        let mut writer = records.begin().await?;
        let forgotten = event::follow(&mut writer, &self.followers).await?;
        writer.commit().await?;
        if forgotten > 0 {
            tracing::error!(forgotten, "events waited for a receiver that is configured no more");
        }
        Ok(self)
    }

    /// Receivers that the configuration names.
    pub(crate) fn configured(&self) -> Vec<String> {
        let known = |name: &&String| self.proofs.row(name, 0).is_some();
        self.names.iter().filter(known).cloned().collect()
    }

    /// What is known of whoever the last step of the ladder tells.
    pub fn outside(&self, now: Mono) -> Outside {
        let dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        self.proofs.outside(now, &dead)
    }

    /// Alerts of which a receipt has come, or will not, from now on.
    pub fn receipts(&self) -> broadcast::Receiver<String> {
        self.news.subscribe()
    }

    /// Screens are to be told of this alert, if there is `any` news of it.
    pub(super) fn news(&self, any: bool, alert: &str) {
        if any {
            // Without a listener nobody is there to be told.
            let _ = self.news.send(alert.to_owned());
        }
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
            followers: Arc::default(),
            follows: Arc::default(),
            proofs: Arc::default(),
            news: Arc::new(broadcast::Sender::new(NEWS)),
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
            pace,
            outbox: self.clone(),
            line: Line::new(pace.probe_ms),
        }
    }

    /// Names of the receivers, as in the rows.
    pub fn receivers(&self) -> &[String] {
        &self.names
    }

    /// Names of those who follow alerts, as in the rows.
    pub fn followers(&self) -> &[String] {
        &self.followers
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
            given_up: self.counters.given_up.load(Relaxed),
            healthy: !self.counters.failing.load(Relaxed),
            dead_receivers: (!dead.is_empty()).then(|| dead.values().filter(|d| **d).count()),
        }
    }
}
