//! SisFall: waist, 200 Hz, raw counts of 1/256 g, one line a trial and axis.
//!
//! Not here: its gyroscope.

use std::path::Path;

use super::recording::{Place, Recording, milli_g, person};
use crate::judge::data::{files, lines};

/// Folder of the set.
pub(super) const FOLDER: &str = "sisfall";
/// Counts of one g.
const COUNTS: f64 = 256.0;

pub(super) fn read(folder: &Path) -> Vec<Recording> {
    let mut found: Vec<Recording> = Vec::new();
    for file in files(folder, ".colcsv.zst") {
        let (person, mut open) = (person(&file), String::new());
        lines(&file, 0, |line| {
            let mut parts = line.split(',');
            let (trial, channel) = parts.next().zip(parts.next())?;
            let Some(axis) = ["ax", "ay", "az"].iter().position(|name| *name == channel) else {
                return Some(());
            };
            let values = parts.map(|v| v.trim().parse().map(|raw: f64| milli_g(raw / COUNTS)));
            let values: Vec<i16> = values.collect::<Result<_, _>>().ok()?;
            if axis == 0 {
                trial.clone_into(&mut open);
                found.push(begin(&person, trial, values.len()));
            }
            let filled = found.last_mut().filter(|_| open == trial)?;
            for (sample, value) in filled.samples.iter_mut().zip(values) {
                sample[axis] = value;
            }
            Some(())
        });
    }
    found
}

/// A trial whose axes are still to be filled in; the first axis of a trial comes first.
fn begin(person: &str, trial: &str, samples: usize) -> Recording {
    Recording {
        set: FOLDER,
        person: person.to_owned(),
        old: person.starts_with("SE"),
        place: Place::Waist,
        code: trial.split('_').next().unwrap_or_default().to_owned(),
        fall: trial.starts_with('F'),
        rate_hz: 200,
        samples: vec![[0; 3]; samples],
    }
}
