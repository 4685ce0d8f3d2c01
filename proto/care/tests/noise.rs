//! Noise: what comes and goes is one fault, and what then stays away is told in its time.
//!
//! Weeks are simulated with seeds that are printed; alerts are counted by the day. Each case is told through `house`:
//! what a home says, and what an operator is told of it. Not here: the rules themselves.

use std::collections::BTreeMap;

use care::policy::DEVICE_SILENT;
use care::policy::noise::{BOOTS_SHORT, STEADY};
use care::{Finding, Input, Kind, Output, Seen, Severity, Trust};
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::unit::{Millis, Mono, Percent};
use proto::up::{EventKind, Health, Role, Up};

use crate::house::{BUTTON, House, MAT, device, findings, hours, minutes};

/// Numbers that look like chance and come again.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// Whether something of this many per cent happens.
    pub(crate) fn of(&mut self, percent: u64) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % 100 < percent
    }
}

/// Alerts of equipment that were opened, by day and by what they came to stand as.
fn opened(said: &[(Mono, Output)], from: Mono) -> BTreeMap<(u64, Kind), usize> {
    let mut all: BTreeMap<u32, (u64, Kind)> = BTreeMap::new();
    for (at, output) in said {
        match output {
            Output::Raise(told) if told.opens && told.severity == Severity::Fault => {
                let day = at.since(from).get() / hours(24).get();
                all.insert(told.incident, (day, told.kind));
            }
            Output::Turn { incident, kind: kind @ (Kind::Unsteady | Kind::Boots), .. } => {
                all.entry(*incident).and_modify(|known| known.1 = *kind);
            }
            Output::Raise(_)
            | Output::Turn { .. }
            | Output::Ease { .. }
            | Output::Annotate { .. }
            | Output::Ask { .. }
            | Output::Answered { .. }
            | Output::Grade { .. } => {}
        }
    }
    let mut days = BTreeMap::new();
    all.into_values().for_each(|found| *days.entry(found).or_default() += 1);
    days
}

/// What was said of equipment.
fn of_equipment(said: Vec<(Mono, Output)>) -> Vec<(Mono, Output)> {
    let person = |kind: Kind| matches!(kind, Kind::Stillness | Kind::Bed | Kind::Restless);
    let keep = |output: &Output| match output {
        Output::Raise(told) => !person(told.kind),
        Output::Grade { kind, .. } | Output::Ease { kind, .. } => !person(*kind),
        Output::Turn { .. }
        | Output::Annotate { .. }
        | Output::Ask { .. }
        | Output::Answered { .. } => true,
    };
    said.into_iter().filter(|(_, output)| keep(output)).collect()
}

/// A week of noise: no kind of fault more than once a day, a silence that passed and one fault that stands on the first
/// day, and none on the others.
fn is_calm(said: &[(Mono, Output)], from: Mono, what: &str) {
    let days = opened(said, from);
    assert!(days.values().all(|count| *count == 1), "{what}: {days:?}");
    let first = days.keys().filter(|(day, _)| *day == 0).count();
    assert!(first <= 2 && days.len() == first, "{what}: {days:?}");
    let again = |told: &Finding| !told.opens && told.severity == Severity::Fault;
    let signals = said.iter().filter(|(_, o)| matches!(o, Output::Raise(told) if again(told)));
    assert_eq!(signals.count(), 0, "{what}: what is told already is no signal");
}

/// The last thing that was said of an open alert.
fn shown(said: &[(Mono, Output)]) -> Option<Kind> {
    said.iter().rev().find_map(|(_, output)| match output {
        Output::Turn { kind, .. } => Some(*kind),
        Output::Raise(told) if told.severity == Severity::Fault => Some(told.kind),
        Output::Raise(_)
        | Output::Ease { .. }
        | Output::Annotate { .. }
        | Output::Ask { .. }
        | Output::Answered { .. }
        | Output::Grade { .. } => None,
    })
}

fn frame(
    house: &mut House,
    device: DeviceId,
    boot: u32,
    battery: Option<u8>,
) -> Vec<(Mono, Output)> {
    let battery = battery.map(|percent| Percent::new(percent).unwrap());
    let (uptime, signal, firmware, tested) = (Millis::secs(2), None, 1, None);
    let role = Role::BedMat;
    let up = Up::Health(Health { uptime, period_s: 60, battery, signal, firmware, tested, role });
    let id = PressId { device, boot: BootId::new(7, boot), seq: Seq::new(1) };
    let said = house.step(Input::Heard { id, at: house.now, trust: Trust::Verified, up: &up });
    said.into_iter().map(|output| (house.now, output)).collect()
}

#[test]
fn a_device_at_the_edge_of_range_is_one_fault_and_is_told_when_it_stays_silent() {
    for (loss, seed) in [(30, 11), (50, 12), (60, 13), (70, 14), (70, 15)] {
        let mut house = House::with(&[(MAT, Role::BedMat)]);
        let (from, mut chance, mut said) = (house.now, Chance(seed), Vec::new());
        for _ in 0..7 * 24 * 60 {
            said.extend(house.pass(minutes(1)));
            if !chance.of(loss) {
                let told = house.health(MAT, 60, None);
                said.extend(told.into_iter().map(|output| (house.now, output)));
            }
        }
        is_calm(&said, from, &format!("{loss} % lost, seed {seed}"));
        said.extend(house.health(MAT, 60, None).into_iter().map(|o| (house.now, o)));
        let before = of_equipment(house.pass(DEVICE_SILENT.less(Millis::new(1))));
        assert!(before.is_empty() && !house.home.is_silent(MAT), "{before:?}");
        said.extend(house.pass(Millis::new(1)));
        assert!(house.home.is_silent(MAT), "its silence is known in its time");
        assert_eq!(shown(&said), Some(Kind::Silence), "and the open alert says so");
        assert_eq!(of_equipment(house.pass(hours(72))), []);
    }
}

#[test]
fn a_loose_plug_every_four_minutes_is_one_fault() {
    // Without a cell it starts each time, and is silent for as long as its plug is out.
    let mut house = House::with(&[(MAT, Role::BedMat)]);
    let (from, mut said) = (house.now, Vec::new());
    for n in 0..7 * 24 * 15 {
        said.extend(house.pass(Millis::secs(230)));
        said.extend(frame(&mut house, MAT, n + 2, None));
        said.extend(house.pass(Millis::secs(10)));
    }
    is_calm(&said, from, "no cell");
    // With a cell it tells each time.
    let mut house = House::with(&[(MAT, Role::BedMat)]);
    let (from, mut said) = (house.now, Vec::new());
    for _ in 0..7 * 24 * 15 {
        for kind in [EventKind::PowerLost, EventKind::PowerBack] {
            said.extend(house.pass(minutes(2)));
            said.extend(house.event(MAT, kind).into_iter().map(|output| (house.now, output)));
        }
    }
    let stand = BTreeMap::from([((0, Kind::Fault), 1), ((0, Kind::Unsteady), 1)]);
    assert_eq!(opened(&said, from), stand, "one that passed, one that stands");
    assert_eq!(shown(&said), Some(Kind::Unsteady));
}

#[test]
fn a_battery_at_its_limit_is_one_fault() {
    for (seed, high) in [(21, 31), (22, 79), (23, 95)] {
        let mut house = House::with(&[(BUTTON, Role::HelpButton)]);
        let (from, mut chance, mut said) = (house.now, Chance(seed), Vec::new());
        for _ in 0..7 * 24 {
            let battery = if chance.of(50) { 14 } else { high };
            let told = house.health(BUTTON, 3600, Some(battery));
            said.extend(told.into_iter().map(|output| (house.now, output)));
            said.extend(house.pass(hours(1)));
        }
        let days = opened(&said, from);
        let most = if high < 80 { 1 } else { 2 };
        assert!(days.values().sum::<usize>() <= most, "seed {seed}, up to {high} %: {days:?}");
        // A new cell that stays ends it.
        for _ in 0..26 {
            let told = house.health(BUTTON, 3600, Some(100));
            said.extend(told.into_iter().map(|output| (house.now, output)));
            said.extend(house.pass(hours(1)));
        }
        assert!(matches!(said.last(), Some((_, Output::Ease { kind: Kind::Fault, .. }))));
    }
}

#[test]
fn a_fresh_cell_ends_its_fault_at_once_and_a_tired_one_that_recovers_after_a_day() {
    let mut house = House::with(&[(BUTTON, Role::HelpButton)]);
    house.health(BUTTON, 3600, Some(10));
    assert_eq!(house.health(BUTTON, 3600, Some(80)).len(), 1);
    let mut house = House::with(&[(BUTTON, Role::HelpButton)]);
    house.health(BUTTON, 3600, Some(10));
    for _ in 0..24 {
        assert_eq!(house.health(BUTTON, 3600, Some(40)), []);
        house.quiet(minutes(59));
        house.now = house.now.after(minutes(1));
    }
    let said = house.pass(minutes(1));
    assert!(matches!(said[..], [(_, Output::Ease { kind: Kind::Fault, .. })]), "{said:?}");
}

#[test]
fn a_silence_that_passes_once_ends_at_once_and_the_second_within_a_day_stands() {
    let mut house = House::with(&[(MAT, Role::BedMat)]);
    let first = house.pass(minutes(10));
    let first = findings(&first, Kind::Silence)[0].1.incident;
    let back = house.health(MAT, 60, None);
    assert_eq!(back, [Output::Ease { incident: first, kind: Kind::Silence, device: Some(MAT) }]);
    house.live(hours(5), &[MAT]);
    let second = house.pass(minutes(10));
    let second = findings(&second, Kind::Silence)[0].1.incident;
    let back = house.health(MAT, 60, None);
    match &back[..] {
        [Output::Turn { incident, kind: Kind::Unsteady, evidence }] => {
            assert_eq!((*incident, evidence[0].what), (second, Seen::Wavered));
        }
        other => panic!("it is unsteady now, got {other:?}"),
    }
    let said = of_equipment(house.live(STEADY.less(minutes(2)), &[MAT]));
    assert_eq!(said, [], "nothing more is said of it");
    let said = of_equipment(house.live(minutes(4), &[MAT]));
    assert!(
        matches!(said[..], [(_, Output::Ease { kind: Kind::Unsteady, device: Some(MAT), .. })]),
        "a day without a gap: {said:?}"
    );
}

#[test]
fn silences_of_two_days_are_two_matters() {
    let mut house = House::with(&[(MAT, Role::BedMat)]);
    for _ in 0..5 {
        let said = house.pass(minutes(10));
        assert_eq!(findings(&said, Kind::Silence).len(), 1);
        assert!(matches!(house.health(MAT, 60, None)[..], [Output::Ease { .. }]));
        assert_eq!(of_equipment(house.live(hours(25), &[MAT])), []);
    }
}

#[test]
fn who_has_closed_what_is_unsteady_hears_of_it_again_when_it_goes_on() {
    let mut house = House::with(&[(MAT, Role::BedMat)]);
    for _ in 0..2 {
        house.pass(minutes(10));
        house.health(MAT, 60, None);
    }
    let incident = 2;
    assert_eq!(house.step(Input::Closed { incident, outcome: None }), []);
    let said = house.pass(minutes(10));
    assert_eq!(findings(&said, Kind::Silence).len(), 1, "{said:?}");
}

#[test]
fn six_hundred_boots_in_forty_minutes_are_one_fault() {
    let mut house = House::with(&[(BUTTON, Role::HelpButton)]);
    let mut said = Vec::new();
    for n in 0..600 {
        house.now = house.now.after(Millis::secs(4));
        said.extend(frame(&mut house, BUTTON, n + 2, Some(90)));
    }
    let told = findings(&said, Kind::Boots);
    assert_eq!((told.len(), said.len()), (1, 1), "{said:?}");
    let (_, told) = told[0];
    assert_eq!((told.severity, told.device), (Severity::Fault, Some(BUTTON)));
    assert_eq!(told.evidence[0].what, Seen::Booted);
    assert!((told.evidence[0].value - f32::from(BOOTS_SHORT)).abs() < 0.1);
    // It ends a day after the last.
    let said = house.live(STEADY.plus(minutes(2)), &[BUTTON]);
    assert!(said.iter().all(|(_, o)| matches!(o, Output::Ease { kind: Kind::Boots, .. })));
}

#[test]
fn a_slow_loop_is_told_too_and_a_fitters_tests_are_not() {
    let mut house = House::with(&[(BUTTON, Role::HelpButton)]);
    for n in 0..u32::from(BOOTS_SHORT) - 1 {
        house.now = house.now.after(minutes(2));
        assert_eq!(frame(&mut house, BUTTON, n + 2, None), [], "start {n}");
    }
    let mut house = House::with(&[(BUTTON, Role::HelpButton)]);
    let mut said = Vec::new();
    for n in 0..72 {
        for _ in 0..20 {
            said.extend(house.live(minutes(1), &[]));
            said.extend(frame(&mut house, BUTTON, n + 2, None));
        }
    }
    assert_eq!((said.len(), findings(&said, Kind::Boots).len()), (1, 1), "{said:?}");
}

#[test]
fn what_earlier_boots_have_left_behind_is_no_start() {
    let mut house = House::with(&[(BUTTON, Role::HelpButton)]);
    frame(&mut house, BUTTON, 9, None);
    for n in 0..40 {
        house.now = house.now.after(Millis::secs(4));
        assert_eq!(frame(&mut house, BUTTON, [3, 9, 4, 9, 5][n % 5], None), []);
    }
}

#[test]
fn devices_that_are_enrolled_and_not_installed_are_told_as_such_after_a_day() {
    let mut house = House::with(&[]);
    for n in 1..=5 {
        house.step(Input::Enrolled { device: device(n), role: Role::HelpButton });
    }
    house.quiet(hours(24).less(Millis::new(1)));
    let said = house.pass(Millis::new(1));
    let told = findings(&said, Kind::Silence);
    assert_eq!(told.len(), 5);
    assert!(told.iter().all(|(_, told)| told.evidence[0].what == Seen::NotInstalled));
    house.quiet(hours(72));
    assert!(matches!(house.health(device(1), 60, None)[..], [Output::Ease { .. }]));
}

#[test]
fn what_fell_silent_with_the_mains_and_stays_silent_is_told_after_them() {
    let lamp = device(7);
    let mut house = House::with(&[(MAT, Role::BedMat), (lamp, Role::BedMat)]);
    house.event(lamp, EventKind::PowerLost);
    let said = house.live(minutes(10), &[lamp]);
    assert_eq!(findings(&said, Kind::Silence).len(), 1, "it joins the outage: {said:?}");
    assert!(!findings(&said, Kind::Silence)[0].1.opens);
    house.event(lamp, EventKind::PowerBack);
    let said = house.live(minutes(3), &[lamp]);
    assert_eq!(said, [], "it has its whole time again");
    let said = house.live(minutes(1), &[lamp]);
    let told = findings(&said, Kind::Silence);
    assert_eq!((told.len(), told[0].1.opens, told[0].1.device), (1, true, Some(MAT)));
}
