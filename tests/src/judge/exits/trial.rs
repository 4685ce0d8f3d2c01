//! Trials of UCI 427: a worn accelerometer that is heard when an antenna powers it.
//!
//! One file a trial, no header: seconds, acceleration frontal, vertical, lateral (g), antenna, strength (dBm), phase,
//! frequency, label (1 sits on the bed, 2 sits on a chair, 3 lies, 4 walks). A folder is a room. Not here: what the
//! detector makes of it.

use std::path::Path;

use care::exit::{Heard, Sample};
use proto::unit::Mono;

use crate::judge::data;

/// Folder of the set, and its name.
pub const SET: &str = "uci427_bed";

/// One reading with what the wearer did.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// What the sensor said.
    pub sample: Sample,
    /// Whether the wearer was in bed, lying or sitting.
    pub in_bed: bool,
}

/// One trial.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Which room, by order of folders.
    pub room: usize,
    /// What was read, in order of time; never empty.
    pub readings: Vec<Reading>,
}

impl Trial {
    /// Times of the last reading in bed and the first out of it, seconds, for each exit.
    pub fn exits(&self) -> Vec<(f64, f64)> {
        let left = |pair: &&[Reading]| pair[0].in_bed && !pair[1].in_bed;
        let times = |pair: &[Reading]| (seconds(pair[0].sample.at), seconds(pair[1].sample.at));
        self.readings.windows(2).filter(left).map(times).collect()
    }

    /// When it ends, seconds, if somebody is in bed then: what came of it nobody knows.
    pub fn open_end(&self) -> Option<f64> {
        self.readings.last().filter(|last| last.in_bed).map(|last| seconds(last.sample.at))
    }

    /// When the last reading was.
    pub fn end(&self) -> Mono {
        self.readings.last().map_or(Mono::from_millis(0), |last| last.sample.at)
    }

    /// How long it is.
    pub fn hours(&self) -> f64 {
        let first = self.readings.first().map_or(0.0, |first| seconds(first.sample.at));
        (seconds(self.end()) - first) / 3600.0
    }
}

/// Seconds of a time.
pub fn seconds(at: Mono) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "trials are minutes long")]
    let ms = at.millis() as f64;
    ms / 1000.0
}

/// All trials below a path, by room and name; none if the set is not there.
pub fn all(folder: &Path) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (room, folder) in data::files(&folder.join(SET), "_Dataset").iter().enumerate() {
        for path in data::files(folder, "") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let numbered = name.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
            if !name.starts_with('d') || !numbered {
                continue;
            }
            let mut readings = Vec::new();
            data::lines(&path, 0, |line| {
                if !line.trim().is_empty() {
                    readings.push(reading(line)?);
                }
                Some(())
            });
            if !readings.is_empty() {
                readings.sort_by_key(|reading| reading.sample.at.millis());
                trials.push(Trial { room, readings });
            }
        }
    }
    trials
}

fn reading(line: &str) -> Option<Reading> {
    let fields: Vec<f64> =
        line.split(',').map(|field| field.trim().parse().ok()).collect::<Option<_>>()?;
    let [t, frontal, vertical, lateral, antenna, strength, _, _, label] = fields[..] else {
        return None;
    };
    if !(0.0..1e9).contains(&t) || ![1.0, 2.0, 3.0, 4.0].contains(&label) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
    let at = Mono::from_millis((t * 1000.0).round() as u64);
    let heard = Heard {
        antenna: u8::try_from(whole(antenna)).ok()?,
        dbm: i8::try_from(whole(strength)).unwrap_or(i8::MIN),
    };
    let sample = Sample {
        at,
        frontal: whole(frontal * 1000.0),
        vertical: whole(vertical * 1000.0),
        lateral: whole(lateral * 1000.0),
        heard: Some(heard),
    };
    Some(Reading { sample, in_bed: label == 1.0 || label == 3.0 })
}

/// The nearest number that a sensor can say.
fn whole(value: f64) -> i16 {
    #[expect(clippy::cast_possible_truncation, reason = "clamped before")]
    let whole = value.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16;
    whole
}
