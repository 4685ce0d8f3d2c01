//! The only reader of the clock in this crate.
//!
//! A *watch* is copied to whoever stamps moments; all its copies count from the same start, in
//! microseconds. Not here: the clocks of server, gateway and devices, which are their own.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The wall clock, seconds since 1970: for dates of certificates.
#[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
pub fn wall_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Counts from its start; copies agree.
#[derive(Debug, Clone, Copy)]
pub struct Watch(Instant);

impl Watch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Microseconds since the start.
    pub fn us(self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Milliseconds since the start.
    pub fn ms(self) -> u64 {
        self.us() / 1000
    }

    /// Seconds since the start.
    pub fn secs(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    /// The moment `us` microseconds after the start, for timers.
    pub fn at(self, us: u64) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.0 + Duration::from_micros(us))
    }
}

/// The moment so much later than now, for timers.
pub fn later(span: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + span
}
