//! The night: an hour has its own limit, who left the bed and is seen nowhere is looked for, a night unlike the others
//! is told in the morning.
//!
//! Each case is told through `house`. Not here: the rules themselves.

use care::policy::night::{BED_QUIET, RESTLESS_NIGHTS};
use care::policy::{BED_OUT_NIGHT, MAT_DELAY, Rules};
use care::{Input, Kind, Output, Seen, Severity};
use proto::unit::{Mono, NoData};
use proto::up::{EventKind, Quantity, Role};

use crate::house::{
    BUTTON, DOOR, GATEWAY, House, MAT, MOTION, findings, hours, minutes, no_value, value,
};

const ALL: [(proto::id::DeviceId, Role); 3] =
    [(MAT, Role::BedMat), (MOTION, Role::Motion), (DOOR, Role::Door)];
const LIVE: [proto::id::DeviceId; 3] = [MAT, MOTION, DOOR];

/// Somebody left the bed just now.
fn out_at(hour: u16) -> House {
    let mut house = House::at_hour(hour, &ALL);
    house.event(MAT, EventKind::BedIn);
    house.live(minutes(1), &LIVE);
    house.event(MAT, EventKind::BedOut);
    house
}

#[test]
fn who_left_the_bed_at_night_and_is_seen_nowhere_is_looked_for() {
    let mut house = out_at(2);
    let left = house.now;
    let said = house.live(BED_OUT_NIGHT, &LIVE);
    let told = findings(&said, Kind::Bed);
    assert_eq!(told[0].0.since(left), BED_QUIET.less(MAT_DELAY));
    assert_eq!(told[0].1.severity, Severity::Important);
    let seen: Vec<(Seen, bool)> = told[0].1.evidence.iter().map(|e| (e.what, e.supports)).collect();
    assert_eq!(seen[..2], [(Seen::LeftBed, true), (Seen::Nothing, true)]);
    assert!(told[0].1.opens && !told[1].1.opens, "the night's limit is the same matter");
}

#[test]
fn movement_elsewhere_gives_the_time_anew() {
    let mut house = out_at(2);
    house.live(minutes(15), &LIVE);
    house.event(MOTION, EventKind::Motion);
    assert_eq!(findings(&house.live(minutes(14), &LIVE), Kind::Bed), [], "seen a while ago");
}

#[test]
fn without_a_motion_sensor_that_speaks_nothing_is_concluded_from_nothing() {
    let mut house = House::at_hour(2, &[(MAT, Role::BedMat)]);
    house.event(MAT, EventKind::BedIn);
    house.event(MAT, EventKind::BedOut);
    assert_eq!(findings(&house.live(minutes(29), &[MAT]), Kind::Bed), []);
    let mut house = out_at(2);
    let limit = Rules { bed_quiet: None, ..Rules::default() };
    house.step(Input::Rules(limit));
    assert_eq!(findings(&house.live(minutes(29), &LIVE), Kind::Bed), [], "not watched");
}

#[test]
fn who_went_out_by_the_door_is_not_looked_for_beside_the_bed() {
    let mut house = out_at(2);
    house.event(MOTION, EventKind::Motion);
    house.event(DOOR, EventKind::DoorOpen);
    assert_eq!(findings(&house.live(minutes(29), &LIVE), Kind::Bed), []);
}

#[test]
fn by_day_an_empty_bed_and_a_quiet_home_are_no_news() {
    let mut house = out_at(14);
    assert_eq!(findings(&house.live(hours(2), &LIVE), Kind::Bed), []);
}

#[test]
fn each_hour_of_the_night_may_have_its_own_limit() {
    for (hour, limit) in [(23, BED_OUT_NIGHT), (3, minutes(10))] {
        let mut house = House::at_hour(hour, &[(MAT, Role::BedMat)]);
        let mut bed_out_hours = [0; 24];
        bed_out_hours[3] = 10;
        house.step(Input::Rules(Rules { bed_out_hours, ..Rules::default() }));
        house.event(MAT, EventKind::BedIn);
        house.live(minutes(1), &[MAT]);
        house.event(MAT, EventKind::BedOut);
        let left = house.now;
        let said = house.live(hours(1), &[MAT]);
        assert_eq!(findings(&said, Kind::Bed)[0].0.since(left), limit.less(MAT_DELAY), "{hour}");
    }
}

#[test]
fn what_cannot_tell_of_a_bed_is_not_believed() {
    let mut house = House::at_hour(2, &[(BUTTON, Role::HelpButton)]);
    house.event(BUTTON, EventKind::BedIn);
    house.event(BUTTON, EventKind::BedOut);
    assert_eq!(findings(&house.live(hours(1), &[BUTTON]), Kind::Bed), []);
}

/// Nights of eight hours in bed, each with its share of restless spans; what is told of them.
fn nights(house: &mut House, shares: &[f32]) -> Vec<(Mono, Output)> {
    let mut said = Vec::new();
    for share in shares {
        for minute in 0..24 * 60 {
            if minute < 7 * 60 {
                let values = [value(Quantity::InBed, 100.0), value(Quantity::Restless, *share)];
                let told = house.reading(MAT, &values);
                said.extend(told.into_iter().map(|output| (house.now, output)));
            } else {
                let gone =
                    [value(Quantity::InBed, 0.0), no_value(Quantity::Restless, NoData::NotPresent)];
                let told = house.reading(MAT, &gone);
                said.extend(told.into_iter().map(|output| (house.now, output)));
            }
            said.extend(house.live(minutes(1), &[MAT, MOTION]));
        }
    }
    said
}

fn sleeper() -> House {
    let mut house = House::at_hour(22, &ALL[..2]);
    house.step(Input::Rules(Rules { still_min: None, still_max: None, ..Rules::default() }));
    house
}

#[test]
fn a_night_unlike_the_others_is_told_once_in_the_morning() {
    let mut house = sleeper();
    let usual = nights(&mut house, &[6.0, 5.0, 7.0, 6.0, 5.0, 6.0]);
    assert_eq!(findings(&usual, Kind::Restless), []);
    let begun = house.now;
    let said = nights(&mut house, &[22.0]);
    let told = findings(&said, Kind::Restless);
    let [(at, told)] = told[..] else { panic!("one finding expected: {told:?}") };
    assert_eq!(at.since(begun), hours(8), "when the night is over");
    assert_eq!((told.severity, told.device), (Severity::General, Some(MAT)));
    let seen: Vec<(Seen, f32)> = told.evidence.iter().map(|e| (e.what, e.value)).collect();
    assert_eq!(seen[0], (Seen::Restless, 22.0));
    assert!(seen[1].0 == Seen::RestlessUsual && (5.0..7.0).contains(&seen[1].1), "{seen:?}");
    assert_eq!(seen[2], (Seen::InBed, 420.0));
}

#[test]
fn nobody_is_restless_before_their_nights_are_known() {
    let mut house = sleeper();
    let few = usize::from(RESTLESS_NIGHTS) - 1;
    let mut shares = vec![5.0; few];
    shares.push(40.0);
    assert_eq!(findings(&nights(&mut house, &shares), Kind::Restless), []);
}

#[test]
fn who_always_turns_a_lot_is_not_told_of_every_morning() {
    let mut house = sleeper();
    let said = nights(&mut house, &[30.0, 38.0, 26.0, 35.0, 31.0, 40.0, 28.0, 36.0]);
    assert_eq!(findings(&said, Kind::Restless), []);
}

#[test]
fn a_night_hardly_spent_in_bed_says_nothing() {
    let mut house = sleeper();
    nights(&mut house, &[5.0; 6]);
    for _ in 0..100 {
        house.reading(MAT, &[value(Quantity::InBed, 100.0), value(Quantity::Restless, 60.0)]);
        house.live(minutes(1), &[MAT, MOTION]);
    }
    assert_eq!(findings(&house.live(hours(20), &[MAT, MOTION]), Kind::Restless), []);
}

#[test]
fn a_summary_of_the_gateway_is_not_counted_beside_the_mat() {
    let mut house = sleeper();
    nights(&mut house, &[5.0; 6]);
    for _ in 0..420 {
        house.reading(MAT, &[value(Quantity::InBed, 100.0), value(Quantity::Restless, 5.0)]);
        house.reading(GATEWAY, &[value(Quantity::Restless, 90.0)]);
        house.live(minutes(1), &[MAT, MOTION]);
    }
    assert_eq!(findings(&house.live(hours(10), &[MAT, MOTION]), Kind::Restless), []);
}
