//! Which told exits were right.
//!
//! Recall = exits that were told over exits; precision = told ones that were right over told ones; both 0 to 1.
//! Not here: what an exit is, and when one is told.

use std::fmt::Write as _;

use care::exit::Exits;
use care::policy::EXIT_DELAY;
use serde_json::{Map, json};

use super::TOLERANCE_S;
use super::trial::{SET, Trial};
use crate::judge::{Plan, Section};

/// Tolerances that are told beside the one that counts, seconds.
const BESIDE_S: [f64; 3] = [5.0, 20.0, 30.0];

/// What came of one trial, in seconds.
#[derive(Debug, Clone)]
pub struct Outcome {
    exits: Vec<(f64, f64)>,
    told: Vec<f64>,
    open_end: Option<f64>,
    hours: f64,
}

impl Outcome {
    /// What the detector told of a trial.
    pub fn new(trial: &Trial, told: Vec<f64>) -> Self {
        let (exits, open_end, hours) = (trial.exits(), trial.open_end(), trial.hours());
        Self { exits, told, open_end, hours }
    }
}

/// Outcomes in rooms that were learned first, and in rooms that were new.
#[derive(Debug, Clone)]
pub struct Scores {
    /// Learned first.
    pub known: Vec<Outcome>,
    /// New.
    pub new: Vec<Outcome>,
}

/// Sums over trials.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    exits: u32,
    told: u32,
    right: u32,
    /// Wrong ones so near the end of a trial that ends in bed that nobody knows.
    open: u32,
    hours: f64,
}

impl Sum {
    fn of(outcomes: &[Outcome], tolerance_s: f64) -> Self {
        let mut sum = Self::default();
        outcomes.iter().for_each(|outcome| sum.add(outcome, tolerance_s));
        sum
    }

    fn add(&mut self, outcome: &Outcome, tolerance_s: f64) {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.exits += count(outcome.exits.len());
        self.told += count(outcome.told.len());
        self.hours += outcome.hours;
        // Earliest with earliest matches as many as any other way does, as both are in order.
        let mut left = outcome.exits.iter().peekable();
        for at in &outcome.told {
            while left.next_if(|exit| *at > exit.1 + tolerance_s).is_some() {}
            if left.next_if(|exit| *at >= exit.0 - tolerance_s).is_some() {
                self.right += 1;
            } else if outcome.open_end.is_some_and(|end| *at >= end - tolerance_s) {
                self.open += 1;
            }
        }
    }

    fn recall(&self) -> f64 {
        share(self.right, self.exits)
    }

    fn precision(&self) -> f64 {
        share(self.right, self.told)
    }

    fn row(&self, name: &str, tolerance_s: f64) -> String {
        format!(
            "{name:<13}  {tolerance_s:>4}  {:>5}  {:>4}  {:>5}  {:>6}  {:>5}  {:>4}  {:>5.1}%  {:>8.1}%  {:>7.2}\n",
            self.exits,
            self.told,
            self.right,
            self.exits - self.right,
            self.told - self.right,
            self.open,
            self.recall() * 100.0,
            self.precision() * 100.0,
            f64::from(self.told - self.right) / self.hours.max(f64::MIN_POSITIVE),
        )
    }
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 1.0 } else { f64::from(part) / f64::from(whole) }
}

/// Table and numbers.
pub fn section(scores: &Scores, plan: Plan) -> Section {
    let by = if plan.folds > 1 {
        format!("each of {} stretches of trials by a forest of the others", plan.folds)
    } else {
        "the forest that ships".to_owned()
    };
    let mut table = format!(
        "Bed exits of {SET}: {by}; told {} s after the fact, {} bytes of state.\n\n\
         room           ±s    exits  told  right  missed  wrong  open  recall  precision  wrong/h\n",
        EXIT_DELAY.get() / 1000,
        size_of::<Exits>(),
    );
    for tolerance_s in [TOLERANCE_S].into_iter().chain(BESIDE_S) {
        table += &Sum::of(&scores.known, tolerance_s).row("learned first", tolerance_s);
    }
    let (known, new) = (Sum::of(&scores.known, TOLERANCE_S), Sum::of(&scores.new, TOLERANCE_S));
    table += &new.row("new", TOLERANCE_S);
    let _ = writeln!(
        table,
        "\nopen: wrong ones at the end of a trial that ends in bed; what came of it nobody knows.\n"
    );
    let numbers = json!([{
        "name": SET,
        "exits": known.exits,
        "told": known.told,
        "recall": known.recall(),
        "precision": known.precision(),
        "tolerance_s": TOLERANCE_S,
        "told_at_open_end": known.open,
        "new_room_recall": new.recall(),
        "new_room_precision": new.precision(),
        "state_bytes": size_of::<Exits>(),
    }]);
    Section { table, numbers: Map::from_iter([("bed_exit".to_owned(), numbers)]) }
}
