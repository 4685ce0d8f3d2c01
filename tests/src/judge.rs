//! The judge: every detector as shipped, streamed over real recordings that are read from a path.
//!
//! A *section* is what one detector did on the sets that it can read: a table for people and the same
//! numbers for machines. A set that is not there is skipped with a word. Figures are of people whom
//! no training has seen: with folds, subjects are dealt into parts and each part is judged
//! by a model of the others. Not here: the recordings, which may not be passed on, and the detectors.

pub mod data;
pub mod exits;
pub mod falls;
pub mod inactivity;
pub mod learn;
pub mod vitals;

use std::path::Path;

use serde_json::{Map, Value};

/// How to judge.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Parts into which subjects are dealt; 1 = the model as shipped, over everybody.
    pub folds: usize,
    /// Replays the run: dealing, training and random cuts come from it alone.
    pub seed: u64,
}

/// What one detector did.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// The table that a person reads.
    pub table: String,
    /// The same numbers by key, such as `sets`, `inactivity`, `bed_exit`; plain and never null.
    pub numbers: Map<String, Value>,
}

/// Judges one detector over the sets below a path; none = none of its sets is there.
pub type Judge = fn(&Path, Plan) -> Option<Section>;

/// All detectors that can be judged, with the name that a person reads.
pub const JUDGES: &[(&str, Judge)] = &[
    ("fall", falls::judge),
    ("inactivity", inactivity::judge),
    ("exit", exits::judge),
    ("vitals", vitals::judge),
];
