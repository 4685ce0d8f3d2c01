//! Which consoles are on duty: who has said so within the last seconds, and whether they hear.
//!
//! Kept in memory: a console says it again every few seconds, so a new process knows soon.
//! Pure: time comes in. Not here: sessions, or the ladder that asks whether anybody is there.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use care::policy::CONSOLE_LOST;
use proto::unit::Mono;

/// Most people remembered; the oldest make room.
const PEOPLE: usize = 1024;

/// Who is on duty. One per server.
#[derive(Debug, Default)]
pub struct Presence {
    seen: Mutex<HashMap<String, (Mono, bool)>>,
}

impl Presence {
    /// A console of `staff` lives; `sound`: its speaker works.
    pub fn here(&self, now: Mono, staff: &str, sound: bool) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= PEOPLE {
            seen.retain(|_, (at, _)| now.since(*at) < CONSOLE_LOST);
        }
        seen.insert(staff.to_owned(), (now, sound));
    }

    /// Somebody has logged out.
    pub fn gone(&self, staff: &str) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(staff);
    }

    /// How many people are on duty now.
    pub fn count(&self, now: Mono) -> usize {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.values().filter(|(at, _)| now.since(*at) < CONSOLE_LOST).count()
    }
}

#[cfg(test)]
mod tests {
    use proto::unit::Millis;

    use super::*;

    #[test]
    fn a_console_that_is_silent_is_not_on_duty() {
        let presence = Presence::default();
        let start = Mono::from_millis(1);
        presence.here(start, "a", true);
        presence.here(start.after(Millis::secs(10)), "b", false);
        assert_eq!(presence.count(start.after(Millis::secs(14))), 2);
        assert_eq!(presence.count(start.after(Millis::secs(16))), 1);
        presence.gone("b");
        assert_eq!(presence.count(start.after(Millis::secs(16))), 0);
    }
}
