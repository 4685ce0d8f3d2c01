//! Wander: out by a door at night and not back, and a bed that was left in the evening and is empty at night.
//!
//! Each case is told through `house`: what a home says, and what an operator is told of it. Not
//! here: the rules themselves.

use care::policy::wander::{DoorWatch, WANDER_AFTER};
use care::policy::{ASK, BED_OUT_NIGHT, Rules};
use care::{Input, Kind, Output, Seen, Severity};
use proto::unit::{Millis, Mono};
use proto::up::{Event, EventKind, Quantity, Role, Up};

use crate::house::{BUTTON, DOOR, House, MAT, MOTION, device, findings, hours, minutes, value};

const ALL: [(proto::id::DeviceId, Role); 3] =
    [(MAT, Role::BedMat), (MOTION, Role::Motion), (DOOR, Role::Door)];

fn second(s: u64) -> Millis {
    Millis::secs(s)
}

/// A home at an hour whose sensors speak each minute.
fn home(hour: u16) -> House {
    House::at_hour(hour, &ALL)
}

fn live(house: &mut House, span: Millis) -> Vec<(Mono, Output)> {
    house.live(span, &[MAT, MOTION, DOOR])
}

/// Somebody goes through the door.
fn pass(house: &mut House) {
    for kind in [EventKind::DoorOpen, EventKind::DoorClosed] {
        assert_eq!(house.event(DOOR, kind), []);
        house.now = house.now.after(second(5));
    }
}

fn alarms(said: &[(Mono, Output)]) -> usize {
    findings(said, Kind::Wander).len()
}

#[test]
fn out_by_a_door_at_night_and_not_back_in_ten_minutes_is_an_alarm() {
    let mut house = home(1);
    house.event(MAT, EventKind::BedIn);
    live(&mut house, minutes(10));
    house.event(MAT, EventKind::BedOut);
    live(&mut house, minutes(1));
    let left = house.now;
    pass(&mut house);
    house.event(MOTION, EventKind::Motion);
    let said = live(&mut house, minutes(9));
    assert_eq!(said, [], "the hall's own sensor sees who leaves, and nothing is said yet");
    let said = live(&mut house, minutes(2));
    let told = findings(&said, Kind::Wander);
    let (at, told) = told[0];
    assert_eq!((told.severity, told.device, told.at), (Severity::Important, Some(DOOR), left));
    assert_eq!(at.since(left), WANDER_AFTER.plus(second(5)), "from when the door closed");
    assert_eq!((told.evidence[0].what, told.evidence[0].supports), (Seen::WentOut, true));
    let said = live(&mut house, minutes(29));
    assert_eq!(alarms(&said), 0, "told once");
}

#[test]
fn the_hours_are_those_of_the_home_and_its_rules_may_set_them() {
    let cases = [(22, 0), (23, 1), (0, 1), (4, 1), (5, 0), (12, 0)];
    for (hour, expected) in cases {
        let mut house = home(hour);
        pass(&mut house);
        let said = live(&mut house, minutes(12));
        assert_eq!(alarms(&said), expected, "at {hour}");
    }
    for (wander, expected) in [
        (DoorWatch { from: 12 * 60, until: 13 * 60, after: Some(minutes(3)) }, 1),
        (DoorWatch { from: 12 * 60, until: 12 * 60, ..DoorWatch::default() }, 0),
        (DoorWatch { from: 12 * 60, until: 13 * 60, after: None }, 0),
    ] {
        let mut house = home(12);
        house.step(Input::Rules(Rules { wander, ..Rules::default() }));
        pass(&mut house);
        assert_eq!(alarms(&live(&mut house, minutes(5))), expected, "{wander:?}");
    }
    let mut house = House::with(&ALL);
    pass(&mut house);
    assert_eq!(alarms(&live(&mut house, minutes(15))), 0, "an unknown hour is no night");
}

#[test]
fn rules_of_an_older_build_watch_doors_as_the_policy_says() {
    let mut rules = Rules::default();
    rules.wander.after = None;
    let bytes = minicbor::to_vec(rules).unwrap();
    assert_eq!(minicbor::decode::<Rules>(&bytes).unwrap(), rules, "what is set comes back");
    let place = bytes.windows(2).position(|pair| pair == [0x18, 27]).unwrap();
    // The key and its value, and after it that of beds, are the last of the map.
    let mut older = bytes[..place].to_vec();
    let count = usize::from(older[0] == 0xB8);
    older[count] -= 2;
    assert_eq!(minicbor::decode::<Rules>(&older).unwrap().wander, DoorWatch::default());
}

#[test]
fn the_home_is_asked_so_that_the_alarm_comes_in_time() {
    let mut house = home(1);
    house.step(Input::Rules(Rules { ask: Some(ASK), ..Rules::default() }));
    pass(&mut house);
    let closed = house.now.millis() - 5000;
    let said = live(&mut house, minutes(10));
    let asked = said.iter().find(|(_, o)| matches!(o, Output::Ask { kind: Kind::Wander, .. }));
    assert_eq!(asked.unwrap().0.millis() - closed, WANDER_AFTER.less(ASK).get());
    let told = findings(&said, Kind::Wander);
    assert_eq!(told[0].0.millis() - closed, WANDER_AFTER.get());
    assert!(told[0].1.evidence.iter().any(|piece| piece.what == Seen::NoAnswer));
    // Somebody inside who answers ends it.
    let mut house = home(1);
    house.step(Input::Rules(Rules { ask: Some(ASK), ..Rules::default() }));
    pass(&mut house);
    live(&mut house, minutes(9));
    let said = house.event(MOTION, EventKind::Motion);
    assert!(matches!(said[..], [Output::Answered { kind: Kind::Wander, .. }]), "{said:?}");
    assert_eq!(alarms(&live(&mut house, minutes(30))), 0);
}

#[test]
fn who_is_seen_inside_or_lies_down_again_is_back() {
    for (after, event, device) in [
        (minutes(3), EventKind::Motion, MOTION),
        (minutes(9), EventKind::Motion, MOTION),
        (minutes(5), EventKind::BedIn, MAT),
    ] {
        let mut house = home(1);
        pass(&mut house);
        live(&mut house, after);
        house.event(device, event);
        assert_eq!(alarms(&live(&mut house, minutes(30))), 0, "{event:?} after {after:?}");
    }
}

#[test]
fn who_comes_back_at_once_and_goes_to_sleep_is_back_and_who_turns_on_the_step_is_not() {
    let mut house = home(1);
    pass(&mut house);
    live(&mut house, minutes(3));
    pass(&mut house);
    house.now = house.now.after(second(40));
    house.event(MOTION, EventKind::Motion);
    assert_eq!(alarms(&live(&mut house, minutes(30))), 0, "in again, and seen on the way to bed");
    let mut house = home(1);
    pass(&mut house);
    live(&mut house, minutes(1));
    pass(&mut house);
    assert_eq!(alarms(&live(&mut house, minutes(12))), 1, "the keys, and out again");
}

#[test]
fn a_door_that_goes_on_moving_in_the_wind_brings_nobody_back() {
    let other = device(9);
    let all = [ALL[0], ALL[1], ALL[2], (other, Role::Door)];
    for (moves, every) in [(DOOR, 20), (DOOR, 60), (DOOR, 180), (DOOR, 540), (other, 240)] {
        let mut house = House::at_hour(1, &all);
        let left = house.now;
        pass(&mut house);
        let mut said = Vec::new();
        while house.now.since(left) < minutes(14) {
            said.extend(house.live(second(every), &[MAT, MOTION, DOOR, other]));
            for kind in [EventKind::DoorOpen, EventKind::DoorClosed] {
                said.extend(house.event(moves, kind).into_iter().map(|o| (house.now, o)));
                house.now = house.now.after(second(1));
            }
        }
        let told = findings(&said, Kind::Wander);
        assert_eq!(told.len(), 1, "every {every} s");
        assert!(
            told[0].0.since(left) <= minutes(13),
            "every {every} s: {:?}",
            told[0].0.since(left)
        );
    }
}

#[test]
fn who_comes_back_at_the_last_moment_is_given_the_time_to_be_seen() {
    let mut house = home(1);
    pass(&mut house);
    live(&mut house, minutes(9));
    pass(&mut house);
    let said = live(&mut house, minutes(1));
    house.event(MOTION, EventKind::Motion);
    assert_eq!((alarms(&said), alarms(&live(&mut house, minutes(30)))), (0, 0));
}

#[test]
fn a_home_that_sees_nobody_takes_a_second_passage_for_the_way_back() {
    let mut house = House::at_hour(1, &[(DOOR, Role::Door), (BUTTON, Role::HelpButton)]);
    pass(&mut house);
    house.live(minutes(8), &[DOOR, BUTTON]);
    pass(&mut house);
    assert_eq!(alarms(&house.live(minutes(30), &[DOOR, BUTTON])), 0);
    pass(&mut house);
    assert_eq!(alarms(&house.live(minutes(11), &[DOOR, BUTTON])), 1);
}

#[test]
fn who_is_back_after_the_alarm_is_noted_and_the_alarm_stays_for_a_person() {
    let mut house = home(2);
    pass(&mut house);
    let said = live(&mut house, minutes(11));
    let incident = findings(&said, Kind::Wander)[0].1.incident;
    let said = house.event(MOTION, EventKind::Motion);
    assert_eq!(said, [Output::Ease { incident, kind: Kind::Wander, device: Some(DOOR) }]);
}

#[test]
fn nobody_seen_for_long_after_the_alarm_makes_it_an_emergency() {
    let mut house = home(1);
    pass(&mut house);
    live(&mut house, minutes(11));
    let said = live(&mut house, minutes(31));
    let graded = said.iter().any(|(_, o)| {
        matches!(o, Output::Grade { kind: Kind::Wander, severity: Severity::Emergency, .. })
    });
    assert!(graded, "{said:?}");
}

#[test]
fn a_door_left_open_is_told_so_and_one_that_is_aired_by_who_is_seen_is_not() {
    let mut house = home(1);
    house.event(DOOR, EventKind::DoorOpen);
    let said = live(&mut house, minutes(11));
    let told = findings(&said, Kind::Wander)[0].1;
    assert_eq!(told.evidence[1].what, Seen::DoorStandsOpen);
    let mut house = home(1);
    house.event(DOOR, EventKind::DoorOpen);
    live(&mut house, minutes(4));
    house.event(MOTION, EventKind::Motion);
    assert_eq!(alarms(&live(&mut house, minutes(30))), 0);
}

#[test]
fn a_carer_who_leaves_a_resident_in_bed_is_not_missed_and_one_who_stays_is_seen() {
    let mut house = home(22);
    house.event(MAT, EventKind::BedIn);
    live(&mut house, minutes(90));
    pass(&mut house);
    assert_eq!(alarms(&live(&mut house, minutes(30))), 0, "the bed is taken: a visitor has left");
    // The resident gets up afterwards, and is seen: nobody has gone out.
    pass(&mut house);
    live(&mut house, minutes(4));
    house.event(MAT, EventKind::BedOut);
    house.event(MOTION, EventKind::Motion);
    assert_eq!(alarms(&live(&mut house, minutes(15))), 0);
}

#[test]
fn of_two_residents_one_who_sleeps_or_gets_up_later_does_not_hide_the_other() {
    let other = device(8);
    let all = [ALL[0], ALL[1], ALL[2], (other, Role::BedMat)];
    let speak = [MAT, MOTION, DOOR, other];
    let start = || {
        let mut house = House::at_hour(0, &all);
        for bed in [MAT, other] {
            house.event(bed, EventKind::BedIn);
        }
        house.live(minutes(60), &speak);
        house.event(MAT, EventKind::BedOut);
        house.live(minutes(2), &speak);
        pass(&mut house);
        house
    };
    let mut house = start();
    let mut said = Vec::new();
    for n in 0..12_u8 {
        said.extend(house.live(minutes(1), &speak));
        let breath = value(Quantity::Breath, 14.0 + f32::from(n) / 8.0);
        said.extend(house.reading(other, &[breath]).into_iter().map(|o| (house.now, o)));
    }
    assert_eq!(alarms(&said), 1, "the breath of the other is nobody's return");
    let mut house = start();
    house.live(minutes(3), &speak);
    house.event(other, EventKind::BedOut);
    house.event(MOTION, EventKind::Motion);
    house.live(minutes(1), &speak);
    house.event(other, EventKind::BedIn);
    assert_eq!(alarms(&house.live(minutes(10), &speak)), 1, "nor is the other's walk");
    let mut house = start();
    house.live(minutes(3), &speak);
    house.event(MAT, EventKind::BedIn);
    assert_eq!(alarms(&house.live(minutes(30), &speak)), 0, "who lies down again is back");
}

#[test]
fn a_door_sensor_that_falls_silent_afterwards_hides_nothing_and_one_that_starts_says_nothing() {
    let mut house = home(1);
    pass(&mut house);
    let said = house.live(minutes(11), &[MAT, MOTION]);
    assert_eq!(alarms(&said), 1, "{said:?}");
    let mut house = home(1);
    for kind in [EventKind::DoorOpen, EventKind::DoorClosed] {
        let up = Up::Event(Event { kind, uptime: Millis::new(200), count: None });
        assert_eq!(house.say(DOOR, &up), []);
    }
    assert_eq!(alarms(&live(&mut house, minutes(30))), 0, "how a door stands is no passage");
    assert_eq!(house.event(DOOR, EventKind::DoorClosed), []);
    assert_eq!(alarms(&live(&mut house, minutes(30))), 0, "nor is a word that it is closed");
}

#[test]
fn summaries_tell_it_as_events_do_as_late_as_their_spans() {
    let mut house = home(1);
    house.reading(DOOR, &[value(Quantity::Door, 1.0)]);
    let said = live(&mut house, minutes(9));
    assert_eq!(alarms(&said), 0);
    assert_eq!(alarms(&live(&mut house, minutes(3))), 1);
    let mut house = home(1);
    house.reading(DOOR, &[value(Quantity::Door, 1.0)]);
    live(&mut house, minutes(4));
    house.reading(MOTION, &[value(Quantity::Motion, 2.0)]);
    assert_eq!(alarms(&live(&mut house, minutes(30))), 0);
}

#[test]
fn a_late_word_of_a_door_after_which_somebody_was_seen_is_no_alarm() {
    let mut house = home(2);
    house.event(MOTION, EventKind::Motion);
    house.say_late(DOOR, &crate::house::event(EventKind::DoorOpen), minutes(40));
    assert_eq!(alarms(&live(&mut house, minutes(30))), 0);
    let mut house = home(2);
    house.now = house.now.after(minutes(40));
    let said = house.say_late(DOOR, &crate::house::event(EventKind::DoorOpen), minutes(40));
    let due = said.iter().any(|o| matches!(o, Output::Raise(told) if told.kind == Kind::Wander));
    assert!(due, "and if nobody was, it is due at once");
}

#[test]
fn a_clock_that_jumps_after_the_door_went_neither_makes_nor_takes_away_an_alarm() {
    for (hour, jump, expected) in [(1, 13, 1), (13, 1, 0), (1, 2, 1), (23, 0, 1)] {
        let mut house = home(hour);
        pass(&mut house);
        live(&mut house, minutes(2));
        house.step(Input::Clock { minute_of_day: jump * 60 });
        assert_eq!(alarms(&live(&mut house, minutes(30))), expected, "{hour} set to {jump}");
    }
}

#[test]
fn while_nobody_listens_nothing_is_said_and_afterwards_the_backlog_has_its_time() {
    let mut house = home(1);
    pass(&mut house);
    house.step(Input::Gateway { up: false });
    house.quiet(hours(1));
    house.step(Input::Gateway { up: true });
    house.say_late(MOTION, &crate::house::event(EventKind::Motion), minutes(50));
    assert_eq!(alarms(&live(&mut house, minutes(30))), 0, "who came back meanwhile is told first");
}

#[test]
fn a_bed_left_in_the_evening_and_empty_at_night_counts_from_when_the_night_begins() {
    let mut house = home(20);
    house.event(MAT, EventKind::BedIn);
    live(&mut house, minutes(60));
    house.event(MAT, EventKind::BedOut);
    let said = live(&mut house, minutes(60).plus(BED_OUT_NIGHT).less(minutes(2)));
    assert_eq!(findings(&said, Kind::Bed).len(), 0, "the evening is nobody's alarm");
    let said = live(&mut house, minutes(4));
    let told = findings(&said, Kind::Bed);
    assert_eq!((told.len(), told[0].1.severity), (1, Severity::Important));
    assert_eq!(told[0].1.evidence[0].what, Seen::LeftBed);
}

#[test]
fn who_shows_life_elsewhere_in_the_evening_is_up_late_and_a_nap_is_no_evening() {
    let mut house = home(20);
    house.event(MAT, EventKind::BedIn);
    live(&mut house, minutes(60));
    house.event(MAT, EventKind::BedOut);
    for _ in 0..12 {
        let said = live(&mut house, minutes(20));
        assert_eq!(findings(&said, Kind::Bed).len(), 0, "somebody is up and about");
        house.event(MOTION, EventKind::Motion);
    }
    let said = live(&mut house, BED_OUT_NIGHT.plus(minutes(2)));
    assert_eq!(findings(&said, Kind::Bed).len(), 1, "and then no more");
    let mut house = home(13);
    house.event(MAT, EventKind::BedIn);
    live(&mut house, hours(1));
    house.event(MAT, EventKind::BedOut);
    let said = live(&mut house, hours(12));
    assert_eq!(findings(&said, Kind::Bed).len(), 0, "a nap after lunch");
}

#[test]
fn who_breathes_in_the_other_bed_is_not_who_has_left_this_one() {
    let other = device(8);
    let all = [ALL[0], ALL[1], ALL[2], (other, Role::BedMat)];
    let speak = [MAT, MOTION, DOOR, other];
    let mut house = House::at_hour(20, &all);
    for bed in [MAT, other] {
        house.event(bed, EventKind::BedIn);
    }
    house.live(minutes(60), &speak);
    house.event(MAT, EventKind::BedOut);
    let mut said = Vec::new();
    for n in 0..100_u8 {
        said.extend(house.live(minutes(1), &speak));
        let breath = value(Quantity::Breath, 14.0 + f32::from(n % 16) / 8.0);
        said.extend(house.reading(other, &[breath]).into_iter().map(|o| (house.now, o)));
    }
    let told = findings(&said, Kind::Bed);
    assert_eq!(told.len(), 1, "{said:?}");
}
