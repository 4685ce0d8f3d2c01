//! Copies of everything a server knows, and what its folder says when something of it is missing.
//!
//! - [`take()`] copies all stores and keys while the server runs; [`restore()`] puts them into an empty folder.
//! - [`Identity`] says which life the records of a folder have; a restore begins a new one.
//! - [`stores`] opens the folder at a start: what is damaged is set aside, what is lost is refused.
//!
//! Not here: asking gateways for what a copy lacks (`replay`).

pub mod identity;
pub mod manifest;
mod restore;
pub mod stores;
mod take;

pub use self::restore::{in_place, restore};
pub use self::take::take;
pub use records::identity::Identity;

use crate::provision::kek::{KekError, random};

/// A life that no records have had.
pub(crate) fn fresh_line() -> Result<i64, KekError> {
    // Positive, and never zero, which is no life.
    Ok((i64::from_le_bytes(random()?) & i64::MAX).max(1))
}
