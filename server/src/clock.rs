//! The only reader of clocks in the server.
//!
//! *Mono* is the server's own time: CLOCK_BOOTTIME plus an offset kept in the records, so that it goes
//! on through restarts. After a reboot of the machine it continues from the highest time that was
//! stored: time that nobody measured counts as none, and who depends on it is due at once (V7).
//! *Wall* is for people and for rows of measured values; no decision rests on it. Not here: deadlines.

use std::time::{SystemTime, UNIX_EPOCH};

use proto::unit::Mono;

/// Where the time of a new server begins, ms: room before it for presses that waited 72 h and more.
const HEAD_START: i64 = 30 * 24 * 60 * 60 * 1_000;

/// One look at all clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The server's own time.
    pub mono: Mono,
    /// Milliseconds since 1970 UTC.
    pub wall_ms: i64,
}

/// What the records hold of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Boot id of the machine that wrote it.
    pub boot: String,
    /// Mono minus CLOCK_BOOTTIME of that boot, ms.
    pub offset: i64,
    /// Highest mono that was written, ms.
    pub high: i64,
}

/// The clocks of this process.
#[derive(Debug)]
pub struct Clock {
    boot: String,
    offset: i64,
    rebooted: bool,
}

impl Clock {
    /// Continues from what the records hold.
    pub fn resume(stored: Option<&Stored>) -> Self {
        let boot = machine_boot();
        match stored {
            Some(s) if s.boot == boot => Self { boot, offset: s.offset, rebooted: false },
            Some(s) => Self { boot, offset: s.high + 1 - boottime_ms(), rebooted: true },
            None => Self { boot, offset: HEAD_START - boottime_ms(), rebooted: false },
        }
    }

    /// Looks at the clocks.
    #[expect(clippy::disallowed_methods, reason = "this is the room that reads the wall clock")]
    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { mono: self.mono(), wall_ms: i64::try_from(wall.as_millis()).unwrap_or(i64::MAX) }
    }

    /// The server's own time.
    pub fn mono(&self) -> Mono {
        Mono::from_millis((boottime_ms() + self.offset).max(0).unsigned_abs())
    }

    /// Whether the machine was booted anew since the records were last written.
    pub const fn rebooted(&self) -> bool {
        self.rebooted
    }

    /// What to write into the records.
    pub fn stored(&self) -> Stored {
        let high = i64::try_from(self.mono().millis()).unwrap_or(i64::MAX);
        Stored { boot: self.boot.clone(), offset: self.offset, high }
    }
}

/// Milliseconds since the machine was booted, sleep included.
#[expect(unsafe_code, reason = "the only way to CLOCK_BOOTTIME; writes into a local struct")]
fn boottime_ms() -> i64 {
    let mut spec = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `spec` lives through the call and is of the type that it fills.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut spec) };
    spec.tv_sec * 1_000 + spec.tv_nsec / 1_000_000
}

fn machine_boot() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_through_a_restart() {
        let first = Clock::resume(None);
        let second = Clock::resume(Some(&first.stored()));
        assert!(second.mono() >= first.mono() && !second.rebooted());
        assert!(second.mono().since(first.mono()).get() < 60_000);
    }

    #[test]
    fn after_a_reboot_time_continues_where_it_was_written() {
        let stored = Stored { boot: "another".into(), offset: 5, high: 7_000_000 };
        let clock = Clock::resume(Some(&stored));
        assert!(clock.rebooted());
        assert!((7_000_001..7_060_000).contains(&clock.mono().millis()));
    }
}
