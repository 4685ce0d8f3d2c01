//! A contact that is closed when its device starts, and cancels: what a hand does is told apart from what no hand does.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::policy::INCIDENT_WINDOW;
use care::{Input, Kind, Output, Seen, Severity, Trust};
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::unit::Millis;
use proto::up::{Event, EventKind, Role, Up};

use crate::house::{BUTTON, CORD, House, PENDANT, finding, hours, minutes};

fn house() -> House {
    let all = [(BUTTON, Role::HelpButton), (CORD, Role::PullCord), (PENDANT, Role::Pendant)];
    let mut house = House::with(&all);
    for (device, _) in all {
        house.health(device, 3600, Some(80));
    }
    house
}

/// A press of a boot at an uptime.
fn press(house: &mut House, device: DeviceId, boot: u32, uptime: Millis) -> Vec<Output> {
    let id = PressId { device, boot: BootId::new(7, boot), seq: Seq::new(1) };
    let up = Up::Event(Event { kind: EventKind::Press, uptime, count: Some(1) });
    house.step(Input::Heard { id, at: house.now, trust: Trust::Verified, up: &up })
}

#[test]
fn of_a_contact_closed_at_every_boot_the_first_is_a_call_and_the_others_join_it_and_are_stuck() {
    let mut house = house();
    let first = press(&mut house, BUTTON, 2, Millis::new(40));
    let call = finding(&first).clone();
    assert_eq!((call.kind, call.severity, call.opens), (Kind::Help, Severity::Emergency, true));
    let (mut activations, mut others) = (1, Vec::new());
    for boot in 3..100 {
        house.pass(INCIDENT_WINDOW.plus(minutes(1)));
        for output in press(&mut house, BUTTON, boot, Millis::new(40)) {
            match output {
                Output::Raise(told) if told.kind == Kind::Help => {
                    assert_eq!((told.incident, told.opens), (call.incident, false));
                    assert!(told.activation.is_some(), "each is an activation of its own");
                    activations += 1;
                }
                Output::Raise(told) => others.push((told.kind, told.evidence[0].what)),
                other @ (Output::Ease { .. }
                | Output::Turn { .. }
                | Output::Annotate { .. }
                | Output::Ask { .. }
                | Output::Answered { .. }
                | Output::Grade { .. }) => panic!("only findings, got {other:?}"),
            }
        }
    }
    assert_eq!(activations, 98);
    others.sort_unstable();
    let boots = others.iter().filter(|(kind, _)| *kind == Kind::Boots).count();
    assert!(boots <= 1, "{others:?}");
    others.retain(|(kind, _)| *kind != Kind::Boots);
    assert_eq!(others, [(Kind::Stuck, Seen::HeldAtBoot)]);
}

#[test]
fn after_a_person_has_closed_the_call_the_next_closure_is_a_call_again() {
    let mut house = house();
    let incident = finding(&press(&mut house, BUTTON, 2, Millis::new(40))).incident;
    house.step(Input::Closed { incident, outcome: None });
    house.now = house.now.after(hours(1));
    let said = press(&mut house, BUTTON, 3, Millis::new(40));
    assert!(matches!(&said[0], Output::Raise(told) if told.kind == Kind::Help && told.opens));
}

#[test]
fn one_press_in_the_first_moment_of_a_boot_after_a_hand_went_is_a_call_and_nothing_is_stuck() {
    let mut house = house();
    let incident = finding(&press(&mut house, BUTTON, 2, Millis::secs(50))).incident;
    house.step(Input::Closed { incident, outcome: None });
    house.now = house.now.after(hours(30));
    let said = press(&mut house, BUTTON, 3, Millis::new(40));
    assert!(matches!(&said[0], Output::Raise(told) if told.kind == Kind::Help && told.opens));
    let stuck = said.iter().any(|o| matches!(o, Output::Raise(told) if told.kind == Kind::Stuck));
    assert!(!stuck, "{said:?}");
}

#[test]
fn a_hand_that_presses_again_ends_the_fault_and_is_a_call_of_its_own() {
    let mut house = house();
    press(&mut house, BUTTON, 2, Millis::new(40));
    house.now = house.now.after(hours(1));
    let said = press(&mut house, BUTTON, 3, Millis::new(40));
    assert!(said.iter().any(|o| matches!(o, Output::Raise(told) if told.kind == Kind::Stuck)));
    house.now = house.now.after(hours(1));
    let said = press(&mut house, BUTTON, 3, Millis::secs(3600));
    assert!(matches!(&said[0], Output::Raise(told) if told.kind == Kind::Help && told.opens));
    assert!(said.iter().any(|o| matches!(o, Output::Ease { kind: Kind::Stuck, .. })), "{said:?}");
}

#[test]
fn a_contact_that_no_hand_is_on_cancels_nothing() {
    let mut house = house();
    for boot in 2..4 {
        press(&mut house, BUTTON, boot, Millis::new(40));
        house.now = house.now.after(Millis::secs(3));
        assert_eq!(house.event(BUTTON, EventKind::Cancel), [], "boot {boot}");
    }
}

#[test]
fn a_cancel_speaks_of_its_own_call_alone() {
    let mut house = house();
    // Another device's call, long ago enough to be a matter of its own.
    house.event(CORD, EventKind::Pull);
    house.now = house.now.after(INCIDENT_WINDOW);
    assert_eq!(house.event(BUTTON, EventKind::Cancel), [], "the button has called nobody");
    let own = finding(&house.event(BUTTON, EventKind::Press)).incident;
    house.now = house.now.after(Millis::secs(3));
    let said = house.event(BUTTON, EventKind::Cancel);
    assert!(matches!(said[..], [Output::Annotate { incident, .. }] if incident == own), "{said:?}");
}

#[test]
fn a_cancel_is_noted_on_the_incident_that_its_press_has_joined() {
    let mut house = house();
    let shared = finding(&house.event(CORD, EventKind::Pull)).incident;
    house.event(BUTTON, EventKind::Press);
    let said = house.event(BUTTON, EventKind::Cancel);
    assert!(matches!(said[..], [Output::Annotate { incident, .. }] if incident == shared));
}

#[test]
fn a_cancel_does_not_lower_a_suspected_fall_that_another_device_suspects_too() {
    let second = crate::house::device(8);
    let mut house = house();
    house.step(Input::Enrolled { device: second, role: Role::Pendant });
    let incident = finding(&house.event(PENDANT, EventKind::FallSuspected)).incident;
    house.event(second, EventKind::FallSuspected);
    let said = house.event(PENDANT, EventKind::Cancel);
    assert!(
        matches!(said[..], [Output::Annotate { incident: of, .. }] if of == incident),
        "noted, and as grave as before: {said:?}"
    );
}

#[test]
fn a_cancel_lowers_the_fall_that_its_wearer_means_and_no_earlier_one() {
    let mut house = house();
    let first = finding(&house.event(PENDANT, EventKind::FallSuspected)).incident;
    house.now = house.now.after(INCIDENT_WINDOW.plus(minutes(1)));
    let said = house.event(PENDANT, EventKind::FallSuspected);
    let fall = |o: &&Output| matches!(o, Output::Raise(told) if told.kind == Kind::Fall);
    let Some(Output::Raise(told)) = said.iter().find(fall) else { panic!("a fall: {said:?}") };
    let second = told.incident;
    assert_ne!(first, second);
    let said = house.event(PENDANT, EventKind::Cancel);
    let graded: Vec<_> = said
        .iter()
        .filter_map(|o| {
            if let Output::Grade { incident, severity, .. } = o {
                Some((*incident, *severity))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(graded, [(second, Severity::General)]);
}

#[test]
fn two_presses_in_the_first_moment_of_one_boot_were_let_go_of_between() {
    let mut house = house();
    assert!(finding(&press(&mut house, BUTTON, 2, Millis::new(40))).opens);
    let said = press(&mut house, BUTTON, 2, Millis::new(900));
    assert_eq!(finding(&said).kind, Kind::Help, "nothing is stuck");
}
