//! What may be part of a minute's summary: measured values alone, and the reason where there are none.
//!
//! Not here: how a minute folds what was measured (`hub.rs`).
#![allow(clippy::unwrap_used, reason = "a test may fall")]

use gateway::hub::{Action, Hub};
use proto::id::{BootId, DeviceId, HomeId};
use proto::unit::{Millis, Mono, NoData};
use proto::up::{Quantity, Reading, Role, Up, Value};

const BOOT: BootId = BootId::new(1, 1);

/// What the summary of a minute says of a quantity that was told so, one value every ten seconds.
fn summed(quantity: Quantity, values: &[(f32, u64)]) -> Value {
    let (home, mat) = (HomeId::new(5).unwrap(), DeviceId::new(8).unwrap());
    let mut hub = Hub::new(Mono::from_millis(0), 1);
    hub.handle_enrolled(Mono::from_millis(0), mat, home, Role::BedMat);
    hub.handle_timeout(Mono::from_millis(0));
    for (n, (number, age_s)) in (1..).zip(values) {
        let value = Value { quantity, value: Some(*number), no_data: None, age_s: *age_s };
        let values = std::iter::once(value).collect();
        let uptime = Millis::new(n * 10_000);
        let up = Up::Reading(Reading { uptime, period_s: 10, values, home: None });
        hub.handle_heard(Mono::from_millis(n * 10_000), (mat, BOOT), Some(&up));
    }
    hub.handle_timeout(Mono::from_millis(60_000));
    let said = std::iter::from_fn(|| hub.next_action()).find_map(|action| {
        if let Action::Say(Up::Reading(reading)) = action { Some(reading) } else { None }
    });
    said.unwrap().values[0]
}

#[test]
fn a_clipped_value_is_no_part_of_a_minutes_mean() {
    let value = summed(Quantity::Breath, &[(14.0, 0), (60.0, 0), (50.0, 0), (16.0, 0), (3.0, 0)]);
    assert_eq!((value.value, value.no_data), (Some(15.0), None));
}

#[test]
fn a_minute_of_clipped_values_is_a_gap_with_its_reason() {
    let value = summed(Quantity::Heart, &[(200.0, 0), (250.0, 0), (20.0, 0)]);
    assert_eq!((value.value, value.no_data), (None, Some(NoData::Clipped)));
}

#[test]
fn a_minute_of_what_cannot_be_measured_is_a_gap_with_a_reason_of_its_own() {
    let value = summed(Quantity::Heart, &[(65_535.0, 0), (0.0, 0)]);
    assert_eq!((value.value, value.no_data), (None, Some(NoData::Implausible)));
}

#[test]
fn a_contact_that_has_not_changed_for_hours_is_counted_as_none_and_not_missing() {
    let value = summed(Quantity::Door, &[(0.0, 7_200), (0.0, 7_210)]);
    assert_eq!((value.value, value.no_data), (Some(0.0), None));
}

#[test]
fn a_value_older_than_its_span_is_no_part_of_a_minute() {
    let value = summed(Quantity::Heart, &[(61.0, 0), (99.0, 400)]);
    assert_eq!(value.value, Some(61.0));
    let value = summed(Quantity::Heart, &[(99.0, 400)]);
    assert_eq!((value.value, value.no_data), (None, Some(NoData::Stale)));
}

#[test]
fn a_sensor_that_speaks_each_five_minutes_makes_no_gap_in_between() {
    let (home, sensor) = (HomeId::new(5).unwrap(), DeviceId::new(8).unwrap());
    let mut hub = Hub::new(Mono::from_millis(0), 1);
    hub.handle_enrolled(Mono::from_millis(0), sensor, home, Role::Other);
    hub.handle_timeout(Mono::from_millis(0));
    let mut said = Vec::new();
    for minute in 1..=15 {
        let now = minute * 60_000 - 1_000;
        if minute % 5 == 1 {
            let quantity = Quantity::Temperature;
            let values = [Value { quantity, value: Some(21.0), no_data: None, age_s: 0 }];
            let values = values.into_iter().collect();
            let uptime = Millis::new(now);
            let up = Up::Reading(Reading { uptime, period_s: 300, values, home: None });
            hub.handle_heard(Mono::from_millis(now), (sensor, BOOT), Some(&up));
        }
        hub.handle_timeout(Mono::from_millis(minute * 60_000));
        said.extend(std::iter::from_fn(|| hub.next_action()).filter_map(|action| {
            if let Action::Say(Up::Reading(reading)) = action {
                Some(reading.values[0])
            } else {
                None
            }
        }));
    }
    let kept: Vec<_> = said.iter().map(|value| care::reading::measured(value, 60)).collect();
    assert!(kept.iter().all(|value| *value == Ok(21.0)) && kept.len() >= 3, "{said:?}");
}
