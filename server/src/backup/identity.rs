//! What the data folder says of its records: their life, how far their clock had come, which stores there are.
//!
//! A small file beside the keys, written after the rows it speaks of. Records that know less than it says
//! have lost rows; records of another life were put there. Not here: what follows from that (`records::opening`).

use std::fmt::Write as _;
use std::path::Path;

use crate::provision::kek::write_secret;

const FILE: &str = "keys/records.id";

/// What the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Life of the records.
    pub line: i64,
    /// Time of the server's clock that their rows had reached.
    pub high: i64,
    /// Whether measured values lie in the folder too.
    pub series: bool,
}

impl Identity {
    /// What stands in the folder, if it has such a file.
    pub fn read(data: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(data.join(FILE)).ok()?;
        let field = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<i64>().ok())
        };
        let series = field("series ").is_some_and(|kept| kept != 0);
        Some(Self { line: field("line ")?, high: field("high ")?, series })
    }

    /// Writes it, durably.
    ///
    /// # Errors
    /// The folder cannot be written; the old file then stays, which says less and nothing wrong.
    pub fn write(&self, data: &Path) -> std::io::Result<()> {
        let Self { line, high, series } = self;
        let mut text = String::new();
        // Writing into memory cannot fail.
        let _ = write!(text, "line {line}\nhigh {high}\nseries {}\n", i64::from(*series));
        write_secret(&data.join(FILE), text.as_bytes())
    }
}
