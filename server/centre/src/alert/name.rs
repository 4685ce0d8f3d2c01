//! Names and numbers of new alerts.
//!
//! Not here: incident numbers that a home counts (`ingest::homes`).

use crate::clock::Now;

/// A row id that sorts by time.
pub(crate) fn row_id(now: Now) -> String {
    let mut random = [0; 10];
    // Without random bits two rows of one millisecond would collide, and the insert then fails loudly.
    let _ = getrandom::fill(&mut random);
    let ms = now.wall_ms.max(0).unsigned_abs();
    uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid().to_string()
}

/// The number of an incident that no home has counted: above all that are, exact in JSON, and drawn from so many that a
/// district which falls silent in one moment has no two alike.
pub(crate) fn uncounted() -> i64 {
    const ABOVE: i64 = 1 << 52;
    let mut random = [0; 8];
    // Without random bits two would collide, and the insert then fails loudly.
    let _ = getrandom::fill(&mut random);
    ABOVE | (i64::from_le_bytes(random) & (ABOVE - 1))
}
