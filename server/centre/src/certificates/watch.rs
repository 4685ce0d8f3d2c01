//! The loop that tends certificates: petitions are answered at once, dates are looked at now and then.
//!
//! Not here: what is due and what is told (`certificates`).

use std::sync::Arc;
use std::time::Duration;

use care::policy::dates::Life;
use proto::relay::GatewayDown;

use super::Certificates;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::provision::Registry;
use crate::receipts::Receipts;

/// Longest pause between two looks at all dates.
const LOOK: Duration = Duration::from_secs(60);
/// Shortest pause, where certificates live for seconds.
const LOOK_MIN: Duration = Duration::from_millis(200);
/// A crowd that comes back is looked at once.
const SETTLE: Duration = Duration::from_millis(200);

/// Tends certificates.
pub struct Tending {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Which gateways there are.
    pub registry: Arc<Registry>,
    /// By which they are told.
    pub receipts: Arc<Receipts>,
    /// Who wears which.
    pub certificates: Arc<Certificates>,
    /// Where it is told what ends.
    pub faults: Arc<Faults>,
}

/// Runs until the process ends.
pub async fn run(tending: Arc<Tending>) {
    let mut waiting = tending.certificates.waiting.lock().await;
    loop {
        let pause = pause(&tending.certificates);
        tokio::select! {
            Some((gateway, request)) = waiting.recv() => {
                let now = tending.clock.now();
                let signed = tending.certificates.sign(now, &tending.registry, gateway, &request);
                if let Some((chain, roots)) = signed {
                    let word = GatewayDown::Papers { chain: &chain, roots: &roots };
                    tending.receipts.say(gateway, &word);
                }
                continue;
            }
            () = tending.certificates.bell.notified() => tokio::time::sleep(SETTLE).await,
            () = tokio::time::sleep(pause) => {}
        }
        let of = Arc::clone(&tending);
        let tended = tokio::task::spawn_blocking(move || {
            of.certificates.tend(of.clock.now(), &of.registry, &of.faults)
        });
        match tended.await {
            Ok(due) => {
                for gateway in due {
                    tending.receipts.say(gateway, &GatewayDown::Petition);
                }
            }
            Err(error) => tracing::error!(%error, "certificates were not tended"),
        }
    }
}

/// The pause until the next look: short where certificates live for seconds.
fn pause(certificates: &Certificates) -> Duration {
    let worn = certificates.lock();
    let whole = |life: Life| life.until.saturating_sub(life.from);
    let shortest = worn.values().map(|worn| worn.life).chain(certificates.own()).map(whole).min();
    let seconds = shortest.and_then(|whole| u64::try_from(whole).ok()).unwrap_or(u64::MAX);
    Duration::from_secs(seconds.min(86_400) / 100).clamp(LOOK_MIN, LOOK)
}
