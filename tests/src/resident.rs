//! A person's day by seed: to bed and up again, through the rooms, out by the door, and now and then a press.
//!
//! The script is pure: it gives the next act and how long until then. A *pace* shortens a day to what
//! a watcher can see; presses keep their own rhythm. Not here: sensors (`home`), or why somebody presses.

pub mod gait;

use std::time::Duration;

use crate::seed::Seed;

/// What a person does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Lies down.
    ToBed,
    /// Gets up.
    Up,
    /// Walks past a motion sensor.
    Walk,
    /// Opens the door, goes through, closes it.
    ThroughDoor,
    /// Presses the button and means it.
    Press,
    /// Pulls the cord in the bathroom.
    Pull,
    /// Presses the button by mistake, and holds it for the cancel.
    Mistake,
    /// Falls and lies there.
    Fall,
    /// Gets up from the floor.
    GetUp,
}

/// One person.
#[derive(Debug, Clone)]
pub struct Resident {
    seed: Seed,
    in_bed: bool,
    press_every: Duration,
    until_press: Duration,
}

impl Resident {
    /// A person who presses about once per `press_every`.
    pub fn new(mut seed: Seed, press_every: Duration) -> Self {
        let first = drawn(&mut seed, press_every);
        Self { seed, in_bed: false, press_every, until_press: first }
    }

    /// Says what comes next, and after which pause.
    pub fn then(&mut self) -> (Duration, Act) {
        let pause = Duration::from_millis(2000 + self.seed.below(6000));
        if self.until_press <= pause {
            let pause = self.until_press;
            self.until_press = drawn(&mut self.seed, self.press_every);
            let act = match self.seed.below(10) {
                0..6 => Act::Press,
                6..8 => Act::Pull,
                _ => Act::Mistake,
            };
            return (pause, act);
        }
        self.until_press -= pause;
        let act = match self.seed.below(8) {
            0..2 if self.in_bed => self.turn(Act::Up, false),
            0..2 => self.turn(Act::ToBed, true),
            2 if !self.in_bed => Act::ThroughDoor,
            _ => Act::Walk,
        };
        (pause, act)
    }

    fn turn(&mut self, act: Act, in_bed: bool) -> Act {
        self.in_bed = in_bed;
        act
    }
}

/// Between a half and one and a half of the mean.
fn drawn(seed: &mut Seed, mean: Duration) -> Duration {
    let ms = u64::try_from(mean.as_millis()).unwrap_or(u64::MAX / 4).max(2);
    Duration::from_millis(ms / 2 + seed.below(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_lives_the_same_day() {
        let day = || {
            let mut resident = Resident::new(Seed::new(7), Duration::from_secs(60));
            (0..200).map(|_| resident.then()).collect::<Vec<_>>()
        };
        assert_eq!(day(), day());
        let presses = day().iter().filter(|(_, act)| *act == Act::Press).count();
        assert!(presses > 0, "somebody presses in 200 acts");
    }
}
