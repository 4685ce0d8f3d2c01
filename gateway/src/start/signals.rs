//! What the operating system says to end this process: SIGTERM and SIGINT.
//!
//! Not here: what is done then (`start`), and SIGHUP, which asks for a look at changed files (`reload`).

use tokio::signal::unix::{SignalKind, signal};

use super::StartError;

pub(super) struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    /// Held so that it ends nobody, not even before files are looked at.
    _hangup: tokio::signal::unix::Signal,
}

impl Signals {
    pub(super) fn new() -> Result<Self, StartError> {
        let take = |kind| signal(kind).map_err(|e| StartError::System("signals", e));
        Ok(Self {
            terminate: take(SignalKind::terminate())?,
            interrupt: take(SignalKind::interrupt())?,
            _hangup: take(SignalKind::hangup())?,
        })
    }

    pub(super) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
