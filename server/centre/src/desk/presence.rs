//! Which consoles are on duty: who has said within the last seconds that a ring would be heard there.
//!
//! A console in a hidden tab that rings is a console; one whose speaker is blocked, or silenced for
//! longer than the Space key does, is none, however often it says that it lives. One person at three
//! screens is on duty once. Kept in memory: a console says it again every few seconds, so a new
//! process knows soon. Pure: time comes in. Not here: sessions, or the ladder that asks.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use care::policy::{CONSOLE_LOST, MUTE};
use proto::unit::{Millis, Mono};

/// Most consoles remembered; the silent ones make room.
const CONSOLES: usize = 4096;

/// What a console says of its speaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    /// A ring is heard.
    On,
    /// Silenced by hand, since so long.
    Muted(Millis),
    /// The browser lets no sound out.
    Blocked,
}

impl Sound {
    /// Whether somebody near it would hear a ring, now or within the span of the Space key.
    fn rings(self) -> bool {
        match self {
            Self::On => true,
            Self::Muted(since) => since <= MUTE,
            Self::Blocked => false,
        }
    }
}

/// Who is on duty. One per server.
#[derive(Debug, Default)]
pub struct Presence {
    /// By person and screen.
    seen: Mutex<HashMap<(String, String), (Mono, Sound)>>,
}

impl Presence {
    /// The screen `tab` of `staff` lives and says how it sounds.
    pub fn here(&self, now: Mono, staff: &str, tab: &str, sound: Sound) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= CONSOLES {
            seen.retain(|_, (at, _)| now.since(*at) < CONSOLE_LOST);
        }
        if seen.len() < CONSOLES {
            seen.insert((staff.to_owned(), tab.to_owned()), (now, sound));
        }
    }

    /// Somebody has logged out.
    pub fn gone(&self, staff: &str) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|(who, _), _| who != staff);
    }

    /// How many people would hear a ring now.
    pub fn on_duty(&self, now: Mono) -> usize {
        self.people(now).len()
    }

    /// Whether somebody is at a screen, and would hear a ring at none of theirs.
    pub fn is_deaf(&self, now: Mono, staff: &str) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = seen
            .iter()
            .filter(|((who, _), (at, _))| who == staff && now.since(*at) < CONSOLE_LOST)
            .map(|(_, (_, sound))| sound.rings())
            .peekable();
        own.peek().is_some() && !own.any(|rings| rings)
    }

    /// Who would hear a ring now, by their ids.
    pub fn people(&self, now: Mono) -> HashSet<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let there = seen
            .iter()
            .filter(|(_, (at, sound))| now.since(*at) < CONSOLE_LOST && sound.rings())
            .map(|((who, _), _)| who.clone());
        there.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_that_is_silent_is_not_on_duty() {
        let presence = Presence::default();
        let start = Mono::from_millis(1);
        presence.here(start, "a", "", Sound::On);
        presence.here(start.after(Millis::secs(10)), "b", "", Sound::On);
        assert_eq!(presence.on_duty(start.after(Millis::secs(14))), 2);
        assert_eq!(presence.on_duty(start.after(Millis::secs(16))), 1);
        presence.gone("b");
        assert_eq!(presence.on_duty(start.after(Millis::secs(16))), 0);
    }

    #[test]
    fn a_console_that_cannot_ring_is_not_on_duty_however_often_it_says_that_it_lives() {
        let presence = Presence::default();
        let now = Mono::from_millis(1);
        for (sound, there) in [
            (Sound::On, 1),
            (Sound::Blocked, 0),
            (Sound::Muted(Millis::secs(30)), 1),
            (Sound::Muted(Millis::new(30_001)), 0),
        ] {
            presence.here(now, "a", "desk", sound);
            assert_eq!(presence.on_duty(now), there, "{sound:?}");
        }
    }

    #[test]
    fn two_screens_of_one_person_are_one_and_the_one_that_rings_counts() {
        let presence = Presence::default();
        let now = Mono::from_millis(1);
        presence.here(now, "a", "left", Sound::On);
        presence.here(now, "a", "right", Sound::Blocked);
        assert_eq!(presence.on_duty(now), 1);
        presence.here(now, "a", "right", Sound::On);
        assert_eq!(presence.on_duty(now), 1);
    }
}
