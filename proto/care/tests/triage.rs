//! Triage: one incident a moment, the home asked first, severity up and down, the budget of false alarms.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::alert::Outcome;
use care::policy::{ASK, BED_OUT_NIGHT, BED_RISE, DEMOTED_FOR, Rules, STILL_RISE};
use care::{Finding, Input, Kind, Output, Seen, Severity};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};
use proto::up::{EventKind, Role};

use crate::house::{BUTTON, DOOR, House, MAT, MOTION, PENDANT, finding, findings, hours, minutes};

pub(crate) const ALL: [DeviceId; 5] = [BUTTON, MAT, MOTION, DOOR, PENDANT];

/// One limit at a time: `night` has the cases of the other.
fn rules(ask: Option<Millis>) -> Rules {
    Rules { ask, bed_quiet: None, ..Rules::default() }
}

pub(crate) fn house(hour: u16) -> House {
    let mut house = House::at_hour(
        hour,
        &[
            (BUTTON, Role::HelpButton),
            (MAT, Role::BedMat),
            (MOTION, Role::Motion),
            (DOOR, Role::Door),
            (PENDANT, Role::Pendant),
        ],
    );
    house.step(Input::Rules(rules(None)));
    house
}

/// The same with something that can ask.
pub(crate) fn asking(hour: u16) -> House {
    let mut house = house(hour);
    house.step(Input::Rules(rules(Some(ASK))));
    house
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
        | Output::Turn { .. }
        | Output::Ask { .. }
        | Output::Answered { .. } => None,
    };
    said.iter().filter_map(grade).collect()
}

pub(crate) fn question(said: &[(Mono, Output)]) -> (Mono, u32, Kind, Mono) {
    let ask = said.iter().find_map(|(at, output)| match output {
        Output::Ask { incident, kind, until, .. } => Some((*at, *incident, *kind, *until)),
        Output::Raise(_)
        | Output::Ease { .. }
        | Output::Annotate { .. }
        | Output::Turn { .. }
        | Output::Answered { .. }
        | Output::Grade { .. } => None,
    });
    ask.unwrap_or_else(|| panic!("a question expected: {said:?}"))
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

// The home asks first.

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

// The budget of false alarms.

/// The bed stays empty at night once; gives the finding, and closes it so.
fn night(house: &mut House, outcome: Outcome) -> Finding {
    out_of_bed(house);
    let said = house.live(minutes(35), &ALL);
    let told = findings(&said, Kind::Bed)[0].1.clone();
    let incident = told.incident;
    house.step(Input::Closed { incident, outcome: Some(outcome) });
    house.event(MAT, EventKind::BedIn);
    house.live(minutes(10), &ALL);
    told
}

#[test]
fn a_rule_that_was_wrong_three_times_starts_a_step_lower_and_says_so() {
    let mut house = house(22);
    for outcome in [Outcome::Mistake, Outcome::FoundWell, Outcome::DeviceFault] {
        let told = night(&mut house, outcome);
        assert_eq!((told.severity, has(&told, Seen::Demoted, false)), (Severity::Important, false));
    }
    let told = night(&mut house, Outcome::Test);
    assert_eq!((told.severity, has(&told, Seen::Demoted, false)), (Severity::General, true));
    out_of_bed(&mut house);
    let said = house.live(minutes(95), &ALL);
    let steps: Vec<_> = grades(&said).iter().map(|(_, s)| *s).collect();
    assert_eq!(steps, [Severity::Important, Severity::Emergency], "it can still rise");
}

#[test]
fn one_true_alarm_gives_a_rule_its_voice_back() {
    let mut house = house(22);
    for _ in 0..3 {
        night(&mut house, Outcome::Mistake);
    }
    assert_eq!(night(&mut house, Outcome::Hospital).severity, Severity::General);
    assert_eq!(night(&mut house, Outcome::Mistake).severity, Severity::Important);
}

#[test]
fn time_gives_a_rule_its_voice_back() {
    let mut house = house(22);
    for _ in 0..3 {
        night(&mut house, Outcome::Mistake);
    }
    house.pass(DEMOTED_FOR);
    house.step(Input::Clock { minute_of_day: 23 * 60 });
    assert_eq!(night(&mut house, Outcome::Mistake).severity, Severity::Important);
}

#[test]
fn presses_and_confirmed_falls_are_never_lowered() {
    let mut house = house(14);
    for kind in [EventKind::Press, EventKind::Pull, EventKind::FallConfirmed] {
        for _ in 0..20 {
            let said = house.event(PENDANT, kind);
            let told = finding(&said);
            assert_eq!(told.severity, Severity::Emergency, "{kind:?}");
            let incident = told.incident;
            house.step(Input::Closed { incident, outcome: Some(Outcome::Mistake) });
            house.live(minutes(11), &ALL);
        }
    }
}

#[test]
fn a_pendant_that_suspects_falls_for_nothing_starts_lower_and_still_rings_within_three_minutes() {
    let mut house = house(14);
    for _ in 0..3 {
        let incident = finding(&house.event(PENDANT, EventKind::FallSuspected)).incident;
        house.step(Input::Closed { incident, outcome: Some(Outcome::Mistake) });
        house.live(minutes(20), &ALL);
    }
    let said = house.event(PENDANT, EventKind::FallSuspected);
    assert_eq!(finding(&said).severity, Severity::General);
    let at = house.now;
    let said = house.pass(minutes(5));
    assert_eq!(
        grades(&said).last().map(|(when, s)| (when.since(at) <= minutes(3), *s)),
        Some((true, Severity::Emergency))
    );
}
