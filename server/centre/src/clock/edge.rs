//! The edge: up to when what is old may be rolled up and deleted.
//!
//! It follows a proved wall clock and no other, never faster than some times measured time, and at once when
//! that clock goes back. So a clock that is wrong deletes nothing before it is proved, and little a day after.
//! Pure: times come in. Not here: how long anything is kept.

use care::policy::time::TIDY_PACE;

/// The edge of one store; its two times are kept in the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Edge {
    /// Wall time that things are aged by, ms since 1970; none before any clock was proved.
    pub wall: Option<i64>,
    /// Measured time at which it was moved last, ms.
    pub at: i64,
}

impl Edge {
    /// Moves on. `proved`: the wall clock, if it is proved. Gives the time to age things by, if there is one.
    pub fn step(&mut self, mono: i64, proved: Option<i64>) -> Option<i64> {
        let passed = mono.saturating_sub(self.at).max(0);
        self.at = mono;
        let proved = proved?;
        let pace = i64::try_from(TIDY_PACE).unwrap_or(1);
        let most =
            self.wall.map_or(proved, |wall| wall.saturating_add(passed.saturating_mul(pace)));
        self.wall = Some(proved.min(most));
        self.wall
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn nothing_is_aged_by_a_clock_that_is_not_proved() {
        let mut edge = Edge::default();
        assert_eq!(edge.step(5, None), None);
        assert_eq!(edge.step(10, Some(100 * DAY)), Some(100 * DAY));
        assert_eq!(edge.step(20, None), None);
        assert_eq!(edge.wall, Some(100 * DAY), "and the edge stays where it is");
    }

    #[test]
    fn a_proved_clock_that_is_years_ahead_takes_ten_days_in_a_day_and_goes_back_at_once() {
        let mut edge = Edge { wall: Some(100 * DAY), at: 0 };
        assert_eq!(edge.step(DAY, Some(4_000 * DAY)), Some(110 * DAY));
        // Time that passed unproved is not made up for.
        edge.step(30 * DAY, None);
        assert_eq!(edge.step(30 * DAY + 10_000, Some(4_030 * DAY)), Some(110 * DAY + 100_000));
        assert_eq!(edge.step(31 * DAY, Some(105 * DAY)), Some(105 * DAY));
    }

    #[test]
    fn in_a_life_without_jumps_the_edge_is_the_clock() {
        let mut edge = Edge::default();
        for n in 0..50 {
            assert_eq!(
                edge.step(n * 10_000, Some(7 * DAY + n * 10_000)),
                Some(7 * DAY + n * 10_000)
            );
        }
    }
}
