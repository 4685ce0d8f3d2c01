//! What leaves the house: an outbox of notices, and for each receiver a worker that gets them confirmed.
//!
//! - A *notice* is put into the outbox in the transaction that causes it, so neither is without the
//!   other. It carries ids and a kind, never a name or a number of a person.
//! - A worker sends it until its receiver answers that it has it (at least once, always the same id).
//!   Emergencies go first. When the alert is over nothing is tried any more, and whoever was told hears it.
//! - A receiver that does not answer is a fault; a notice that nobody took for a day is given up and told.
//! - Others follow alerts from outside: `events` tells them what happened, of each home in order.
//!
//! Not here: when somebody must be told (`care::policy`, `alert`), and whether an alert is handled:
//! a confirmed notice is no person.

mod calls;
pub mod events;
pub mod line;
mod outbox;
pub mod proof;
pub mod secret;
pub mod webhook;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use care::Seen;
use care::policy::{NOTICE_FIRST, NOTICE_LIFE, NOTICE_MOST, NOTICE_PROBE};
use door::workers::{Rhythm, Workers};
use proto::backoff;
use proto::unit::Millis;

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::faults::{Fault, Faults};
use crate::workers::keep;
use records::Records;

use self::events::{Events, Open};
use self::secret::Receiver;
use self::webhook::Webhook;
use self::worker::Make;

pub use self::outbox::{Facts, Look, Outbox};
pub use records::notify::message::{Message, put};

/// Name of the first receiver; the others are numbered from 2.
const WEBHOOK: &str = "webhook";
/// Whether a receiver is dead is said this often.
const SAID: Duration = Duration::from_secs(1);
/// A call may take its time, and what waits is looked at twice a second.
const TURNS: Rhythm = Rhythm::Turns(Duration::from_secs(1));

/// How often a notice is tried: pauses double from `first` to `most`; after `life` it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// First pause, ms.
    pub first_ms: i64,
    /// Longest pause, ms.
    pub most_ms: i64,
    /// Age at which it is given up, ms.
    pub life_ms: i64,
    /// Pause between two calls of a dead receiver, ms.
    pub probe_ms: i64,
}

impl Default for Pace {
    fn default() -> Self {
        let ms = |span: Millis| i64::try_from(span.get()).unwrap_or(i64::MAX);
        Self {
            first_ms: ms(NOTICE_FIRST),
            most_ms: ms(NOTICE_MOST),
            life_ms: ms(NOTICE_LIFE),
            probe_ms: ms(NOTICE_PROBE),
        }
    }
}

impl Pace {
    /// The pause after so many failed tries.
    fn pause_ms(&self, failed: i64) -> i64 {
        let ms = |span: i64| Millis::new(u64::try_from(span).unwrap_or(0));
        let failed = u32::try_from(failed.max(0)).unwrap_or(u32::MAX);
        let pause = backoff::doubled(ms(self.first_ms), ms(self.most_ms), failed);
        i64::try_from(pause.get()).unwrap_or(i64::MAX)
    }
}

/// Sends what waits, and says how its receivers are.
pub struct Notices {
    /// Where receivers and followers are named.
    pub config: Arc<Config>,
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Where notices wait.
    pub records: Records,
    /// Hold on the workers.
    pub outbox: Outbox,
    /// Where it is told that a receiver does not answer.
    pub faults: Arc<Faults>,
    /// Who runs them.
    pub workers: Workers,
}

/// Starts the workers that send what waits, for as long as the server runs. Without a receiver every notice is given
/// up at once and told: a later configuration must not send what is long over.
pub fn start(notices: &Arc<Notices>) {
    let clock = Arc::clone(&notices.clock);
    let look: Look = Arc::new(move || clock.now());
    let receivers: Vec<_> = notices.config.notify.receivers().cloned().collect();
    if receivers.is_empty() {
        tracing::warn!("no webhook is configured: nobody outside is told of an alert");
        let make: Make = Arc::new(|| Ok(None));
        send(notices, &look, (WEBHOOK, make));
    }
    for (name, settings) in notices.outbox.receivers().iter().zip(receivers) {
        let receiver = Receiver::new(settings);
        let make: Make = Arc::new(move || receiver.now().map(Some));
        send(notices, &look, (name.as_str(), make));
    }
    follow(notices, &look);
    keep(&notices.workers, notices, "notices", TURNS, say);
}

/// Starts the worker of one receiver.
fn send(notices: &Arc<Notices>, look: &Look, (name, make): (&str, Make)) {
    let (look, of) = (Arc::clone(look), name.to_owned());
    keep(&notices.workers, notices, &format!("notices.{name}"), TURNS, move |notices| {
        let named = (of.as_str(), Arc::clone(&make));
        notices.outbox.worker(&notices.records, &look, named, Pace::default()).run()
    });
}

/// Says how the receivers are, for as long as the server runs.
async fn say(notices: Arc<Notices>) {
    let mut tick = tokio::time::interval(SAID);
    loop {
        tick.tick().await;
        let told = notices.outbox.facts().dead_receivers.map(|dead| dead > 0);
        let follows = notices.outbox.follows.trouble();
        // Before the first call nothing is known, and what stood stands.
        if told.is_some() || follows.is_some() {
            let trouble = told == Some(true) || follows == Some(true);
            notices.faults.set(Fault::upkeep(Seen::ReceiverDead), trouble);
        }
    }
}

/// Starts the workers of those who follow alerts.
fn follow(notices: &Arc<Notices>, look: &Look) {
    for (channel, settings) in notices.outbox.followers().iter().zip(&notices.config.notify.events)
    {
        let receiver = Receiver::new(settings.clone());
        let make: Open = Arc::new(move || receiver.now());
        let (look, of) = (Arc::clone(look), channel.clone());
        keep(&notices.workers, notices, &format!("notices.{channel}"), TURNS, move |notices| {
            let follows = Arc::clone(&notices.outbox.follows);
            let named = (of.as_str(), Arc::clone(&make));
            let (records, pace) = (notices.records.clone(), Pace::default());
            Events::new(records, Arc::clone(&look), named, pace, follows).run()
        });
    }
}

/// The first webhook of a configuration; all of them are checked, also before a start.
///
/// # Errors
/// A secret cannot be read, or an address or a secret is refused.
pub fn hook(
    config: &config::Notify,
) -> Result<Option<Webhook>, Box<dyn std::error::Error + Send + Sync>> {
    let open = |settings: &config::Webhook| Receiver::new(settings.clone()).now();
    let mut hooks = config.receivers().map(open).collect::<Result<Vec<_>, _>>()?;
    config.events.iter().try_for_each(|follower| open(follower).map(drop))?;
    Ok(if hooks.is_empty() { None } else { Some(hooks.swap_remove(0)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pace = Pace { first_ms: 100, most_ms: 1_000, ..Pace::default() };
        let pauses: Vec<i64> = (0..6).map(|failed| pace.pause_ms(failed)).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_000, 1_000]);
        assert_eq!(pace.pause_ms(i64::MAX), 1_000);
    }
}
