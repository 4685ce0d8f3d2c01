//! The only reader of clocks.
//!
//! *Spool time* ([`Mono`]) is CLOCK_BOOTTIME moved by an offset so that it never goes back, not even
//! over a reboot of the machine: it continues from the highest time that is on disk. How long the
//! machine was off is taken from the wall clock if that says something sane (0 to 30 days), else it
//! counts as zero: a wall clock is data. Ages are told with it, but nothing is deleted by time that nobody
//! measured ([`Clock::unmeasured`]).
//! Not here: timers (`event_loop`), which use the runtime's own monotonic clock.

use proto::unit::Mono;

/// Longest down-time that the wall clock is believed about, ms: 30 days.
const DOWN_TIME_MAX: i64 = 30 * 24 * 3600 * 1000;

/// A moment as one machine sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// CLOCK_BOOTTIME in ms: runs on in suspend, restarts at zero with the machine.
    pub boottime: u64,
    /// Wall clock in ms since 1970.
    pub wall: i64,
    /// Which boot of the machine.
    pub machine_boot: String,
}

/// What the spool remembers of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Highest spool time on disk.
    pub high: Mono,
    /// Wall clock at that time, ms since 1970.
    pub wall: i64,
    /// Boot of the machine at that time.
    pub machine_boot: String,
    /// Offset from CLOCK_BOOTTIME to spool time in that boot, ms.
    pub offset: i64,
}

/// Spool time.
#[derive(Debug, Clone)]
pub struct Clock {
    offset: i64,
    machine_boot: String,
    unmeasured: u64,
}

impl Clock {
    /// Continues from what is on disk.
    pub fn resume(mark: Option<&Mark>) -> Self {
        let now = read();
        let unmeasured = mark.map_or(0, |mark| down(mark, &now));
        Self { offset: offset(mark, &now), machine_boot: now.machine_boot, unmeasured }
    }

    /// How much of spool time was added for the time that the machine was off, as the wall clock has it, ms.
    pub const fn unmeasured(&self) -> u64 {
        self.unmeasured
    }

    /// Spool time now.
    pub fn now(&self) -> Mono {
        Mono::from_millis(boottime().saturating_add_signed(self.offset))
    }

    /// What to remember of a moment of this clock.
    pub fn mark(&self, high: Mono) -> Mark {
        Mark { high, wall: wall(), machine_boot: self.machine_boot.clone(), offset: self.offset }
    }
}

/// The offset that makes spool time continue.
fn offset(mark: Option<&Mark>, now: &Reading) -> i64 {
    let Some(mark) = mark else { return 0 };
    if mark.machine_boot == now.machine_boot {
        return mark.offset;
    }
    let high = i64::try_from(mark.high.millis()).unwrap_or(i64::MAX);
    high.saturating_add_unsigned(down(mark, now))
        .saturating_sub(i64::try_from(now.boottime).unwrap_or(i64::MAX))
}

/// How long the machine was off, if it was and the wall clock says something sane.
fn down(mark: &Mark, now: &Reading) -> u64 {
    let down = now.wall.saturating_sub(mark.wall);
    let sane = mark.machine_boot != now.machine_boot && (0..=DOWN_TIME_MAX).contains(&down);
    if sane { down.unsigned_abs() } else { 0 }
}

fn read() -> Reading {
    let machine_boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|text| text.trim().to_owned())
        .unwrap_or_default();
    Reading { boottime: boottime(), wall: wall(), machine_boot }
}

#[expect(unsafe_code, reason = "the standard library has no clock that runs on in suspend")]
fn boottime() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec of this frame, which is all the call writes to.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut now) };
    let secs = u64::try_from(now.tv_sec).unwrap_or(0);
    secs * 1000 + u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000_000
}

/// Whether somebody vouches for the wall clock: the system keeps it in step with others.
#[expect(unsafe_code, reason = "the standard library does not know how good the wall clock is")]
pub fn is_proved() -> bool {
    // SAFETY: all zeroes is a valid request that changes nothing.
    let mut asked: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live struct of this frame, which is all the call writes to.
    let state = unsafe { libc::adjtimex(&raw mut asked) };
    state >= 0 && state != libc::TIME_ERROR && asked.status & libc::STA_UNSYNC == 0
}

/// Wall clock, seconds since 1970: data, never a condition, see `care::policy::dates`.
pub fn wall_s() -> i64 {
    wall().div_euclid(1_000)
}

/// Wall clock, ms since 1970: for marks and names, never for a decision.
#[expect(clippy::disallowed_methods, reason = "this is the one reader of clocks")]
pub(crate) fn wall() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark() -> Mark {
        Mark {
            high: Mono::from_millis(9_000_000),
            wall: 1_000_000,
            machine_boot: "a".into(),
            offset: 40,
        }
    }

    fn now(boot: &str, wall: i64) -> Reading {
        Reading { boottime: 5_000, wall, machine_boot: boot.into() }
    }

    #[test]
    fn within_a_boot_the_wall_clock_moves_nothing() {
        assert_eq!(offset(Some(&mark()), &now("a", -7)), 40);
        assert_eq!(offset(Some(&mark()), &now("a", i64::MAX)), 40);
    }

    #[test]
    fn after_a_reboot_time_continues_with_the_down_time_of_a_sane_wall_clock() {
        assert_eq!(offset(Some(&mark()), &now("b", 1_060_000)), 9_000_000 + 60_000 - 5_000);
    }

    #[test]
    fn after_a_reboot_a_mad_wall_clock_counts_no_down_time() {
        for wall in [0, -1, i64::MAX, i64::MIN] {
            assert_eq!(offset(Some(&mark()), &now("b", wall)), 9_000_000 - 5_000, "wall {wall}");
            assert_eq!(down(&mark(), &now("b", wall)), 0);
        }
    }

    #[test]
    fn only_a_reboot_adds_time_that_nobody_measured() {
        assert_eq!(down(&mark(), &now("b", 1_060_000)), 60_000);
        assert_eq!(down(&mark(), &now("a", 1_060_000)), 0);
    }
}
