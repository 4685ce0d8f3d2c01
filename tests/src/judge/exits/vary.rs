//! Variants of trials in which an exit stays an exit: another fit of the sensor, other antennas, fewer readings.
//!
//! They make a forest indifferent to what differs between wearers and rooms; without them its errors on
//! people and antennas that it has not seen are twice as many. Not here: what is learned.

use care::exit::{Heard, Sample};

use super::trial::{Reading, Trial};
use crate::seed::Seed;

/// Usual tilt of a sensor forward and to the side, degrees.
const TILT: (f64, f64) = (9.0, 5.0);
/// Usual difference between antennas, dBm.
const STRENGTH: f64 = 4.0;
/// Antennas have numbers below this.
const ANTENNAS: usize = 8;

/// The trials as other wearers in another room might have made them; one that loses all its readings is left out.
pub(super) fn vary(trials: &[&Trial], seed: &mut Seed) -> Vec<Trial> {
    let offsets: [f64; ANTENNAS] = core::array::from_fn(|_| STRENGTH * bell(seed));
    let antennas = antennas(trials);
    let lost = antennas.get(seed.index(antennas.len())).copied();
    let lost = lost.filter(|_| seed.below(2) == 0);
    let mut varied = Vec::new();
    for trial in trials {
        let tilts = (TILT.0 * bell(seed), TILT.1 * bell(seed));
        let turn = if seed.below(2) == 0 { 1.0 } else { -1.0 };
        let keep_percent = 50 + seed.below(50);
        let mut readings = Vec::new();
        for reading in &trial.readings {
            let heard = lost.is_none() || reading.sample.heard.map(|heard| heard.antenna) != lost;
            if seed.below(100) < keep_percent && heard {
                let sample = refit(&reading.sample, tilts, turn, &offsets);
                readings.push(Reading { sample, in_bed: reading.in_bed });
            }
        }
        if !readings.is_empty() {
            varied.push(Trial { room: trial.room, readings });
        }
    }
    varied
}

fn antennas(trials: &[&Trial]) -> Vec<u8> {
    let all = trials.iter().flat_map(|trial| &trial.readings);
    let mut found: Vec<u8> =
        all.filter_map(|reading| Some(reading.sample.heard?.antenna)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The reading of a sensor that sits otherwise, by antennas that hear otherwise.
fn refit(sample: &Sample, tilts: (f64, f64), turn: f64, offsets: &[f64; ANTENNAS]) -> Sample {
    let (front, up) = rotate(sample.frontal.into(), sample.vertical.into(), tilts.0);
    let (side, up) = rotate(sample.lateral.into(), up, tilts.1);
    let heard = sample.heard.map(|heard| {
        let offset = offsets[usize::from(heard.antenna) % ANTENNAS];
        let dbm = whole(f64::from(heard.dbm) + offset);
        Heard { dbm: i8::try_from(dbm).unwrap_or(i8::MIN), ..heard }
    });
    let (frontal, vertical, lateral) = (whole(front), whole(up), whole(turn * side));
    Sample { frontal, vertical, lateral, heard, ..*sample }
}

fn rotate(a: f64, b: f64, degrees: f64) -> (f64, f64) {
    let (sin, cos) = degrees.to_radians().sin_cos();
    (a * cos - b * sin, a * sin + b * cos)
}

fn whole(value: f64) -> i16 {
    #[expect(clippy::cast_possible_truncation, reason = "clamped before")]
    let whole = value.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16;
    whole
}

/// A draw around zero whose usual size is one.
#[expect(clippy::cast_precision_loss, reason = "draws below 10,001 are exact")]
fn bell(seed: &mut Seed) -> f64 {
    (0..12).map(|_| seed.below(10_001) as f64 / 10_000.0).sum::<f64>() - 6.0
}
