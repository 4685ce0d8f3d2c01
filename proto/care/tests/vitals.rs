//! Vitals: a rate outside its limits is told when it lasts, and only on valid values.
//!
//! Each case is told through `house`. Not here: how a rate is found (`breath`).

use care::policy::Rules;
use care::policy::vital::{VITALS_GAP, VITALS_SUSTAINED};
use care::reading::{Unfit, limit};
use care::{Input, Kind, Output, Seen, Severity};
use proto::unit::{Millis, NoData};
use proto::up::{Quantity, Role, Value};

use crate::house::{House, MAT, findings, minutes, no_value, value};

fn house() -> House {
    let mut house = House::at_hour(9, &[(MAT, Role::BedMat)]);
    let rules = Rules { breath_low: Some(8), breath_high: Some(24), ..Rules::default() };
    house.step(Input::Rules(rules));
    house
}

/// The same word each minute; what was said.
fn say(house: &mut House, word: Value, span: Millis) -> Vec<(proto::unit::Mono, Output)> {
    let mut said = Vec::new();
    for _ in 0..span.get() / 60_000 {
        said.extend(house.reading(MAT, &[word]).into_iter().map(|output| (house.now, output)));
        said.extend(house.pass(minutes(1)));
    }
    said
}

#[test]
fn a_rate_outside_its_limits_is_told_once_when_it_lasts_and_eases_inside() {
    let mut house = house();
    let said = say(&mut house, value(Quantity::Breath, 31.0), VITALS_SUSTAINED.plus(minutes(20)));
    let told = findings(&said, Kind::Vitals);
    assert_eq!(told.len(), 1);
    let (_, told) = told[0];
    assert_eq!((told.severity, told.device), (Severity::Important, Some(MAT)));
    assert_eq!((told.evidence[0].what, told.evidence[0].value), (Seen::Breath, 31.0));
    let eased = house.reading(MAT, &[value(Quantity::Breath, 16.0)]);
    assert!(matches!(eased[..], [Output::Ease { kind: Kind::Vitals, .. }]), "{eased:?}");
}

#[test]
fn no_invalid_value_is_ever_an_alarm() {
    let old = Value { age_s: 600, ..value(Quantity::Breath, 31.0) };
    let cases = [
        ("missing", no_value(Quantity::Breath, NoData::Fault)),
        ("at its clip limit", value(Quantity::Breath, 50.0)),
        ("implausible", value(Quantity::Breath, 400.0)),
        ("no number", value(Quantity::Breath, f32::NAN)),
        ("old", old),
        ("not watched", value(Quantity::Heart, 190.0)),
        ("within", value(Quantity::Breath, 24.0)),
    ];
    for (name, word) in cases {
        let said = say(&mut house(), word, minutes(40));
        assert_eq!(findings(&said, Kind::Vitals), [], "{name}");
    }
}

#[test]
fn a_gap_in_valid_values_begins_anew() {
    let mut house = house();
    for _ in 0..6 {
        let said =
            say(&mut house, value(Quantity::Breath, 31.0), VITALS_SUSTAINED.less(minutes(2)));
        assert_eq!(findings(&said, Kind::Vitals), []);
        let lost = no_value(Quantity::Breath, NoData::Timeout);
        say(&mut house, lost, VITALS_GAP.plus(minutes(1)));
    }
}

#[test]
fn a_limit_that_no_sensor_can_keep_is_not_set() {
    let cases = [
        (Role::BedMat, Quantity::Breath, 8, Ok(8)),
        (Role::BedMat, Quantity::Breath, 4, Err(Unfit::Range(5, 49))),
        (Role::BedMat, Quantity::Heart, 200, Err(Unfit::Range(31, 199))),
        (Role::Motion, Quantity::Breath, 8, Err(Unfit::Unable)),
        (Role::BedMat, Quantity::Load, 8, Err(Unfit::Unable)),
    ];
    for (role, quantity, wanted, answer) in cases {
        assert_eq!(limit(role, quantity, wanted), answer, "{role:?} {quantity:?} {wanted}");
    }
}
