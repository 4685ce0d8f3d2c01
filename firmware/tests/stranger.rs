//! A device that its gateway does not know is refused; a person who needs help is not.

use firmware::device::{ConnectAs, Light, Sound};
use proto::down::Rung;
use proto::frame::Lane;
use proto::unit::Millis;
use proto::up::Role;

use crate::bench::{Bench, Gateway, receipt};

fn strangers(bench: &Bench) -> usize {
    bench.connects.iter().filter(|(_, guise)| *guise == ConnectAs::Stranger).count()
}

#[test]
fn a_refused_device_with_a_press_calls_as_a_stranger_and_says_so() {
    for code in [4, 5, 0x86, 0x87] {
        let mut bench = Bench::of(Role::HelpButton);
        bench.gateway = Gateway::Refuses(code);
        let press = bench.press();
        let sent = bench.of_press(press);
        assert!(sent.iter().all(|p| p.stranger && p.lane == Lane::Emergency) && sent.len() == 1);
        assert_eq!(bench.light(), Light::Refused, "code {code:#x}");
        assert!(bench.forgotten.is_empty(), "a stranger's PUBACK is no receipt");
    }
}

#[test]
fn a_refused_device_without_a_press_stays_away_from_the_stranger_lane() {
    let mut bench = Bench::of(Role::BedMat);
    bench.gateway = Gateway::Refuses(5);
    bench.run_for(Millis::minutes(10));
    assert!(bench.published.is_empty() && strangers(&bench) == 0);
    assert!(bench.connects.len() > 20, "it keeps knocking");
}

#[test]
fn a_busy_gateway_is_no_refusal() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Refuses(3);
    bench.press();
    bench.run_for(Millis::minutes(2));
    assert_eq!(strangers(&bench), 0);
    assert_eq!(bench.light(), Light::Failed);
    assert_eq!(bench.sounds, [Sound::Felt, Sound::Failed]);
}

#[test]
fn once_known_again_the_same_press_is_told_as_itself() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Refuses(5);
    let press = bench.press();
    bench.run_for(Millis::minutes(5));
    assert_eq!(bench.of_press(press).len(), 1, "once as a stranger is enough while it is taken");
    let second = bench.press();
    assert_eq!(bench.of_press(second).len(), 1, "each press calls");
    bench.gateway = Gateway::Stores;
    bench.run_for(Millis::secs(40));
    let sent = bench.of_press(press);
    assert!(sent.iter().any(|p| !p.stranger) && sent.windows(2).all(|w| w[0].hop == w[1].hop));
    assert_eq!(bench.light(), Light::Stored);
    bench.server_says(&receipt(press, Rung::Received));
    bench.server_says(&receipt(second, Rung::Received));
    assert_eq!(bench.light(), Light::Received);
}

#[test]
fn a_press_that_nobody_has_is_shown_as_failed_though_the_gateway_had_refused_the_device_before_it_died()
 {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Refuses(5);
    bench.run_for(Millis::minutes(1));
    bench.gateway = Gateway::Away;
    bench.press();
    bench.run_for(Millis::secs(15));
    assert_eq!(bench.light(), Light::Failed, "telephone for help");
    bench.gateway = Gateway::Refuses(5);
    bench.run_for(Millis::minutes(1));
    assert_eq!(bench.light(), Light::Refused, "taken as a stranger's word");
}

#[test]
fn what_a_gateway_has_taken_of_a_stranger_is_shown_so_when_it_dies_and_the_next_press_as_failed() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Refuses(5);
    bench.press();
    bench.gateway = Gateway::Away;
    bench.run_for(Millis::minutes(1));
    assert_eq!(bench.light(), Light::Refused, "it is on a disk");
    bench.press();
    bench.run_for(Millis::secs(15));
    assert_eq!(bench.light(), Light::Failed, "the one that is worst off");
}
