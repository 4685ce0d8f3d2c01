//! The forest of falls: trees that vote about the numbers of a blow, and the sum from which they mean a fall.
//!
//! Not here: how a tree votes (`detect::forest`), the tables, and how trees are grown.

use super::features::FEATURES;
use crate::detect::forest::{self, Trees};

pub(super) use crate::detect::forest::decode;

/// Questions that a tree asks in a row.
pub const DEPTH: usize = 4;
/// Bytes of a tree.
pub const TREE_BYTES: usize = forest::tree_bytes(DEPTH);

/// Trees and the sum of votes from which they mean a fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forest {
    trees: Trees<DEPTH>,
    alarm: i32,
}

impl Forest {
    /// Trees in a row, [`TREE_BYTES`] each, and the sum of votes above which they mean a fall.
    pub const fn new(trees: &'static [u8], alarm: i32) -> Self {
        Self { trees: Trees::new(trees), alarm }
    }

    /// Sum of the votes.
    pub fn votes(&self, of: &[i16; FEATURES]) -> i32 {
        self.trees.votes(of)
    }

    /// How far a sum of votes is above the one that means a fall.
    pub const fn margin(&self, votes: i32) -> i32 {
        votes - self.alarm
    }
}
