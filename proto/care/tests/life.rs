//! What counts as life: a sensor that sticks, repeats itself or is denied by its own device keeps nobody alive.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not here: the rules
//! themselves, and what else makes a sensor faulty (`sensors`).

use care::policy::{Room, Rules, Watch};
use care::{Input, Kind, Output, Seen};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono, NoData};
use proto::up::{EventKind, Quantity, Role, Value};

use crate::house::{
    BUTTON, DOOR, GATEWAY, House, MAT, MOTION, PENDANT, device, findings, hours, minutes, no_value,
    value,
};

const KITCHEN: DeviceId = device(8);
const WEEK: Millis = hours(7 * 24);
/// The longest that a home may be still, and what one sensor is believed for by itself.
const AT_ITS_TIME: Millis = hours(2 + 16);

fn two_rooms(hour: u16) -> House {
    House::at_hour(hour, &[(KITCHEN, Role::Motion), (MOTION, Role::Motion), (DOOR, Role::Door)])
}

/// For so long one word comes again and again; what was said.
fn again(
    house: &mut House,
    (span, each): (Millis, Millis),
    live: &[DeviceId],
    mut word: impl FnMut(&mut House, u64) -> Vec<Output>,
) -> Vec<(Mono, Output)> {
    let mut said = Vec::new();
    for n in 0..span.get() / each.get() {
        said.extend(house.pass(Millis::new(each.get() % 60_000)));
        said.extend(house.live(each, live));
        said.extend(word(house, n).into_iter().map(|output| (house.now, output)));
    }
    said
}

fn motion(house: &mut House, count: f32) -> Vec<Output> {
    house.reading(MOTION, &[value(Quantity::Motion, count)])
}

#[test]
fn one_stuck_motion_sensor_switches_no_stillness_off_and_accuses_no_healthy_one() {
    let event = |house: &mut House| house.event(MOTION, EventKind::Motion);
    let count = |house: &mut House| motion(house, 2.0);
    for (pace, told_within) in [
        (minutes(1), AT_ITS_TIME),
        (minutes(10), AT_ITS_TIME),
        (minutes(30), hours(24 + 16)),
        (minutes(60), hours(24 + 16)),
    ] {
        for word in [&event as &dyn Fn(&mut House) -> Vec<Output>, &count] {
            let mut house = two_rooms(9);
            house.event(KITCHEN, EventKind::Motion);
            let last = house.now;
            let said =
                again(&mut house, (WEEK, pace), &[KITCHEN, MOTION, DOOR], |house, _| word(house));
            let still = findings(&said, Kind::Stillness);
            let first = still.first().unwrap_or_else(|| panic!("never missed, {pace:?}"));
            assert!(first.0.since(last) <= told_within, "{:?}, {pace:?}", first.0.since(last));
            let faults = findings(&said, Kind::Fault);
            let [(at, stuck)] = faults[..] else { panic!("one fault: {faults:?}, {pace:?}") };
            assert_eq!((stuck.device, stuck.evidence[0].what), (Some(MOTION), Seen::AlwaysOn));
            assert!(at.since(last) <= hours(25), "told within a day, {pace:?}");
        }
    }
}

#[test]
fn two_stuck_sensors_vouch_for_each_other_for_less_than_a_day() {
    let mut house = two_rooms(9);
    let last = house.now;
    let said = again(&mut house, (hours(48), minutes(1)), &[KITCHEN, MOTION, DOOR], |house, n| {
        house.event(if n % 2 == 0 { KITCHEN } else { MOTION }, EventKind::Motion)
    });
    let still = findings(&said, Kind::Stillness);
    assert!(still.first().is_some_and(|(at, _)| at.since(last) <= hours(18 + 16)), "{still:?}");
}

#[test]
fn who_is_seen_without_a_pause_by_two_sensors_is_alive_all_day() {
    let mut house = two_rooms(7);
    for day in 0..3 {
        let said =
            again(&mut house, (hours(15), minutes(3)), &[KITCHEN, MOTION, DOOR], |house, _| {
                let mut told = house.event(MOTION, EventKind::Motion);
                told.extend(house.event(KITCHEN, EventKind::Motion));
                told
            });
        assert_eq!(said, [], "day {day}");
        assert_eq!(house.live(hours(9), &[KITCHEN, MOTION, DOOR]), [], "night {day}");
    }
}

#[test]
fn who_moves_in_one_room_all_day_with_a_pause_now_and_then_is_alive() {
    let mut house = two_rooms(7);
    for day in 0..3 {
        let pauses = |n: u64| n % 12 < 9;
        let said =
            again(&mut house, (hours(15), minutes(5)), &[KITCHEN, MOTION, DOOR], |house, n| {
                if pauses(n) { house.event(MOTION, EventKind::Motion) } else { Vec::new() }
            });
        assert_eq!(findings(&said, Kind::Stillness), [], "day {day}");
        assert_eq!(findings(&house.live(hours(9), &[KITCHEN, MOTION, DOOR]), Kind::Stillness), []);
    }
}

#[test]
fn a_sensor_that_paused_is_believed_again() {
    let mut house = two_rooms(9);
    let stuck = (hours(12), minutes(1));
    let said = again(&mut house, stuck, &[KITCHEN, MOTION, DOOR], |house, _| motion(house, 1.0));
    let incident = findings(&said, Kind::Stillness)[0].1.incident;
    house.live(minutes(20), &[KITCHEN, MOTION, DOOR]);
    let eased = house.event(MOTION, EventKind::Motion);
    assert_eq!(eased, [Output::Ease { incident, kind: Kind::Stillness, device: None }]);
}

#[test]
fn more_movement_than_people_can_make_is_none() {
    let mut house = two_rooms(9);
    let said = again(&mut house, (hours(17), minutes(20)), &[KITCHEN, MOTION, DOOR], |house, _| {
        motion(house, 65_535.0)
    });
    assert_eq!(findings(&said, Kind::Stillness).len(), 1);
}

fn bed(hour: u16) -> House {
    let mut house = House::at_hour(hour, &[(MAT, Role::BedMat), (DOOR, Role::Door)]);
    house.event(MAT, EventKind::BedIn);
    house
}

/// What a mat says each minute for a week: whether somebody is missed at their time.
fn missed(house: &mut House, word: impl Fn(u64) -> Vec<Value>) -> bool {
    let from = house.now;
    let said =
        again(house, (WEEK, minutes(1)), &[MAT, DOOR], |house, n| house.reading(MAT, &word(n)));
    let still = findings(&said, Kind::Stillness);
    still.first().is_some_and(|(at, _)| at.since(from) <= AT_ITS_TIME)
}

/// A rate as a body has it.
fn breathes(n: u64) -> f32 {
    f32::from(u16::try_from(n * 7 % 13).unwrap()) * 0.3 + 13.0
}

#[test]
fn numbers_of_an_empty_bed_are_nobodys_life() {
    for quantity in [Quantity::Breath, Quantity::Heart, Quantity::Restless] {
        let ghost = |n: u64| {
            value(quantity, breathes(n) + 40.0 * f32::from(u8::from(quantity == Quantity::Heart)))
        };
        let says: [(&str, &dyn Fn(u64) -> Vec<Value>); 3] = [
            ("share", &|n| vec![ghost(n), value(Quantity::InBed, 0.0)]),
            ("nobody", &|n| vec![no_value(Quantity::InBed, NoData::NotPresent), ghost(n)]),
            ("load", &|n| {
                vec![ghost(n), value(Quantity::Load, 0.4), value(Quantity::InBed, 100.0)]
            }),
        ];
        for (name, word) in says {
            assert!(missed(&mut bed(9), word), "{quantity:?} although {name} says empty");
        }
        let mut left = bed(9);
        left.step(Input::Rules(Rules { bed_out_long: None, ..Rules::default() }));
        left.event(MAT, EventKind::BedOut);
        assert!(missed(&mut left, |n| vec![ghost(n)]), "{quantity:?} although the bed was left");
    }
}

#[test]
fn numbers_at_a_clip_limit_are_nobodys_life() {
    for (quantity, number) in [
        (Quantity::Breath, 4.0),
        (Quantity::Breath, 50.0),
        (Quantity::Heart, 30.0),
        (Quantity::Heart, 200.0),
        (Quantity::Restless, 100.0),
        (Quantity::Breath, 55.0),
    ] {
        let word = |_| vec![value(Quantity::InBed, 100.0), value(quantity, number)];
        assert!(missed(&mut bed(9), word), "{quantity:?} {number}");
    }
}

#[test]
fn numbers_that_never_change_are_nobodys_life_and_a_fault_within_a_day() {
    for (quantity, number) in
        [(Quantity::Breath, 14.0), (Quantity::Heart, 62.0), (Quantity::Restless, 4.0)]
    {
        let word = |_| vec![value(Quantity::InBed, 100.0), value(quantity, number)];
        assert!(missed(&mut bed(9), word), "{quantity:?}");
    }
    let mut house = bed(9);
    let word = [value(Quantity::InBed, 100.0), value(Quantity::Breath, 14.0)];
    let from = house.now;
    let said =
        again(&mut house, (WEEK, minutes(1)), &[MAT, DOOR], |house, _| house.reading(MAT, &word));
    let faults = findings(&said, Kind::Fault);
    let [(at, stuck)] = faults[..] else { panic!("told once: {faults:?}") };
    assert_eq!((stuck.device, stuck.evidence[0].what), (Some(MAT), Seen::AlwaysOn));
    assert!(at.since(from) <= hours(27));
    let eased = house.reading(MAT, &[value(Quantity::InBed, 100.0), value(Quantity::Breath, 15.0)]);
    assert!(eased.iter().any(|o| matches!(o, Output::Ease { kind: Kind::Fault, .. })), "{eased:?}");
}

#[test]
fn who_lies_and_breathes_is_alive_for_days_and_no_sensor_is_accused() {
    let mut house = bed(9);
    let said = again(&mut house, (hours(40), minutes(1)), &[MAT, DOOR], |house, n| {
        let heart = value(Quantity::Heart, 50.0 + breathes(n));
        house.reading(
            MAT,
            &[value(Quantity::InBed, 100.0), value(Quantity::Breath, breathes(n)), heart],
        )
    });
    assert_eq!(said, []);
    let mut alone = House::at_hour(9, &[(MAT, Role::BedMat)]);
    let said = again(&mut alone, (hours(96), minutes(1)), &[MAT], |house, n| {
        house.reading(MAT, &[value(Quantity::InBed, 100.0), value(Quantity::Breath, breathes(n))])
    });
    assert_eq!(said, [], "where nothing else could see them, the bed alone is believed");
}

#[test]
fn a_bed_alone_is_not_believed_for_ever_while_nobody_is_seen_where_they_would_be() {
    let mut house = House::at_hour(9, &[(MAT, Role::BedMat), (MOTION, Role::Motion)]);
    let word = |house: &mut House, n| {
        house.reading(MAT, &[value(Quantity::InBed, 100.0), value(Quantity::Breath, breathes(n))])
    };
    let said = again(&mut house, (hours(48 + 16), minutes(1)), &[MAT, MOTION], word);
    assert_eq!(findings(&said, Kind::Stillness).len(), 1);
}

#[test]
fn a_bed_that_turns_over_and_over_is_nobody_who_gets_up() {
    let mut house = bed(9);
    let from = house.now;
    let said = again(&mut house, (WEEK, minutes(1)), &[MAT, DOOR], |house, n| {
        house.event(MAT, if n % 2 == 0 { EventKind::BedOut } else { EventKind::BedIn })
    });
    let still = findings(&said, Kind::Stillness);
    assert!(still.first().is_some_and(|(at, _)| at.since(from) <= AT_ITS_TIME), "{still:?}");
    assert!(findings(&said, Kind::Fault).iter().all(|(_, f)| f.device == Some(MAT)));
}

#[test]
fn a_door_that_goes_by_itself_makes_nobody_away() {
    let mut house = two_rooms(9);
    let said = again(&mut house, (hours(4), minutes(1)), &[KITCHEN, MOTION, DOOR], |house, n| {
        if n % 7 == 0 && n < 150 {
            house.event(KITCHEN, EventKind::Motion);
        }
        house.event(DOOR, if n % 2 == 0 { EventKind::DoorOpen } else { EventKind::DoorClosed })
    });
    assert_eq!(findings(&said, Kind::Stillness), []);
    let last = house.now;
    let said = again(&mut house, (WEEK, minutes(1)), &[KITCHEN, MOTION, DOOR], |house, n| {
        house.event(DOOR, if n % 2 == 0 { EventKind::DoorOpen } else { EventKind::DoorClosed })
    });
    let still = findings(&said, Kind::Stillness);
    assert!(still.first().is_some_and(|(at, _)| at.since(last) <= hours(16)), "{still:?}");
    let faults = findings(&said, Kind::Fault);
    assert!(faults.iter().any(|(_, f)| f.device == Some(DOOR)), "the door is told");
    assert!(faults.iter().all(|(_, f)| f.device == Some(DOOR)), "and nothing else: {faults:?}");
}

#[test]
fn a_button_pressed_each_minute_by_nobody_keeps_nobody_alive() {
    let mut house = House::at_hour(9, &[(MOTION, Role::Motion), (BUTTON, Role::HelpButton)]);
    house.event(MOTION, EventKind::Motion);
    let last = house.now;
    let said = again(&mut house, (AT_ITS_TIME, minutes(1)), &[MOTION, BUTTON], |house, _| {
        house.event(BUTTON, EventKind::Press)
    });
    let still = findings(&said, Kind::Stillness);
    assert!(still.first().is_some_and(|(at, _)| at.since(last) <= AT_ITS_TIME), "not masked");
}

#[test]
fn a_contact_that_says_that_it_sticks_is_no_sign_of_life() {
    let mut house = two_rooms(9);
    house.event(KITCHEN, EventKind::Motion);
    let last = house.now;
    house.event(MOTION, EventKind::Stuck);
    let said = again(&mut house, (hours(16), minutes(1)), &[KITCHEN, MOTION, DOOR], |house, _| {
        house.event(MOTION, EventKind::Motion)
    });
    let still = findings(&said, Kind::Stillness);
    assert!(still.first().is_some_and(|(at, _)| at.since(last) <= hours(16)), "{still:?}");
}

#[test]
fn a_worn_sensor_is_believed_for_a_day_and_not_for_a_week() {
    let devices = [(MAT, Role::BedMat), (PENDANT, Role::Pendant)];
    let mut house = House::at_hour(6, &devices);
    let word = |house: &mut House, _| house.reading(PENDANT, &[value(Quantity::Motion, 9.0)]);
    let said = again(&mut house, (hours(17), minutes(1)), &[MAT, PENDANT], word);
    assert_eq!(findings(&said, Kind::Stillness), []);
    let said = again(&mut house, (hours(20), minutes(1)), &[MAT, PENDANT], word);
    assert_eq!(findings(&said, Kind::Stillness).len(), 1);
}

#[test]
fn a_stuck_sensor_answers_no_question() {
    let mut house = two_rooms(9);
    let ask = Some(Millis::secs(60));
    house.step(Input::Rules(Rules { ask, watch: Watch::Alert, ..Rules::default() }));
    house.event(KITCHEN, EventKind::Motion);
    let said = again(&mut house, (hours(12), Millis::secs(30)), &[KITCHEN, MOTION], |house, _| {
        let mut told = house.event(MOTION, EventKind::Motion);
        told.extend(house.health(KITCHEN, 60, None));
        told
    });
    assert!(said.iter().all(|(_, output)| !matches!(output, Output::Answered { .. })), "{said:?}");
    assert_eq!(findings(&said, Kind::Stillness).len(), 1);
}

#[test]
fn a_stuck_sensor_lets_nobody_up_from_a_fall() {
    let mut house = House::at_hour(9, &[(MOTION, Role::Motion), (PENDANT, Role::Pendant)]);
    again(&mut house, (hours(3), minutes(1)), &[MOTION, PENDANT], |house, _| motion(house, 1.0));
    house.event(PENDANT, EventKind::FallSuspected);
    let said = again(&mut house, (minutes(4), Millis::secs(25)), &[], |house, _| {
        house.event(MOTION, EventKind::Motion)
    });
    let grades: Vec<_> = said
        .iter()
        .filter_map(
            |(_, o)| if let Output::Grade { severity, .. } = o { Some(*severity) } else { None },
        )
        .collect();
    assert_eq!(grades, [care::Severity::Emergency], "graver, and never less grave");
}

#[test]
fn a_stuck_sensor_ends_no_visit_to_the_watched_room() {
    let mut house = two_rooms(9);
    let dwell = Some(Room { sensor: KITCHEN, least: minutes(90) });
    house.step(Input::Rules(Rules { dwell, ..Rules::default() }));
    again(&mut house, (hours(19), minutes(1)), &[KITCHEN, MOTION, DOOR], |house, _| {
        motion(house, 1.0)
    });
    let said = again(&mut house, (hours(2), minutes(5)), &[KITCHEN, MOTION, DOOR], |house, _| {
        motion(house, 1.0);
        house.event(KITCHEN, EventKind::Motion)
    });
    let told = findings(&said, Kind::Stillness);
    assert!(told.iter().any(|(_, f)| f.evidence[0].what == Seen::InRoom), "{told:?}");
}

#[test]
fn a_stuck_sensor_sees_nobody_beside_the_bed() {
    let devices = [(MAT, Role::BedMat), (MOTION, Role::Motion), (KITCHEN, Role::Motion)];
    let live = [MAT, MOTION, KITCHEN];
    let mut house = House::at_hour(22, &devices);
    house.event(MAT, EventKind::BedIn);
    again(&mut house, (hours(3), minutes(1)), &live, |house, _| motion(house, 1.0));
    house.event(MAT, EventKind::BedOut);
    let said = again(&mut house, (minutes(25), minutes(1)), &live, |house, _| motion(house, 1.0));
    assert_eq!(findings(&said, Kind::Bed).len(), 1, "looked for as if the sensor were not there");
}

#[test]
fn a_summary_of_the_home_brings_no_stuck_sensor_back_to_life() {
    let mut house = two_rooms(9);
    let last = house.now;
    let said = again(&mut house, (hours(24), minutes(1)), &[KITCHEN, MOTION, DOOR], |house, _| {
        motion(house, 1.0);
        house.reading(GATEWAY, &[value(Quantity::Motion, 1.0)])
    });
    let still = findings(&said, Kind::Stillness);
    assert!(still.first().is_some_and(|(at, _)| at.since(last) <= AT_ITS_TIME), "{still:?}");
}

#[test]
fn a_restart_makes_no_stuck_sensor_believed_again() {
    let mut house = two_rooms(9);
    let stuck = (hours(3), minutes(1));
    again(&mut house, stuck, &[KITCHEN, MOTION, DOOR], |house, _| motion(house, 1.0));
    let last = house.now;
    let bytes = minicbor::to_vec(&house.home).unwrap();
    house.home = minicbor::decode(&bytes).unwrap();
    house.step(Input::Resumed);
    let said = again(&mut house, (hours(16), minutes(1)), &[KITCHEN, MOTION, DOOR], |house, _| {
        motion(house, 1.0)
    });
    assert!(findings(&said, Kind::Stillness)[0].0.since(last) <= hours(15));
}
