//! How long is something kept that another may have lost?
//!
//! Not here: how long measured values are kept, which a house sets for itself.

use proto::unit::Millis;

/// A home box keeps what the server has acknowledged for this long, to send it again to records that were put
/// back from a copy. Source: reliability.md, row 26: a window of 72 h and more after `received`.
pub const WINDOW_KEPT: Millis = Millis::minutes(72 * 60);
