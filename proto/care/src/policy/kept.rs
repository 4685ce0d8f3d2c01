//! How long is something kept that another may have lost, and what happened that people may ask about?
//!
//! Not here: how long measured values are kept, which a house sets for itself.

use proto::unit::Millis;

/// A home box keeps what the server has acknowledged for this long, to send it again to records that were put
/// back from a copy. Source: choice, a long weekend until a copy is put back.
pub const WINDOW_KEPT: Millis = Millis::minutes(72 * 60);

/// Ended alerts of persons and all that belongs to them: presses, story, acts, notices. Source: choice
/// within docs/sources.md#retention, no longer than needed: alerts and audit 3 years.
pub const ALERTS_KEPT: Millis = Millis::days(1_096);

/// Ended faults of equipment. Source: choice within docs/sources.md#retention: events 13 months.
pub const FAULTS_KEPT: Millis = Millis::days(396);

/// Who looked at whom, who changed what, who opened without a claim. Source: choice within
/// docs/sources.md#retention: alerts and audit 3 years.
pub const LOOKS_KEPT: Millis = Millis::days(1_096);
