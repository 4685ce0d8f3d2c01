//! What is usual of homes: how long people are still, by the hour at which a stillness begins.
//!
//! From these numbers every new home begins (`care::policy::USUAL_STILL`); the program `habits` prints them, and
//! the judge makes them anew from the homes that it does not judge. Not here: the detector, which learns each
//! home's own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use care::policy::pace::steps;
use care::policy::{AWAY_LEARNED, Usual};
use proto::unit::Millis;

use crate::judge::inactivity::homes::{DAY_S, Recording};
use crate::judge::inactivity::score::left_by_door;

/// Seconds of one of the eight parts of a day.
const PART_S: u64 = DAY_S / 8;

/// Mean over all days and homes of a day's longest stillness, and the spread within a home; `outages` teach nothing.
pub fn usual<'a>(homes: impl Iterator<Item = &'a Recording>, outages: &[(u64, u64)]) -> Usual {
    let mut days: [Vec<Vec<f64>>; 16] = Default::default();
    for home in homes {
        let mut longest: BTreeMap<(usize, u64), u8> = BTreeMap::new();
        for (place, pair) in home.signs.windows(2).enumerate() {
            let (from, to) = (pair[0].0, pair[1].0);
            let lost = outages.iter().any(|(begin, end)| from < *end && to > *begin);
            let away = left_by_door(home, place);
            let span = Millis::secs(to - from);
            if lost || (away && span < AWAY_LEARNED) {
                continue;
            }
            let part =
                usize::try_from(from % DAY_S / PART_S).unwrap_or(0) + if away { 8 } else { 0 };
            let most = longest.entry((part, to / DAY_S)).or_default();
            *most = (*most).max(steps(span));
        }
        for (slot, days) in days.iter_mut().enumerate() {
            let own = longest.iter().filter(|((part, _), _)| *part == slot);
            days.push(own.map(|(_, steps)| f64::from(*steps)).collect());
        }
    }
    days.map(|homes| {
        let all: Vec<f64> = homes.iter().flatten().copied().collect();
        let squares = homes.iter().flat_map(|own| {
            let middle = mean(own);
            own.iter().map(move |steps| (steps - middle).powi(2))
        });
        (byte(mean(&all)), byte(mean(&squares.collect::<Vec<_>>()).sqrt()))
    })
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand days fit 52 bits")]
fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len().max(1) as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float as a byte is clamped to its range"
)]
fn byte(number: f64) -> u8 {
    number.round() as u8
}

/// The table as it stands in the policy.
pub fn source(usual: &Usual) -> String {
    let mut text = String::new();
    for half in usual.chunks(4) {
        let row: Vec<String> =
            half.iter().map(|(mean, spread)| format!("({mean}, {spread})")).collect();
        // A String takes every write.
        let _ = writeln!(text, "    {},", row.join(", "));
    }
    text
}
