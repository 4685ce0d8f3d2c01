//! What is met again and again is said once: a damaged row at each look, a refused one at each sweep.
//!
//! A thing is known by a number that its owner makes of it, its contents among it, so that it is said again once it has
//! changed. What is not met for long is forgotten; beyond a bound nothing new is said, and all is counted by whoever
//! asks. Not here: the words.

use std::collections::HashMap;

/// Things that are remembered.
const MOST: usize = 1_024;
/// What was not met while so many others were is forgotten for a new one.
const FORGOTTEN: u64 = 64 * 1_024;

/// Whether something is to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Say {
    /// It is new, or has changed.
    Yes,
    /// There are too many to say each: this is to be said instead, once.
    TooMany,
    /// It has been said, or is one of too many.
    No,
}

/// What has been said.
#[derive(Debug, Default)]
pub struct Once {
    /// When each was met last, by count of meetings.
    said: HashMap<u64, u64>,
    met: u64,
    full: bool,
}

impl Once {
    /// Something is met.
    pub fn meet(&mut self, what: u64) -> Say {
        self.met += 1;
        if let Some(at) = self.said.get_mut(&what) {
            *at = self.met;
            return Say::No;
        }
        if self.said.len() >= MOST {
            let met = self.met;
            self.said.retain(|_, at| met - *at < FORGOTTEN);
            if self.said.len() >= MOST {
                return if std::mem::replace(&mut self.full, true) {
                    Say::No
                } else {
                    Say::TooMany
                };
            }
            self.full = false;
        }
        self.said.insert(what, self.met);
        Say::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_met_at_each_look_is_said_once_and_again_when_it_has_changed() {
        let mut once = Once::default();
        assert_eq!((once.meet(1), once.meet(2)), (Say::Yes, Say::Yes));
        for _ in 0..10_000 {
            assert_eq!((once.meet(1), once.meet(2)), (Say::No, Say::No));
        }
        assert_eq!(once.meet(3), Say::Yes, "another number: it has changed");
    }

    #[test]
    fn too_many_are_said_as_such_and_the_memory_is_bounded() {
        let mut once = Once::default();
        for what in 0..1_024 {
            assert_eq!(once.meet(what), Say::Yes);
        }
        assert_eq!(once.meet(5_000), Say::TooMany);
        for round in 0..3 {
            for what in 0..4_096 {
                assert_eq!(once.meet(what), Say::No, "round {round}");
            }
        }
        assert!(once.said.len() <= 1_024);
    }

    #[test]
    fn what_is_mended_makes_room() {
        let mut once = Once::default();
        for what in 0..1_024 {
            once.meet(what);
        }
        for _ in 0..=FORGOTTEN {
            once.meet(7);
        }
        assert_eq!(once.meet(9_000), Say::Yes);
        assert_eq!(once.said.len(), 2);
    }
}
