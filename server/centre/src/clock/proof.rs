//! How far the clock on the wall is believed, and what time it is as far as anybody knows.
//!
//! - The wall clock *goes on* while it agrees with measured time; a *step* is a jump against it.
//! - A *proved* one has gone on for a day. When it steps, the time that was proved is what is believed, until
//!   the clock is back, or has gone on where it is now for a while.
//! - Before anything is proved the clock is followed, unless no right clock can show what it shows.
//! - After a reboot nobody knows how long the machine was off: not longer than days, and never less than nothing.
//!
//! Pure: times come in. Not here: what is deleted by it (`edge`).

use care::policy::dates::BUILT;
use care::policy::time::{
    WALL_AHEAD, WALL_FOLLOWED, WALL_OFF, WALL_PROVED, WALL_STEP, WALL_UNKNOWN,
};
use proto::unit::Millis;

/// What is thought of the clock on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// Right, as far as anybody can know.
    Proved,
    /// Nothing speaks against it, and not enough for it.
    Unproved,
    /// It cannot be right, and is not believed.
    Wrong,
}

/// What the records hold of it. Offsets are wall minus measured time, ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Offset that was proved.
    pub proved: Option<i64>,
    /// Offset that was believed.
    pub believed: i64,
    /// Offset that was seen last.
    pub seen: i64,
    /// Since when it goes on, measured time.
    pub since: i64,
}

/// The proof of one wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    mark: Option<Mark>,
    /// How much longer than measured the machine may have been off.
    off: i64,
    stand: Stand,
}

impl Proof {
    /// Goes on from what the records hold. `rebooted`: time has passed that nobody measured.
    pub fn resume(mark: Option<Mark>, rebooted: bool) -> Self {
        let mark = mark.map(|mark| match (rebooted, mark.proved) {
            // What was believed is the least that it can be now.
            (true, Some(_)) => Mark { proved: Some(mark.believed), ..mark },
            _ => mark,
        });
        let off = if rebooted { ms(WALL_OFF) } else { 0 };
        Self { mark, off, stand: Stand::Unproved }
    }

    /// Looks at both clocks; gives the time that is believed, ms since 1970.
    pub fn look(&mut self, mono: i64, wall: i64) -> i64 {
        let seen = wall.saturating_sub(mono);
        let can_be = can_be(wall);
        let mut mark = self.mark.unwrap_or_else(|| {
            // Earlier than the program: whoever dates anything by it sees that it is no date.
            let unknown = least() - ms(WALL_UNKNOWN);
            let believed = if can_be { seen } else { unknown.saturating_sub(mono) };
            Mark { proved: None, believed, seen, since: mono }
        });
        if mark.seen.abs_diff(seen) > WALL_STEP.get() {
            mark.since = mono;
        }
        mark.seen = seen;
        let lasts = mono.saturating_sub(mark.since);
        let moved = mark.proved.map(|proved| seen.saturating_sub(proved));
        let fits = moved.is_some_and(|m| (-ms(WALL_STEP)..=ms(WALL_STEP) + self.off).contains(&m));
        let stays = mark.proved.is_some() && lasts < ms(WALL_FOLLOWED);
        self.stand = if fits || (can_be && lasts >= ms(WALL_PROVED)) {
            self.off = 0;
            (mark.proved, mark.believed) = (Some(seen), seen);
            Stand::Proved
        } else if can_be && !stays {
            mark.believed = seen;
            Stand::Unproved
        } else {
            Stand::Wrong
        };
        self.mark = Some(mark);
        mono.saturating_add(mark.believed)
    }

    /// What was thought at the last look.
    pub const fn stand(&self) -> Stand {
        self.stand
    }

    /// What the records are to hold; none before the first look.
    pub const fn mark(&self) -> Option<Mark> {
        self.mark
    }
}

fn ms(span: Millis) -> i64 {
    i64::try_from(span.get()).unwrap_or(i64::MAX)
}

/// The first moment that a right clock can show, ms since 1970.
const fn least() -> i64 {
    BUILT.saturating_mul(1_000)
}

fn can_be(wall: i64) -> bool {
    (least()..=least().saturating_add(ms(WALL_AHEAD))).contains(&wall)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const DAY: i64 = 1_440 * MINUTE;
    /// The truth: this much after the program was built when measured time is 0.
    const TRUE: i64 = 100 * DAY;

    struct World {
        proof: Proof,
        mono: i64,
        /// How wrong the wall clock is.
        wrong: i64,
    }

    impl World {
        fn new(wrong: i64) -> Self {
            Self { proof: Proof::resume(None, false), mono: 5 * DAY, wrong }
        }

        fn proved() -> Self {
            let mut world = Self::new(0);
            world.pass(DAY);
            assert_eq!(world.proof.stand(), Stand::Proved);
            world
        }

        fn truth(&self) -> i64 {
            least() + TRUE + self.mono
        }

        fn look(&mut self) -> i64 {
            self.proof.look(self.mono, self.truth() + self.wrong)
        }

        /// Time passes, with looks as the server makes them; gives how wrong what is believed is now.
        fn pass(&mut self, span: i64) -> i64 {
            let end = self.mono + span;
            while self.mono < end {
                self.look();
                self.mono = end.min(self.mono + MINUTE / 12);
            }
            self.look() - self.truth()
        }

        fn reboot(&mut self, off: i64) {
            // Measured time stands still while the machine is off.
            let mark = self.proof.mark().map(|mark| Mark { ..mark });
            self.proof = Proof::resume(mark, true);
            self.wrong += off;
        }
    }

    #[test]
    fn a_clock_that_goes_on_for_a_day_is_proved_and_not_before() {
        let mut world = World::new(0);
        assert_eq!(world.pass(DAY - MINUTE), 0);
        assert_eq!(world.proof.stand(), Stand::Unproved);
        assert_eq!(world.pass(2 * MINUTE), 0);
        assert_eq!(world.proof.stand(), Stand::Proved);
        // A time server that moves it a little is followed.
        world.wrong = 3_000;
        assert_eq!((world.pass(MINUTE), world.proof.stand()), (3_000, Stand::Proved));
    }

    #[test]
    fn a_proved_clock_that_runs_ahead_or_back_moves_nothing_and_is_said_at_once() {
        for wrong in [40 * DAY, 4_000 * DAY, -40 * DAY, -9_000 * DAY, 3_600_000] {
            let mut world = World::proved();
            world.wrong = wrong;
            assert_eq!(world.pass(45_000), 0, "{wrong}");
            assert_eq!(world.proof.stand(), Stand::Wrong);
            world.wrong = 0;
            assert_eq!((world.pass(1_000), world.proof.stand()), (0, Stand::Proved));
        }
    }

    #[test]
    fn a_correction_that_lasts_is_followed_and_proved_a_day_later() {
        let mut world = World::new(40 * DAY);
        world.pass(DAY);
        world.wrong = 0;
        assert_eq!(world.pass(9 * MINUTE), 40 * DAY);
        assert_eq!(world.pass(2 * MINUTE), 0);
        assert_eq!(world.proof.stand(), Stand::Unproved);
        world.pass(DAY);
        assert_eq!(world.proof.stand(), Stand::Proved);
    }

    #[test]
    fn a_start_in_a_wrong_year_is_said_counts_from_before_the_program_and_heals_at_once() {
        for wrong in [-9_000 * DAY, -200 * DAY, 4_000 * DAY, 20_000 * DAY] {
            let mut world = World::new(wrong);
            let believed = world.pass(MINUTE);
            assert_eq!(world.proof.stand(), Stand::Wrong, "{wrong}");
            assert!((-TRUE - 36 * DAY..-TRUE - 34 * DAY).contains(&believed), "{believed}");
            // Never proved, however long it goes on.
            world.pass(3 * DAY);
            assert_eq!(world.proof.stand(), Stand::Wrong, "{wrong}");
            world.wrong = 0;
            assert_eq!((world.pass(1_000), world.proof.stand()), (0, Stand::Unproved));
        }
    }

    #[test]
    fn before_anything_is_proved_a_year_that_cannot_be_is_not_followed() {
        let mut world = World::new(0);
        world.pass(MINUTE);
        world.wrong = 4_000 * DAY;
        assert_eq!((world.pass(MINUTE), world.proof.stand()), (0, Stand::Wrong));
        world.wrong = 0;
        assert_eq!((world.pass(MINUTE), world.proof.stand()), (0, Stand::Unproved));
    }

    #[test]
    fn a_restart_forgets_no_proof_and_a_clock_that_jumped_meanwhile_is_not_believed() {
        let mut world = World::proved();
        world.proof = Proof::resume(world.proof.mark(), false);
        assert_eq!((world.pass(1_000), world.proof.stand()), (0, Stand::Proved));
        world.proof = Proof::resume(world.proof.mark(), false);
        world.wrong = 40 * DAY;
        assert_eq!((world.pass(MINUTE), world.proof.stand()), (0, Stand::Wrong));
    }

    #[test]
    fn after_a_reboot_a_night_off_is_believed_and_a_battery_that_died_is_not() {
        let mut world = World::proved();
        world.reboot(DAY / 2);
        assert_eq!((world.pass(1_000), world.proof.stand()), (DAY / 2, Stand::Proved));
        // The clock starts where the battery ended: time is at least what it was.
        world.reboot(-9_000 * DAY);
        assert_eq!((world.pass(MINUTE), world.proof.stand()), (DAY / 2, Stand::Wrong));
        // The time server is reached: the machine was off for an hour.
        world.wrong = DAY / 2 + 60 * MINUTE;
        assert_eq!(world.pass(1_000), DAY / 2 + 60 * MINUTE);
        assert_eq!(world.proof.stand(), Stand::Proved);
    }

    #[test]
    fn after_a_reboot_a_clock_that_is_behind_is_not_believed_however_little() {
        let mut world = World::proved();
        world.reboot(-DAY / 2);
        assert_eq!((world.pass(MINUTE), world.proof.stand()), (0, Stand::Wrong));
    }

    #[test]
    fn once_the_clock_is_proved_after_a_reboot_it_may_not_jump_as_if_the_machine_had_been_off() {
        let mut world = World::proved();
        world.reboot(DAY / 2);
        assert_eq!((world.pass(MINUTE), world.proof.stand()), (DAY / 2, Stand::Proved));
        world.wrong += DAY;
        assert_eq!((world.pass(MINUTE), world.proof.stand()), (DAY / 2, Stand::Wrong));
    }

    #[test]
    fn a_correction_that_was_followed_is_not_forgotten_by_a_reboot() {
        let mut world = World::new(40 * DAY);
        world.pass(DAY);
        world.wrong = 0;
        assert_eq!((world.pass(11 * MINUTE), world.proof.stand()), (0, Stand::Unproved));
        world.reboot(DAY / 2);
        assert_eq!((world.pass(1_000), world.proof.stand()), (DAY / 2, Stand::Proved));
    }

    #[test]
    fn after_weeks_off_the_clock_is_followed_and_proves_itself_first() {
        let mut world = World::proved();
        world.reboot(30 * DAY);
        assert_eq!((world.pass(MINUTE), world.proof.stand()), (0, Stand::Wrong));
        assert_eq!((world.pass(10 * MINUTE), world.proof.stand()), (30 * DAY, Stand::Unproved));
        world.pass(DAY);
        assert_eq!(world.proof.stand(), Stand::Proved);
    }
}
