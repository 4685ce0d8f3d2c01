//! Versions of the wire. A number is never re-used, and golden bytes of each stay in `tests/versions/`.
//!
//! A build reads every version from the oldest to its own, and writes its own. Not here: what the bytes mean.

/// Oldest version that this build reads.
pub const MIN: u8 = V1;
/// Version that this build writes.
pub const CURRENT: u8 = V1;
/// First version: fixed header, CBOR body, end-to-end tag, hop seal.
pub const V1: u8 = 1;
