//! Two beds in one home are two patients: rates, nights and turns of each are judged for itself.
//!
//! Each case is told through `house`. Not here: what is wrong with one bed (`bed`, `vitals`, `night`).

use care::policy::vital::VITALS_SUSTAINED;
use care::policy::{BedLimits, Rules};
use care::{Input, Kind, Output, Seen};
use proto::id::{DeviceId, HomeId};
use proto::unit::{Millis, Mono};
use proto::up::{EventKind, Quantity, Reading, Role, Up, Value};

use crate::house::{GATEWAY, House, MAT, device, findings, hours, minutes, value};

const OTHER: DeviceId = device(33);

fn couple(hour: u16) -> House {
    let mut house = House::at_hour(hour, &[(MAT, Role::BedMat), (OTHER, Role::BedMat)]);
    let rules = Rules { breath_low: Some(8), breath_high: Some(24), ..Rules::default() };
    house.step(Input::Rules(rules));
    house
}

/// What a gateway says about one bed, or with its own id about the home.
fn summed(house: &mut House, about: DeviceId, values: &[Value]) -> Vec<(Mono, Output)> {
    let values = heapless::Vec::from_slice(values).unwrap();
    let home = HomeId::new(5);
    let up = Up::Reading(Reading { uptime: Millis::default(), period_s: 60, values, home });
    house.say(about, &up).into_iter().map(|output| (house.now, output)).collect()
}

fn minute(house: &mut House, words: &[(DeviceId, &[Value])]) -> Vec<(Mono, Output)> {
    let mut said: Vec<_> =
        words.iter().flat_map(|(who, values)| summed(house, *who, values)).collect();
    said.extend(house.live(minutes(1), &[MAT, OTHER]));
    said
}

#[test]
fn breath_of_forty_in_one_bed_and_of_six_in_the_other_are_two_alarms() {
    let mut house = couple(9);
    let mut said = Vec::new();
    for n in 0..VITALS_SUSTAINED.get() / 60_000 + 2 {
        let more = f32::from(u8::try_from(n % 3).unwrap());
        let fast = [value(Quantity::InBed, 100.0), value(Quantity::Breath, 38.0 + more)];
        let slow = [value(Quantity::InBed, 100.0), value(Quantity::Breath, 5.5 + more / 2.0)];
        said.extend(minute(&mut house, &[(MAT, &fast), (OTHER, &slow)]));
    }
    let told: Vec<_> = findings(&said, Kind::Vitals).iter().map(|(_, f)| f.device).collect();
    assert_eq!(told, [Some(MAT), Some(OTHER)]);
}

#[test]
fn a_calm_sleeper_eases_nothing_of_who_lies_beside() {
    let mut house = couple(9);
    let mut said = Vec::new();
    for n in 0..40 {
        let more = f32::from(n % 5_u8);
        let fast = [value(Quantity::Breath, 30.0 + more)];
        let calm = [value(Quantity::Breath, 12.0 + more)];
        said.extend(minute(&mut house, &[(MAT, &fast), (OTHER, &calm)]));
    }
    assert_eq!(findings(&said, Kind::Vitals).len(), 1);
    assert!(said.iter().all(|(_, output)| !matches!(output, Output::Ease { .. })), "{said:?}");
}

#[test]
fn the_mean_of_two_beds_is_nobodys_rate_and_nobodys_place() {
    let mut house = couple(23);
    house.event(MAT, EventKind::BedIn);
    house.event(OTHER, EventKind::BedIn);
    let mut said = Vec::new();
    for n in 0..120_u8 {
        let mean = [
            value(Quantity::InBed, if n < 60 { 56.0 } else { 0.0 }),
            value(Quantity::Breath, 30.0 + f32::from(n % 3)),
        ];
        said.extend(minute(&mut house, &[(GATEWAY, &mean)]));
    }
    assert_eq!(said, [], "an old gateway's mean is judged as nobody's");
}

#[test]
fn a_bed_with_limits_of_its_own_is_judged_by_them_and_the_other_by_the_homes() {
    let mut house = couple(9);
    let mut rules = Rules { breath_low: Some(8), breath_high: Some(24), ..Rules::default() };
    let mut own = BedLimits::of(OTHER);
    own.breath_high = Some(34);
    rules.beds[0] = Some(own);
    house.step(Input::Rules(rules));
    let mut said = Vec::new();
    for n in 0..VITALS_SUSTAINED.get() / 60_000 + 2 {
        let more = f32::from(u8::try_from(n % 3).unwrap());
        let fast = [value(Quantity::InBed, 100.0), value(Quantity::Breath, 28.0 + more)];
        said.extend(minute(&mut house, &[(MAT, &fast), (OTHER, &fast)]));
    }
    let told: Vec<_> = findings(&said, Kind::Vitals).iter().map(|(_, f)| f.device).collect();
    assert_eq!(told, [Some(MAT)]);
    let kept = minicbor::to_vec(rules).unwrap();
    assert_eq!(minicbor::decode::<Rules>(&kept).unwrap(), rules);
}

#[test]
fn the_summary_of_an_old_gateway_is_that_of_the_only_bed() {
    let mut house = House::at_hour(9, &[(MAT, Role::BedMat)]);
    house.step(Input::Rules(Rules { breath_high: Some(24), ..Rules::default() }));
    let mut said = Vec::new();
    for n in 0..15_u8 {
        let fast = [value(Quantity::Breath, 30.0 + f32::from(n % 3))];
        said.extend(summed(&mut house, GATEWAY, &fast));
        said.extend(house.live(minutes(1), &[MAT]));
    }
    let told: Vec<_> = findings(&said, Kind::Vitals).iter().map(|(_, f)| f.device).collect();
    assert_eq!(told, [Some(MAT)]);
}

#[test]
fn each_bed_has_nights_of_its_own() {
    let mut house = couple(22);
    let still = Rules { still_min: None, still_max: None, ..Rules::default() };
    house.step(Input::Rules(still));
    let mut said = Vec::new();
    for night in 0..7_u8 {
        for m in 0..24 * 60 {
            let asleep = m < 7 * 60;
            let words =
                |share: f32| [value(Quantity::InBed, 100.0), value(Quantity::Restless, share)];
            let quiet = words(5.0 + f32::from(night % 2));
            let wild = words(if night == 6 { 60.0 } else { 30.0 + f32::from(night % 2) });
            let gone = [value(Quantity::InBed, 0.0)];
            let (a, b): (&[Value], &[Value]) =
                if asleep { (&quiet, &wild) } else { (&gone, &gone) };
            said.extend(minute(&mut house, &[(MAT, a), (OTHER, b)]));
        }
    }
    let told = findings(&said, Kind::Restless);
    let [(_, told)] = told[..] else { panic!("one night of one person: {told:?}") };
    assert_eq!(told.device, Some(OTHER));
    assert!(told.evidence.iter().any(|e| e.what == Seen::RestlessUsual && e.value > 25.0));
}

#[test]
fn who_is_spoken_for_is_not_heard_and_yet_watches() {
    let mut house = couple(9);
    let mut said = Vec::new();
    for _ in 0..17 * 60 {
        let values = [value(Quantity::InBed, 0.0)];
        said.extend(summed(&mut house, MAT, &values));
        said.extend(summed(&mut house, OTHER, &values));
        said.extend(house.pass(minutes(1)));
    }
    assert_eq!(findings(&said, Kind::Silence).len(), 2, "neither has spoken for hours");
    assert_eq!(findings(&said, Kind::Stillness).len(), 1, "and nobody was seen by what watches");
    assert!(house.now.since(Mono::default()) > hours(17));
}
