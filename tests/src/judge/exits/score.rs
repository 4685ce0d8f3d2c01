//! Which told exits were right.
//!
//! Recall = exits that were told over exits; precision = told ones that were right over told ones; both 0 to 1.
//! Not here: what an exit is, and when one is told.

use serde_json::{Map, json};

use super::TOLERANCE_S;
use super::trial::SET;
use crate::judge::{Plan, Section};

/// Sums over trials.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    /// Exits that happened.
    pub exits: u32,
    /// Exits that were told.
    pub told: u32,
    /// Told exits that were right.
    pub right: u32,
    /// Hours of trials.
    pub hours: f64,
    /// Sum of the distances of right ones, seconds.
    apart_s: f64,
}

impl Sum {
    /// Adds one trial: times of exits and of told ones, in order, seconds.
    pub fn add(&mut self, exits: &[f64], told: &[f64], hours: f64) {
        let count = |list: &[f64]| u32::try_from(list.len()).unwrap_or(u32::MAX);
        self.exits += count(exits);
        self.told += count(told);
        self.hours += hours;
        // Earliest with earliest matches as many as any other way does, as both are in order.
        let mut left = exits.iter().peekable();
        for at in told {
            while left.next_if(|exit| *at - **exit > TOLERANCE_S).is_some() {}
            if let Some(exit) = left.next_if(|exit| (*at - **exit).abs() <= TOLERANCE_S) {
                self.right += 1;
                self.apart_s += (*at - exit).abs();
            }
        }
    }

    /// Exits told; one if there were none.
    pub fn recall(&self) -> f64 {
        share(self.right, self.exits)
    }

    /// Told ones that were right; one if none was told.
    pub fn precision(&self) -> f64 {
        share(self.right, self.told)
    }
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 1.0 } else { f64::from(part) / f64::from(whole) }
}

/// Table and numbers.
pub fn section(sum: &Sum, plan: Plan) -> Section {
    let by = if plan.folds > 1 {
        format!("each trial by a forest of the others, {} parts, seed {}", plan.folds, plan.seed)
    } else {
        "the forest that ships".to_owned()
    };
    let (recall, precision) = (sum.recall(), sum.precision());
    let table = format!(
        "Bed exits of {SET}: {by}; matched one to one within {TOLERANCE_S} s of the time told.\n\n\
         exits  told  right  missed  wrong  recall  precision  wrong/h  mean apart\n\
         {:>5}  {:>4}  {:>5}  {:>6}  {:>5}  {:>5.1}%  {:>8.1}%  {:>7.2}  {:>8.1} s\n\n",
        sum.exits,
        sum.told,
        sum.right,
        sum.exits - sum.right,
        sum.told - sum.right,
        recall * 100.0,
        precision * 100.0,
        f64::from(sum.told - sum.right) / sum.hours.max(f64::MIN_POSITIVE),
        sum.apart_s / f64::from(sum.right.max(1)),
    );
    let numbers = json!([{
        "name": SET,
        "exits": sum.exits,
        "told": sum.told,
        "recall": recall,
        "precision": precision,
        "tolerance_s": TOLERANCE_S,
    }]);
    Section { table, numbers: Map::from_iter([("bed_exit".to_owned(), numbers)]) }
}
