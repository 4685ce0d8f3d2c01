//! File handles: how many this process may have, and whether they run short.
//!
//! A soft limit of 1,024 is the rule on Linux, and the hard one mostly far above: [`raise`] takes what
//! is allowed. Listeners then divide it among them, with a part that nobody who calls may use.
//! Not here: who gives way when it is tight (`entrance`).

use std::fs::File;
use std::os::fd::AsRawFd;

/// Lets this process open as many files as it may; says how many that are.
#[expect(unsafe_code, reason = "the standard library has no call for resource limits")]
pub fn raise() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls read or write only the struct that they are given.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) != 0 {
            return FEW;
        }
        let wanted = libc::rlimit { rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max };
        if limit.rlim_cur < limit.rlim_max
            && libc::setrlimit(libc::RLIMIT_NOFILE, &raw const wanted) == 0
        {
            limit = wanted;
        }
    }
    usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX)
}

/// What is taken for granted where the system does not tell.
const FEW: usize = 256;

/// Whether fewer than `spare` of `limit` handles are left: the next one has the lowest free number.
pub fn short(limit: usize, spare: usize) -> bool {
    File::open("/dev/null").map_or(true, |next| {
        usize::try_from(next.as_raw_fd()).is_ok_and(|number| number.saturating_add(spare) >= limit)
    })
}
