//! Silence: a device that should speak and does not is told in time, and one cause is told once.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::policy::{CATCH_UP, DEVICE_SILENT, NEVER_HEARD};
use care::{Input, Kind, Output, Seen, Severity};
use proto::unit::Millis;
use proto::up::Role;

use crate::house::{BUTTON, CORD, GATEWAY, House, MAT, device, findings, hours, minutes};

#[test]
fn a_mains_device_is_missed_after_200_seconds() {
    let mut house = House::with(&[(MAT, Role::BedMat)]);
    house.quiet(DEVICE_SILENT.less(Millis::new(1)));
    let said = house.pass(Millis::new(1));
    let told = findings(&said, Kind::Silence);
    let (at, told) = told[0];
    assert_eq!((at, told.severity, told.device), (house.now, Severity::Fault, Some(MAT)));
    assert_eq!(told.evidence[0].what, Seen::Silent);
    assert!((told.evidence[0].value - 200.0 / 60.0).abs() < 0.01, "minutes of silence");
    assert!(house.home.is_silent(MAT));
    house.quiet(hours(48));
}

#[test]
fn a_battery_device_is_missed_after_two_of_its_own_periods() {
    let cases = [
        (3600, minutes(121).plus(Millis::secs(30))),
        (600, Millis::secs(1290)),
        (10, Millis::secs(120)),
    ];
    for (period_s, limit) in cases {
        let mut house = House::with(&[(BUTTON, Role::HelpButton)]);
        house.health(BUTTON, period_s, Some(80));
        house.quiet(limit.less(Millis::new(1)));
        assert_eq!(house.pass(Millis::new(1)).len(), 1, "period of {period_s} s");
    }
}

#[test]
fn a_device_that_speaks_again_is_eased() {
    let mut house = House::with(&[(MAT, Role::BedMat)]);
    let said = house.pass(DEVICE_SILENT);
    let incident = findings(&said, Kind::Silence)[0].1.incident;
    let back = house.health(MAT, 60, None);
    assert_eq!(back, [Output::Ease { incident, kind: Kind::Silence, device: Some(MAT) }]);
    assert_eq!(house.pass(DEVICE_SILENT).len(), 1, "and missed again when it fails again");
}

#[test]
fn an_old_word_from_a_backlog_does_not_make_a_device_alive() {
    let mut house = House::with(&[(MAT, Role::BedMat)]);
    house.pass(hours(3));
    let late = crate::house::event(proto::up::EventKind::BedIn);
    assert_eq!(house.say_late(MAT, &late, hours(2)), []);
    assert!(house.home.is_silent(MAT));
}

#[test]
fn a_gateway_that_is_down_speaks_for_all_its_devices() {
    let mut house = House::with(&[(MAT, Role::BedMat), (BUTTON, Role::HelpButton)]);
    house.quiet(Millis::secs(90));
    assert_eq!(house.step(Input::Gateway { up: false }), []);
    house.quiet(hours(10));
    assert_eq!(house.step(Input::Gateway { up: true }), []);
    house.quiet(DEVICE_SILENT.less(Millis::new(1)));
    assert_eq!(house.pass(Millis::new(1)).len(), 2, "each has its whole time after it");
}

#[test]
fn time_in_which_the_server_was_away_is_nobodys_silence() {
    let mut house = House::with(&[(MAT, Role::BedMat)]);
    house.now = house.now.after(hours(5));
    assert_eq!(house.step(Input::Resumed), []);
    house.quiet(DEVICE_SILENT.less(Millis::new(1)));
    assert_eq!(house.pass(CATCH_UP).len(), 1);
}

#[test]
fn a_device_that_was_enrolled_and_never_spoke_is_told_after_a_day() {
    let mut house = House::with(&[]);
    house.step(Input::Enrolled { device: CORD, role: Role::PullCord });
    house.quiet(NEVER_HEARD.less(Millis::new(1)));
    assert_eq!(house.pass(Millis::new(1)).len(), 1);
}

#[test]
fn a_device_that_left_is_not_missed() {
    let mut house = House::with(&[(MAT, Role::BedMat)]);
    house.step(Input::Released { device: MAT });
    house.quiet(hours(48));
    let mut house = House::with(&[(MAT, Role::BedMat)]);
    house.pass(DEVICE_SILENT);
    assert_eq!(house.step(Input::Released { device: MAT }).len(), 1, "its fault has passed");
}

#[test]
fn gateways_have_a_watch_of_their_own() {
    House::with(&[(GATEWAY, Role::Gateway)]).quiet(hours(48));
}

#[test]
fn thirty_two_silent_devices_are_all_told_in_steps_of_sixteen() {
    let all: Vec<_> = (1..=40).map(|n| (device(n), Role::Door)).collect();
    let mut house = House::with(&all);
    assert_eq!(house.home.devices(), 32, "more are refused at enrolment");
    let said = house.pass(DEVICE_SILENT);
    assert_eq!(findings(&said, Kind::Silence).len(), 32);
    assert!(said.iter().all(|(at, _)| *at == house.now), "all at once");
}

#[test]
fn a_home_that_is_heard_is_not_cut_off_whatever_was_said_of_its_gateway() {
    let mut house = House::with(&[(MAT, Role::BedMat), (BUTTON, Role::HelpButton)]);
    house.step(Input::Gateway { up: false });
    house.quiet(hours(1));
    house.health(BUTTON, 60, None);
    let said = house.pass(DEVICE_SILENT);
    assert_eq!(findings(&said, Kind::Silence).len(), 2, "silence is told again");
}

#[test]
fn settings_clocks_and_closes_answer_for_themselves_alone() {
    let mut house = House::with(&[(MAT, Role::BedMat)]);
    house.now = house.now.after(DEVICE_SILENT);
    for input in [
        Input::Clock { minute_of_day: 5 },
        Input::Rules(care::policy::Rules::default()),
        Input::Closed { incident: 9, outcome: None },
        Input::Enrolled { device: MAT, role: Role::BedMat },
    ] {
        assert_eq!(house.step(input), [], "nothing is said that a caller might not expect");
    }
    assert!(house.home.next_deadline().is_some_and(|due| due <= house.now), "it is due at once");
    assert_eq!(house.step(Input::Tick).len(), 1);
}
