//! Faults: what a device tells of itself is one task a device, told once, and passes when all is well.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::{Input, Kind, Output, Seen, Severity};
use proto::unit::Millis;
use proto::up::{EventKind, Loss, Role, Up};

use crate::house::{BUTTON, GATEWAY, House, MAT, finding};

fn house() -> House {
    House::with(&[(BUTTON, Role::HelpButton), (MAT, Role::BedMat)])
}

#[test]
fn each_trouble_of_a_device_is_told_once_in_one_incident() {
    let mut house = house();
    let mut incident = None;
    for (kind, seen) in [
        (EventKind::Tamper, Seen::Tampered),
        (EventKind::BatteryLow, Seen::Battery),
        (EventKind::PowerLost, Seen::NoMains),
    ] {
        let said = house.event(MAT, kind);
        let told = finding(&said);
        assert_eq!((told.kind, told.severity), (Kind::Fault, Severity::Fault));
        assert_eq!((told.evidence[0].what, told.device), (seen, Some(MAT)));
        assert_eq!(told.opens, incident.is_none());
        assert_eq!(*incident.get_or_insert(told.incident), told.incident);
        assert_eq!(house.event(MAT, kind), [], "the same again is no news");
    }
    let stuck = house.event(MAT, EventKind::Stuck);
    assert_eq!((finding(&stuck).kind, finding(&stuck).opens), (Kind::Stuck, true), "but a contact");
    assert!(finding(&house.event(BUTTON, EventKind::BatteryLow)).opens, "another device");
}

#[test]
fn a_fault_passes_with_its_last_cause() {
    let mut house = house();
    let incident = finding(&house.event(MAT, EventKind::PowerLost)).incident;
    house.health(MAT, 60, Some(10));
    assert_eq!(house.event(MAT, EventKind::PowerBack), [], "the battery is still low");
    let passed = house.health(MAT, 60, Some(90));
    assert_eq!(passed, [Output::Ease { incident, kind: Kind::Fault, device: Some(MAT) }]);
}

#[test]
fn a_battery_between_low_and_good_neither_opens_nor_ends_a_fault() {
    let mut house = house();
    assert_eq!(house.health(BUTTON, 3600, Some(16)), []);
    let said = house.health(BUTTON, 3600, Some(15));
    assert!((finding(&said).evidence[0].value - 15.0).abs() < f32::EPSILON);
    assert_eq!(house.health(BUTTON, 3600, Some(29)), [], "no flapping around the limit");
    assert_eq!(house.health(BUTTON, 3600, Some(30)), [], "nor does one that may be the hour's");
    assert_eq!(house.health(BUTTON, 3600, Some(29)), []);
}

#[test]
fn an_opened_cover_stays_until_a_person_has_looked() {
    let mut house = house();
    let incident = finding(&house.event(MAT, EventKind::Tamper)).incident;
    assert_eq!(house.health(MAT, 60, None), []);
    house.step(Input::Closed { incident, outcome: None });
    assert!(finding(&house.event(MAT, EventKind::Tamper)).opens);
}

#[test]
fn lost_records_are_a_fault_of_whoever_lost_them() {
    let mut house = house();
    let loss = Loss { count: 42, since: None, uptime: Millis::secs(9), home: None };
    let said = house.say(GATEWAY, &Up::Loss(loss));
    let told = finding(&said);
    assert_eq!((told.kind, told.device), (Kind::Fault, Some(GATEWAY)));
    assert_eq!(told.evidence[0].what, Seen::Lost);
    assert!((told.evidence[0].value - 42.0).abs() < f32::EPSILON);
}
