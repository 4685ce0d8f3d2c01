//! The only reader of a clock in this room: time since the door was opened.
//!
//! Not here: what is done with it (`session` takes it as a parameter).

use std::time::Duration;

use proto::unit::{Millis, Mono};
use tokio::time::Instant;

/// Counts from the opening of the door.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// A clock that has run for so long.
    #[cfg(test)]
    pub(crate) fn begun(ago: Duration) -> Self {
        Self(Instant::now() - ago)
    }

    pub(crate) fn now(self) -> Mono {
        Mono::from_millis(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// The runtime's instant of a point, never before it.
    pub(crate) fn instant(self, at: Mono) -> Instant {
        self.0 + Duration::from_millis(at.millis())
    }
}

/// This moment of the runtime, for loops that measure their own rounds.
pub(crate) fn instant_now() -> Instant {
    Instant::now()
}

/// A span of the runtime as everybody else counts it.
pub(crate) fn span(duration: Duration) -> Millis {
    Millis::new(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
