//! GENERATED
use super::forest::Forest;
pub(super) const FOREST: Forest = Forest::new(&[]);
