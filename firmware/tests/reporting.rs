//! What a device says of itself: on each connect, each period, and when somebody tests it.

use firmware::device::{ConnectAs, FIRMWARE, Input, Light, LinkEvent, Sample, Sound};
use proto::down::Down;
use proto::unit::{Millis, Percent};
use proto::up::{EventKind, Health, Role, Up};

use crate::bench::{Bench, by_gateway, key};

fn health(bench: &Bench) -> Vec<Health> {
    let health = |up: &Up| if let Up::Health(health) = up { Some(*health) } else { None };
    bench.published.iter().filter_map(|p| health(&p.up)).collect()
}

#[test]
fn health_is_told_on_each_connect_and_each_period_with_the_uptime_now() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.input(Input::Tick);
    bench.run_for(Millis::secs(150));
    assert_eq!(
        health(&bench).iter().map(|h| h.uptime.get()).collect::<Vec<_>>(),
        [0, 60_000, 120_000]
    );
    bench.link(LinkEvent::Down);
    bench.run_for(Millis::secs(2));
    assert_eq!(health(&bench).len(), 4, "a new connection tells it anew");
    assert!(health(&bench).iter().all(|h| h.firmware == u64::from(FIRMWARE) && h.period_s == 60));
}

#[test]
fn each_connection_has_a_proof_of_its_own() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.input(Input::Tick);
    for _ in 0..5 {
        bench.link(LinkEvent::Down);
        bench.run_for(Millis::secs(31));
    }
    let hop = key().hop(proto::id::KeyEpoch::new(1));
    let counters: Vec<u32> = bench
        .connects
        .iter()
        .map(|(_, guise)| match guise {
            ConnectAs::Enrolled { password } => hop.check_connect_proof(password).unwrap().1,
            ConnectAs::Stranger => panic!("nobody refused it"),
        })
        .collect();
    assert!(counters.len() == 6 && counters.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn a_test_is_confirmed_in_health_and_a_search_blinks() {
    let mut bench = Bench::of(Role::PullCord);
    bench.input(Input::Tick);
    bench.run_for(Millis::secs(5));
    bench.server_says(&Down::Test(1));
    assert_eq!(health(&bench).last().and_then(|h| h.tested), Some(Millis::secs(5)));
    bench.server_says(&Down::Identify(20));
    assert_eq!(bench.light(), Light::Identify);
    bench.run_for(Millis::secs(20));
    assert_eq!(bench.light(), Light::Idle);
    assert_eq!(bench.sounds, [Sound::Test, Sound::Identify]);
}

#[test]
fn a_gateway_cannot_give_orders() {
    let mut bench = Bench::of(Role::PullCord);
    bench.input(Input::Tick);
    let order = by_gateway(&Down::Identify(20), 1);
    bench.input(Input::Down(&order));
    bench.input(Input::Down(&[]));
    bench.input(Input::Down(&[1; 300]));
    assert_eq!(bench.light(), Light::Idle);
    assert_eq!(bench.device.trace().counters.wrong_seal, 3);
}

#[test]
fn a_weak_battery_is_told_once() {
    let mut bench = Bench::of(Role::HelpButton);
    for level in [40, 15, 14, 20, 10] {
        bench.sample(Sample::Battery(Percent::new(level).unwrap()));
        bench.run_for(Millis::secs(1));
    }
    assert_eq!(bench.count(EventKind::BatteryLow), 1);
    bench.run_for(Millis::secs(60));
    assert_eq!(health(&bench).last().and_then(|h| h.battery), Percent::new(10));
}
