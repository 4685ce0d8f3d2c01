//! Triage: one incident a moment, what speaks for and against a fall, severity up and down by time.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::policy::{BED_RISE, FALL_QUIET, FALL_RISE, FALL_SETTLE, STILL_RISE};
use care::{Finding, Input, Kind, Output, Seen, Severity};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};
use proto::up::{EventKind, Role};

use crate::house::{BUTTON, DOOR, House, MAT, MOTION, PENDANT, finding, findings, hours, minutes};

pub(crate) const ALL: [DeviceId; 5] = [BUTTON, MAT, MOTION, DOOR, PENDANT];

pub(crate) fn house(hour: u16) -> House {
    House::at_hour(
        hour,
        &[
            (BUTTON, Role::HelpButton),
            (MAT, Role::BedMat),
            (MOTION, Role::Motion),
            (DOOR, Role::Door),
            (PENDANT, Role::Pendant),
        ],
    )
}

/// In bed, and out again now.
pub(crate) fn out_of_bed(house: &mut House) {
    house.event(MAT, EventKind::BedIn);
    house.live(minutes(5), &ALL);
    house.event(MAT, EventKind::BedOut);
}

pub(crate) fn grades(said: &[(Mono, Output)]) -> Vec<(Mono, Severity)> {
    let grade = |(at, output): &(Mono, Output)| match output {
        Output::Grade { severity, .. } => Some((*at, *severity)),
        Output::Raise(_)
        | Output::Ease { .. }
        | Output::Annotate { .. }
        | Output::Ask { .. }
        | Output::Answered { .. } => None,
    };
    said.iter().filter_map(grade).collect()
}

pub(crate) fn has(finding: &Finding, seen: Seen, supports: bool) -> bool {
    finding.evidence.iter().any(|e| e.what == seen && e.supports == supports)
}

// One incident a moment.

#[test]
fn a_fall_a_press_and_a_bed_that_stays_empty_within_ten_minutes_are_one_incident() {
    let mut house = house(23);
    out_of_bed(&mut house);
    house.live(minutes(25), &ALL);
    let fall = finding(&house.event(PENDANT, EventKind::FallConfirmed)).clone();
    let press = finding(&house.event(BUTTON, EventKind::Press)).clone();
    let said = house.live(minutes(6), &ALL);
    let bed = findings(&said, Kind::Bed)[0].1;
    assert!(fall.opens && !press.opens && !bed.opens);
    assert_eq!((fall.incident, fall.incident), (press.incident, bed.incident));
    assert_ne!(fall.activation, press.activation, "each keeps its own name");
    assert_eq!(bed.activation, None, "what a detector found is a reason, not an activation");
}

#[test]
fn a_press_beside_a_bed_that_was_just_told_joins_it_as_an_emergency() {
    let mut house = house(23);
    out_of_bed(&mut house);
    let said = house.live(minutes(31), &ALL);
    let bed = findings(&said, Kind::Bed)[0].1.incident;
    let said = house.event(BUTTON, EventKind::Press);
    let press = finding(&said);
    assert_eq!((press.incident, press.opens), (bed, false));
    assert_eq!((press.kind, press.severity), (Kind::Help, Severity::Emergency));
    assert!(press.activation.is_some());
    let said = house.event(PENDANT, EventKind::FallConfirmed);
    assert_eq!(finding(&said).incident, bed, "and it is a call from now on");
}

#[test]
fn a_press_hours_after_a_bed_was_told_is_a_matter_of_its_own() {
    let mut house = house(23);
    out_of_bed(&mut house);
    let said = house.live(minutes(31), &ALL);
    let bed = findings(&said, Kind::Bed)[0].1.incident;
    house.live(hours(2), &ALL);
    let said = house.event(BUTTON, EventKind::Press);
    assert!(finding(&said).opens && finding(&said).incident != bed);
}

#[test]
fn mains_lost_in_the_home_is_one_fault_and_what_falls_silent_by_it_no_second() {
    let lamp = crate::house::device(7);
    let mut house =
        House::with(&[(MAT, Role::BedMat), (lamp, Role::BedMat), (MOTION, Role::Motion)]);
    let first = finding(&house.event(MAT, EventKind::PowerLost)).clone();
    house.pass(Millis::secs(20));
    let second = finding(&house.event(lamp, EventKind::PowerLost)).clone();
    assert_eq!((first.opens, second.opens), (true, false));
    assert_eq!((first.incident, second.device), (second.incident, Some(lamp)));
    let said = house.pass(minutes(10));
    let opened: Vec<_> =
        said.iter().filter(|(_, o)| matches!(o, Output::Raise(f) if f.opens)).collect();
    assert_eq!(opened, Vec::<&(Mono, Output)>::new(), "silence by the outage is told in it");
    assert_eq!(findings(&said, Kind::Silence).len(), 3);
    assert_eq!(house.event(MAT, EventKind::PowerBack), [], "one is back, one is not");
    let passed = house.event(lamp, EventKind::PowerBack);
    let incident = first.incident;
    assert_eq!(passed, [Output::Ease { incident, kind: Kind::Fault, device: Some(MAT) }]);
}

// A fall that is only suspected.

#[test]
fn a_suspected_fall_is_told_at_once_and_rings_when_nobody_gets_up() {
    let mut house = house(14);
    house.event(MOTION, EventKind::Motion);
    house.live(minutes(2), &ALL);
    let said = house.event(PENDANT, EventKind::FallSuspected);
    let fall = finding(&said);
    assert_eq!((fall.kind, fall.severity, fall.opens), (Kind::Fall, Severity::Important, true));
    assert!(has(fall, Seen::Fell, true) && has(fall, Seen::Moved, false));
    let clock = fall.evidence.iter().find(|e| e.what == Seen::Upright).unwrap();
    assert!((clock.value - 2.0).abs() < 0.1, "the long-lie clock runs from the last movement");
    let at = house.now;
    let said = house.pass(minutes(3));
    assert_eq!(grades(&said), [(at.after(FALL_RISE), Severity::Emergency)]);
    assert!(at.after(FALL_RISE).since(at) <= minutes(3), "field.md D4");
}

#[test]
fn a_confirmed_fall_is_an_emergency_whatever_moves_afterwards() {
    let mut house = house(14);
    house.event(PENDANT, EventKind::FallSuspected);
    house.pass(Millis::secs(30));
    let said = house.event(PENDANT, EventKind::FallConfirmed);
    let sure = finding(&said);
    assert_eq!((sure.severity, sure.opens), (Severity::Emergency, false));
    house.pass(Millis::secs(40));
    assert_eq!(house.event(MOTION, EventKind::Motion), [], "nothing lowers it");
    assert_eq!(house.event(PENDANT, EventKind::Cancel).len(), 1, "a cancel is only noted");
    assert_eq!(grades(&house.live(hours(1), &ALL)), []);
}

#[test]
fn somebody_who_gets_up_lowers_a_suspected_fall_and_ends_nothing() {
    let mut house = house(14);
    let incident = finding(&house.event(PENDANT, EventKind::FallSuspected)).incident;
    house.pass(Millis::secs(10));
    assert_eq!(house.event(MOTION, EventKind::Motion), [], "the fall itself may move a sensor");
    house.pass(FALL_SETTLE);
    match house.event(MOTION, EventKind::Motion).as_slice() {
        [Output::Grade { incident: of, severity: Severity::General, evidence, .. }] => {
            assert_eq!(
                (*of, evidence[0].what, evidence[0].supports),
                (incident, Seen::Moved, false)
            );
        }
        other => panic!("lower expected: {other:?}"),
    }
    let up = house.now;
    let said = house.live(minutes(17), &ALL);
    assert_eq!(grades(&said), [(up.after(FALL_QUIET), Severity::Important)], "a look, no ring");
}

#[test]
fn a_suspected_fall_that_its_wearer_takes_back_waits_for_a_look() {
    let mut house = house(14);
    let incident = finding(&house.event(PENDANT, EventKind::FallSuspected)).incident;
    house.pass(Millis::secs(15));
    let said = house.event(PENDANT, EventKind::Cancel);
    assert!(matches!(said[0], Output::Annotate { incident: of, .. } if of == incident));
    assert!(matches!(said[1], Output::Grade { severity: Severity::General, .. }), "{said:?}");
    assert_eq!(grades(&house.live(hours(1), &ALL)), [], "nobody rings, and nobody closed it");
    let other = house.event(BUTTON, EventKind::Cancel);
    assert_eq!(other.len(), 1, "another device takes nothing back");
}

#[test]
fn a_device_that_feels_its_wearer_up_again_lowers_its_own_suspicion_for_a_while() {
    let mut house = house(14);
    let incident = finding(&house.event(PENDANT, EventKind::FallSuspected)).incident;
    house.pass(Millis::secs(15));
    let said = house.event(PENDANT, EventKind::FallRecovered);
    assert!(matches!(said[0], Output::Annotate { incident: of, .. } if of == incident));
    assert!(matches!(said[1], Output::Grade { severity: Severity::General, .. }), "{said:?}");
    let up = house.now;
    let said = house.live(minutes(16), &ALL);
    assert_eq!(
        grades(&said),
        [(up.after(FALL_QUIET), Severity::Important)],
        "and nobody seen since"
    );
}

#[test]
fn somebody_in_bed_speaks_against_a_fall_and_delays_it_by_one_step() {
    let mut house = house(14);
    house.event(MAT, EventKind::BedIn);
    house.live(minutes(30), &ALL);
    let said = house.event(PENDANT, EventKind::FallSuspected);
    let fall = finding(&said);
    assert_eq!(fall.severity, Severity::General);
    assert!(has(fall, Seen::InBed, false));
    let at = house.now;
    let said = house.live(minutes(4), &ALL);
    let steps = [Severity::Important, Severity::Emergency];
    assert_eq!(grades(&said).iter().map(|(_, s)| *s).collect::<Vec<_>>(), steps);
    assert!(grades(&said)[1].0.since(at) <= minutes(3), "and no longer than three minutes");
}

#[test]
fn an_empty_bed_at_night_speaks_for_a_fall() {
    let mut house = house(2);
    out_of_bed(&mut house);
    house.live(minutes(4), &ALL);
    let said = house.event(PENDANT, EventKind::FallSuspected);
    assert!(has(finding(&said), Seen::LeftBed, true));
}

#[test]
fn a_suspicion_rises_while_the_gateway_is_silent() {
    let mut house = house(14);
    house.event(PENDANT, EventKind::FallSuspected);
    house.step(Input::Gateway { up: false });
    assert_eq!(grades(&house.pass(minutes(2))).len(), 1);
}

#[test]
fn a_press_after_a_suspicion_is_the_emergency_and_the_timer_stops() {
    let mut house = house(14);
    house.event(PENDANT, EventKind::FallSuspected);
    house.pass(Millis::secs(5));
    let said = house.event(BUTTON, EventKind::Press);
    assert_eq!((finding(&said).severity, finding(&said).opens), (Severity::Emergency, false));
    assert_eq!(grades(&house.pass(minutes(5))), []);
}

// Severity by time.

#[test]
fn not_back_in_bed_and_nobody_seen_becomes_an_emergency() {
    let mut house = house(23);
    out_of_bed(&mut house);
    let said = house.live(minutes(30), &ALL);
    let at = findings(&said, Kind::Bed)[0].0;
    let said = house.live(BED_RISE.plus(minutes(1)), &ALL);
    assert_eq!(grades(&said), [(at.after(BED_RISE), Severity::Emergency)]);
}

#[test]
fn who_is_seen_about_at_night_does_not_become_an_emergency() {
    let mut house = house(23);
    out_of_bed(&mut house);
    house.live(minutes(31), &ALL);
    for _ in 0..8 {
        assert_eq!(grades(&house.live(minutes(20), &ALL)), []);
        house.event(MOTION, EventKind::Motion);
    }
}

#[test]
fn stillness_rises_with_the_hour_on_the_floor_and_movement_eases_it() {
    let mut house = house(9);
    house.event(MOTION, EventKind::Motion);
    let last = house.now;
    let said = house.live(hours(8), &ALL);
    let told = findings(&said, Kind::Stillness);
    let clock = told[0].1.evidence.iter().find(|e| e.what == Seen::Upright).unwrap();
    assert_eq!(clock.at, last, "the clock starts at the last proof of upright life");
    assert_eq!(grades(&said), [(told[0].0.after(STILL_RISE), Severity::Emergency)]);
    let eased = house.event(MOTION, EventKind::Motion);
    assert!(matches!(eased[..], [Output::Ease { kind: Kind::Stillness, .. }]), "{eased:?}");
}

#[test]
fn what_only_asks_for_a_look_never_rings() {
    let mut house = house(9);
    out_of_bed(&mut house);
    for _ in 0..60 {
        house.live(minutes(30), &ALL);
        house.event(MOTION, EventKind::Motion);
    }
    let said = house.live(hours(1), &ALL);
    let grave = grades(&said).iter().any(|(_, s)| *s > Severity::General);
    assert!(!grave, "a long day out of bed: {said:?}");
}
