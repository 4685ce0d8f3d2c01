//! Dwell: one room for too long while somebody still moves in it.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::policy::{DWELL_MOST, Room, Rules};
use care::{Input, Kind, Output, Seen, Severity};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};
use proto::up::{EventKind, Role};

use crate::house::{DOOR, House, MOTION, device, findings, hours, minutes};

const BATH: DeviceId = device(7);
const LEAST: Millis = minutes(90);

fn home() -> House {
    let devices = [(MOTION, Role::Motion), (BATH, Role::Motion), (DOOR, Role::Door)];
    let mut house = House::at_hour(9, &devices);
    let dwell = Some(Room { sensor: BATH, least: LEAST });
    house.step(Input::Rules(Rules { dwell, ..Rules::default() }));
    house
}

/// Somebody moves in the bathroom every ten minutes and nowhere else.
fn bathes(house: &mut House, span: Millis) -> Vec<(Mono, Output)> {
    let mut said = Vec::new();
    for _ in 0..span.get() / minutes(10).get() {
        said.extend(house.event(BATH, EventKind::Motion).into_iter().map(|out| (house.now, out)));
        said.extend(house.live(minutes(10), &[MOTION, BATH, DOOR]));
    }
    said
}

#[test]
fn somebody_who_stays_in_the_bathroom_is_told_though_they_move() {
    let mut house = home();
    house.event(MOTION, EventKind::Motion);
    house.pass(minutes(1));
    let entered = house.now;
    let said = bathes(&mut house, hours(4));
    let told = findings(&said, Kind::Stillness);
    let [(at, told)] = told[..] else { panic!("one finding expected: {said:?}") };
    assert_eq!((at.since(entered), told.at, told.device), (LEAST, entered, Some(BATH)));
    assert_eq!((told.severity, told.evidence[0].what), (Severity::Important, Seen::InRoom));
    let eased = house.event(MOTION, EventKind::Motion);
    assert!(matches!(eased[..], [Output::Ease { device: Some(BATH), .. }]), "{eased:?}");
}

#[test]
fn a_visit_ends_with_any_sign_elsewhere() {
    let mut house = home();
    for _ in 0..6 {
        assert_eq!(bathes(&mut house, minutes(60)), [], "an hour is no matter");
        house.event(MOTION, EventKind::Motion);
    }
    bathes(&mut house, minutes(60));
    house.event(DOOR, EventKind::DoorOpen);
    assert_eq!(bathes(&mut house, minutes(60)), [], "who has opened the door was not on the floor");
}

#[test]
fn long_visits_of_a_home_are_learned_up_to_a_bound() {
    let mut house = home();
    for minutes_inside in [80, 110, 150, 200, 260] {
        let said = bathes(&mut house, minutes(minutes_inside));
        assert_eq!(findings(&said, Kind::Stillness), [], "a little longer each time");
        house.event(MOTION, EventKind::Motion);
    }
    let said = bathes(&mut house, hours(6));
    let at = findings(&said, Kind::Stillness)[0].0;
    let most = Millis::new(LEAST.get() * DWELL_MOST);
    assert!(
        findings(&said, Kind::Stillness).len() == 1 && house.now.since(at) >= hours(6).less(most)
    );
}

#[test]
fn silent_sensors_tell_of_no_dwelling() {
    let mut house = home();
    house.live(hours(3), &[MOTION, BATH, DOOR]);
    house.event(BATH, EventKind::Motion);
    let said = house.pass(hours(48));
    assert_eq!(findings(&said, Kind::Stillness), [], "nobody watched");
}

#[test]
fn a_dwelling_that_was_looked_at_is_told_again_if_it_goes_on() {
    let mut house = home();
    let said = bathes(&mut house, hours(2));
    let incident = findings(&said, Kind::Stillness)[0].1.incident;
    house.step(Input::Closed { incident, outcome: None });
    let again = bathes(&mut house, hours(2));
    assert_eq!(findings(&again, Kind::Stillness).len(), 1);
}
