//! Time as rows know it: the moment that a caller passes, what is kept of it, and names of new rows.
//!
//! Not here: the server's clocks, which the caller reads, and what is thought of the one on the wall (`wall`).

use proto::unit::Mono;

/// One look at all clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The server's own time.
    pub mono: Mono,
    /// Milliseconds since 1970 UTC, as far as anybody knows.
    pub wall_ms: i64,
}

/// What the records hold of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Boot id of the machine that wrote it.
    pub boot: String,
    /// Mono minus CLOCK_BOOTTIME of that boot, ms.
    pub offset: i64,
    /// Highest mono that was written, ms.
    pub high: i64,
}

/// A name for a new row: never used before, and after those that this process has made. Its first half is the time of
/// its making, so it is read here; nobody reads it out again.
pub fn row_name() -> String {
    uuid::Uuid::now_v7().to_string()
}
