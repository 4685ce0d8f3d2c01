//! What goes on beside the loop: the page for support, signals, changed files, and whoever hears that the box is alive.
//!
//! Each is a worker by name; all end with the box. Not here: what they do.

use std::sync::Arc;

use door::sentry::Sentry;
use door::workers::{End, Rhythm, Workers};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Built;
use super::signals::Signals;
use crate::health::HealthPage;
use crate::reload::{self, Reload};

impl Built {
    /// Starts all of it.
    pub(super) fn aside(
        &self,
        workers: &Workers,
        (health, page): (HealthPage, TcpListener),
        (signals, stop): (Signals, watch::Sender<bool>),
        reload: Reload,
    ) -> Vec<JoinHandle<()>> {
        let (rules, page, mut first) = (self.division.page, Arc::new(page), Some(signals));
        let (served, asked) = (health.clone(), health);
        let mut aside = vec![
            workers.keep("page", Rhythm::Waits, move || {
                served.clone().serve(Arc::clone(&page), rules)
            }),
            workers.keep("signals", Rhythm::Waits, move || {
                let (signals, stop) = (first.take().map_or_else(Signals::new, Ok), stop.clone());
                async move {
                    let Ok(mut signals) = signals else { return End::Unasked };
                    signals.wait().await;
                    let _ = stop.send(true);
                    End::Asked
                }
            }),
            workers.keep("reload", Rhythm::Turns(reload::LOOK), move || reload.clone().run()),
        ];
        if let Some(sentry) = Sentry::called() {
            let (turns, mut sentry) = (Rhythm::Turns(sentry.every()), Some(sentry));
            aside.push(workers.keep("sentry", turns, move || {
                let (asked, sentry) = (asked.clone(), sentry.take().or_else(Sentry::called));
                async move {
                    let Some(sentry) = sentry else { return };
                    sentry.stand(|| asked.alive()).await;
                }
            }));
        }
        aside
    }
}
