//! Stillness: no sign of life against the person's own hours; silence of sensors and absence are not stillness.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::policy::{AWAY_MAX, Rules, STILL_MAX, STILL_MIN, Watch};
use care::{Change, Input, Kind, Output, Seen, Severity};
use proto::unit::Millis;
use proto::up::{EventKind, Quantity, Role};

use crate::house::{
    BUTTON, DOOR, GATEWAY, House, MAT, MOTION, event, findings, hours, minutes, value,
};

pub(crate) fn flat(hour: u16) -> House {
    House::at_hour(hour, &FLAT)
}

/// The same, watched so that it is told soon.
pub(crate) fn alert(hour: u16, devices: &[(proto::id::DeviceId, Role)]) -> House {
    let mut house = House::at_hour(hour, devices);
    house.step(Input::Rules(Rules { watch: Watch::Alert, ..Rules::default() }));
    house
}

pub(crate) const FLAT: [(proto::id::DeviceId, Role); 2] =
    [(MOTION, Role::Motion), (DOOR, Role::Door)];
pub(crate) const ALL: [proto::id::DeviceId; 2] = [MOTION, DOOR];

#[test]
fn nobody_moving_by_day_is_told_within_hours_with_the_reasons() {
    let mut house = alert(9, &FLAT);
    house.event(MOTION, EventKind::Motion);
    let last = house.now;
    let said = house.live(hours(8), &ALL);
    let told = findings(&said, Kind::Stillness);
    let [(at, told)] = told[..] else { panic!("one finding expected: {said:?}") };
    assert!(at.since(last) >= STILL_MIN && at.since(last) < hours(5), "{:?}", at.since(last));
    assert_eq!((told.severity, told.at), (Severity::Important, last));
    assert_eq!(told.evidence[0].what, Seen::Nothing);
    assert_eq!(told.evidence[1].what, Seen::Moved);
    let usual = told.evidence.iter().find(|piece| piece.what == Seen::Usual).unwrap();
    assert_eq!((usual.supports, usual.at), (true, last));
    assert!(usual.value < told.evidence[0].value, "longer than usual from such an hour");
}

#[test]
fn a_long_night_is_no_alarm_but_the_longest_stillness_is() {
    let mut house = flat(22);
    house.event(MOTION, EventKind::Motion);
    assert_eq!(house.live(hours(8), &ALL), [], "asleep until six");
    let mut house = House::with(&[(MOTION, Role::Motion)]);
    house.event(MOTION, EventKind::Motion);
    let last = house.now;
    let said = house.live(hours(17), &[MOTION]);
    let told = findings(&said, Kind::Stillness);
    assert_eq!(told.len(), 1, "without a known hour only the longest limit holds");
    assert!(told[0].0.since(last) <= STILL_MAX && told[0].0.since(last) > hours(12));
}

#[test]
fn movement_eases_and_begins_anew() {
    let mut house = alert(9, &FLAT);
    house.event(MOTION, EventKind::Motion);
    let said = house.live(hours(8), &ALL);
    let incident = findings(&said, Kind::Stillness)[0].1.incident;
    let eased = house.event(MOTION, EventKind::Motion);
    assert_eq!(eased, [Output::Ease { incident, kind: Kind::Stillness, device: None }]);
    assert_eq!(house.live(hours(2), &ALL), []);
}

#[test]
fn a_closed_stillness_is_told_again_if_it_goes_on() {
    let mut house = alert(9, &FLAT);
    house.event(MOTION, EventKind::Motion);
    let said = house.live(hours(8), &ALL);
    let incident = findings(&said, Kind::Stillness)[0].1.incident;
    house.step(Input::Closed { incident, outcome: None });
    let again = house.live(hours(13), &ALL);
    assert_eq!(findings(&again, Kind::Stillness).len(), 1);
}

#[test]
fn silent_sensors_are_not_stillness() {
    let mut house = flat(9);
    house.event(MOTION, EventKind::Motion);
    let said = house.pass(hours(48));
    assert_eq!(findings(&said, Kind::Stillness), [], "unknown is told as silence");
    assert_eq!(findings(&said, Kind::Silence).len(), 2);
}

#[test]
fn who_leaves_by_the_door_is_away_and_not_still() {
    let mut house = flat(9);
    house.event(MOTION, EventKind::Motion);
    house.pass(minutes(1));
    house.event(DOOR, EventKind::DoorOpen);
    house.event(DOOR, EventKind::DoorClosed);
    house.pass(Millis::secs(30));
    house.event(MOTION, EventKind::Motion);
    let said = house.live(hours(14), &ALL);
    assert_eq!(findings(&said, Kind::Stillness), [], "trailing movement is the one who leaves");
    house.event(DOOR, EventKind::DoorOpen);
    house.pass(Millis::secs(20));
    house.event(MOTION, EventKind::Motion);
    let said = house.live(hours(14), &ALL);
    assert_eq!(findings(&said, Kind::Stillness).len(), 1, "back home, and then nothing");
}

#[test]
fn a_very_long_absence_is_worth_a_look() {
    let mut house = flat(9);
    house.event(MOTION, EventKind::Motion);
    house.event(DOOR, EventKind::DoorOpen);
    let left = house.now;
    let said = house.live(AWAY_MAX.plus(minutes(5)), &ALL);
    let told = findings(&said, Kind::Stillness);
    assert_eq!((told[0].0.since(left), told[0].1.severity), (AWAY_MAX, Severity::General));
}

#[test]
fn a_visitor_at_the_door_does_not_wake_who_lies_inside() {
    let mut house = alert(9, &FLAT);
    house.event(MOTION, EventKind::Motion);
    let last = house.now;
    house.live(hours(2), &ALL);
    house.event(DOOR, EventKind::DoorOpen);
    let said = house.live(hours(6), &ALL);
    let told = findings(&said, Kind::Stillness);
    assert!(told[0].0.since(last) < hours(5), "the door alone is no sign of the resident");
}

#[test]
fn breath_on_the_mat_and_a_press_are_signs_of_life() {
    let mut house = House::at_hour(9, &[(MAT, Role::BedMat), (BUTTON, Role::HelpButton)]);
    for _ in 0..20 {
        house.reading(MAT, &[value(Quantity::Breath, 14.0), value(Quantity::InBed, 100.0)]);
        let said = house.live(hours(1), &[MAT, BUTTON]);
        assert_eq!(said, [], "asleep by day and breathing");
    }
    house.reading(MAT, &[value(Quantity::Breath, 0.0), value(Quantity::InBed, 100.0)]);
    let said = house.live(hours(16), &[MAT, BUTTON]);
    assert_eq!(findings(&said, Kind::Stillness).len(), 1, "a clipped value is no breath");
}

#[test]
fn summaries_of_the_gateway_count_as_watching() {
    let mut house = alert(9, &[]);
    let mut said = Vec::new();
    house.reading(GATEWAY, &[value(Quantity::Motion, 3.0)]);
    for _ in 0..8 * 60 {
        said.extend(house.pass(minutes(1)));
        house.reading(GATEWAY, &[value(Quantity::Motion, 0.0)]);
    }
    assert_eq!(findings(&said, Kind::Stillness).len(), 1);
}

#[test]
fn the_hours_of_an_outage_are_judged_from_the_backlog() {
    let mut house = alert(9, &FLAT);
    house.event(MOTION, EventKind::Motion);
    house.step(Input::Gateway { up: false });
    house.quiet(hours(7));
    house.step(Input::Gateway { up: true });
    for minute in (1..7 * 60).rev() {
        let health = proto::up::Reading {
            uptime: Millis::default(),
            period_s: 60,
            values: heapless::Vec::from_slice(&[value(Quantity::Motion, 0.0)]).unwrap(),
            home: None,
        };
        house.say_late(MOTION, &proto::up::Up::Reading(health), minutes(minute));
    }
    let said = house.live(minutes(5), &ALL);
    assert_eq!(findings(&said, Kind::Stillness).len(), 1, "still all the time, and watched");
}

#[test]
fn a_sign_that_arrives_late_counts_from_when_it_was() {
    let mut house = alert(9, &FLAT);
    house.event(MOTION, EventKind::Motion);
    assert_eq!(house.live(hours(3), &ALL), []);
    house.say_late(MOTION, &event(EventKind::Motion), minutes(30));
    let last = house.now;
    let said = house.live(hours(5), &ALL);
    let told = findings(&said, Kind::Stillness);
    assert!(told[0].0.since(last) >= STILL_MIN.less(minutes(30)));
}

#[test]
fn a_sign_after_a_long_stillness_is_stored_at_once_and_small_talk_is_not() {
    let mut house = flat(9);
    house.event(MOTION, EventKind::Motion);
    house.live(minutes(45), &ALL);
    house.health(MOTION, 60, None);
    assert_eq!(house.change, Change::Soft);
    house.event(MOTION, EventKind::Motion);
    assert_eq!(house.change, Change::Firm);
    house.event(MOTION, EventKind::Motion);
    assert_eq!(house.change, Change::Soft);
}

#[test]
fn a_contact_that_chatters_is_no_living_hand() {
    let mut house = alert(9, &[(MOTION, Role::Motion), (BUTTON, Role::HelpButton)]);
    house.event(MOTION, EventKind::Motion);
    let last = house.now;
    let mut said = Vec::new();
    for second in 0..5 * 3600 {
        said.extend(house.pass(Millis::secs(1)));
        said.extend(house.event(BUTTON, EventKind::Press).into_iter().map(|o| (house.now, o)));
        if second % 60 == 0 {
            said.extend(house.health(MOTION, 60, None).into_iter().map(|o| (house.now, o)));
        }
        for _ in 0..3 {
            let again = house.event(BUTTON, EventKind::Press);
            said.extend(again.into_iter().map(|o| (house.now, o)));
        }
    }
    let told = findings(&said, Kind::Stillness);
    assert!(told.first().is_some_and(|(at, _)| at.since(last) < hours(5)), "not masked");
}
