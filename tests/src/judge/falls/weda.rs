//! WEDA-FALL: wrist, 50 Hz, m/s² in steps of a tenth.
//!
//! Not here: its gyroscope, and the times of falls that its authors set by hand.

use std::path::Path;

use super::recording::{Place, Recording, milli_g, person};
use crate::judge::data::{files, lines};

/// Folder of the set.
pub(super) const FOLDER: &str = "weda_fall";
/// Standard gravity, m/s².
pub(super) const GRAVITY: f64 = 9.806_65;
/// People from this number on are of the older group.
const FIRST_OLD: u32 = 21;

pub(super) fn read(folder: &Path) -> Vec<Recording> {
    let mut found: Vec<Recording> = Vec::new();
    for file in files(folder, ".csv.zst") {
        let person = person(&file);
        let mut open = String::new();
        lines(&file, 1, |line| {
            let parts: Vec<&str> = line.split(',').collect();
            let [trial, sensor, _, x, y, z] = parts[..] else { return None };
            if sensor != "a" {
                return Some(());
            }
            let axis = |v: &str| v.trim().parse().map(|a: f64| milli_g(a / GRAVITY)).ok();
            let sample = [axis(x)?, axis(y)?, axis(z)?];
            if trial != open {
                trial.clone_into(&mut open);
                found.push(begin(&person, trial));
            }
            found.last_mut()?.samples.push(sample);
            Some(())
        });
    }
    found
}

fn begin(person: &str, trial: &str) -> Recording {
    let number = person.trim_start_matches('U').parse().unwrap_or(0);
    Recording {
        set: FOLDER,
        person: person.to_owned(),
        old: number >= FIRST_OLD,
        place: Place::Wrist,
        code: trial.split('_').next().unwrap_or_default().to_owned(),
        fall: trial.starts_with('F'),
        rate_hz: 50,
        samples: Vec::new(),
    }
}
