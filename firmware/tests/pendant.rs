//! The pendant: a fall goes the same way as a press, and never stands in the way of one.

use firmware::device::{BURST_MAX, Burst, FALLS_HELD_MAX, Light, SAMPLE_HZ, Sample, Sound};
use firmware::settings::Settings;
use proto::down::Rung;
use proto::frame::{Header, Lane};
use proto::id::PressId;
use proto::unit::{Millis, Mono, NoData};
use proto::up::{EventKind, Loss, Quantity, Role, Up, Value};

use crate::bench::{Bench, Gateway, now_or_never, receipt};
use crate::wearer::{BLOW_S, Felt, fall, get_up, lie, stand, walk};

/// Bursts that follow each other until all samples are felt.
fn feel(bench: &mut Bench, samples: &[Felt]) {
    for burst in samples.chunks(BURST_MAX / 2) {
        let span = burst.len() as u64 * 1000 / u64::from(SAMPLE_HZ);
        bench.run_for(Millis::new(span));
        bench.sample(Sample::Acceleration(Burst::holding(burst, 0)));
    }
}

fn fallen() -> Bench {
    let mut bench = Bench::of(Role::Pendant);
    feel(&mut bench, &fall());
    feel(&mut bench, &lie(120.0));
    bench
}

fn ids(bench: &Bench, kind: EventKind) -> Vec<PressId> {
    let of = |up: &Up| matches!(up, Up::Event(event) if event.kind == kind);
    let mut ids: Vec<_> = bench.published.iter().filter(|p| of(&p.up)).map(|p| p.id).collect();
    ids.dedup();
    ids
}

fn last_reading(bench: &Bench) -> Value {
    let reading =
        |up: &Up| if let Up::Reading(reading) = up { Some(reading.values[0]) } else { None };
    bench.published.iter().rev().find_map(|p| reading(&p.up)).expect("a reading")
}

fn losses(bench: &Bench) -> Vec<Loss> {
    let loss = |up: &Up| if let Up::Loss(loss) = up { Some(*loss) } else { None };
    bench.published.iter().filter_map(|p| loss(&p.up)).collect()
}

#[test]
fn a_fall_is_kept_in_flash_before_it_is_published() {
    let mut bench = Bench::of(Role::Pendant);
    bench.flash = None;
    feel(&mut bench, &fall());
    feel(&mut bench, &lie(1.0));
    while bench.kept.is_empty() {
        feel(&mut bench, &lie(0.16));
        assert!(bench.now < Mono::from_millis(1_200_000), "a fall is suspected");
    }
    assert!(bench.published.iter().all(|p| p.lane != Lane::Emergency), "flash has not answered");
    let bench = fallen();
    let kept: Vec<PressId> = bench.kept.iter().map(|f| Header::parse(f).unwrap().0.id).collect();
    let told = [ids(&bench, EventKind::FallSuspected), ids(&bench, EventKind::FallConfirmed)];
    assert_eq!(told.concat(), kept, "each went to flash, and each was published");
    assert_eq!(kept.len(), 2);
}

#[test]
fn a_fall_is_dated_to_its_impact_and_a_word_on_it_to_its_moment() {
    let bench = fallen();
    #[expect(clippy::cast_possible_truncation, reason = "some seconds")]
    let start = 1_000_000 + (BLOW_S * 1000.0) as i128;
    let events = bench.events();
    let suspected = events.iter().find(|e| e.kind == EventKind::FallSuspected).unwrap();
    let impact = i128::from(suspected.uptime.get()) + 1_000_000;
    assert!((impact - start).abs() < 400, "{impact} is not the blow at {start}");
    let confirmed = events.iter().find(|e| e.kind == EventKind::FallConfirmed).unwrap();
    assert!(confirmed.uptime.get() > suspected.uptime.get() + 5_000);
}

#[test]
fn the_light_of_a_fall_climbs_like_that_of_a_press() {
    let mut bench = fallen();
    assert_eq!(bench.light(), Light::Stored);
    assert!(bench.sounds.contains(&Sound::Felt), "the wearer hears that help was called");
    for kind in [EventKind::FallSuspected, EventKind::FallConfirmed] {
        for id in ids(&bench, kind) {
            bench.server_says(&receipt(id, Rung::Received));
        }
    }
    assert_eq!(bench.light(), Light::Received);
    assert_eq!(bench.forgotten.len(), 2);
}

#[test]
fn who_gets_up_again_is_told_and_takes_nothing_back() {
    let mut bench = Bench::of(Role::Pendant);
    feel(&mut bench, &fall());
    while ids(&bench, EventKind::FallSuspected).is_empty() {
        feel(&mut bench, &lie(0.16));
        assert!(bench.now < Mono::from_millis(1_200_000), "a fall is suspected");
    }
    feel(&mut bench, &get_up());
    feel(&mut bench, &walk(30.0));
    assert_eq!(bench.count(EventKind::FallRecovered), 1);
    assert_eq!(bench.count(EventKind::FallConfirmed), 0);
    assert_eq!(bench.device.waiting(), 1, "the fall waits for the server all the same");
    let word = bench.published.iter().find(|p| p.id == ids(&bench, EventKind::FallRecovered)[0]);
    assert_eq!(word.map(|p| p.lane), Some(Lane::Telemetry));
}

#[test]
fn a_press_during_a_fall_wins() {
    let mut bench = Bench::of(Role::Pendant);
    bench.gateway = Gateway::Away;
    bench.flash = Some(true);
    let press = bench.press();
    feel(&mut bench, &fall());
    feel(&mut bench, &lie(120.0));
    assert_eq!(bench.device.waiting(), 3, "a press, a suspicion and its confirmation");
    bench.gateway = Gateway::Stores;
    bench.run_for(Millis::secs(31));
    let first = bench.published.iter().find(|p| p.lane == Lane::Emergency).unwrap();
    assert_eq!(first.id, press, "though the falls are newer");
}

#[test]
fn a_hold_of_three_seconds_annotates_the_fall() {
    let mut bench = fallen();
    bench.sample(Sample::Button(true));
    feel(&mut bench, &lie(4.0));
    bench.sample(Sample::Button(false));
    feel(&mut bench, &lie(1.0));
    assert_eq!((bench.count(EventKind::Press), bench.count(EventKind::Cancel)), (1, 1));
    assert_eq!(bench.device.waiting(), 3, "and closes nothing");
}

#[test]
fn samples_that_were_lost_start_the_judgement_anew_and_are_told() {
    let mut bench = Bench::of(Role::Pendant);
    feel(&mut bench, &fall());
    bench.sample(Sample::Acceleration(Burst::holding(&lie(0.02), 40)));
    feel(&mut bench, &lie(60.0));
    assert!(bench.events().is_empty(), "nobody saw what was in the hole");
    assert_eq!(losses(&bench).iter().map(|loss| loss.count).sum::<u64>(), 40);
    feel(&mut bench, &fall());
    feel(&mut bench, &lie(120.0));
    assert_eq!(bench.count(EventKind::FallConfirmed), 1, "the next one is felt");
    assert_eq!(losses(&bench).len(), 1, "told once");
}

#[test]
fn a_sensor_without_values_is_told_in_the_reading_and_judges_nothing() {
    let mut bench = Bench::of(Role::Pendant);
    feel(&mut bench, &fall());
    bench.sample(Sample::NoAcceleration(NoData::Fault));
    bench.run_for(Millis::secs(60));
    let value = last_reading(&bench);
    assert_eq!((value.value, value.no_data), (None, Some(NoData::Fault)));
    feel(&mut bench, &lie(60.0));
    assert!(bench.events().is_empty());
    assert!(matches!(bench.press(), PressId { .. }), "the button works without it");
}

#[test]
fn the_reading_counts_seconds_of_movement_and_never_claims_stillness() {
    let mut bench = Bench::of(Role::Pendant);
    feel(&mut bench, &walk(40.0));
    feel(&mut bench, &stand(21.0));
    let value = last_reading(&bench);
    assert_eq!(value.quantity, Quantity::Motion);
    assert!(value.value.is_some_and(|s| (38.0..=41.0).contains(&s)), "{value:?}");
    feel(&mut bench, &stand(61.0));
    let value = last_reading(&bench);
    assert_eq!((value.value, value.no_data), (None, Some(NoData::NotPresent)), "asleep, or unworn");
}

#[test]
fn a_sensor_gone_wild_leaves_room_for_the_hand() {
    let mut bench = Bench::of(Role::Pendant);
    bench.gateway = Gateway::Away;
    for _ in 0..FALLS_HELD_MAX {
        feel(&mut bench, &fall());
        feel(&mut bench, &lie(120.0));
    }
    assert_eq!(bench.device.waiting(), FALLS_HELD_MAX);
    assert!(bench.device.trace().counters.not_held > 0);
    let before = bench.device.waiting();
    for _ in 0..6 {
        bench.press();
    }
    assert_eq!(bench.device.waiting(), before + 6, "each press has a place in flash");
    bench.gateway = Gateway::Stores;
    bench.run_for(Millis::secs(60));
    let lost: u64 = losses(&bench).iter().map(|loss| loss.count).sum();
    assert_eq!(
        lost,
        u64::from(bench.device.trace().counters.not_held),
        "what found no place is told"
    );
}

#[test]
fn a_fall_survives_a_power_cut_as_a_fall() {
    let bench = fallen();
    let mut reborn = Bench::of(Role::Pendant);
    for frame in &bench.kept {
        reborn.input(firmware::device::Input::Restored(frame));
    }
    reborn.run_for(Millis::secs(2));
    assert_eq!(ids(&reborn, EventKind::FallSuspected), ids(&bench, EventKind::FallSuspected));
    assert_eq!(reborn.device.waiting(), 2);
}

#[test]
fn where_it_is_worn_is_kept_and_an_old_record_means_the_body() {
    use care::fall::Worn;
    use firmware::flash_model::FlashModel;
    use firmware::queue::FlashQueue;
    let flash: FlashModel<Vec<u8>, 1024> = FlashModel::erased(vec![0; 8192], 1);
    let layout = FlashQueue::halves(&flash).unwrap();
    let mut queue = FlashQueue::new(flash, layout).unwrap();
    let defaults = Settings::of(Role::Pendant);
    assert_eq!(now_or_never(queue.settings(defaults)).unwrap().worn, Worn::Body);
    now_or_never(queue.store_settings(&Settings { worn: Worn::Wrist, ..defaults })).unwrap();
    assert_eq!(now_or_never(queue.settings(defaults)).unwrap().worn, Worn::Wrist);
}
