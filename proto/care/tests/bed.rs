//! The bed: who leaves it at night and does not come back is looked after; who gets up in the morning is not.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::policy::{BED_OUT_LONG, BED_OUT_NIGHT, MAT_DELAY, Rules};
use care::{Input, Kind, Output, Seen, Severity};
use proto::unit::{Millis, NoData};
use proto::up::{EventKind, Quantity, Role};

use crate::house::{
    DOOR, GATEWAY, House, MAT, MOTION, device, findings, hours, minutes, no_value, value,
};

fn bedroom(hour: u16) -> House {
    let mut house = House::at_hour(hour, &[(MAT, Role::BedMat), (DOOR, Role::Door)]);
    house.event(MAT, EventKind::BedIn);
    house
}

#[test]
fn out_at_night_and_not_back_is_told_half_an_hour_after_leaving_at_the_latest() {
    let mut house = bedroom(2);
    house.live(minutes(10), &[MAT, DOOR]);
    assert_eq!(house.event(MAT, EventKind::BedOut), []);
    let left = house.now;
    let said = house.live(minutes(40), &[MAT, DOOR]);
    let told = findings(&said, Kind::Bed);
    let [(at, told)] = told[..] else { panic!("one finding expected: {said:?}") };
    assert_eq!(
        at.since(left),
        BED_OUT_NIGHT.less(MAT_DELAY),
        "the mat's delay counts for the person"
    );
    assert_eq!((told.severity, told.device), (Severity::Important, Some(MAT)));
    assert_eq!(told.evidence[0].what, Seen::LeftBed);
    assert!((told.evidence[0].value - 30.0).abs() < 0.1);
}

#[test]
fn a_walk_to_the_bathroom_is_nobodys_business() {
    let mut house = bedroom(2);
    for _ in 0..4 {
        house.event(MAT, EventKind::BedOut);
        assert_eq!(house.live(minutes(20), &[MAT, DOOR]), []);
        assert_eq!(house.event(MAT, EventKind::BedIn), []);
        assert_eq!(house.live(minutes(20), &[MAT, DOOR]), []);
    }
}

#[test]
fn coming_back_annotates_and_ends_nothing() {
    let mut house = bedroom(1);
    house.event(MAT, EventKind::BedOut);
    let said = house.live(minutes(45), &[MAT, DOOR]);
    let incident = findings(&said, Kind::Bed)[0].1.incident;
    let back = house.event(MAT, EventKind::BedIn);
    assert_eq!(back, [Output::Ease { incident, kind: Kind::Bed, device: Some(MAT) }]);
    house.event(MAT, EventKind::BedOut);
    let again = house.live(minutes(45), &[MAT, DOOR]);
    assert!(findings(&again, Kind::Bed)[0].1.opens, "a second episode is told anew");
}

#[test]
fn who_gets_up_for_good_before_six_is_not_missed() {
    let mut house = bedroom(5);
    house.live(minutes(40), &[MAT, DOOR]);
    house.event(MAT, EventKind::BedOut);
    assert_eq!(house.live(hours(3), &[MAT, DOOR]), []);
}

#[test]
fn without_a_known_hour_only_the_long_limit_holds() {
    let mut house = House::with(&[(MAT, Role::BedMat), (DOOR, Role::Door)]);
    house.event(MAT, EventKind::BedIn);
    house.pass(minutes(1));
    house.event(MAT, EventKind::BedOut);
    let left = house.now;
    let said = house.live(BED_OUT_LONG.plus(minutes(1)), &[MAT, DOOR]);
    let told = findings(&said, Kind::Bed);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0.since(left), BED_OUT_LONG.less(MAT_DELAY));
    assert_eq!(told[0].1.severity, Severity::General);
}

#[test]
fn a_bed_in_which_nobody_was_ever_seen_is_not_left() {
    let mut house = House::at_hour(22, &[(MAT, Role::BedMat)]);
    house.event(MAT, EventKind::BedOut);
    let said = house.live(hours(30), &[MAT]);
    assert_eq!(findings(&said, Kind::Bed), []);
}

#[test]
fn summaries_tell_in_and_out_and_a_faulty_mat_tells_nothing() {
    let mut house = House::at_hour(23, &[(MAT, Role::BedMat)]);
    house.reading(MAT, &[value(Quantity::InBed, 100.0)]);
    for _ in 0..20 {
        house.pass(minutes(1));
        house.reading(MAT, &[no_value(Quantity::InBed, NoData::Fault)]);
        house.reading(MAT, &[value(Quantity::InBed, f32::NAN), value(Quantity::InBed, 240.0)]);
        house.reading(MAT, &[value(Quantity::InBed, 30.0)]);
    }
    house.reading(MAT, &[value(Quantity::InBed, 0.0)]);
    let left = house.now;
    let said = house.live(minutes(60), &[MAT]);
    let told = findings(&said, Kind::Bed);
    assert_eq!(told.len(), 1, "one empty minute begins the episode, nonsense does not");
    assert_eq!(
        told[0].0.since(left),
        BED_OUT_NIGHT.less(minutes(1)),
        "dated from the span's start"
    );
}

#[test]
fn a_summary_of_the_gateway_and_the_mat_itself_speak_of_one_bed() {
    let mut house = House::at_hour(1, &[(MAT, Role::BedMat)]);
    house.reading(GATEWAY, &[value(Quantity::InBed, 100.0)]);
    house.event(MAT, EventKind::BedIn);
    house.event(MAT, EventKind::BedOut);
    house.reading(GATEWAY, &[value(Quantity::InBed, 0.0)]);
    let said = house.live(hours(1), &[MAT]);
    assert_eq!(findings(&said, Kind::Bed).len(), 1);
}

#[test]
fn two_beds_are_watched_each_for_itself() {
    let other = device(33);
    let mut house = House::at_hour(1, &[(MAT, Role::BedMat), (other, Role::BedMat)]);
    house.event(MAT, EventKind::BedIn);
    house.event(other, EventKind::BedIn);
    house.event(MAT, EventKind::BedOut);
    house.live(minutes(5), &[MAT, other]);
    house.event(other, EventKind::BedOut);
    let said = house.live(hours(1), &[MAT, other]);
    let told: Vec<_> = findings(&said, Kind::Bed).iter().map(|(_, f)| f.device).collect();
    assert_eq!(told, [Some(MAT), Some(other)]);
}

#[test]
fn words_out_of_order_do_not_turn_the_bed_over() {
    let mut house = bedroom(1);
    house.live(minutes(30), &[MAT, DOOR]);
    house.event(MAT, EventKind::BedIn);
    let late = crate::house::event(EventKind::BedOut);
    house.say_late(MAT, &late, minutes(20));
    assert_eq!(findings(&house.live(hours(1), &[MAT, DOOR]), Kind::Bed), []);
}

#[test]
fn a_home_may_set_its_own_night_and_limit() {
    let mut house = bedroom(14);
    let limit = Some(Millis::secs(20));
    let rules =
        Rules { night_from: 0, night_until: 1439, bed_out_night: limit, ..Rules::default() };
    house.step(Input::Rules(rules));
    house.event(MAT, EventKind::BedOut);
    assert_eq!(findings(&house.pass(Millis::secs(20)), Kind::Bed).len(), 1);
    let mut house = bedroom(2);
    house.step(Input::Rules(Rules { bed_out_night: None, bed_out_long: None, ..rules }));
    house.event(MAT, EventKind::BedOut);
    assert_eq!(findings(&house.live(hours(30), &[MAT, DOOR]), Kind::Bed), [], "not watched");
}

#[test]
fn while_the_gateway_is_down_nobody_is_missed_and_afterwards_the_backlog_comes_first() {
    let mut house = bedroom(1);
    house.event(MAT, EventKind::BedOut);
    house.step(Input::Gateway { up: false });
    house.quiet(hours(1));
    house.step(Input::Gateway { up: true });
    let back = crate::house::event(EventKind::BedIn);
    house.pass(Millis::secs(10));
    assert_eq!(house.say_late(MAT, &back, minutes(50)), [], "had been back long ago");
    assert_eq!(findings(&house.live(hours(1), &[MAT, DOOR]), Kind::Bed), []);
}

#[test]
fn the_card_says_what_else_was_seen() {
    let mut house =
        House::at_hour(1, &[(MAT, Role::BedMat), (DOOR, Role::Door), (MOTION, Role::Motion)]);
    house.event(MAT, EventKind::BedIn);
    house.event(MAT, EventKind::BedOut);
    house.pass(minutes(1));
    house.event(MOTION, EventKind::Motion);
    house.event(DOOR, EventKind::DoorOpen);
    let said = house.live(minutes(40), &[MAT, DOOR, MOTION]);
    let told = findings(&said, Kind::Bed);
    let seen: Vec<Seen> = told[0].1.evidence.iter().map(|e| e.what).collect();
    assert_eq!(seen, [Seen::LeftBed, Seen::Moved, Seen::Door]);
}
