//! Breathing rate, judged: each recording streamed through the estimator as it ships, against breaths marked by hand.
//!
//! The set is chest impedance of patients in intensive care, not a bed sensor: no recording of one with a reference is
//! in reach. Windows of 60 s; the reference is the mean rate of both annotators, from first to last breath of the
//! window; the estimate is the mean of the valid rates at 32 s and at 60 s. Windows that an annotator left (nearly)
//! empty are not judged. Rails are each recording's least and most value: what its monitor could say is not recorded.
//! Not here: the estimator (`care::breath`).

use std::path::Path;

use care::breath::Breath;
use serde_json::{Map, Value, json};

use super::data;
use super::{Plan, Section};

const HZ: u16 = 125;
const WINDOW_S: usize = 60;

/// What came of one recording.
struct Scored {
    old: bool,
    errors: Vec<f64>,
    windows: usize,
}

/// Judges the estimator over BIDMC.
pub fn judge(data: &Path, _: Plan) -> Option<Section> {
    let folder = data.join("bidmc");
    let files = data::files(&folder, "_Signals.csv.zst");
    if files.is_empty() {
        return None;
    }
    let people = data::text(&folder.join("records.csv")).unwrap_or_default();
    let mut scored = Vec::new();
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let record = name.split('_').nth(1).unwrap_or_default();
        let age = people.lines().find_map(|line| line.strip_prefix(record)?.split(',').nth(1));
        let old =
            age.is_some_and(|age| age.trim_end_matches('+').parse().is_ok_and(|y: u8| y >= 65));
        let marks = folder.join(format!("bidmc_{record}_Breaths.csv"));
        scored.push(score(&resp(file), &breaths(&marks), old));
    }
    Some(section(&scored))
}

/// The impedance of a recording.
fn resp(path: &Path) -> Vec<f32> {
    let (mut column, mut values) = (None, Vec::new());
    data::lines(path, 0, |line| {
        let mut cells = line.split(',').map(str::trim);
        if let Some(column) = column {
            values.push(cells.nth(column)?.parse().ok()?);
        } else {
            column = Some(cells.position(|name| name == "RESP")?);
        }
        Some(())
    });
    values
}

/// Sample numbers of the breaths that each annotator marked; who has marked fewer leaves cells empty.
fn breaths(path: &Path) -> [Vec<usize>; 2] {
    let mut marked = [Vec::new(), Vec::new()];
    data::lines(path, 1, |line| {
        for (list, cell) in marked.iter_mut().zip(line.split(',').map(str::trim)) {
            if !cell.is_empty() && cell != "NaN" {
                list.push(cell.parse().ok()?);
            }
        }
        Some(())
    });
    marked
}

/// Breaths a minute that one annotator saw in a window; none with fewer than three breaths.
#[expect(clippy::cast_precision_loss, reason = "a rate for a table")]
fn seen(marks: &[usize], from: usize, to: usize) -> Option<f64> {
    let within: Vec<usize> = marks.iter().copied().filter(|at| (from..to).contains(at)).collect();
    let (first, last) = (*within.first()?, *within.last()?);
    let spans = within.len() - 1;
    (spans >= 2 && last > first)
        .then(|| 60.0 * f64::from(HZ) * spans as f64 / (last - first) as f64)
}

fn score(resp: &[f32], marks: &[Vec<usize>; 2], old: bool) -> Scored {
    let rails = resp.iter().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    let mut scored = Scored { old, errors: Vec::new(), windows: 0 };
    let Some(mut breath) = Breath::new(HZ, rails) else { return scored };
    let length = WINDOW_S * usize::from(HZ);
    for (part, window) in resp.chunks_exact(length).enumerate() {
        let mut rates = Vec::new();
        for (place, sample) in (1..).zip(window) {
            breath.push(Some(*sample));
            if place == 32 * usize::from(HZ) || place == length {
                rates.extend(breath.rate().ok().map(f64::from));
            }
        }
        let (from, to) = (part * length, (part + 1) * length);
        let [Some(one), Some(other)] = [0, 1].map(|who| seen(&marks[who], from, to)) else {
            continue;
        };
        scored.windows += 1;
        if !rates.is_empty() {
            scored.errors.push((mean(&rates) - f64::midpoint(one, other)).abs());
        }
    }
    scored
}

#[expect(clippy::cast_precision_loss, reason = "a mean for a table")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Recordings, windows, mean absolute error, share of windows with an error above 3, share of valid windows.
#[expect(clippy::cast_precision_loss, reason = "shares for a table")]
fn figures(scored: &[&Scored]) -> (usize, usize, f64, f64, f64) {
    let errors: Vec<f64> = scored.iter().flat_map(|s| s.errors.iter().copied()).collect();
    let windows: usize = scored.iter().map(|s| s.windows).sum();
    let far = errors.iter().filter(|error| **error > 3.0).count();
    let share = |part: usize, all: usize| part as f64 / all.max(1) as f64;
    let (mae, valid) = (mean(&errors), share(errors.len(), windows));
    (scored.len(), windows, mae, share(far, errors.len()), valid)
}

fn section(scored: &[Scored]) -> Section {
    let mut table = String::from(
        "bidmc: breathing rate from the chest impedance of patients in intensive care. This is not a bed sensor.\n\
         age    recordings  windows of 60 s  mean error (/min)  error > 3/min  valid windows\n",
    );
    for (name, chosen) in [("all", None), ("65+", Some(true)), ("other", Some(false))] {
        let group: Vec<_> =
            scored.iter().filter(|s| chosen.is_none_or(|old| s.old == old)).collect();
        let (recordings, windows, mae, far, valid) = figures(&group);
        table += &format!(
            "{name:<6} {recordings:>10}  {windows:>15}  {mae:>17.2}  {:>11.1} %  {:>11.1} %\n",
            100.0 * far,
            100.0 * valid
        );
    }
    let (recordings, windows, mae, far, valid) = figures(&scored.iter().collect::<Vec<_>>());
    let one = json!({
        "name": "bidmc", "recordings": recordings, "windows": windows, "window_s": WINDOW_S,
        "mae_bpm": mae, "far_share": far, "valid_share": valid,
    });
    let numbers = Map::from_iter([("vitals".to_owned(), Value::Array(vec![one]))]);
    Section { table, numbers }
}
