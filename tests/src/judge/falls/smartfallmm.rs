//! SmartFallMM: hip and wrist, 25 to 50 Hz, in g, one file a trial as its authors left it.
//!
//! Lines that hold no numbers are passed over, as are the odd headers. The rate is the middle step of the column
//! of seconds. Not here: phone and watch, whose time stamps come in pairs.

use std::path::Path;

use super::recording::{Place, Recording, milli_g, person};
use crate::judge::data::{archive, files};

/// Folder of the set.
pub(super) const FOLDER: &str = "smartfallmm";
/// Activities from this number on are falls.
const FIRST_FALL: u32 = 10;

pub(super) fn read(folder: &Path) -> Vec<Recording> {
    let mut found = Vec::new();
    for file in files(folder, ".tar.zst") {
        let name = person(&file);
        let Some((group, person)) = name.split_once('_') else { continue };
        let mut trials = archive(&file);
        trials.sort();
        for (path, text) in trials {
            let sensor = path.parent().and_then(Path::file_name).unwrap_or_default();
            let place = match &*sensor.to_string_lossy() {
                "meta_hip" => Place::Waist,
                "meta_wrist" => Place::Wrist,
                _ => continue,
            };
            let trial = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let Some(number) = trial.split_once('A').and_then(|(_, rest)| rest.get(..2)) else {
                continue;
            };
            let (samples, rate_hz) = parse(&text);
            found.push(Recording {
                set: FOLDER,
                person: person.to_owned(),
                old: group == "old",
                place,
                code: format!("A{number}"),
                fall: number.parse::<u32>().is_ok_and(|number| number >= FIRST_FALL),
                rate_hz,
                samples,
            });
        }
    }
    found
}

/// Samples and samples a second. Lines are `epoch, time, seconds, x, y, z`; a z that is missing is zero.
fn parse(text: &str) -> (Vec<[i16; 3]>, u16) {
    let (mut samples, mut times) = (Vec::new(), Vec::<f64>::new());
    for line in text.lines() {
        let numbers: Result<Vec<f64>, _> =
            line.trim().split(',').skip(2).map(|value| value.trim().parse()).collect();
        let Ok(numbers) = numbers else { continue };
        let [time, x, y, ref rest @ ..] = numbers[..] else { continue };
        times.push(time);
        samples.push([x, y, rest.first().copied().unwrap_or(0.0)].map(milli_g));
    }
    let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_by(f64::total_cmp);
    let middle = steps.get(steps.len() / 2).copied().filter(|step| *step > 0.0).unwrap_or(0.02);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "20 to 200")]
    let rate_hz = (1.0 / middle).round().clamp(20.0, 200.0) as u16;
    (samples, rate_hz)
}
