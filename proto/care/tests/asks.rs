//! The home asks first: what a detector found is a question before it is an alarm, and a press never is.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::policy::{ASK, BED_OUT_NIGHT, Rules};
use care::{Input, Kind, Output, Seen, Severity};
use proto::unit::Mono;
use proto::up::EventKind;

use crate::house::{BUTTON, House, MAT, MOTION, PENDANT, finding, findings, hours, minutes};
use crate::triage::{ALL, has, house, out_of_bed};

/// The same with something that can ask.
fn asking(hour: u16) -> House {
    let mut house = house(hour);
    house.step(Input::Rules(Rules { ask: Some(ASK), ..Rules::default() }));
    house
}

fn question(said: &[(Mono, Output)]) -> (Mono, u32, Kind, Mono) {
    let ask = said.iter().find_map(|(at, output)| match output {
        Output::Ask { incident, kind, until, .. } => Some((*at, *incident, *kind, *until)),
        Output::Raise(_)
        | Output::Ease { .. }
        | Output::Annotate { .. }
        | Output::Answered { .. }
        | Output::Grade { .. } => None,
    });
    ask.unwrap_or_else(|| panic!("a question expected: {said:?}"))
}

#[test]
fn a_bed_that_stays_empty_is_asked_about_and_raised_when_nobody_answers() {
    let mut house = asking(23);
    out_of_bed(&mut house);
    let left = house.now;
    let said = house.live(minutes(33), &ALL);
    let (at, incident, kind, until) = question(&said);
    assert_eq!((kind, until), (Kind::Bed, at.after(ASK)));
    assert!(at.since(left) <= BED_OUT_NIGHT);
    let told = findings(&said, Kind::Bed);
    assert_eq!((told.len(), told[0].0, told[0].1.incident), (1, until, incident));
    assert!(
        told[0].1.opens
            && has(told[0].1, Seen::NoAnswer, true)
            && has(told[0].1, Seen::LeftBed, true)
    );
}

#[test]
fn whoever_moves_has_answered_and_no_operator_is_told() {
    let mut house = asking(23);
    out_of_bed(&mut house);
    let said = house.live(minutes(30), &ALL);
    let (_, incident, ..) = question(&said);
    let answered = house.event(MOTION, EventKind::Motion);
    assert!(
        matches!(answered[..], [Output::Answered { incident: of, kind: Kind::Bed, device: Some(MAT), .. }] if of == incident),
        "{answered:?}"
    );
    assert_eq!(house.live(minutes(29), &ALL), [], "it is over");
    let said = house.live(minutes(2), &ALL);
    assert_eq!(question(&said).2, Kind::Bed, "who is not back after another limit is asked again");
}

#[test]
fn who_is_back_in_bed_has_answered() {
    let mut house = asking(23);
    out_of_bed(&mut house);
    let said = house.live(minutes(30), &ALL);
    question(&said);
    let answered = house.event(MAT, EventKind::BedIn);
    assert!(matches!(answered[..], [Output::Answered { .. }]), "{answered:?}");
    house.quiet(minutes(2));
}

#[test]
fn a_still_home_is_asked_and_a_step_is_an_answer() {
    let mut house = asking(9);
    house.event(MOTION, EventKind::Motion);
    let mut said = Vec::new();
    while said.is_empty() {
        said = house.live(minutes(1), &ALL);
    }
    let (_, incident, kind, _) = question(&said);
    assert_eq!(kind, Kind::Stillness);
    let answered = house.event(MOTION, EventKind::Motion);
    assert!(matches!(answered[..], [Output::Answered { incident: of, .. }] if of == incident));
    assert_eq!(house.live(hours(2), &ALL), [], "and the count begins anew");
}

#[test]
fn a_press_while_the_home_is_asked_is_an_emergency_at_once() {
    let mut house = asking(23);
    out_of_bed(&mut house);
    let said = house.live(minutes(30), &ALL);
    let (_, incident, ..) = question(&said);
    let said = house.event(BUTTON, EventKind::Press);
    let press = finding(&said);
    assert_eq!(
        (press.incident, press.opens, press.severity),
        (incident, true, Severity::Emergency)
    );
    assert!(has(press, Seen::LeftBed, true), "with what the home was asked about");
    assert_eq!(findings(&house.live(minutes(3), &ALL), Kind::Bed), []);
}

#[test]
fn presses_and_falls_are_never_asked_about() {
    for kind in
        [EventKind::Press, EventKind::Pull, EventKind::FallConfirmed, EventKind::FallSuspected]
    {
        let mut house = asking(14);
        assert!(matches!(house.event(PENDANT, kind)[..], [Output::Raise(_)]), "{kind:?}");
    }
}

#[test]
fn a_question_that_is_cut_off_is_raised() {
    let mut house = asking(23);
    out_of_bed(&mut house);
    let said = house.live(minutes(30), &ALL);
    question(&said);
    house.step(Input::Gateway { up: false });
    assert_eq!(findings(&house.pass(ASK), Kind::Bed).len(), 1, "nobody can be heard to answer");
}

#[test]
fn a_question_survives_its_own_encoding_and_a_restart() {
    let mut house = asking(23);
    out_of_bed(&mut house);
    let said = house.live(minutes(30), &ALL);
    let (_, incident, ..) = question(&said);
    let bytes = minicbor::to_vec(&house.home).unwrap();
    house.home = minicbor::decode(&bytes).unwrap();
    house.step(Input::Resumed);
    let told = house.pass(ASK);
    assert_eq!(findings(&told, Kind::Bed)[0].1.incident, incident);
}
