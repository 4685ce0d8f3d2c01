//! Breath: a rate where there is one, and a reason where there is none.
//!
//! Signals are made here, so that the right answer is known. Not here: real recordings (`tests::judge::vitals`).

use care::breath::{Breath, NoRate};
use proto::unit::NoData;

/// 40 s of `per_minute` breaths around the middle of the rails -1 to 1.
fn signal(rate_hz: u16, per_minute: f32, size: f32) -> Vec<f32> {
    let step = per_minute / 60.0 / f32::from(rate_hz) * core::f32::consts::TAU;
    (0..40 * rate_hz).map(|n| (f32::from(n) * step).sin() * size).collect()
}

fn rate(rate_hz: u16, samples: &[f32]) -> Result<f32, NoRate> {
    let mut breath = Breath::new(rate_hz, (-1.0, 1.0)).unwrap();
    for sample in samples {
        breath.push(Some(*sample));
    }
    breath.rate()
}

#[test]
fn breath_is_counted_at_any_sampling_rate() {
    for rate_hz in [10, 18, 19, 25, 50, 100, 125] {
        for per_minute in [6.0, 12.0, 18.0, 30.0, 40.0] {
            let told = rate(rate_hz, &signal(rate_hz, per_minute, 0.5)).unwrap();
            assert!((told - per_minute).abs() < 0.7, "{told} for {per_minute} at {rate_hz} Hz");
        }
    }
}

#[test]
fn a_signal_without_breath_has_a_reason_and_no_number() {
    let clipped: Vec<f32> =
        signal(25, 15.0, 20.0).iter().map(|sample| sample.clamp(-1.0, 1.0)).collect();
    let mut noise = 1u32;
    let noise: Vec<f32> = (0..1000)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(u16::try_from(noise >> 16).unwrap()) / 65_536.0 - 0.5
        })
        .collect();
    let cases = [
        ("too short", signal(25, 15.0, 0.5)[..700].to_vec(), NoRate::Filling),
        ("at the rails", clipped, NoRate::Clipped),
        ("an empty bed", vec![0.25; 1000], NoRate::Flat),
        ("no rhythm", noise, NoRate::NoRhythm),
        ("beyond the rails", vec![7.0; 1000], NoRate::Implausible),
        ("no number", vec![f32::NAN; 1000], NoRate::Implausible),
    ];
    for (name, samples, why) in cases {
        assert_eq!(rate(25, &samples), Err(why), "{name}");
    }
    assert_eq!(NoRate::Clipped.no_data(), NoData::Clipped);
    assert_eq!(NoRate::Implausible.no_data(), NoData::Implausible);
}

#[test]
fn a_lost_sample_ends_the_number_until_a_whole_span_is_there_again() {
    let mut breath = Breath::new(25, (-1.0, 1.0)).unwrap();
    let samples = signal(25, 15.0, 0.5);
    samples.iter().for_each(|sample| breath.push(Some(*sample)));
    assert!(breath.rate().is_ok());
    breath.push(None);
    assert_eq!(breath.rate(), Err(NoRate::Gap));
    samples.iter().for_each(|sample| breath.push(Some(*sample)));
    assert!(breath.rate().is_ok());
}

#[test]
fn its_state_is_fixed_and_below_4_kb() {
    assert!(size_of::<Breath>() <= 4096);
    assert!([0, 9, 126, u16::MAX].iter().all(|hz| Breath::new(*hz, (-1.0, 1.0)).is_none()));
    assert!(Breath::new(25, (1.0, 1.0)).is_none());
}
