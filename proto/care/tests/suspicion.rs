//! Falls and what speaks for and against them: a suspicion rises or sinks, a confirmed fall stays.
//!
//! Each case is told through `house`, as in `triage.rs`. Not here: how a device tells a fall (`fall.rs`).

use care::policy::{FALL_QUIET, FALL_RISE, FALL_SETTLE};
use care::{Input, Kind, Output, Seen, Severity};
use proto::unit::Millis;
use proto::up::EventKind;

use crate::house::{BUTTON, MAT, MOTION, PENDANT, finding, hours, minutes};
use crate::triage::{ALL, grades, has, house, out_of_bed};

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
    assert!(at.after(FALL_RISE).since(at) <= minutes(3), "docs/sources.md#answer-times");
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
    assert_eq!(other, [], "another device takes nothing back, and has no say in it");
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
