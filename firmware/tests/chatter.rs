//! A contact that bounces, sticks or chatters: no press is lost, none is made up, and the fault is told.

use care::policy::{CHATTER_QUIET, CHATTER_WINDOW};
use firmware::device::{DEBOUNCE, Sample};
use proto::down::Rung;
use proto::unit::Millis;
use proto::up::{EventKind, Role};

use crate::bench::{Bench, receipt};

/// Closes and opens ten times a second for so many seconds, with a server that receives everything.
fn rattle(bench: &mut Bench, seconds: usize) {
    for _ in 0..seconds * 10 {
        for down in [true, false] {
            bench.sample(Sample::Button(down));
            bench.run_for(Millis::new(50));
        }
        let waiting: Vec<_> = bench.published.iter().map(|p| p.id).collect();
        for id in waiting.into_iter().rev().take(3) {
            bench.server_says(&receipt(id, Rung::Received));
        }
    }
}

#[test]
fn bounces_of_one_touch_are_one_press() {
    let mut bench = Bench::of(Role::HelpButton);
    for down in [true, false, true, false, true] {
        bench.sample(Sample::Button(down));
        bench.run_for(Millis::new(DEBOUNCE.get() / 4));
    }
    bench.run_for(Millis::new(200));
    assert_eq!(bench.count(EventKind::Press), 1);
}

#[test]
fn a_spark_is_no_press() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.sample(Sample::Button(true));
    bench.run_for(Millis::new(DEBOUNCE.get() - 1));
    bench.sample(Sample::Button(false));
    bench.run_for(Millis::secs(5));
    assert_eq!(bench.count(EventKind::Press), 0);
}

#[test]
fn a_chattering_button_is_told_once_and_still_calls_for_help() {
    let mut bench = Bench::of(Role::HelpButton);
    rattle(&mut bench, 60);
    assert_eq!(bench.count(EventKind::Stuck), 1);
    let presses = bench.count(EventKind::Press);
    let windows = 60_000 / usize::try_from(CHATTER_WINDOW.get()).unwrap();
    assert!((20..=20 + windows).contains(&presses), "limited, never zero: {presses}");
    let counters = bench.device.trace().counters;
    assert_eq!(counters.presses + counters.chatter, 600, "each activation is counted");
    let last = bench.events().into_iter().rfind(|event| event.kind == EventKind::Press);
    assert!(last.and_then(|event| event.count) > Some(500), "the count goes along");
}

#[test]
fn a_button_that_has_rested_is_trusted_again() {
    let mut bench = Bench::of(Role::HelpButton);
    rattle(&mut bench, 10);
    bench.run_for(CHATTER_QUIET);
    let before = bench.count(EventKind::Press);
    bench.press();
    bench.press();
    assert_eq!(bench.count(EventKind::Press), before + 2);
}

#[test]
fn a_button_that_does_not_come_back_is_told() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.sample(Sample::Button(true));
    bench.run_for(Millis::minutes(5));
    assert_eq!((bench.count(EventKind::Press), bench.count(EventKind::Stuck)), (1, 1));
}
