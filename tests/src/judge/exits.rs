//! Judges the bed exit of a worn accelerometer: every trial of UCI 427 streamed through the detector.
//!
//! An exit is a reading in bed (label 1 or 3) that is followed by one out of it (2 or 4). A told exit is right if the
//! time that it is dated lies within [`TOLERANCE_S`] of an exit that no other one was matched with. The trials of a
//! room follow each other by name, as wearers do: the detector goes on learning the room, by posture alone. With
//! folds, trials are dealt (the set does not say whose they are) and each is judged by a forest of the others. Not
//! here: reading ([`trial`]), training ([`train`]), sums ([`score`]).

pub mod score;
pub mod train;
pub mod trial;

use std::path::Path;

use care::exit::{Exits, Forest, Room};
use care::policy::EXIT_DELAY;
use proto::unit::Mono;

use self::score::Sum;
use self::trial::Trial;
use super::data::DataError;
use super::{Plan, Section};
use crate::seed::Seed;

/// Most seconds between an exit and the time that the detector dates it.
pub const TOLERANCE_S: f64 = 10.0;

/// Judges the detector over the rooms below a path.
pub fn judge(data: &Path, plan: Plan) -> Result<Option<Section>, DataError> {
    let trials = trial::all(data)?;
    if trials.is_empty() {
        return Ok(None);
    }
    let forests = if plan.folds > 1 {
        unseen(&trials, plan)
    } else {
        vec![Exits::default().forest(); trials.len()]
    };
    let mut sum = Sum::default();
    for (trial, told) in trials.iter().zip(stream(&trials, &forests)) {
        sum.add(&trial.exits(), &told, trial.hours());
    }
    Ok(Some(score::section(&sum, plan)))
}

/// The forest for each trial: one that has not learned from it.
pub fn unseen(trials: &[Trial], plan: Plan) -> Vec<Forest> {
    let parts = deal(trials.len(), plan);
    let grown: Vec<Forest> = std::thread::scope(|scope| {
        let parts = &parts;
        let growing: Vec<_> = (0..plan.folds)
            .map(|part| {
                scope.spawn(move || {
                    let others = trials.iter().zip(parts).filter(|(_, own)| **own != part);
                    train::learn(&others.map(|(trial, _)| trial).collect::<Vec<_>>(), plan.seed)
                })
            })
            .collect();
        let grown = growing.into_iter().map(|grown| grown.join().unwrap_or_default());
        grown.map(train::keep).collect()
    });
    parts.iter().map(|part| grown[*part]).collect()
}

/// The part of each trial.
fn deal(trials: usize, plan: Plan) -> Vec<usize> {
    let mut parts: Vec<usize> = (0..trials).map(|n| n % plan.folds).collect();
    let mut seed = Seed::new(plan.seed);
    for n in (1..parts.len()).rev() {
        parts.swap(n, seed.index(n + 1));
    }
    parts
}

/// Times of the exits that were told of each trial, seconds.
pub fn stream(trials: &[Trial], forests: &[Forest]) -> Vec<Vec<f64>> {
    let mut told = Vec::new();
    for (group, forests) in trial::rooms(trials, forests) {
        let mut room = Room::default();
        for (trial, forest) in group.iter().zip(forests) {
            let mut exits = Exits::with(room, *forest);
            let mut times = Vec::new();
            for reading in &trial.readings {
                exits.hear(&reading.sample);
                take(&mut exits, reading.sample.at, &mut times);
            }
            take(&mut exits, trial.end().after(EXIT_DELAY), &mut times);
            room = exits.room().clone();
            told.push(times);
        }
    }
    told
}

fn take(exits: &mut Exits, now: Mono, times: &mut Vec<f64>) {
    while let Some(turn) = exits.poll(now) {
        if turn.out {
            times.push(trial::seconds(turn.at));
        }
    }
}
