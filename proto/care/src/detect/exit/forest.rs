//! The forest of bed exits: 64 votes are one unit of log odds for "out of bed".
//!
//! Not here: how a tree votes (`detect::forest`), the table, and how trees are grown.

use crate::detect::forest::{self, Trees};

pub(super) use crate::detect::forest::decode;

/// Questions that a tree asks in a row.
pub const DEPTH: usize = 3;
/// Bytes of a tree.
pub const TREE_BYTES: usize = forest::tree_bytes(DEPTH);

/// Trees in a row, [`TREE_BYTES`] each.
pub type Forest = Trees<DEPTH>;
