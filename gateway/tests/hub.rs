//! What the box knows of its homes: freshness, minutes, alarms. Time is a number here.
//!
//! Not here: the loop that performs what the hub decides.
#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test may fall, and looks for one action among many"
)]

use gateway::hub::{Action, Alarm, Freshness, Hub};
use proto::down::Rung;
use proto::id::{BootId, DeviceId, HomeId, PressId, Seq};
use proto::unit::{Millis, Mono, NoData, Percent};
use proto::up::{Event, EventKind, Health, Quantity, Reading, Role, Up, Value};

const BOOT: BootId = BootId::new(1, 1);

fn at(ms: u64) -> Mono {
    Mono::from_millis(ms)
}

fn home() -> HomeId {
    HomeId::new(5).unwrap()
}

fn mat() -> DeviceId {
    DeviceId::new(8).unwrap()
}

fn press(seq: u32) -> PressId {
    PressId { device: mat(), boot: BootId::new(1, 1), seq: Seq::new(seq) }
}

fn hub() -> Hub {
    let mut hub = Hub::new(at(0), 1);
    hub.handle_enrolled(at(0), mat(), home(), Role::BedMat);
    hub.handle_timeout(at(0));
    drain(&mut hub);
    hub
}

fn drain(hub: &mut Hub) -> Vec<Action> {
    std::iter::from_fn(|| hub.next_action()).collect()
}

fn reading(uptime: u64, values: &[(Quantity, Option<f32>)]) -> Up {
    let values = values
        .iter()
        .map(|(quantity, value)| Value {
            quantity: *quantity,
            value: *value,
            no_data: value.is_none().then_some(NoData::NotPresent),
            age_s: 0,
        })
        .collect();
    Up::Reading(Reading { uptime: Millis::new(uptime), period_s: 20, values, home: None })
}

fn summary(actions: &[Action]) -> Option<Reading> {
    actions.iter().find_map(|action| match action {
        Action::Say(Up::Reading(reading)) => Some(reading.clone()),
        _ => None,
    })
}

fn value(reading: &Reading, quantity: Quantity) -> Option<Value> {
    reading.values.iter().copied().find(|value| value.quantity == quantity)
}

fn sounds(actions: &[Action]) -> Vec<bool> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::Sound(on) => Some(*on),
            _ => None,
        })
        .collect()
}

#[test]
fn a_minute_of_readings_becomes_one_message_for_the_home() {
    let mut hub = hub();
    for (ms, heart, motion) in [(10_000, 60.0, 1.0), (30_000, 66.0, 2.0), (50_000, 72.0, 0.0)] {
        let up = reading(
            ms,
            &[
                (Quantity::InBed, Some(100.0)),
                (Quantity::Heart, Some(heart)),
                (Quantity::Motion, Some(motion)),
                (Quantity::Temperature, Some(20.0 + heart / 60.0)),
            ],
        );
        hub.handle_heard(at(ms), (mat(), BOOT), Some(&up));
    }
    hub.handle_timeout(at(60_000));
    let said = summary(&drain(&mut hub)).expect("one summary a minute");
    assert_eq!((said.home, said.period_s, said.uptime), (Some(home()), 60, Millis::new(60_000)));
    assert_eq!(value(&said, Quantity::Heart).unwrap().value, Some(66.0));
    assert_eq!(value(&said, Quantity::InBed).unwrap().value, Some(100.0));
    assert_eq!(value(&said, Quantity::Motion).unwrap().value, Some(3.0));
    assert_eq!(value(&said, Quantity::Temperature).unwrap().value, Some(21.2));
    assert_eq!(value(&said, Quantity::Heart).unwrap().age_s, 10);
    assert!(value(&said, Quantity::Breath).is_none(), "never measured in this home");
}

#[test]
fn two_mats_of_a_home_are_two_summaries_and_never_one_mean() {
    let mut hub = hub();
    let other = DeviceId::new(9).unwrap();
    hub.handle_enrolled(at(0), other, home(), Role::BedMat);
    for ms in [10_000, 30_000, 50_000] {
        let fast = reading(ms, &[(Quantity::InBed, Some(100.0)), (Quantity::Breath, Some(40.0))]);
        let slow = reading(ms, &[(Quantity::InBed, Some(0.0)), (Quantity::Breath, Some(6.0))]);
        hub.handle_heard(at(ms), (mat(), BOOT), Some(&fast));
        hub.handle_heard(at(ms), (other, BOOT), Some(&slow));
    }
    hub.handle_timeout(at(60_000));
    let actions = drain(&mut hub);
    let mut told = Vec::new();
    for pair in actions.windows(2) {
        if let [Action::About(device), Action::Say(Up::Reading(said))] = pair {
            let number = |quantity| value(said, quantity).unwrap().value;
            assert_eq!((said.home, said.period_s), (Some(home()), 60));
            told.push((*device, number(Quantity::InBed), number(Quantity::Breath)));
        }
    }
    assert_eq!(told, [(mat(), Some(100.0), Some(40.0)), (other, Some(0.0), Some(6.0))]);
    let said = actions.iter().filter(|a| matches!(a, Action::Say(Up::Reading(_)))).count();
    assert_eq!(said, 2, "and none of the home");
    hub.handle_released(other);
    hub.handle_timeout(at(120_000));
    let about = drain(&mut hub).iter().any(|a| *a == Action::About(other));
    assert!(!about, "who has left is not spoken for");
}

#[test]
fn a_value_that_stops_is_said_to_be_missing_with_its_reason() {
    let mut hub = hub();
    hub.handle_heard(
        at(1_000),
        (mat(), BOOT),
        Some(&reading(1_000, &[(Quantity::Heart, Some(60.0))])),
    );
    hub.handle_timeout(at(60_000));
    assert!(summary(&drain(&mut hub)).is_some());
    hub.handle_timeout(at(120_000));
    let said = summary(&drain(&mut hub)).expect("unknown is told, not left out");
    assert_eq!(value(&said, Quantity::Heart).unwrap().no_data, Some(NoData::Stale));
    hub.handle_heard(
        at(130_000),
        (mat(), BOOT),
        Some(&reading(130_000, &[(Quantity::Heart, None)])),
    );
    hub.handle_timeout(at(180_000));
    let said = summary(&drain(&mut hub)).unwrap();
    assert_eq!(value(&said, Quantity::Heart).unwrap().no_data, Some(NoData::NotPresent));
}

#[test]
fn a_backlog_of_old_readings_does_not_colour_this_minute() {
    let mut hub = hub();
    hub.handle_heard(
        at(500_000),
        (mat(), BOOT),
        Some(&reading(900_000, &[(Quantity::Heart, Some(60.0))])),
    );
    hub.handle_heard(
        at(501_000),
        (mat(), BOOT),
        Some(&reading(700_000, &[(Quantity::Heart, Some(180.0))])),
    );
    hub.handle_timeout(at(540_000));
    let said = summary(&drain(&mut hub)).unwrap();
    assert_eq!(value(&said, Quantity::Heart).unwrap().value, Some(60.0));
}

/// Whether a minute of the home holds what is said now, after `say`.
fn is_heard(hub: &mut Hub, now: u64, boot: BootId, uptime: u64) -> bool {
    hub.handle_heard(
        at(now),
        (mat(), boot),
        Some(&reading(uptime, &[(Quantity::Heart, Some(60.0))])),
    );
    hub.handle_timeout(at(now + 60_000));
    let said = drain(hub);
    let heart = summary(&said).and_then(|minute| value(&minute, Quantity::Heart));
    heart.is_some_and(|heart| heart.value == Some(60.0) && heart.age_s <= 60)
}

#[test]
fn a_device_whose_clock_is_slow_is_heard_for_months() {
    let mut hub = hub();
    for day in 0..90 {
        for hour in 0..24 {
            let now = (day * 24 + hour) * 3_600_000 + 1_000;
            assert!(is_heard(&mut hub, now, BOOT, now / 1_000 * 970), "day {day}, {hour} h");
        }
    }
}

#[test]
fn a_device_whose_counter_wraps_or_that_begins_anew_is_heard() {
    let mut hub = hub();
    let wrap = 1u64 << 32;
    assert!(is_heard(&mut hub, 1_000, BOOT, wrap - 120_000));
    assert!(is_heard(&mut hub, 481_000, BOOT, 360_000), "six minutes after its counter wrapped");
    assert!(
        is_heard(&mut hub, 961_000, BootId::new(1, 2), 300_000),
        "five minutes into a new boot"
    );
    assert!(!is_heard(&mut hub, 1_100_000, BOOT, 900_000), "what the boot before had held is old");
    assert!(is_heard(&mut hub, 1_200_000, BootId::new(7, 1), 400_000), "in a new life");
}

#[test]
fn an_emergency_that_nobody_can_verify_is_quiet_once_people_have_it() {
    let mut hub = hub();
    hub.handle_press(at(1_000), Some(home()), press(1));
    hub.handle_press(at(1_100), Some(home()), press(2));
    assert_eq!(sounds(&drain(&mut hub)), [true]);
    hub.handle_accepted(at(5_000), press(1));
    let told = drain(&mut hub);
    assert!(sounds(&told).is_empty(), "another one waits");
    assert!(!told.iter().any(|told| matches!(told, Action::ShowRung(..))), "it has no rung");
    assert_eq!(hub.waiting_in(home()), [press(2)]);
    hub.handle_accepted(at(6_000), press(2));
    assert_eq!(sounds(&drain(&mut hub)), [false]);
    hub.handle_accepted(at(7_000), press(2));
    assert!(drain(&mut hub).is_empty());
}

#[test]
fn a_home_where_nothing_was_measured_is_not_summarised() {
    let mut hub = hub();
    hub.handle_timeout(at(600_000));
    assert_eq!(summary(&drain(&mut hub)), None);
}

#[test]
fn the_box_says_that_it_lives_every_thirty_seconds() {
    let mut hub = hub();
    let mut said = 0;
    let mut now = 0;
    while now < 300_000 {
        now = hub.poll_timeout().millis().max(now + 1);
        hub.handle_timeout(at(now));
        said += drain(&mut hub)
            .iter()
            .filter(|action| matches!(action, Action::Say(Up::Health(_))))
            .count();
    }
    assert_eq!(said, 10);
}

#[test]
fn a_mains_device_is_silent_after_two_hundred_seconds_and_its_bed_unknown() {
    let mut hub = hub();
    let bed_in = Up::Event(Event { kind: EventKind::BedIn, uptime: Millis::secs(1), count: None });
    hub.handle_heard(at(1_000), (mat(), BOOT), Some(&bed_in));
    let shown = drain(&mut hub);
    assert!(shown.iter().any(|a| matches!(a, Action::ShowDevice(_, _, p)
        if p.freshness == Freshness::Fresh && p.in_bed == Some(true))));
    hub.handle_timeout(at(200_999));
    assert!(!drain(&mut hub).iter().any(|a| matches!(a, Action::ShowDevice(..))));
    assert!(hub.poll_timeout() <= at(201_000));
    hub.handle_timeout(at(201_000));
    assert!(drain(&mut hub).iter().any(|a| matches!(a, Action::ShowDevice(_, _, p)
        if p.freshness == Freshness::Silent && p.in_bed.is_none())));
}

#[test]
fn a_battery_device_has_two_of_its_own_periods() {
    let mut hub = hub();
    let health = Up::Health(Health {
        uptime: Millis::secs(1),
        period_s: 3600,
        battery: Percent::new(80),
        signal: None,
        firmware: 1,
        tested: None,
        role: Role::HelpButton,
    });
    hub.handle_heard(at(0), (mat(), BOOT), Some(&health));
    drain(&mut hub);
    hub.handle_timeout(at(7_200_000));
    assert!(!drain(&mut hub).iter().any(|a| matches!(a, Action::ShowDevice(..))));
    hub.handle_timeout(at(7_290_000));
    assert!(drain(&mut hub).iter().any(|a| matches!(a, Action::ShowDevice(_, _, p)
        if p.freshness == Freshness::Silent && p.battery == Some(80))));
}

#[test]
fn on_an_island_a_press_sounds_at_once() {
    let mut hub = hub();
    hub.handle_press(at(1_000), Some(home()), press(1));
    let actions = drain(&mut hub);
    assert_eq!(sounds(&actions), [true]);
    assert!(actions.contains(&Action::ShowAlarm(home(), Alarm { open: false, island: true })));
    hub.handle_rung(at(5_000), press(1), Rung::Received);
    let actions = drain(&mut hub);
    assert_eq!(sounds(&actions), [false]);
    assert!(actions.contains(&Action::ShowRung(home(), press(1), Rung::Received)));
}

#[test]
fn a_press_that_the_server_takes_in_time_does_not_sound() {
    let mut hub = hub();
    hub.handle_uplink(at(0), true);
    hub.handle_press(at(1_000), Some(home()), press(1));
    hub.handle_rung(at(1_020), press(1), Rung::Received);
    hub.handle_timeout(at(60_000));
    assert!(sounds(&drain(&mut hub)).is_empty());
}

#[test]
fn a_press_that_the_server_does_not_take_sounds_before_two_seconds_are_over() {
    let mut hub = hub();
    hub.handle_uplink(at(0), true);
    hub.handle_press(at(10_000), Some(home()), press(1));
    assert!(sounds(&drain(&mut hub)).is_empty());
    let due = hub.poll_timeout();
    assert!(due < at(12_000), "{due:?}");
    hub.handle_timeout(due);
    assert_eq!(sounds(&drain(&mut hub)), [true]);
}

#[test]
fn a_cut_uplink_makes_waiting_presses_sound_at_once() {
    let mut hub = hub();
    hub.handle_uplink(at(0), true);
    hub.handle_press(at(10_000), Some(home()), press(1));
    hub.handle_uplink(at(10_100), false);
    assert_eq!(sounds(&drain(&mut hub)), [true]);
}

#[test]
fn the_sounder_stops_only_when_the_server_has_every_press() {
    let mut hub = hub();
    (1..=3).for_each(|seq| hub.handle_press(at(1_000), Some(home()), press(seq)));
    drain(&mut hub);
    hub.handle_rung(at(2_000), press(1), Rung::Received);
    hub.handle_rung(at(2_000), press(3), Rung::Seen);
    assert!(sounds(&drain(&mut hub)).is_empty());
    hub.handle_rung(at(3_000), press(2), Rung::Received);
    assert_eq!(sounds(&drain(&mut hub)), [false]);
}

#[test]
fn an_alert_open_at_the_server_shows_on_the_bus_of_its_home() {
    let mut hub = hub();
    hub.handle_alarm(home(), true);
    hub.handle_alarm(home(), true);
    let open = Action::ShowAlarm(home(), Alarm { open: true, island: false });
    assert_eq!(drain(&mut hub), [open]);
    hub.handle_alarm(home(), false);
    assert_eq!(drain(&mut hub), [Action::ShowAlarm(home(), Alarm::default())]);
}

#[test]
fn a_released_device_is_cleared_from_the_bus() {
    let mut hub = hub();
    hub.handle_released(mat());
    assert_eq!(drain(&mut hub), [Action::ClearDevice(home(), mat())]);
}

#[test]
fn an_emergency_that_nobody_can_name_sounds_until_the_server_has_it() {
    let mut hub = hub();
    hub.handle_doubtful(at(1_000), mat(), Some(home()));
    assert_eq!(sounds(&drain(&mut hub)), [true], "an island sounds at once");
    for up in [true, false, true] {
        hub.handle_uplink(at(9_000), up);
        hub.handle_unsent(at(9_000), &[mat()]);
        assert!(sounds(&drain(&mut hub)).is_empty(), "a line that is up has carried nothing yet");
    }
    hub.handle_unsent(at(9_500), &[]);
    assert_eq!(sounds(&drain(&mut hub)), [false]);
    assert!(!hub.is_in_doubt());
}

#[test]
fn an_emergency_that_nobody_can_name_sounds_within_two_seconds_if_the_server_hangs() {
    let mut hub = hub();
    hub.handle_uplink(at(0), true);
    hub.handle_doubtful(at(10_000), mat(), None);
    assert!(sounds(&drain(&mut hub)).is_empty(), "the server may have it at once");
    let due = hub.poll_timeout();
    assert!(due <= at(12_000), "{due:?}");
    hub.handle_unsent(due, &[mat()]);
    hub.handle_timeout(due);
    assert_eq!(sounds(&drain(&mut hub)), [true]);
}

#[test]
fn a_call_of_no_known_household_sounds_until_people_have_it() {
    let mut hub = hub();
    hub.handle_press(at(1_000), None, press(1));
    assert_eq!(sounds(&drain(&mut hub)), [true]);
    hub.handle_uplink(at(2_000), true);
    hub.handle_unsent(at(2_000), &[]);
    assert!(sounds(&drain(&mut hub)).is_empty());
    hub.handle_accepted(at(3_000), press(1));
    assert_eq!(sounds(&drain(&mut hub)), [false]);
}

#[test]
fn an_alert_that_ended_while_the_box_was_an_island_is_over_on_the_bus_too() {
    let mut hub = hub();
    hub.handle_uplink(at(0), true);
    hub.handle_alarm(home(), true);
    hub.handle_uplink(at(1_000), false);
    hub.handle_uplink(at(5_000), true);
    hub.handle_alarm(home(), true);
    hub.handle_timeout(at(20_000));
    drain(&mut hub);
    hub.handle_uplink(at(21_000), false);
    hub.handle_uplink(at(25_000), true);
    assert!(hub.poll_timeout() <= at(35_000));
    hub.handle_timeout(at(35_000));
    assert!(drain(&mut hub).contains(&Action::ShowAlarm(home(), Alarm::default())));
}
