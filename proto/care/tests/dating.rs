//! When a device said something: whatever its clock's rate, its delays, its wraps, a word is as old as it is.
//!
//! A device of known truth says frames at known times; what the clock makes of them is held against that.

use care::dating::{Clock, Heard};
use proto::unit::{Millis, Mono};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// When the boot began on the clock of who hears, ms.
const BOOT: u64 = 400 * DAY;

/// A device that counts `per_mille` thousandths of a second for each second that passes, in `bits` bits.
#[derive(Clone, Copy)]
struct Device {
    per_hundred_thousand: u64,
    bits: u32,
}

impl Device {
    fn uptime(self, passed: u64) -> Millis {
        let told = u128::from(passed) * u128::from(self.per_hundred_thousand) / 100_000;
        let told = u64::try_from(told).unwrap();
        Millis::new(if self.bits < 64 { told % (1 << self.bits) } else { told })
    }
}

const fn at(passed: u64) -> Mono {
    Mono::from_millis(BOOT + passed)
}

/// A clock that has heard prompt frames each `every` for so long; the last time.
fn heard(device: Device, every: u64, passed: u64) -> (Clock, u64) {
    let mut clock = Clock::new(device.uptime(10), at(10)).unwrap();
    let mut now = 10;
    while now + every <= passed {
        now += every;
        assert_eq!(clock.hear(device.uptime(now), at(now)), Heard::Prompt, "after {now} ms");
    }
    (clock, now)
}

fn off(clock: &Clock, device: Device, said: u64, arrived: u64) -> u64 {
    clock.date(device.uptime(said), at(arrived)).millis().abs_diff(at(said).millis())
}

#[test]
fn a_device_with_a_slow_or_fast_clock_is_dated_right_by_its_recent_frames() {
    // From a crystal (20 and 100 parts in a million) to a resistor (5 per cent) and a bad one (8).
    for rate in [
        100_000, 99_998, 100_002, 99_990, 100_010, 99_000, 97_000, 95_000, 92_500, 92_000, 103_000,
        105_000, 108_000,
    ] {
        for every in [MINUTE, HOUR] {
            let device = Device { per_hundred_thousand: rate, bits: 64 };
            let (mut clock, now) = heard(device, every, 30 * DAY);
            let pressed = now + every / 2;
            assert_eq!(
                clock.hear(device.uptime(pressed), at(pressed)),
                Heard::Prompt,
                "{rate} {every}"
            );
            assert!(off(&clock, device, pressed, pressed) < 1_000, "a fresh press, {rate} {every}");
            let later = now + every;
            clock.hear(device.uptime(later), at(later));
            for ago in [2 * MINUTE, 40 * MINUTE, 2 * HOUR, 4 * HOUR] {
                let wrong = off(&clock, device, later - ago, later);
                assert!(wrong < 2_000, "{ago} ms ago, {rate} {every}: wrong by {wrong} ms");
            }
        }
    }
}

#[test]
fn a_late_press_is_as_old_as_it_is() {
    let device = Device { per_hundred_thousand: 100_000, bits: 64 };
    let (mut clock, now) = heard(device, MINUTE, 2 * DAY);
    for held in [2 * MINUTE, HOUR, DAY, 3 * DAY] {
        let (said, arrived) = (now + MINUTE / 2, now + MINUTE / 2 + held);
        let mut alone = clock;
        assert_eq!(alone.hear(device.uptime(said), at(arrived)), Heard::Late, "{held}");
        assert!(off(&alone, device, said, arrived) < 1_000, "{held}");
    }
    // Frames that it held while it was away, then one of now, in any order.
    let back = now + 3 * HOUR;
    for said in [now + HOUR, now + 2 * HOUR, back - 10, now + HOUR] {
        clock.hear(device.uptime(said), at(back));
        assert!(off(&clock, device, now + HOUR, back) < 1_000);
    }
}

#[test]
fn a_press_that_overtakes_the_first_health_is_dated_once_that_is_heard() {
    let device = Device { per_hundred_thousand: 100_000, bits: 64 };
    let (said, arrived) = (5 * MINUTE, 3 * HOUR);
    let mut clock = Clock::new(device.uptime(said), at(arrived)).unwrap();
    assert_eq!(clock.date(device.uptime(said), at(arrived)), at(arrived), "nothing is known yet");
    assert_eq!(clock.hear(device.uptime(arrived), at(arrived + 800)), Heard::Before);
    assert!(off(&clock, device, said, arrived) < 1_000);
    assert!(clock.began().millis().abs_diff(BOOT) < 1_000);
}

#[test]
fn a_delay_of_some_minutes_is_no_slow_clock() {
    let device = Device { per_hundred_thousand: 100_000, bits: 64 };
    let (mut clock, now) = heard(device, MINUTE, DAY);
    assert_eq!(clock.hear(device.uptime(now + MINUTE), at(now + 4 * MINUTE)), Heard::Late);
    // A queue that grows: each frame comes ten seconds later than the one before.
    for n in 1..200 {
        let said = now + n * MINUTE;
        clock.hear(device.uptime(said), at(said + n * 10_000));
        assert!(off(&clock, device, said, said + n * 10_000) < 60_000, "frame {n}");
    }
}

#[test]
fn a_counter_of_32_bits_that_wraps_is_no_fifty_days() {
    for rate in [100_000, 98_000] {
        let device = Device { per_hundred_thousand: rate, bits: 32 };
        let (mut clock, now) = heard(device, 40 * MINUTE, 120 * DAY);
        assert!(off(&clock, device, now + MINUTE, now + MINUTE) < 6_000, "{rate}");
        assert!(off(&clock, device, now - 5 * HOUR, now) < 4_000, "{rate}");
        let wrap = (1u64 << 32) * 100_000 / rate;
        let (mut clock2, _) = heard(device, HOUR, wrap - 2 * HOUR);
        let over = wrap + MINUTE;
        assert_eq!(
            clock2.hear(device.uptime(over), at(over)),
            Heard::Prompt,
            "the first after the wrap"
        );
        assert!(off(&clock2, device, wrap - 30 * MINUTE, over) < 4_000, "a press of before it");
        clock.hear(device.uptime(now + MINUTE), at(now + MINUTE));
    }
    // Who hears the device only after the wrap.
    let device = Device { per_hundred_thousand: 100_000, bits: 32 };
    let wrap = 1u64 << 32;
    let clock = Clock::new(device.uptime(wrap + HOUR), at(wrap + HOUR)).unwrap();
    assert!(off(&clock, device, wrap - HOUR, wrap + HOUR) < 1_000);
}

#[test]
fn a_counter_of_64_bits_goes_on_past_32() {
    let device = Device { per_hundred_thousand: 100_000, bits: 64 };
    let (clock, now) = heard(device, HOUR, 60 * DAY);
    assert!(off(&clock, device, 3 * DAY, now) < 1_000, "57 days late is 57 days late");
}

#[test]
fn an_uptime_that_is_not_told_dates_nothing_and_moves_nothing() {
    assert_eq!(Clock::new(Millis::UNTOLD, at(5)), None);
    let device = Device { per_hundred_thousand: 100_000, bits: 64 };
    let (mut clock, now) = heard(device, MINUTE, HOUR);
    let before = clock;
    assert_eq!(clock.hear(Millis::UNTOLD, at(now)), Heard::Late);
    assert_eq!((clock, clock.date(Millis::UNTOLD, at(now))), (before, at(now)));
}

#[test]
fn no_uptime_and_no_order_of_frames_makes_a_clock_panic_or_date_into_the_future() {
    let mut random = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let odd =
        [0, 1, u64::from(u32::MAX), 1 << 32, 1 << 62, i64::MAX as u64, u64::MAX - 1, u64::MAX];
    let mut clock = Clock::new(Millis::new(7), at(7)).unwrap();
    for _ in 0..100_000 {
        let pick = |n: u64| {
            if n.is_multiple_of(3) {
                odd[usize::try_from(n / 3 % 8).unwrap()]
            } else {
                n >> (n % 64)
            }
        };
        let (uptime, heard) = (Millis::new(pick(next())), Mono::from_millis(pick(next()) >> 1));
        clock.hear(uptime, heard);
        assert!(clock.date(uptime, heard) <= heard, "{uptime:?} {heard:?} {clock:?}");
        clock.began();
    }
}
