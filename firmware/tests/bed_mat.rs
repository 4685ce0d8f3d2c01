//! The mat tells who lies down and gets up, dates it to when it began, and never takes silence for an empty bed.

use care::policy::MAT_DELAY;
use firmware::device::{IN_DELAY, OUT_DELAY, Sample};
use proto::unit::{Millis, NoData};
use proto::up::{EventKind, Quantity, Reading, Role, Up, Value};

use crate::bench::Bench;

/// Ten samples a second.
const SAMPLE: Millis = Millis::new(100);

fn lie(bench: &mut Bench, grams: i32, span: Millis) {
    for _ in 0..span.get() / SAMPLE.get() {
        bench.sample(Sample::Load(grams));
        bench.run_for(SAMPLE);
    }
}

fn readings(bench: &Bench) -> Vec<Reading> {
    let reading =
        |up: &Up| if let Up::Reading(reading) = up { Some(reading.clone()) } else { None };
    bench.published.iter().filter_map(|p| reading(&p.up)).collect()
}

fn value(reading: &Reading, quantity: Quantity) -> Value {
    *reading.values.iter().find(|value| value.quantity == quantity).expect("a mat has it")
}

fn kinds(bench: &Bench) -> Vec<EventKind> {
    bench.events().iter().map(|event| event.kind).collect()
}

#[test]
fn in_and_out_are_told_within_the_declared_delay_and_dated_to_their_beginning() {
    let mut bench = Bench::of(Role::BedMat);
    let start = bench.now;
    lie(&mut bench, 1_000, Millis::secs(20));
    lie(&mut bench, 62_000, Millis::secs(30));
    lie(&mut bench, 3_000, MAT_DELAY);
    assert_eq!(kinds(&bench), [EventKind::BedOut, EventKind::BedIn, EventKind::BedOut]);
    let begun: Vec<u64> = bench.events().iter().map(|event| event.uptime.get()).collect();
    assert_eq!(begun, [0, 20_000, 50_000]);
    let told: Vec<u64> = bench
        .published
        .iter()
        .filter(|p| matches!(p.up, Up::Event(_)))
        .map(|p| p.at.since(start).get())
        .collect();
    assert!(told[1] - begun[1] <= IN_DELAY.get() + 100, "{told:?}");
    assert!(told[2] - begun[2] <= OUT_DELAY.get() + 100, "{told:?}");
}

#[test]
fn turning_over_and_a_bag_on_the_bed_change_nothing() {
    let mut bench = Bench::of(Role::BedMat);
    lie(&mut bench, 62_000, Millis::secs(10));
    lie(&mut bench, 4_000, Millis::secs(2));
    lie(&mut bench, 62_000, Millis::secs(10));
    lie(&mut bench, 15_000, Millis::secs(60));
    assert_eq!(kinds(&bench), [EventKind::BedIn], "between the thresholds nothing turns");
}

#[test]
fn a_reading_gives_share_load_and_restlessness_of_its_minute() {
    let mut bench = Bench::of(Role::BedMat);
    lie(&mut bench, 60_000, Millis::secs(60));
    for second in 0..60 {
        lie(&mut bench, if second % 2 == 0 { 60_000 } else { 57_000 }, Millis::secs(1));
    }
    lie(&mut bench, 0, Millis::secs(61));
    let minutes = readings(&bench);
    let number = |at: usize, quantity| value(&minutes[at], quantity).value.unwrap();
    assert!((number(0, Quantity::InBed) - 100.0).abs() < 0.1);
    assert!((number(0, Quantity::Load) - 60.0).abs() < 0.1);
    assert!(number(0, Quantity::Restless) < 1.0);
    assert!(number(1, Quantity::Restless) > 80.0);
    assert!((5.0..12.0).contains(&number(2, Quantity::InBed)), "the delay of 5 s counts as in");
    assert_eq!(minutes[0].period_s, 60);
    assert_eq!(value(&minutes[0], Quantity::InBed).age_s, 0);
}

#[test]
fn silence_of_the_mat_is_unknown_and_never_out_of_bed() {
    let mut bench = Bench::of(Role::BedMat);
    lie(&mut bench, 62_000, Millis::secs(20));
    bench.sample(Sample::NoLoad(NoData::Timeout));
    bench.run_for(Millis::minutes(3));
    assert_eq!(kinds(&bench), [EventKind::BedIn]);
    let last = value(readings(&bench).last().unwrap(), Quantity::InBed);
    assert_eq!((last.value, last.no_data), (None, Some(NoData::Timeout)));
}

#[test]
fn samples_that_just_stop_grow_stale() {
    let mut bench = Bench::of(Role::BedMat);
    lie(&mut bench, 62_000, Millis::secs(20));
    bench.run_for(Millis::minutes(3));
    let last = value(readings(&bench).last().unwrap(), Quantity::InBed);
    assert_eq!((last.value, last.no_data), (None, Some(NoData::Stale)));
    assert!(last.age_s > 100);
}

#[test]
fn a_clipped_converter_has_no_values_and_says_why() {
    let mut bench = Bench::of(Role::BedMat);
    bench.sample(Sample::NoLoad(NoData::Clipped));
    bench.run_for(Millis::secs(61));
    let reading = readings(&bench).remove(0);
    assert!(reading.values.iter().all(|value| value.no_data == Some(NoData::Clipped)));
}

#[test]
fn readings_that_wait_too_long_are_shed_oldest_first_and_told() {
    let mut bench = Bench::of(Role::BedMat);
    bench.gateway = crate::bench::Gateway::Away;
    bench.run_for(Millis::minutes(60));
    bench.gateway = crate::bench::Gateway::Stores;
    bench.run_for(Millis::secs(31));
    let lost: u64 =
        bench.published.iter().map(|p| if let Up::Loss(l) = p.up { l.count } else { 0 }).sum();
    let told = readings(&bench).len();
    assert_eq!(u64::try_from(told).unwrap() + lost, 60, "what was made is told or counted as lost");
    assert!(lost > 0);
}
