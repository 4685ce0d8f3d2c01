//! The only reader of clocks in the server.
//!
//! *Mono* is the server's own time: CLOCK_BOOTTIME plus an offset kept in the records, so that it goes
//! on through restarts. After a reboot of the machine it continues from the highest time that was
//! stored: time that nobody measured counts as none, and who depends on it is due at once (V7).
//! *Wall* is for people and for rows of measured values: the time that is believed (`proof`), which a clock that
//! jumps does not move. No decision rests on it. Not here: deadlines.

pub mod edge;
pub mod proof;

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use proto::unit::Mono;

use self::edge::Edge;
use self::proof::{Mark, Proof, Stand};
use records::wall::WallRow;

pub use records::clock::{Now, Stored, row_name};

/// Where the time of a new server begins, ms: room before it for whatever was said before there was a server. Source:
/// choice, longer than any flash keeps a press.
const HEAD_START: i64 = 1_000 * 24 * 60 * 60 * 1_000;

/// The clocks of this process.
#[derive(Debug)]
pub struct Clock {
    boot: String,
    offset: i64,
    rebooted: bool,
    proof: Mutex<Proof>,
    edge: Mutex<Edge>,
}

impl Clock {
    /// Continues from what the records hold.
    pub fn resume(stored: Option<&Stored>) -> Self {
        let boot = machine_boot();
        let (offset, rebooted) = match stored {
            Some(s) if s.boot == boot => (s.offset, false),
            Some(s) => (s.high + 1 - boottime_ms(), true),
            None => (HEAD_START - boottime_ms(), false),
        };
        Self {
            boot,
            offset,
            rebooted,
            proof: Mutex::new(Proof::resume(None, rebooted)),
            edge: Mutex::default(),
        }
    }

    /// The same with what was thought of the wall clock.
    #[must_use]
    pub(crate) fn with_wall(mut self, known: Option<WallRow>) -> Self {
        if let Some(WallRow { proved, believed, seen, since, edge, edge_at }) = known {
            let mark = Mark { proved, believed, seen, since };
            self.proof = Mutex::new(Proof::resume(Some(mark), self.rebooted));
            self.edge = Mutex::new(Edge { wall: edge, at: edge_at });
        }
        self
    }

    /// Looks at the clocks.
    #[expect(clippy::disallowed_methods, reason = "this is the room that reads the wall clock")]
    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = i64::try_from(wall.as_millis()).unwrap_or(i64::MAX);
        let mono = self.mono();
        let mut proof = self.proof.lock().unwrap_or_else(PoisonError::into_inner);
        Now { mono, wall_ms: proof.look(millis(mono), wall) }
    }

    /// What is thought of the wall clock now.
    pub fn stand(&self) -> Stand {
        self.now();
        self.proof.lock().unwrap_or_else(PoisonError::into_inner).stand()
    }

    /// Up to when what is old may be deleted now, wall clock; none before any was proved.
    pub fn edge(&self) -> Option<i64> {
        let now = self.now();
        let stand = self.proof.lock().unwrap_or_else(PoisonError::into_inner).stand();
        let proved = (stand == Stand::Proved).then_some(now.wall_ms);
        self.edge.lock().unwrap_or_else(PoisonError::into_inner).step(millis(now.mono), proved)
    }

    /// What to write into the records about the wall clock; none before it was looked at.
    pub fn wall(&self) -> Option<WallRow> {
        let mark = self.proof.lock().unwrap_or_else(PoisonError::into_inner).mark()?;
        let Mark { proved, believed, seen, since } = mark;
        let edge = *self.edge.lock().unwrap_or_else(PoisonError::into_inner);
        Some(WallRow { proved, believed, seen, since, edge: edge.wall, edge_at: edge.at })
    }

    /// The server's own time.
    pub fn mono(&self) -> Mono {
        mono_at(self.offset)
    }

    /// Whether the machine was booted anew since the records were last written.
    pub const fn rebooted(&self) -> bool {
        self.rebooted
    }

    /// What to write into the records.
    pub fn stored(&self) -> Stored {
        Stored { boot: self.boot.clone(), offset: self.offset, high: millis(self.mono()) }
    }
}

fn millis(at: Mono) -> i64 {
    i64::try_from(at.millis()).unwrap_or(i64::MAX)
}

fn mono_at(offset: i64) -> Mono {
    Mono::from_millis((boottime_ms() + offset).max(0).unsigned_abs())
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
