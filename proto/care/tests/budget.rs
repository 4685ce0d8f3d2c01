//! The budget of false alarms: a rule that cried wolf starts lower for a while, a person never does.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::alert::Outcome;
use care::policy::DEMOTED_FOR;
use care::{Finding, Input, Kind, Seen, Severity};
use proto::up::EventKind;

use crate::house::{House, MAT, PENDANT, finding, findings, minutes};
use crate::triage::{ALL, grades, has, house, out_of_bed};

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
