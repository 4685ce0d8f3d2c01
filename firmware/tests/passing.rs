//! Movement and doors: few events, true counts, and a reason where nothing was measured.

use firmware::device::{MOTION_REST, Sample};
use proto::unit::{Millis, NoData};
use proto::up::{EventKind, Quantity, Role, Up, Value};

use crate::bench::Bench;

fn value(bench: &Bench, quantity: Quantity) -> Value {
    let values = bench.published.iter().rev().find_map(|p| match &p.up {
        Up::Reading(reading) => Some(reading.values.clone()),
        Up::Event(_) | Up::Health(_) | Up::Loss(_) | Up::Update(_) => None,
    });
    *values
        .expect("a reading")
        .iter()
        .find(|value| value.quantity == quantity)
        .expect("of this kind")
}

#[test]
fn movement_is_one_event_until_it_rests_and_every_rise_is_counted() {
    let mut bench = Bench::of(Role::Motion);
    for _ in 0..5 {
        bench.sample(Sample::Motion(true));
        bench.run_for(Millis::secs(2));
        bench.sample(Sample::Motion(false));
        bench.run_for(Millis::secs(2));
    }
    assert_eq!(bench.count(EventKind::Motion), 1);
    bench.run_for(MOTION_REST);
    bench.sample(Sample::Motion(true));
    bench.run_for(Millis::secs(20));
    assert_eq!(bench.count(EventKind::Motion), 2);
    assert_eq!(value(&bench, Quantity::Motion).value, Some(6.0));
}

#[test]
fn a_door_tells_each_change_and_counts_openings() {
    let mut bench = Bench::of(Role::Door);
    for open in [false, true, false, true] {
        bench.sample(Sample::Door(open));
        bench.run_for(Millis::secs(10));
    }
    bench.run_for(Millis::secs(25));
    assert_eq!((bench.count(EventKind::DoorOpen), bench.count(EventKind::DoorClosed)), (2, 2));
    assert_eq!(value(&bench, Quantity::Door).value, Some(2.0));
}

#[test]
fn a_door_in_the_wind_does_not_rattle() {
    let mut bench = Bench::of(Role::Door);
    bench.sample(Sample::Door(false));
    bench.run_for(Millis::secs(1));
    for _ in 0..20 {
        bench.sample(Sample::Door(true));
        bench.run_for(Millis::new(20));
        bench.sample(Sample::Door(false));
        bench.run_for(Millis::new(20));
    }
    assert_eq!(bench.count(EventKind::DoorOpen), 0);
}

#[test]
fn a_sensor_that_was_never_read_has_no_count_but_a_reason() {
    let mut bench = Bench::of(Role::Motion);
    bench.run_for(Millis::secs(61));
    let none = value(&bench, Quantity::Motion);
    assert_eq!((none.value, none.no_data), (None, Some(NoData::Timeout)));
}

#[test]
fn a_sample_of_another_kind_of_device_is_counted_and_ignored() {
    let mut bench = Bench::of(Role::Door);
    bench.sample(Sample::Button(true));
    bench.run_for(Millis::secs(10));
    assert!(bench.events().is_empty());
    assert_eq!(bench.device.trace().counters.stray_samples, 1);
}
