//! What a window calls new, a copy, and a number used twice.
//!
//! Frames are numbers, tags and the moment at which a gateway had them. Not here: rows.

use super::*;

/// Tags of two devices that share a name.
const ONE: [u8; 16] = [1; 16];
const OTHER: [u8; 16] = [2; 16];

fn at(second: u64) -> Mono {
    Mono::from_millis(1_000_000 + second * 1000)
}

/// A window that has taken these numbers of the first device, one a second.
fn after(numbers: core::ops::RangeInclusive<u32>) -> Window {
    let mut window = Window::default();
    for seq in numbers {
        assert_eq!(window.take(Seq::new(seq), &ONE, at(u64::from(seq))), Sight::New, "{seq}");
    }
    window
}

#[test]
fn a_frame_is_taken_once_whatever_the_order() {
    let mut window = Window::default();
    let mut taken = 0;
    // 7 and 400 share no factor, so the walk meets each number once in a scattered order.
    for _ in 0..3 {
        for i in 0..400u32 {
            let seq = Seq::new(1 + (i * 7) % 400);
            taken += u32::from(window.take(seq, &ONE, at(0)) == Sight::New);
        }
    }
    assert_eq!(taken, 400);
}

#[test]
fn the_same_number_with_other_bytes_is_no_copy_and_its_own_copy_is_one() {
    let mut window = after(1..=9);
    assert_eq!(window.take(Seq::new(4), &OTHER, at(4)), Sight::Twice);
    assert_eq!(window.take(Seq::new(4), &OTHER, at(4)), Sight::Copy);
    assert_eq!(window.take(Seq::new(4), &ONE, at(4)), Sight::Copy);
    assert_eq!(window.take(Seq::new(10), &ONE, at(10)), Sight::New, "the numbers go on");
}

#[test]
fn after_a_jump_back_in_numbers_no_frame_is_taken_for_a_copy() {
    for first in [20, 700, 100_000] {
        let mut window = after(first..=first + 600);
        let now = u64::from(first) + 600;
        let back: Vec<_> =
            (1..=300).map(|seq| window.take(Seq::new(seq), &OTHER, at(now))).collect();
        assert_eq!(back[0], Sight::Twice, "the first says that a number was used twice");
        assert!(back.iter().all(|sight| *sight != Sight::Copy), "from {first}");
    }
}

#[test]
fn a_jump_ahead_makes_no_later_frame_a_copy() {
    let mut window = Window::default();
    assert_eq!(window.take(Seq::new(u32::MAX), &ONE, at(0)), Sight::New);
    for seq in 1..=600 {
        assert_ne!(window.take(Seq::new(seq), &ONE, at(1 + u64::from(seq))), Sight::Copy, "{seq}");
    }
}

#[test]
fn two_devices_with_one_name_are_both_heard_and_each_copy_is_one() {
    let mut window = after(10_000..=10_599);
    for n in 0..200 {
        let now = at(20_000 + u64::from(n));
        let (far, near) = (Seq::new(10_600 + n), Seq::new(1 + n));
        assert_ne!(window.take(far, &ONE, now), Sight::Copy);
        assert_ne!(window.take(near, &OTHER, now), Sight::Copy);
        assert_eq!(window.take(far, &ONE, now), Sight::Copy);
        assert_eq!(window.take(near, &OTHER, now), Sight::Copy);
    }
}

#[test]
fn what_a_gateway_sends_again_after_days_is_a_copy_and_no_second_voice() {
    let mut window = after(1..=2_000);
    for seq in 1..=2_000 {
        let again = at(u64::from(seq)).after(Millis::new(700));
        assert_eq!(window.take(Seq::new(seq), &ONE, again), Sight::Copy, "{seq}");
    }
}

#[test]
fn a_first_copy_that_comes_late_by_another_way_is_new_and_no_second_voice() {
    let mut window = Window::default();
    assert_eq!(window.take(Seq::new(5_000), &ONE, at(5_000)), Sight::New);
    assert_eq!(window.take(Seq::new(17), &ONE, at(17)), Sight::New);
    assert_eq!(window.take(Seq::new(17), &ONE, at(17)), Sight::Copy);
}

#[test]
fn a_row_of_an_older_build_makes_nothing_twice_that_is_sent_again() {
    let old = after(1..=900);
    let mut window = Window::load(old.base(), &old.bits(), None, at(900));
    for seq in [1, 500, 899, 900] {
        assert_eq!(window.take(Seq::new(seq), &ONE, at(u64::from(seq))), Sight::Copy, "{seq}");
    }
    assert_eq!(window.take(Seq::new(901), &ONE, at(901)), Sight::New);
    assert_eq!(window.take(Seq::new(3), &OTHER, at(2_000)), Sight::Twice);
}

#[test]
fn a_window_survives_its_row() {
    let mut window = Window::default();
    for n in 0..150 {
        window.take(Seq::new(3 + n * 9), &ONE, at(u64::from(n)));
        let row = (window.base(), window.bits(), window.prints());
        assert_eq!(Window::load(row.0, &row.1, Some(&row.2), window.mark()), window);
    }
}
