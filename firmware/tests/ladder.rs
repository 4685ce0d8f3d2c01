//! Lights climb: sending, stored, received, seen; and nobody who is not heard is left believing that they are.

use care::policy::{INCIDENT_WINDOW, NO_STORED};
use firmware::device::{Light, Sound};
use proto::down::Rung;
use proto::unit::Millis;
use proto::up::{EventKind, Role};

use crate::bench::{Bench, Gateway, receipt};

#[test]
fn the_light_climbs_with_the_receipts_and_the_press_is_forgotten_at_received() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Acks;
    let press = bench.press();
    assert_eq!(bench.light(), Light::Sending, "a PUBACK alone proves nothing");
    bench.gateway_says(&receipt(press, Rung::Stored));
    assert_eq!(bench.light(), Light::Stored);
    assert!(bench.forgotten.is_empty(), "stored is not enough to forget");
    bench.server_says(&receipt(press, Rung::Received));
    assert_eq!(bench.light(), Light::Received);
    assert_eq!(bench.forgotten, [press]);
    bench.server_says(&receipt(press, Rung::Seen));
    assert_eq!(
        bench.lights,
        [Light::Idle, Light::Sending, Light::Stored, Light::Received, Light::Seen]
    );
    assert_eq!(bench.sounds, [Sound::Felt, Sound::Received, Sound::Seen]);
    bench.run_for(INCIDENT_WINDOW);
    assert_eq!(bench.light(), Light::Idle);
}

#[test]
fn a_late_lower_receipt_takes_nothing_back() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Acks;
    let press = bench.press();
    bench.server_says(&receipt(press, Rung::Seen));
    assert_eq!(bench.forgotten, [press], "seen includes received");
    bench.server_says(&receipt(press, Rung::Received));
    bench.gateway_says(&receipt(press, Rung::Stored));
    assert_eq!(bench.light(), Light::Seen);
    assert_eq!(bench.sounds.iter().filter(|sound| **sound == Sound::Seen).count(), 1);
}

#[test]
fn the_gateway_cannot_say_more_than_stored() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Acks;
    let press = bench.press();
    bench.gateway_says(&receipt(press, Rung::Received));
    bench.gateway_says(&receipt(press, Rung::Seen));
    assert_eq!(bench.light(), Light::Sending);
    assert!(bench.forgotten.is_empty());
    assert_eq!(bench.device.trace().counters.wrong_seal, 2);
}

#[test]
fn without_stored_in_ten_seconds_the_device_says_so_and_keeps_trying() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Away;
    bench.press();
    bench.run_for(Millis::new(NO_STORED.get() - 400));
    assert_eq!(bench.light(), Light::Sending);
    bench.run_for(Millis::new(200));
    assert_eq!(bench.light(), Light::Failed);
    assert_eq!(bench.sounds, [Sound::Felt, Sound::Failed]);
    let tries = bench.connects.len();
    bench.run_for(Millis::minutes(10));
    assert!(bench.connects.len() >= tries + 20, "it tries at least every 30 s");
    bench.gateway = Gateway::Stores;
    bench.run_for(Millis::secs(31));
    assert_eq!(bench.light(), Light::Stored, "it climbs as soon as somebody hears");
}

#[test]
fn the_light_shows_the_call_that_is_worst_off() {
    let mut bench = Bench::of(Role::HelpButton);
    let first = bench.press();
    assert_eq!(bench.light(), Light::Stored);
    bench.gateway = Gateway::Acks;
    let second = bench.press();
    assert_ne!(first, second, "two presses are two calls");
    assert_eq!(bench.light(), Light::Sending);
    bench.server_says(&receipt(first, Rung::Received));
    assert_eq!(bench.light(), Light::Sending);
    bench.server_says(&receipt(second, Rung::Received));
    assert_eq!(bench.light(), Light::Received);
    assert_eq!(bench.count(EventKind::Press), 2);
}

#[test]
fn a_long_hold_annotates_and_closes_nothing() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.sample(firmware::device::Sample::Button(true));
    bench.run_for(Millis::secs(4));
    bench.sample(firmware::device::Sample::Button(false));
    bench.run_for(Millis::secs(1));
    assert_eq!((bench.count(EventKind::Press), bench.count(EventKind::Cancel)), (1, 1));
    assert_eq!(bench.light(), Light::Stored, "the call goes on");
    assert!(bench.forgotten.is_empty());
}

#[test]
fn a_cord_held_down_by_a_fallen_person_is_never_a_cancel() {
    let mut bench = Bench::of(Role::PullCord);
    bench.sample(firmware::device::Sample::Cord(true));
    bench.run_for(Millis::secs(40));
    assert_eq!((bench.count(EventKind::Pull), bench.count(EventKind::Cancel)), (1, 0));
    assert_eq!(bench.count(EventKind::Stuck), 1);
}
