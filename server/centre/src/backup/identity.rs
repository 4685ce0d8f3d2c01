//! Writes what the data folder says of its records, durably.
//!
//! Written after the rows it speaks of; while it cannot be written the old file stays, which says less and nothing
//! wrong. Not here: what it says and who reads it (`records::identity`).

use std::path::Path;

use crate::provision::kek::write_secret;
use records::identity::{FILE, Identity};

/// Writes it.
///
/// # Errors
/// The folder cannot be written.
pub fn write(identity: &Identity, data: &Path) -> std::io::Result<()> {
    write_secret(&data.join(FILE), identity.text().as_bytes())
}
