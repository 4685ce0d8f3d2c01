//! UMAFall: a phone in the pocket at 200 Hz; chest, waist and wrist at 20 Hz; all in g.
//!
//! The sensors of one trial are separate recordings. Not here: the ankle, where nobody wears an alarm.

use std::collections::BTreeMap;
use std::path::Path;

use super::recording::{Place, Recording, milli_g, person};
use crate::judge::data::{files, lines};

/// Folder of the set.
pub(super) const FOLDER: &str = "umafall";
/// People aged 50 or more, as the set's own description says.
const OLD: [&str; 4] = ["01", "03", "09", "12"];

pub(super) fn read(folder: &Path) -> Vec<Recording> {
    let mut found = Vec::new();
    for file in files(folder, ".csv.zst") {
        let name = person(&file);
        let person = name.trim_start_matches("subject_");
        let mut trials: BTreeMap<(String, u8), Recording> = BTreeMap::new();
        lines(&file, 1, |line| {
            let parts: Vec<&str> = line.split(',').collect();
            let [trial, sensor, kind, _, x, y, z] = parts[..] else { return None };
            let place = match (kind, sensor) {
                ("0", "0") => (Place::Pocket, 200),
                ("0", "1") => (Place::Chest, 20),
                ("0", "2") => (Place::Waist, 20),
                ("0", "3") => (Place::Wrist, 20),
                _ => return Some(()),
            };
            let axis = |v: &str| v.trim().parse().map(milli_g).ok();
            let sample = [axis(x)?, axis(y)?, axis(z)?];
            let key = (trial.to_owned(), sensor.as_bytes().first().copied().unwrap_or(0));
            let recording = trials.entry(key).or_insert_with(|| begin(person, trial, place));
            recording.samples.push(sample);
            Some(())
        });
        found.extend(trials.into_values());
    }
    found
}

/// A trial's name is `F_lateralFall_1_2016-06-13_21-42-37`.
fn begin(person: &str, trial: &str, (place, rate_hz): (Place, u16)) -> Recording {
    let mut parts = trial.split('_');
    let fall = parts.next() == Some("F");
    let code: Vec<&str> = parts.take_while(|part| part.parse::<u32>().is_err()).collect();
    Recording {
        set: FOLDER,
        person: person.to_owned(),
        old: OLD.contains(&person),
        place,
        code: code.join("_"),
        fall,
        rate_hz,
        samples: Vec::new(),
    }
}
