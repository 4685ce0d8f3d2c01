//! Dates that programs live by: how old the world must be, and how long a certificate lives.
//!
//! A wall clock that is earlier than the program itself is wrong, whoever set it. Everything that ends
//! is renewed long before, and is told before it ends. All spans are seconds, all dates seconds since
//! 1970 UTC. Not here: who reads a clock, or what a certificate is.

const DAY: i64 = 86_400;

/// Midnight before the last release. Source: the calendar of releases; 2026-09-01.
const LAST_RELEASE: i64 = 1_788_220_800;
/// This program is not older than this: no right clock shows less. Source: SOURCE_DATE_EPOCH of the build, which
/// every rebuild of a release sets alike, else the last release.
pub const BUILT: i64 = match option_env!("SOURCE_DATE_EPOCH") {
    Some(text) => later(number(text), LAST_RELEASE),
    None => LAST_RELEASE,
};

/// Life of a certificate. Source: docs/sources.md#certificates, 90 days.
pub const CERTIFICATE_LIFE: i64 = 90 * DAY;
/// Life of a certificate that is made while the clock is known to be wrong; it is replaced as soon as the clock is
/// right. Source: choice, longer than any box runs with a clock that nobody sets.
pub const CERTIFICATE_LIFE_UNDATED: i64 = 3_650 * DAY;
/// Life of the authority. Source: choice, longer than any home box is in use.
pub const AUTHORITY_LIFE: i64 = 7_300 * DAY;
/// A certificate begins this long before it is made. Source: choice, clocks of home boxes may be behind by so much.
pub const BEGINS_BEFORE: i64 = 2 * DAY;
/// A certificate that ends within this is a fault. Source: choice, two weeks are enough to go to a home.
pub const ENDS_SOON: i64 = 14 * DAY;

/// First and last second of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Life {
    /// First.
    pub from: i64,
    /// Last.
    pub until: i64,
}

impl Life {
    /// Whether two thirds are over, or the dates do not fit the clock: time for another one. A life that is longer
    /// than usual was given without a clock and is replaced now.
    pub const fn is_due(self, now: i64, usual: i64) -> bool {
        let (whole, lived) = (self.until.saturating_sub(self.from), now.saturating_sub(self.from));
        lived < 0 || lived >= whole / 3 * 2 || whole > usual + 2 * BEGINS_BEFORE
    }

    /// Whether it has ended.
    pub const fn is_over(self, now: i64) -> bool {
        now > self.until
    }

    /// Whether it ends so soon that somebody must be told; a short life is told of in its last sixth.
    pub const fn ends_soon(self, now: i64) -> bool {
        let sixth = self.until.saturating_sub(self.from) / 6;
        let soon = if sixth < ENDS_SOON { sixth } else { ENDS_SOON };
        self.until.saturating_sub(now) < soon
    }

    /// Whole days that are left, below zero after the end.
    pub const fn days_left(self, now: i64) -> i64 {
        self.until.saturating_sub(now).div_euclid(DAY)
    }
}

/// The date to count from: the clock's, or the program's own where the clock must be wrong.
pub const fn dated(now: i64) -> i64 {
    later(now, BUILT)
}

/// Whether a clock that shows this can be right.
pub const fn can_be_right(now: i64) -> bool {
    now >= BUILT
}

const fn later(one: i64, other: i64) -> i64 {
    if one > other { one } else { other }
}

/// A decimal number; 0 if the text is none.
const fn number(text: &str) -> i64 {
    let (digits, mut at, mut value) = (text.as_bytes(), 0, 0i64);
    while at < digits.len() {
        let digit = digits[at].wrapping_sub(b'0');
        if digit > 9 || value > 1 << 40 {
            return 0;
        }
        value = value * 10 + digit as i64;
        at += 1;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Life = Life { from: 100 * DAY, until: 190 * DAY };

    #[test]
    fn a_certificate_is_due_at_two_thirds_of_its_life_and_under_a_clock_that_it_does_not_fit() {
        assert!(!LIFE.is_due(159 * DAY, CERTIFICATE_LIFE));
        assert!(LIFE.is_due(160 * DAY, CERTIFICATE_LIFE));
        assert!(LIFE.is_due(99 * DAY, CERTIFICATE_LIFE), "made under a clock that ran ahead");
        let undated = Life { from: 0, until: CERTIFICATE_LIFE_UNDATED };
        assert!(undated.is_due(DAY, CERTIFICATE_LIFE), "made without a clock");
        assert!(!undated.is_due(DAY, CERTIFICATE_LIFE_UNDATED));
    }

    #[test]
    fn the_end_of_a_certificate_is_told_two_weeks_before() {
        assert!(!LIFE.ends_soon(176 * DAY));
        assert!(LIFE.ends_soon(176 * DAY + 1));
        assert_eq!(LIFE.days_left(176 * DAY), 14);
        assert!(!LIFE.is_over(190 * DAY) && LIFE.is_over(190 * DAY + 1));
        assert_eq!(LIFE.days_left(190 * DAY + 1), -1);
        let short = Life { from: 0, until: 60 };
        assert!(!short.ends_soon(50) && short.ends_soon(51));
    }

    #[test]
    fn a_clock_earlier_than_the_program_counts_for_nothing() {
        assert!(!can_be_right(0) && !can_be_right(BUILT - 1) && can_be_right(BUILT));
        assert_eq!((dated(-5), dated(BUILT + 7)), (BUILT, BUILT + 7));
        assert_eq!((number("1788220800"), number("x"), number("")), (LAST_RELEASE, 0, 0));
    }
}
