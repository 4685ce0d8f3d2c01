//! What the data folder says of its records: their life, how far their clock had come, which stores there are.
//!
//! A small file beside the keys, written after the rows it speaks of. Records that know less than it says
//! have lost rows; records of another life were put there. Not here: what follows from that (`opening`), and its writer.

use std::path::Path;

/// Where it lies in the data folder.
pub const FILE: &str = "keys/records.id";

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

    /// The file's text.
    pub fn text(&self) -> String {
        let Self { line, high, series } = self;
        format!("line {line}\nhigh {high}\nseries {}\n", i64::from(*series))
    }
}
