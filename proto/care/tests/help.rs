//! Help: every press is an activation, none is merged away, throttled or closed by anything but a person.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::policy::{CHATTER_QUIET, INCIDENT_WINDOW};
use care::{Input, Kind, Output, Seen, Severity, Trust};
use proptest::prelude::*;
use proto::unit::Millis;
use proto::up::{EventKind, Role};

use crate::house::{
    BUTTON, CORD, House, MOTION, PENDANT, event, finding, findings, hours, minutes,
};

fn house() -> House {
    let worn = [(BUTTON, Role::HelpButton), (CORD, Role::PullCord), (PENDANT, Role::Pendant)];
    let mut house = House::with(&worn);
    for (device, _) in worn {
        house.health(device, 3600, Some(80));
    }
    house
}

#[test]
fn a_press_opens_an_emergency_at_once() {
    let mut house = house();
    let said = house.event(BUTTON, EventKind::Press);
    let told = finding(&said);
    assert_eq!((told.kind, told.severity, told.opens), (Kind::Help, Severity::Emergency, true));
    assert_eq!((told.device, told.at), (Some(BUTTON), house.now));
    assert_eq!(told.activation.map(|id| id.device), Some(BUTTON));
    assert_eq!(told.evidence[0].what, Seen::Pressed);
}

#[test]
fn a_device_that_nobody_enrolled_here_is_heard_too() {
    let mut house = House::with(&[]);
    assert_eq!(finding(&house.event(BUTTON, EventKind::Press)).kind, Kind::Help);
}

#[test]
fn press_and_fall_of_one_home_within_ten_minutes_are_one_incident_and_two_activations() {
    let mut house = house();
    let first = house.event(PENDANT, EventKind::FallSuspected);
    house.now = house.now.after(minutes(9));
    let second = house.event(BUTTON, EventKind::Press);
    let (fall, press) = (finding(&first), finding(&second));
    assert_eq!((fall.kind, press.kind), (Kind::Fall, Kind::Help));
    assert_eq!((fall.incident, press.opens), (press.incident, false));
    assert_ne!(fall.activation, press.activation);
}

#[test]
fn a_press_after_the_window_is_an_incident_of_its_own() {
    let mut house = house();
    house.event(BUTTON, EventKind::Press);
    house.now = house.now.after(INCIDENT_WINDOW);
    assert!(finding(&house.event(BUTTON, EventKind::Press)).opens);
}

#[test]
fn a_press_after_the_close_is_an_incident_of_its_own() {
    let mut house = house();
    let incident = finding(&house.event(BUTTON, EventKind::Press)).incident;
    assert_eq!(house.step(Input::Closed { incident, outcome: None }), []);
    let again = house.event(BUTTON, EventKind::Press);
    assert!(finding(&again).opens && finding(&again).incident != incident);
}

#[test]
fn late_presses_join_by_when_they_were_pressed() {
    let mut house = house();
    let today = finding(&house.event(BUTTON, EventKind::Press)).incident;
    let yesterday = house.say_late(BUTTON, &event(EventKind::Press), hours(20));
    assert!(finding(&yesterday).opens, "a press of yesterday is another matter");
    let after = house.say_late(BUTTON, &event(EventKind::Press), hours(20));
    assert_eq!(finding(&after).incident, finding(&yesterday).incident);
    assert_eq!(finding(&house.event(CORD, EventKind::Pull)).incident, today);
}

#[test]
fn an_unverified_press_is_shown_apart_and_never_dropped() {
    let mut house = house();
    let real = finding(&house.event(BUTTON, EventKind::Press)).incident;
    let first = house.unverified(BUTTON, EventKind::Press);
    let told = finding(&first);
    assert_eq!(
        (told.kind, told.severity, told.opens),
        (Kind::Unverified, Severity::Important, true)
    );
    assert_ne!(told.incident, real);
    let again = house.unverified(BUTTON, EventKind::Press);
    assert_eq!((finding(&again).incident, finding(&again).opens), (told.incident, false));
    assert!(finding(&house.unverified(CORD, EventKind::Pull)).opens, "one incident a device");
    let fall = house.unverified(PENDANT, EventKind::FallConfirmed);
    assert_eq!(
        (finding(&fall).kind, finding(&fall).evidence[0].what),
        (Kind::Unverified, Seen::Fell)
    );
}

#[test]
fn what_an_unverified_frame_says_of_life_and_health_counts_for_nothing() {
    let mut house = house();
    for kind in [EventKind::Cancel, EventKind::Motion, EventKind::BatteryLow, EventKind::BedOut] {
        assert_eq!(house.unverified(BUTTON, kind), []);
    }
}

#[test]
fn an_unreadable_emergency_is_an_emergency() {
    let mut house = house();
    let said = house.step(Input::Unreadable { device: BUTTON });
    let told = finding(&said);
    assert_eq!((told.kind, told.severity), (Kind::Unreadable, Severity::Emergency));
    let again = house.step(Input::Unreadable { device: BUTTON });
    assert_eq!(finding(&again).incident, told.incident);
}

#[test]
fn a_cancel_annotates_the_call_and_ends_nothing() {
    let mut house = house();
    assert_eq!(house.event(BUTTON, EventKind::Cancel), [], "nothing is open");
    let incident = finding(&house.event(BUTTON, EventKind::Press)).incident;
    match house.event(BUTTON, EventKind::Cancel).as_slice() {
        [Output::Annotate { incident: noted, evidence }] => {
            assert_eq!(
                (*noted, evidence.what, evidence.supports),
                (incident, Seen::Cancelled, false)
            );
        }
        other => panic!("a note expected, got {other:?}"),
    }
    assert!(!finding(&house.event(BUTTON, EventKind::Press)).opens, "the call is still open");
}

#[test]
fn a_chattering_button_is_one_incident_with_every_activation_and_a_stuck_fault() {
    let mut house = house();
    let (mut incidents, mut activations, mut faults) = (Vec::new(), 0, 0);
    for _ in 0..15 * 60 * 10 {
        house.now = house.now.after(Millis::new(100));
        for output in house.event(BUTTON, EventKind::Press) {
            let Output::Raise(told) = output else { panic!("only findings, got {output:?}") };
            match told.kind {
                Kind::Help => {
                    activations += 1;
                    incidents.push(told.incident);
                }
                Kind::Stuck => faults += 1,
                Kind::Fall
                | Kind::Unverified
                | Kind::Unreadable
                | Kind::Fault
                | Kind::Bed
                | Kind::Stillness
                | Kind::Silence
                | Kind::GatewaySilence
                | Kind::Vitals
                | Kind::Restless
                | Kind::IdentityTwice
                | Kind::NoWay
                | Kind::Upkeep
                | Kind::Unsteady
                | Kind::Boots
                | Kind::Wander => panic!("only help and its fault: {told:?}"),
            }
        }
    }
    incidents.dedup();
    assert_eq!(
        (activations, incidents.len(), faults),
        (9_000, 1, 1),
        "ten a second for 15 minutes"
    );
    let eased = house.pass(CHATTER_QUIET);
    assert!(
        matches!(eased[..], [(_, Output::Ease { kind: Kind::Stuck, device: Some(BUTTON), .. })]),
        "a contact at rest is sound again: {eased:?}"
    );
}

#[test]
fn a_person_in_fear_is_no_chatter() {
    let mut house = house();
    for _ in 0..60 {
        house.now = house.now.after(Millis::new(700));
        let said = house.event(BUTTON, EventKind::Press);
        assert_eq!(finding(&said).kind, Kind::Help, "no fault at 1.4 presses a second");
    }
}

#[test]
fn late_presses_of_many_days_that_arrive_at_once_are_no_chatter() {
    let mut house = House::with(&[(BUTTON, Role::HelpButton), (MOTION, Role::Motion)]);
    for n in 0..40 {
        let said = house.say_late(BUTTON, &event(EventKind::Press), minutes(n * 30));
        assert_eq!(finding(&said).kind, Kind::Help);
    }
}

proptest! {
    /// Whatever happens around it, each verified press is exactly one finding with its own name.
    #[test]
    fn every_press_is_told_once(steps in proptest::collection::vec((0..8u8, 0..2_000_000u64), 1..200)) {
        let mut house = house();
        let mut open = Vec::new();
        for (what, gap) in steps {
            let passed = house.pass(Millis::new(gap));
            prop_assert!(findings(&passed, Kind::Help).is_empty());
            let id = house.id(BUTTON);
            let up = event(if what == 0 { EventKind::Pull } else { EventKind::Press });
            let said = match what {
                0..=4 => house.step(Input::Heard { id, at: house.now, trust: Trust::Verified, up: &up }),
                5 => house.step(Input::Gateway { up: gap % 2 == 0 }),
                6 => house.step(Input::Closed { incident: open.pop().unwrap_or(7), outcome: None }),
                _ => house.event(BUTTON, EventKind::Cancel),
            };
            let mine: Vec<_> = said
                .iter()
                .filter_map(|output| match output {
                    Output::Raise(told) if told.activation == Some(id) => Some(told),
                    Output::Raise(_)
                    | Output::Ease { .. }
                    | Output::Annotate { .. }
                    | Output::Turn { .. }
                    | Output::Ask { .. }
                    | Output::Answered { .. }
                    | Output::Grade { .. } => None,
                })
                .collect();
            prop_assert_eq!(mine.len(), usize::from(what <= 4));
            for told in mine {
                prop_assert_eq!((told.kind, told.severity), (Kind::Help, Severity::Emergency));
                prop_assert_eq!(told.opens, !open.contains(&told.incident));
                if told.opens {
                    open.push(told.incident);
                }
            }
        }
    }
}
