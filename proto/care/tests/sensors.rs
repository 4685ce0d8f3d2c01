//! Sensors that speak and say nothing: dead, stuck, put aside. A task for somebody, never an alarm.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::policy::{ALWAYS_ON, MOTION_DEAD, NOT_WORN};
use care::{Kind, Output, Seen, Severity};
use proto::id::DeviceId;
use proto::unit::{Mono, NoData};
use proto::up::{EventKind, Quantity, Role};

use crate::house::{
    DOOR, House, MAT, MOTION, PENDANT, device, findings, hours, minutes, no_value, value,
};

const KITCHEN: DeviceId = device(8);

/// A home that lives by day: movement in one room each half hour from 7 to 22, hours from midnight.
fn days(
    house: &mut House,
    count: u64,
    mut each: impl FnMut(&mut House, u64),
) -> Vec<(Mono, Output)> {
    let mut said = Vec::new();
    for half in 0..count * 48 {
        said.extend(house.live(minutes(30), &[DOOR, MOTION, KITCHEN, MAT, PENDANT]));
        let hour = half / 2 % 24;
        if (7..22).contains(&hour) {
            let told = house.event(KITCHEN, EventKind::Motion);
            said.extend(told.into_iter().map(|output| (house.now, output)));
        }
        each(house, half);
    }
    said
}

fn house() -> House {
    House::at_hour(
        0,
        &[
            (KITCHEN, Role::Motion),
            (MOTION, Role::Motion),
            (DOOR, Role::Door),
            (MAT, Role::BedMat),
            (PENDANT, Role::Pendant),
        ],
    )
}

#[test]
fn a_motion_sensor_that_sees_nothing_in_a_lively_home_is_a_fault_of_its_own() {
    let mut house = house();
    let start = house.now;
    let said = days(&mut house, 3, |_, _| {});
    let faults = findings(&said, Kind::Fault);
    let dead: Vec<_> = faults.iter().filter(|(_, f)| f.device == Some(MOTION)).collect();
    let [(at, told)] = dead[..] else { panic!("told once: {faults:?}") };
    assert!(at.since(start) >= MOTION_DEAD && at.since(start) < hours(40));
    assert_eq!((told.severity, told.evidence[0].what), (Severity::Fault, Seen::Unchanging));
    let eased = house.event(MOTION, EventKind::Motion);
    assert!(matches!(eased[..], [Output::Ease { kind: Kind::Fault, device: Some(MOTION), .. }]));
}

#[test]
fn a_home_in_which_nobody_lives_accuses_no_sensor() {
    let mut house = house();
    let said = house.live(hours(72), &[DOOR, MOTION, KITCHEN, MAT, PENDANT]);
    assert_eq!(findings(&said, Kind::Fault), []);
}

#[test]
fn a_door_that_stays_shut_for_a_week_is_no_fault() {
    let mut house = house();
    let said = days(&mut house, 7, |_, _| {});
    assert!(findings(&said, Kind::Fault).iter().all(|(_, f)| f.device != Some(DOOR)));
}

#[test]
fn a_motion_sensor_that_never_rests_is_stuck_until_it_does() {
    let mut house = house();
    let start = house.now;
    let mut said = Vec::new();
    for _ in 0..26 * 6 {
        said.extend(house.live(minutes(10), &[MOTION]));
        let told = house.event(MOTION, EventKind::Motion);
        said.extend(told.into_iter().map(|output| (house.now, output)));
    }
    let faults = findings(&said, Kind::Fault);
    let stuck: Vec<_> =
        faults.iter().filter(|(_, f)| f.evidence[0].what == Seen::AlwaysOn).collect();
    let [(at, told)] = stuck[..] else { panic!("told once: {said:?}") };
    assert!(at.since(start) >= ALWAYS_ON && told.device == Some(MOTION));
    house.live(hours(2), &[MOTION]);
    let eased = house.event(MOTION, EventKind::Motion);
    assert!(eased.iter().any(|o| matches!(o, Output::Ease { kind: Kind::Fault, .. })), "{eased:?}");
}

#[test]
fn a_person_who_sleeps_makes_no_sensor_stuck() {
    let mut house = house();
    let said = days(&mut house, 4, |house, _| {
        house.event(DOOR, EventKind::DoorOpen);
        house.event(MOTION, EventKind::Motion);
        house.event(MAT, EventKind::BedIn);
        house.event(MAT, EventKind::BedOut);
    });
    let stuck = findings(&said, Kind::Fault);
    assert!(stuck.iter().all(|(_, f)| f.device != Some(KITCHEN)), "{stuck:?}");
}

#[test]
fn a_pendant_that_lies_still_while_the_home_is_lively_is_not_worn() {
    let mut house = house();
    let mut told = Vec::new();
    days(&mut house, 1, |house, half| {
        let moved = match half {
            0..16 => value(Quantity::Motion, 3.0),
            _ => no_value(Quantity::Motion, NoData::NotPresent),
        };
        let said = house.reading(PENDANT, &[moved]);
        told.extend(said.into_iter().map(|output| (half, output)));
    });
    let [(half, Output::Raise(fault))] = &told[..] else { panic!("told once: {told:?}") };
    assert_eq!((fault.severity, fault.device), (Severity::Fault, Some(PENDANT)));
    assert_eq!(fault.evidence[0].what, Seen::NotWorn);
    assert!((*half - 15) * 30 >= NOT_WORN.get() / 60_000, "after four hours of a lively day");
    let eased = house.reading(PENDANT, &[value(Quantity::Motion, 2.0)]);
    assert!(matches!(eased[..], [Output::Ease { device: Some(PENDANT), .. }]), "{eased:?}");
}

#[test]
fn a_pendant_beside_the_bed_at_night_is_no_fault_and_one_that_tells_no_movement_never_is() {
    let mut house = house();
    let mut told = Vec::new();
    days(&mut house, 2, |house, half| {
        let hour = half / 2 % 24;
        let by_day = (7..22).contains(&hour);
        if !by_day {
            // Up and about at night, without the pendant.
            house.event(KITCHEN, EventKind::Motion);
        }
        let moves = if by_day { 5.0 } else { 0.0 };
        told.extend(house.reading(PENDANT, &[value(Quantity::Motion, moves)]));
    });
    assert_eq!(told, []);
    let said = days(&mut house, 2, |_, _| {});
    assert!(findings(&said, Kind::Fault).iter().all(|(_, f)| f.device != Some(PENDANT)));
}

#[test]
fn what_no_sensor_can_have_measured_is_no_value_of_any_quantity() {
    let sentinels = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 65_535.0, -32_768.0, 3.4e38, 1e10];
    for quantity in Quantity::ALL {
        for number in sentinels {
            assert!(!care::reading::is_plausible(quantity, number), "{quantity:?} {number}");
        }
    }
    assert!(care::reading::is_plausible(Quantity::Heart, 61.0));
}
