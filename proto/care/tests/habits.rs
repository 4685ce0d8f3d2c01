//! Habits: a home's own hours are learned within days, and no emergency spoils them.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::{Input, Kind};
use proto::unit::Millis;
use proto::up::EventKind;

use crate::house::{House, MOTION, findings, hours, minutes};
use crate::stillness::{ALL, FLAT, alert, flat};

/// A week in which the person moves from 6 to 22 o'clock, each quarter of an hour, and sleeps through.
fn week(house: &mut House, from_hour: u64) {
    for hour in from_hour..from_hour + 7 * 24 {
        for _ in 0..4 {
            let said = house.live(minutes(15), &ALL);
            assert_eq!(findings(&said, Kind::Stillness), [], "an ordinary week");
            if (6..22).contains(&(hour % 24)) {
                house.event(MOTION, EventKind::Motion);
            }
        }
    }
}

/// How long until a home in which nobody moves any more is told of.
fn until_told(house: &mut House) -> Millis {
    house.event(MOTION, EventKind::Motion);
    let last = house.now;
    let said = house.live(hours(17), &ALL);
    findings(&said, Kind::Stillness)[0].0.since(last)
}

#[test]
fn a_calm_home_is_told_of_later_than_an_alert_one() {
    let (calm, alert) = (until_told(&mut flat(9)), until_told(&mut alert(9, &FLAT)));
    assert!(alert.plus(hours(1)) < calm && calm < hours(10), "{alert:?} and {calm:?}");
}

#[test]
fn own_hours_are_learned_within_a_week() {
    let mut house = alert(0, &FLAT);
    week(&mut house, 0);
    house.live(hours(8), &ALL);
    let (own, any) = (until_told(&mut house), until_told(&mut alert(8, &FLAT)));
    assert!(own.plus(minutes(15)) < any, "who always moves is missed early: {own:?}, {any:?}");
}

#[test]
fn one_emergency_does_not_make_the_next_one_late() {
    let mut house = alert(0, &FLAT);
    week(&mut house, 0);
    house.live(hours(8), &ALL);
    let before = until_told(&mut house);
    house.live(hours(6), &ALL);
    house.event(MOTION, EventKind::Motion);
    let mut day = house.now;
    while house.now < day.after(hours(24)) {
        house.live(minutes(15), &ALL);
        house.event(MOTION, EventKind::Motion);
    }
    day = house.now;
    let after = until_told(&mut house);
    assert!(after < before.plus(before), "{before:?} then {after:?} from {day:?}");
}

#[test]
fn who_moves_in_starts_with_no_learned_hours() {
    let mut house = alert(0, &FLAT);
    week(&mut house, 0);
    house.live(hours(8), &ALL);
    house.step(Input::Residents);
    let (new, any) = (until_told(&mut house), until_told(&mut alert(8, &FLAT)));
    assert_eq!(new, any, "the hours of those before are nobody's");
}
