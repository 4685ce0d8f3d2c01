//! How long is something kept that another may have lost, and what happened that people may ask about?
//!
//! Not here: how long measured values are kept, which a house sets for itself.

use proto::unit::Millis;

/// A home box keeps what the server has acknowledged for this long, to send it again to records that were put
/// back from a copy. Source: reliability.md, row 26: a window of 72 h and more after `received`.
pub const WINDOW_KEPT: Millis = Millis::minutes(72 * 60);

/// Ended alerts of persons and all that belongs to them: presses, story, acts, notices. Source: security.md, shortest
/// retention: alerts and audit 3 years.
pub const ALERTS_KEPT: Millis = Millis::days(1_096);

/// Ended faults of equipment. Source: security.md, shortest retention: events 13 months.
pub const FAULTS_KEPT: Millis = Millis::days(396);

/// Who looked at whom, who changed what, who opened without a claim. Source: security.md, shortest retention: alerts and
/// audit 3 years.
pub const LOOKS_KEPT: Millis = Millis::days(1_096);
