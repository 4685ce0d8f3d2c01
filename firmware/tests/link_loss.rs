//! The radio loses, doubles and falls silent: the press arrives all the same, always as the same bytes.

use std::collections::BTreeSet;

use care::policy::BACKOFF_MAX;
use firmware::device::{HELD_MAX, Input, Light, LinkEvent, Sample};
use proto::down::Rung;
use proto::frame::Lane;
use proto::unit::Millis;
use proto::up::{EventKind, Role, Up};

use crate::bench::{Bench, Gateway, receipt};

#[test]
fn a_repeat_is_the_same_bytes() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Acks;
    let press = bench.press();
    bench.run_for(Millis::minutes(3));
    bench.link(LinkEvent::Down);
    bench.run_for(Millis::minutes(2));
    let sent = bench.of_press(press);
    assert!(sent.len() > 5, "it was repeated: {}", sent.len());
    assert_eq!(sent.iter().map(|p| &p.hop).collect::<BTreeSet<_>>().len(), 1);
    let pauses = sent.windows(2).map(|pair| pair[1].at.since(pair[0].at));
    assert!(pauses.max() <= Some(BACKOFF_MAX), "no pause is longer than 30 s");
}

#[test]
fn a_press_waits_for_flash_before_it_is_published() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.flash = None;
    bench.press();
    assert_eq!(bench.count(EventKind::Press), 0, "flash has not answered yet");
    bench.run_for(Millis::secs(2));
    assert_eq!(bench.count(EventKind::Press), 1, "broken flash is no reason to be silent");
}

#[test]
fn a_link_that_answers_nothing_is_given_up_within_seconds() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Mute;
    let press = bench.press();
    bench.run_for(Millis::secs(7));
    assert!(bench.disconnects >= 1, "half-open: nobody acknowledges");
    bench.gateway = Gateway::Stores;
    bench.run_for(Millis::secs(7));
    assert_eq!(bench.light(), Light::Stored);
    assert!(bench.of_press(press).len() >= 2);
}

#[test]
fn a_new_press_does_not_sit_out_a_pause() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Away;
    bench.input(Input::Tick);
    bench.run_for(Millis::minutes(30));
    bench.gateway = Gateway::Stores;
    let before = bench.now;
    let press = bench.press();
    let first = bench.of_press(press)[0].at;
    assert!(first.since(before) < Millis::secs(1));
}

#[test]
fn presses_made_while_the_gateway_is_away_are_each_told_and_the_oldest_are_never_dropped() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Away;
    let presses: Vec<_> = (0..HELD_MAX)
        .map(|_| {
            bench.run_for(Millis::secs(20));
            bench.press()
        })
        .collect();
    assert_eq!(presses.iter().collect::<BTreeSet<_>>().len(), HELD_MAX);
    bench.run_for(Millis::secs(20));
    bench.sample(Sample::Button(true));
    bench.run_for(Millis::secs(1));
    assert_eq!(bench.device.trace().counters.not_held, 1);
    assert_eq!(bench.light(), Light::Failed, "the person is told");
    bench.gateway = Gateway::Stores;
    bench.run_for(Millis::secs(40));
    for press in presses {
        assert!(!bench.of_press(press).is_empty(), "{press:?} was dropped");
    }
    let told = bench.published.iter().any(|p| matches!(&p.up, Up::Loss(loss) if loss.count == 1));
    assert!(told, "what could not be held is told as a loss");
}

#[test]
fn an_emergency_that_flash_refuses_is_sent_from_memory_and_shown() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.flash = Some(false);
    bench.gateway = Gateway::Acks;
    let press = bench.press();
    assert_eq!(bench.of_press(press).len(), 1);
    assert_eq!(bench.light(), Light::Failed);
    bench.gateway_says(&receipt(press, Rung::Stored));
    assert_eq!(bench.light(), Light::Stored, "safe elsewhere is safe");
    assert_eq!(bench.device.trace().counters.not_kept, 1);
}

#[test]
fn an_emergency_waits_behind_at_most_one_telemetry_frame() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Mute;
    bench.input(Input::Tick);
    for _ in 0..4 {
        bench.server_says(&proto::down::Down::Test(1));
    }
    let telemetry = bench.published.iter().filter(|p| p.lane == Lane::Telemetry).count();
    assert_eq!(telemetry, 1, "the others wait for its PUBACK");
    bench.press();
    assert_eq!(bench.published.last().map(|p| p.lane), Some(Lane::Emergency));
}

#[test]
fn only_the_server_s_word_ends_the_repeats() {
    let mut bench = Bench::of(Role::HelpButton);
    let press = bench.press();
    bench.run_for(Millis::minutes(60));
    let stored = bench.of_press(press).len();
    assert!((4..60).contains(&stored), "it asks now and then for a lost receipt: {stored}");
    bench.server_says(&receipt(press, Rung::Received));
    bench.run_for(Millis::minutes(60));
    assert_eq!(bench.of_press(press).len(), stored);
}
