//! A person's days at their true length: sleep, meals, the rooms between, the way out and back, and now and then a press.
//!
//! Each day is drawn anew by seed, so that no two are the same and habits have something to learn. It says what the
//! sensors of the home see and when. Not here: what devices make of it (`house`).

use firmware::device::Sample;
use proto::up::Role;

use crate::seed::Seed;

const MINUTE: u64 = 60_000;
/// An infra-red sensor holds what it saw for so long.
const MOTION_HOLD: u64 = 3_000;
/// How long a door stands open.
const DOOR_OPEN: u64 = 4_000;
/// How long a finger stays on a button, and how long one that did not mean it.
const PRESS: u64 = 180;
const CANCEL: u64 = 3_400;

/// What is seen at a moment, ms after midnight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// From now on this lies on the bed, grams.
    Load(i32),
    /// A sensor of this role sees this.
    Sample(Role, Sample),
}

/// One person.
#[derive(Debug, Clone)]
pub struct Person {
    seed: Seed,
    grams: i32,
    rises: u64,
    sleeps: u64,
}

impl Person {
    /// Somebody with hours of their own.
    pub fn new(mut seed: Seed) -> Self {
        let grams = 46_000 + i32::try_from(seed.below(34_000)).unwrap_or(0);
        let (rises, sleeps) = ((330 + seed.below(100)) * MINUTE, (1_240 + seed.below(90)) * MINUTE);
        Self { seed, grams, rises, sleeps }
    }

    /// The next day, in order; it begins and ends in bed.
    pub fn day(&mut self) -> Vec<(u64, Seen)> {
        let mut day = Vec::new();
        let rises = self.rises + self.about(40);
        let sleeps = self.sleeps + self.about(50);
        day.push((0, Seen::Load(self.grams)));
        for _ in 0..=self.seed.below(2) {
            let (at, lasts) = (60 * MINUTE + self.about(210), 4 * MINUTE + self.about(5));
            self.out_of_bed(at, at + lasts, &mut day);
        }
        day.push((rises, Seen::Load(0)));
        let mut away = Vec::new();
        self.goes_out(9 * 60, 70, 80, &mut away);
        self.goes_out(15 * 60 + 20, 60, 45, &mut away);
        let naps = (12 * 60 + 30) * MINUTE + self.about(40);
        let nap = (naps, naps + 30 * MINUTE + self.about(35));
        day.extend([(nap.0, Seen::Load(self.grams)), (nap.1, Seen::Load(0))]);
        for (from, to) in &away {
            door(*from, &mut day);
            door(*to, &mut day);
            moves(*from - 25_000, &mut day);
            moves(*to + 20_000, &mut day);
        }
        let mut rest = away;
        rest.push(nap);
        self.lives((rises + 30_000, sleeps - 40_000), &rest, &mut day);
        day.push((sleeps, Seen::Load(self.grams)));
        self.presses((rises, sleeps), &rest, &mut day);
        day.sort_by_key(|(at, _)| *at);
        day
    }

    /// Some time below so many minutes.
    fn about(&mut self, minutes: u64) -> u64 {
        self.seed.below(minutes * MINUTE)
    }

    fn out_of_bed(&mut self, from: u64, to: u64, day: &mut Vec<(u64, Seen)>) {
        day.extend([(from, Seen::Load(0)), (to, Seen::Load(self.grams))]);
        moves(from + 20_000, day);
        moves(to - 30_000, day);
    }

    fn goes_out(&mut self, minute: u64, spread: u64, percent: u64, away: &mut Vec<(u64, u64)>) {
        let from = minute * MINUTE + self.about(spread);
        let to = from + 35 * MINUTE + self.about(60);
        if self.seed.below(100) < percent {
            away.push((from, to));
        }
    }

    /// Through the rooms, with pauses in a chair.
    fn lives(&mut self, (from, to): (u64, u64), rest: &[(u64, u64)], day: &mut Vec<(u64, Seen)>) {
        let mut at = from;
        while at < to {
            match rest.iter().find(|(begins, ends)| at + MINUTE > *begins && at < *ends + 30_000) {
                Some((_, ends)) => at = ends + MINUTE,
                None => {
                    moves(at, day);
                    let most = if self.seed.below(6) == 0 { 28 } else { 9 };
                    at += 90_000 + self.about(most);
                }
            }
        }
    }

    /// About one press in a fortnight, a third of them by mistake.
    fn presses(&mut self, (from, to): (u64, u64), rest: &[(u64, u64)], day: &mut Vec<(u64, Seen)>) {
        let at = from + self.seed.below(to - from);
        let role = if self.seed.below(3) == 0 { Role::PullCord } else { Role::HelpButton };
        let held = if self.seed.below(3) == 0 { CANCEL } else { PRESS };
        let (wanted, out) =
            (self.seed.below(14) == 0, rest.iter().any(|(a, b)| (*a..*b).contains(&at)));
        if wanted && !out {
            let cord = role == Role::PullCord;
            let contact = |on| if cord { Sample::Cord(on) } else { Sample::Button(on) };
            day.push((at, Seen::Sample(role, contact(true))));
            day.push((at + held, Seen::Sample(role, contact(false))));
        }
    }
}

fn moves(at: u64, day: &mut Vec<(u64, Seen)>) {
    day.push((at, Seen::Sample(Role::Motion, Sample::Motion(true))));
    day.push((at + MOTION_HOLD, Seen::Sample(Role::Motion, Sample::Motion(false))));
}

fn door(at: u64, day: &mut Vec<(u64, Seen)>) {
    day.push((at, Seen::Sample(Role::Door, Sample::Door(true))));
    day.push((at + DOOR_OPEN, Seen::Sample(Role::Door, Sample::Door(false))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_a_person_are_their_own_and_can_be_lived_again() {
        let month = |n| {
            let mut person = Person::new(Seed::new(n));
            (0..30).map(|_| person.day()).collect::<Vec<_>>()
        };
        assert_eq!(month(3), month(3));
        assert_ne!(month(3), month(4));
        for day in month(3) {
            assert!(day.is_sorted_by_key(|(at, _)| *at) && day.len() > 100, "{}", day.len());
            assert!(day.last().is_some_and(|(at, _)| *at < 24 * 60 * MINUTE));
        }
    }
}
