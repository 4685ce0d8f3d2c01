//! Judges the bed exit of a worn accelerometer: every trial of UCI 427 streamed through the detector.
//!
//! An *exit* lies between a reading in bed (label 1 or 3) and the next one out of it (2 or 4), which may be minutes
//! apart. A told exit is right if the time that it is dated lies between both or within [`TOLERANCE_S`] of either, and
//! nothing else was matched with that exit. After each trial comes silence, as of a tag that nobody hears any more.
//! A room is learned from all its readings first, never from labels; a *new* room only as its trials come.
//! With folds, each part of a room's trials, in order, is judged by a forest of the others: neighbours are mostly of
//! one person, and the set does not say whose a trial is. Not here: reading ([`trial`]), training ([`train`]).

pub mod score;
pub mod train;
pub mod trial;
mod vary;

use std::path::Path;

use care::exit::{Exits, Forest, Room};
use care::policy::EXIT_DELAY;
use proto::unit::Mono;

use self::score::{Outcome, Scores};
use self::trial::Trial;
use super::{Plan, Section};

/// Most seconds between an exit and the time that the detector dates it.
pub const TOLERANCE_S: f64 = 10.0;

/// Judges the detector over the rooms below a path.
pub fn judge(data: &Path, plan: Plan) -> Option<Section> {
    let trials = trial::all(data);
    if trials.is_empty() {
        return None;
    }
    let forests = if plan.folds > 1 {
        unseen(&trials, plan)
    } else {
        vec![Exits::default().forest(); trials.len()]
    };
    let scores =
        Scores { known: stream(&trials, &forests, true), new: stream(&trials, &forests, false) };
    Some(score::section(&scores, plan))
}

/// The forest for each trial: one that has not learned from it.
fn unseen(trials: &[Trial], plan: Plan) -> Vec<Forest> {
    let parts = deal(trials, plan.folds);
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

/// The part of each trial: a stretch of its room.
fn deal(trials: &[Trial], folds: usize) -> Vec<usize> {
    let rooms = trials.chunk_by(|a, b| a.room == b.room);
    rooms.flat_map(|room| (0..room.len()).map(move |n| n * folds / room.len())).collect()
}

/// What came of each trial; `known`: its room is learned beforehand.
fn stream(trials: &[Trial], forests: &[Forest], known: bool) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut forests = forests.iter();
    for group in trials.chunk_by(|a, b| a.room == b.room) {
        let all: Vec<&Trial> = group.iter().collect();
        let mut room = if known { train::learn_room(&all) } else { Room::default() };
        for (trial, forest) in group.iter().zip(&mut forests) {
            let mut exits = Exits::with(room, *forest);
            let mut told = Vec::new();
            for reading in &trial.readings {
                exits.hear(&reading.sample);
                take(&mut exits, reading.sample.at, &mut told);
            }
            take(&mut exits, trial.end().after(EXIT_DELAY), &mut told);
            room = exits.room().clone();
            outcomes.push(Outcome::new(trial, told));
        }
    }
    outcomes
}

fn take(exits: &mut Exits, now: Mono, told: &mut Vec<f64>) {
    while let Some(turn) = exits.poll(now) {
        if turn.out {
            told.push(trial::seconds(turn.at));
        }
    }
}
