//! Patience as pure numbers: how pauses grow, and how chance spreads them.
//!
//! Whoever waits counts its own failed tries and brings its own random number. Not here: how long anybody's first and
//! longest pause is (policy, or whoever waits), clocks, and sources of chance.

use crate::unit::Millis;

/// The pause after so many failed tries: the first one doubled each time, up to the longest.
pub const fn doubled(first: Millis, longest: Millis, failed: u32) -> Millis {
    let times = if failed < 32 { failed } else { 32 };
    at_most(longest, first.get().saturating_mul(1 << times))
}

/// The same, growing by half each time: sooner back, for who is one of many that look for a restarted server.
pub const fn half_more(first: Millis, longest: Millis, failed: u32) -> Millis {
    let (mut pause, mut left) = (first.get(), if failed < 64 { failed } else { 64 });
    while left > 0 && pause < longest.get() {
        pause = pause.saturating_add(pause / 2);
        left -= 1;
    }
    at_most(longest, pause)
}

/// Somewhere between half of a pause and the whole of it: never at once, and not all together.
pub const fn upper_half(whole: Millis, random: u64) -> Millis {
    let half = whole.get() / 2;
    Millis::new(half + random % (half + 1))
}

/// Anything from nothing to the whole of a pause: the widest spread.
pub const fn anywhere(whole: Millis, random: u64) -> Millis {
    match whole.get().checked_add(1) {
        Some(places) => Millis::new(random % places),
        None => Millis::new(random),
    }
}

const fn at_most(longest: Millis, pause: u64) -> Millis {
    if pause < longest.get() { Millis::new(pause) } else { longest }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Millis = Millis::new(250);
    const LONGEST: Millis = Millis::secs(30);

    #[test]
    fn pauses_grow_to_the_longest_and_stay_there_for_ever() {
        let doubles: [u64; 4] = [0, 1, 2, 3].map(|n| doubled(FIRST, LONGEST, n).get());
        assert_eq!(doubles, [250, 500, 1_000, 2_000]);
        let halves: [u64; 4] = [0, 1, 2, 3].map(|n| half_more(FIRST, LONGEST, n).get());
        assert_eq!(halves, [250, 375, 562, 843]);
        for failed in [20, 31, 32, 63, 64, 65, 1_000, u32::MAX] {
            assert_eq!(doubled(FIRST, LONGEST, failed), LONGEST, "{failed}");
            assert_eq!(half_more(FIRST, LONGEST, failed), LONGEST, "{failed}");
        }
        assert_eq!(doubled(LONGEST, FIRST, 0), FIRST, "none is longer than the longest");
        assert_eq!(doubled(Millis::UNTOLD, Millis::UNTOLD, 9), Millis::UNTOLD);
    }

    #[test]
    fn chance_stays_within_a_pause() {
        for random in [0, 1, 124, 125, 126, 249, 250, 251, u64::MAX] {
            assert!((125..=250).contains(&upper_half(FIRST, random).get()), "{random}");
            assert!(anywhere(FIRST, random) <= FIRST, "{random}");
        }
        assert_eq!(upper_half(Millis::new(0), 7), Millis::new(0));
        assert_eq!(anywhere(Millis::UNTOLD, 7), Millis::new(7));
    }
}
