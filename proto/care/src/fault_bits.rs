//! What may be wrong with a device, a bit each, as the state of a home holds it.
//!
//! Not here: what sets and ends them (`detect::fault`, `detect::idle`).

/// The cover was opened.
pub(crate) const TAMPER: u8 = 1;
/// The battery runs low.
pub(crate) const BATTERY: u8 = 2;
/// A contact chatters or does not come back.
pub(crate) const STUCK: u8 = 4;
/// Mains power is lost.
pub(crate) const MAINS: u8 = 8;
/// Records were dropped.
pub(crate) const LOSS: u8 = 16;
/// A pendant is not worn.
pub(crate) const UNWORN: u8 = 32;
/// A sensor tells nothing new while others do.
pub(crate) const UNCHANGING: u8 = 64;
/// A sensor tells the same without a rest.
pub(crate) const ALWAYS_ON: u8 = 128;
