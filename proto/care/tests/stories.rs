//! Stories of any order: the state stays bounded, the same story is judged the same, what is lost makes nothing late.
//!
//! Not here: how large one state is, and who can read it (`state`).

use care::{Change, Input, Kind, Output};
use proptest::prelude::*;
use proto::unit::{Millis, Mono};
use proto::up::{EventKind, Quantity, Role};

use crate::house::{BUTTON, DOOR, House, MAT, MOTION, device, event, value};

#[derive(Debug, Clone)]
enum Move {
    Wait(u64),
    Say(u8, EventKind),
    Health(u8),
    Share(f32),
    Gateway(bool),
    Store,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let kinds = prop_oneof![
        Just(EventKind::Motion),
        Just(EventKind::DoorOpen),
        Just(EventKind::BedIn),
        Just(EventKind::BedOut),
        Just(EventKind::Press),
        Just(EventKind::PowerLost),
    ];
    let one = prop_oneof![
        4 => (1..1_500_000u64).prop_map(Move::Wait),
        3 => (0..4u8, kinds).prop_map(|(who, kind)| Move::Say(who, kind)),
        4 => (0..4u8).prop_map(Move::Health),
        2 => (0..101u8).prop_map(|share| Move::Share(share.into())),
        1 => any::<bool>().prop_map(Move::Gateway),
        2 => Just(Move::Store),
    ];
    proptest::collection::vec(one, 1..120)
}

const WHO: [proto::id::DeviceId; 4] = [BUTTON, MAT, MOTION, DOOR];

fn play(house: &mut House, step: &Move) {
    match step {
        Move::Wait(ms) => drop(house.pass(Millis::new(*ms))),
        Move::Say(who, kind) => drop(house.event(WHO[usize::from(*who)], *kind)),
        Move::Health(who) => drop(house.health(WHO[usize::from(*who)], 60, None)),
        Move::Share(share) => drop(house.reading(MAT, &[value(Quantity::InBed, *share)])),
        Move::Gateway(up) => drop(house.step(Input::Gateway { up: *up })),
        Move::Store => {}
    }
}

/// When each kind is first told while the house stays as it is, all devices lost or living.
fn told(house: &mut House, living: bool) -> [Option<Mono>; 3] {
    let span = Millis::minutes(12 * 60 + 30);
    let said = if living { house.live(span, &WHO) } else { house.pass(span) };
    [Kind::Bed, Kind::Stillness, Kind::Silence]
        .map(|kind| crate::house::findings(&said, kind).first().map(|(at, _)| *at))
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    /// A flood of strangers, late words and closes finds a bounded state and a judgement that still hears.
    #[test]
    fn no_story_makes_the_state_grow(
        story in proptest::collection::vec((0..80u64, 0..6u8, 0..9_000_000u64, 0..60u32), 1..150),
    ) {
        let mut house = House::at_hour(3, &WHO.map(|who| (who, Role::BedMat)));
        for (who, what, ms, incident) in story {
            let who = device(who);
            match what {
                0 => drop(house.unverified(who, EventKind::Press)),
                1 => drop(house.step(Input::Unreadable { device: who })),
                2 => drop(house.say_late(who, &event(EventKind::Pull), Millis::new(ms))),
                3 => drop(house.event(who, EventKind::Tamper)),
                4 => drop(house.step(Input::Closed { incident, outcome: None })),
                _ => drop(house.pass(Millis::new(ms))),
            }
            let said = house.event(BUTTON, EventKind::Press);
            prop_assert!(matches!(&said[0], Output::Raise(told) if told.kind == Kind::Help));
            prop_assert!(minicbor::to_vec(&house.home).unwrap().len() < 2048);
        }
    }

    /// Same inputs, same outputs; and a deadline is never before what has been done.
    #[test]
    fn the_same_story_is_judged_the_same(moves in moves()) {
        let start = || House::at_hour(20, &WHO.map(|who| (who, Role::BedMat)));
        let (mut one, mut other) = (start(), start());
        for step in &moves {
            play(&mut one, step);
            play(&mut other, step);
            prop_assert_eq!(&one.home, &other.home);
        }
    }

    /// A soft change may be lost: after a restart from the last stored state nothing is told later than without.
    #[test]
    fn what_is_not_stored_makes_no_alarm_late(moves in moves(), living in any::<bool>()) {
        let roles = [Role::HelpButton, Role::BedMat, Role::Motion, Role::Door];
        let mut house = House::at_hour(20, &[0, 1, 2, 3].map(|n| (WHO[n], roles[n])));
        let mut stored = house.home.clone();
        for step in &moves {
            // Waiting is ticks: each may be firm, so it is played tick by tick.
            play(&mut house, step);
            if house.change == Change::Firm || matches!(step, Move::Store | Move::Wait(_)) {
                stored = house.home.clone();
            }
        }
        let mut restored = House::with(&[]);
        (restored.home, restored.now) = (stored, house.now);
        let (lost, kept) = (told(&mut restored, living), told(&mut house, living));
        for (lost, kept) in lost.iter().zip(&kept) {
            if let Some(kept) = kept {
                prop_assert!(lost.is_some_and(|lost| lost <= *kept), "{:?} after {:?}", lost, kept);
            }
        }
    }
}
