//! Learns the forests of the fall detector from recordings, and writes them as a table.
//!
//! A recording is measured by the detector itself, as recorded and in variants of rate and gain. Which blow of
//! a fall is *the* fall nobody wrote down: first the hardest is taken, then the one that a first forest
//! likes best; others close to it teach nothing. Not here: how trees grow ([`boost`]), and how well it does.

pub mod boost;
pub mod table;

use care::fall::{FEATURES, Fall, Forest};

use self::boost::{Growth, grow};
use super::falls::recording::Recording;
use crate::seed::Seed;

/// Trees of a first forest, which only says which blow is the fall.
const FIRST_TREES: usize = 40;
/// Other blows of a fall within so many seconds of it teach nothing.
const NEAR_S: f64 = 3.0;
/// What other blows of a fall's recording count: most are daily life, some are the person getting up.
const FAR_WEIGHT: f64 = 0.3;

/// What is learned of one blow.
pub type Row = boost::Row<FEATURES>;

/// One blow of a recording.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Which recording.
    pub recording: usize,
    /// Which variant of it; 0 = as recorded.
    pub variant: usize,
    /// When it was looked at, seconds from the start.
    pub at_s: f64,
    /// How hard it was, milli-g.
    pub force_mg: u16,
    /// Its numbers.
    pub row: Row,
}

/// A way to change a recording that a fall stays a fall in.
#[derive(Debug, Clone, Copy)]
struct Variant {
    /// Rate to come down to, if the recording is at least twice as fast.
    rate_hz: Option<u16>,
    /// Samples left out at the start.
    late: usize,
    gain_percent: i32,
    clip_mg: i32,
    speed_percent: u16,
}

/// As recorded, then what makes the forests indifferent to rate, phase, gain and range.
const VARIANTS: [Variant; 8] = [
    Variant { rate_hz: None, late: 0, gain_percent: 100, clip_mg: 16_500, speed_percent: 100 },
    Variant { rate_hz: Some(20), late: 0, gain_percent: 100, clip_mg: 16_500, speed_percent: 100 },
    Variant { rate_hz: Some(25), late: 1, gain_percent: 95, clip_mg: 8_000, speed_percent: 100 },
    Variant { rate_hz: None, late: 2, gain_percent: 105, clip_mg: 16_500, speed_percent: 100 },
    Variant { rate_hz: None, late: 1, gain_percent: 95, clip_mg: 16_500, speed_percent: 90 },
    Variant { rate_hz: None, late: 3, gain_percent: 105, clip_mg: 16_500, speed_percent: 110 },
    Variant { rate_hz: Some(32), late: 2, gain_percent: 90, clip_mg: 16_500, speed_percent: 95 },
    Variant { rate_hz: Some(50), late: 0, gain_percent: 110, clip_mg: 16_500, speed_percent: 105 },
];

/// Measures every blow of a recording, in all its variants.
pub fn measure(recording: &Recording, number: usize) -> Vec<Seen> {
    let mut seen = Vec::new();
    for (n, variant) in VARIANTS.iter().enumerate() {
        let (samples, rate_hz) = vary(recording, *variant);
        let played_hz = u32::from(rate_hz) * u32::from(variant.speed_percent) / 100;
        let played_hz = u16::try_from(played_hz).unwrap_or(rate_hz);
        let mut fall = Fall::new(recording.place.worn(), played_hz);
        for (count, sample) in (0_u32..).zip(samples) {
            if let Some(blow) = fall.measure(sample) {
                let row = Row { values: *blow.features(), yes: false, weight: 1.0 };
                let at_s = f64::from(count) / f64::from(rate_hz);
                let force_mg = blow.force_mg();
                seen.push(Seen { recording: number, variant: n, at_s, force_mg, row });
            }
        }
    }
    seen
}

fn vary(recording: &Recording, variant: Variant) -> (Vec<[i16; 3]>, u16) {
    let wanted = variant.rate_hz.unwrap_or(recording.rate_hz);
    let many = usize::from((recording.rate_hz / wanted).max(1));
    let rate_hz = recording.rate_hz / u16::try_from(many).unwrap_or(1);
    let implausible = |sample: &[i16; 3]| sample.iter().any(|v| v.unsigned_abs() > 17_000);
    let late = variant.late.min(recording.samples.len());
    let thinned = recording.samples[late..].chunks_exact(many).map(|group| {
        [0, 1, 2].map(|axis| {
            let sum: i32 = group.iter().map(|sample| i32::from(sample[axis])).sum();
            let mean = sum / i32::try_from(many).unwrap_or(1);
            let changed = mean * variant.gain_percent / 100;
            // What no sensor can say stays so.
            let keep = group.iter().any(implausible);
            let limit = if keep { i32::from(i16::MAX) } else { variant.clip_mg };
            i16::try_from(changed.clamp(-limit, limit)).unwrap_or(i16::MAX)
        })
    });
    (thinned.collect(), rate_hz)
}

/// Says for each blow whether it is the fall, by what `likes` gives each.
fn label(seen: &mut [Seen], recordings: &[Recording], likes: impl Fn(&Seen) -> i32) {
    let same =
        |one: &Seen, other: &Seen| one.recording == other.recording && one.variant == other.variant;
    for group in seen.chunk_by_mut(same) {
        if !group.first().is_some_and(|first| recordings[first.recording].fall) {
            continue;
        }
        let best = (0..group.len()).max_by_key(|n| likes(&group[*n])).unwrap_or(0);
        let at_s = group[best].at_s;
        for (n, one) in group.iter_mut().enumerate() {
            let near = (one.at_s - at_s).abs() < NEAR_S;
            one.row.yes = n == best;
            one.row.weight = match (n == best, near) {
                (true, _) => 1.0,
                (false, true) => 0.0,
                (false, false) => FAR_WEIGHT,
            };
        }
    }
}

/// Learns a forest from blows, which come by recording and variant; the alarm is still to be set.
pub fn learn(seen: &[Seen], recordings: &[Recording], growth: Growth, seed: u64) -> Vec<u8> {
    let mut seed = Seed::new(seed);
    let mut seen = seen.to_vec();
    label(&mut seen, recordings, |one| i32::from(one.force_mg));
    let rows: Vec<Row> = seen.iter().map(|one| one.row).collect();
    let first = keep(grow(&rows, Growth { trees: FIRST_TREES, ..growth }, &mut seed), 0);
    label(&mut seen, recordings, |one| first.votes(&one.row.values));
    let rows: Vec<Row> = seen.iter().map(|one| one.row).collect();
    grow(&rows, growth, &mut seed)
}

/// A forest for the rest of the run: detectors hold theirs for ever, as on the device.
pub fn keep(bytes: Vec<u8>, alarm: i32) -> Forest {
    Forest::new(Box::leak(bytes.into_boxed_slice()), alarm)
}
