//! Inactivity, judged: real homes replayed sign by sign, and the same homes with their life cut off.
//!
//! *False alarms*: no emergency is known in these sets, so every finding of stillness counts, also of a long
//! absence. Days are those of each home's span. Hours in which all homes of a set are silent together, which
//! is its recording that failed, are played as what they are, a gateway that is gone; they are no home-days.
//! The table also says the rate with devices that go on living in them.
//!
//! *Detection*: each home's stream is cut at uniformly drawn seconds of its span (not in those outages). After a
//! cut no sensor sees life, and every device goes on saying that it lives. The delay runs from the cut to the
//! alarm; never within 24 h counts as 24 h; an alarm that was already open at the cut, and so was counted as
//! false, counts as 0 h. Cuts while nobody was at home count too; the mean without them stands beside. Not
//! here: the detector.

pub mod homes;
pub mod replay;
pub mod score;
pub mod usual;

use std::path::Path;

use care::Home;
use care::policy::{Rules, USUAL_STILL, Watch};
use serde_json::{Map, Value};

use crate::judge::inactivity::homes::{Homes, Recording};
use crate::judge::inactivity::score::Scored;
use crate::judge::{Plan, Section};
use crate::seed::Seed;

/// Cuts drawn in each home.
const CUTS: usize = 60;
/// The settings that are judged, by the names that the console uses.
const SETTINGS: [(&str, Watch); 2] = [("calm", Watch::Calm), ("alert", Watch::Alert)];

/// Replays every home of TIHM and of van Kasteren's.
pub fn judge(data: &Path, plan: Plan) -> Option<Section> {
    let sets = [homes::tihm(data), homes::kasteren(data)];
    let (mut table, mut numbers) = (String::new(), Vec::new());
    for set in sets.into_iter().flatten() {
        table += &format!("{}\n{}", set.name, score::HEADING);
        for (setting, watch) in SETTINGS {
            let scored = play(&set, watch, plan);
            table += &score::rows(setting, &scored);
            numbers.push(score::numbers(set.name, setting, &scored));
        }
        table.push('\n');
    }
    let numbers = Map::from_iter([("inactivity".to_owned(), Value::Array(numbers))]);
    (!table.is_empty()).then_some(Section { table, numbers })
}

fn play(set: &Homes, watch: Watch, plan: Plan) -> Vec<Scored> {
    let seed = Seed::new(plan.seed);
    let rules = Rules { watch, ..Rules::default() };
    let folds = dealt(set, plan);
    let mut scored = Vec::new();
    for (part, recording) in (0..).zip(&set.homes) {
        let fold = folds[scored.len()];
        let others = set.homes.iter().zip(&folds).filter(|(_, other)| **other != fold);
        let usual =
            fold.map_or(USUAL_STILL, |_| usual::usual(others.map(|(home, _)| home), &set.outages));
        let cuts = draw(&mut seed.part(part), set, recording);
        let run = replay::run(recording, Home::with_usual(&usual), rules, &set.outages, &cuts);
        let strict = replay::run(recording, Home::with_usual(&usual), rules, &[], &[]);
        scored.push(Scored::of(set, recording, &run, &strict));
    }
    scored
}

/// Which part each home falls into; none = judged by what is shipped, which another set has taught or all homes.
fn dealt(set: &Homes, plan: Plan) -> Vec<Option<usize>> {
    let mut folds: Vec<Option<usize>> =
        (0..set.homes.len()).map(|home| Some(home % plan.folds.max(1))).collect();
    if plan.folds < 2 || set.homes.len() < 2 * plan.folds {
        folds.fill(None);
    }
    let mut seed = Seed::new(plan.seed).part(u64::MAX);
    for place in (1..folds.len()).rev() {
        folds.swap(place, seed.index(place + 1));
    }
    folds
}

/// Uniform seconds of a home's span, outside the outages of its set, in order.
fn draw(seed: &mut Seed, set: &Homes, recording: &Recording) -> Vec<u64> {
    let (first, last) = recording.span();
    let mut cuts = Vec::new();
    while cuts.len() < CUTS && first < last {
        let at = first + seed.below(last - first);
        if !set.outages.iter().any(|(from, to)| (*from..*to).contains(&at)) {
            cuts.push(at);
        }
    }
    cuts.sort_unstable();
    cuts
}
