//! What leaves the house: an outbox of messages, and the worker that gets each one confirmed.
//!
//! - A *message* is put into the outbox in the transaction that causes it, so neither is without the
//!   other. It carries ids and a kind, never a name or a number of a person.
//! - The worker sends it until somebody answers that it has it (at least once, always the same id),
//!   and gives up after a bounded number of tries; that is a fault and is told.
//!
//! Not here: when somebody must be told (`care::policy`, `alert`), and whether an alert is handled:
//! a confirmed message is no person.

pub mod webhook;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde::Serialize;
use sqlx::AnyConnection;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::app::App;
use crate::clock::Now;
use crate::desk::view;
use crate::records::Records;
use crate::records::notify::{self as rows, OutboxRow};
use crate::records::refusal::{is_of_row, leave_out};

use self::webhook::Webhook;

/// Name of the one channel there is.
const WEBHOOK: &str = "webhook";
/// Messages taken in one round.
const ROUND: i64 = 16;
/// The worker looks at least so often, whatever it was told.
const LOOK: Duration = Duration::from_secs(1);

/// How often a message is tried: pauses double from `first` to `most`; after `tries` it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// First pause, ms.
    pub first_ms: i64,
    /// Longest pause, ms.
    pub most_ms: i64,
    /// Tries before it is given up.
    pub tries: i64,
}

impl Default for Pace {
    /// Five seconds to five minutes, for about a day.
    fn default() -> Self {
        Self { first_ms: 5_000, most_ms: 300_000, tries: 300 }
    }
}

impl Pace {
    /// The pause after so many failed tries.
    fn pause_ms(&self, failed: i64) -> i64 {
        let doubled = u32::try_from(failed.clamp(0, 30)).unwrap_or(30);
        self.first_ms.saturating_mul(1 << doubled).min(self.most_ms)
    }
}

/// What an alert tells the outside.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Row id of the alert.
    pub alert: &'a str,
    /// Number of its kind.
    pub kind: i64,
    /// Number of its home.
    pub home: i64,
    /// Why it is told now, such as `unclaimed`.
    pub reason: &'a str,
}

#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    alert: &'a str,
    kind: &'a str,
    home: String,
    reason: &'a str,
}

/// Puts a message into the outbox, in the transaction of what causes it; a second one of the same
/// alert and reason changes nothing. Wake the worker after the commit.
///
/// # Errors
/// The database refused.
pub async fn put(
    c: &mut AnyConnection,
    message: &Message<'_>,
    wall: i64,
) -> Result<bool, sqlx::Error> {
    let id = Uuid::now_v7().to_string();
    let Message { alert, kind, home, reason } = *message;
    let (kind, home) = (view::kind_word(view::kind_of(kind)), view::home_text(home));
    let body = Body { id: &id, alert, kind, home, reason };
    let body = serde_json::to_string(&body).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let row = OutboxRow {
        channel: WEBHOOK.to_owned(),
        alert: alert.to_owned(),
        reason: reason.to_owned(),
        body,
        tries: 0,
        due_mono: 0,
        id,
    };
    rows::put(c, &row, wall).await
}

/// Sends what waits for as long as the server runs. Without a webhook every message is given up at
/// once and told: a later configuration must not send what is long over.
pub async fn run(app: Arc<App>) {
    let clock = Arc::clone(&app.clock);
    let look: Look = Arc::new(move || clock.now());
    match hook(&app.config.notify) {
        Ok(Some(hook)) => {
            let outbox = Outbox::new();
            let (records, pace) = (app.records.clone(), Pace::default());
            let worker = Worker { records, look, hook: Some(Arc::new(hook)), pace, outbox };
            worker.run().await;
        }
        Ok(None) => {
            tracing::warn!("no webhook is configured: nobody outside is told of an alert");
            give_up(app.records.clone(), look).await;
        }
        Err(error) => {
            tracing::error!(
                error = &*error,
                "the webhook cannot be used: nobody outside is told of an alert"
            );
            give_up(app.records.clone(), look).await;
        }
    }
}

async fn give_up(records: Records, look: Look) {
    let pace = Pace { tries: 1, ..Pace::default() };
    Worker { records, look, hook: None, pace, outbox: Outbox::new() }.run().await;
}

/// The webhook of a configuration; also checked before a start.
///
/// # Errors
/// The secret cannot be read, or address or secret are refused.
pub fn hook(
    config: &crate::config::Notify,
) -> Result<Option<Webhook>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(settings) = &config.webhook else { return Ok(None) };
    let secret = std::fs::read(&settings.secret_file)?;
    Ok(Some(Webhook::new(&settings.url, &secret)?))
}

/// What the worker has done since it was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Messages that were confirmed.
    pub delivered: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Messages given up: each is a fault that a person must look at.
    pub dead: u64,
    /// Whether the last try was confirmed.
    pub healthy: bool,
}

#[derive(Debug, Default)]
struct Counters {
    delivered: AtomicU64,
    failed: AtomicU64,
    dead: AtomicU64,
    failing: AtomicBool,
}

/// A look at the server's clock.
pub type Look = Arc<dyn Fn() -> Now + Send + Sync>;

/// Hold on the worker: wakes it, asks it, stops it.
#[derive(Clone)]
pub struct Outbox {
    wake: Arc<Notify>,
    stop: Arc<AtomicBool>,
    counters: Arc<Counters>,
}

impl Outbox {
    /// Starts the worker as a task of this runtime; `look` is the server's clock.
    pub fn start(records: Records, look: Look, hook: Webhook, pace: Pace) -> Self {
        let outbox = Self::new();
        let hook = Some(Arc::new(hook));
        let worker = Worker { records, look, hook, pace, outbox: outbox.clone() };
        tokio::spawn(worker.run());
        outbox
    }

    fn new() -> Self {
        Self { wake: Arc::new(Notify::new()), stop: Arc::default(), counters: Arc::default() }
    }

    /// There is something new in the outbox.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Ends the worker after the message it is at.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
        self.wake.notify_one();
    }

    /// What it has done.
    pub fn facts(&self) -> Facts {
        Facts {
            delivered: self.counters.delivered.load(Relaxed),
            failed: self.counters.failed.load(Relaxed),
            dead: self.counters.dead.load(Relaxed),
            healthy: !self.counters.failing.load(Relaxed),
        }
    }
}

struct Worker {
    records: Records,
    look: Look,
    hook: Option<Arc<Webhook>>,
    pace: Pace,
    outbox: Outbox,
}

impl Worker {
    async fn run(self) {
        while !self.outbox.stop.load(Relaxed) {
            let pause = match self.round().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot be read or written");
                    LOOK
                }
            };
            // Time is up or somebody knocked: both mean a new round.
            let _ = tokio::time::timeout(pause, self.outbox.wake.notified()).await;
        }
    }

    /// Sends what is due; answers how long nothing will be.
    async fn round(&self) -> Result<Duration, sqlx::Error> {
        let now = i64::try_from((self.look)().mono.millis()).unwrap_or(i64::MAX);
        let due = rows::due(&mut *self.records.reader().await?, now, ROUND).await?;
        let mut sent = false;
        for row in &due {
            if self.outbox.stop.load(Relaxed) {
                return Ok(Duration::ZERO);
            }
            match self.send(row).await {
                Ok(()) => sent = true,
                // What became of this one cannot be written; the others wait no longer for it.
                Err(error) if is_of_row(&error) => leave_out(&error, "a message to the outside"),
                Err(error) => return Err(error),
            }
        }
        if sent {
            return Ok(Duration::ZERO);
        }
        let next = rows::next_due(&mut *self.records.reader().await?).await?;
        let wait = next
            .map_or(LOOK, |at| Duration::from_millis(at.saturating_sub(now).max(1).unsigned_abs()));
        Ok(wait.min(LOOK))
    }

    async fn call(&self, row: &OutboxRow) -> Result<String, String> {
        let Some(hook) = self.hook.clone() else {
            return Err("no webhook is configured".to_owned());
        };
        let (id, body) = (row.id.clone(), row.body.clone());
        let seconds = (self.look)().wall_ms.div_euclid(1000);
        let call = tokio::task::spawn_blocking(move || hook.call(&id, &body, seconds));
        call.await.unwrap_or_else(|_| Err("the sender stopped".to_owned()))
    }

    async fn send(&self, row: &OutboxRow) -> Result<(), sqlx::Error> {
        let answer = self.call(row).await;
        let now = (self.look)();
        let counters = &self.outbox.counters;
        counters.failing.store(answer.is_err(), Relaxed);
        let (id, alert) = (&row.id, &row.alert);
        let mut writer = self.records.begin().await?;
        match answer {
            Ok(receipt) => {
                rows::delivered(&mut writer, id, &receipt, now.wall_ms).await?;
                counters.delivered.fetch_add(1, Relaxed);
            }
            Err(why) if row.tries + 1 >= self.pace.tries => {
                rows::dead(&mut writer, id, &why, now.wall_ms).await?;
                counters.failed.fetch_add(1, Relaxed);
                counters.dead.fetch_add(1, Relaxed);
                tracing::error!(
                    id,
                    alert,
                    why,
                    "nobody outside could be told, tell them by telephone"
                );
            }
            Err(why) => {
                let mono = i64::try_from(now.mono.millis()).unwrap_or(i64::MAX);
                let due = mono.saturating_add(self.pace.pause_ms(row.tries));
                rows::again(&mut writer, id, &why, due).await?;
                counters.failed.fetch_add(1, Relaxed);
                tracing::warn!(
                    id,
                    alert,
                    why,
                    tries = row.tries + 1,
                    "a message was not confirmed, trying again"
                );
            }
        }
        writer.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pace = Pace { first_ms: 100, most_ms: 1_000, tries: 9 };
        let pauses: Vec<i64> = (0..6).map(|failed| pace.pause_ms(failed)).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_000, 1_000]);
        assert_eq!(pace.pause_ms(i64::MAX), 1_000);
    }
}
