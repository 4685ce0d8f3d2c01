//! The agreement: the words that devices, gateways and the server speak to each other.
//!
//! - [`id`] and [`mod@unit`]: who, and how much, as types.
//! - [`key`] and [`frame`]: how a device's words are sealed hop by hop and end to end.
//! - [`up`], [`down`], [`update`], [`relay`]: what is said, as CBOR with integer keys.
//! - [`seat`] and [`topic`]: who connects as what, and where things are said over MQTT.
//! - [`outbox`]: the numbered, bounded queue that forgets nothing in silence.
//! - [`backoff`]: how pauses between tries grow.
//! - [`numbered!`]: the numbers and words of an enum, in one table beside it.
//!
//! Not here: sockets, clocks, storage, randomness. Callers bring bytes, time and random numbers.
#![no_std]
#![warn(missing_docs)]

pub mod backoff;
mod cbor;
pub mod down;
mod field;
pub mod frame;
pub mod id;
pub mod key;
mod numbered;
pub mod outbox;
pub mod relay;
pub mod seat;
pub mod topic;
pub mod unit;
pub mod up;
pub mod update;
pub mod version;

/// Largest hop-sealed emergency frame in bytes: one radio window of the narrowest link.
pub const EMERGENCY_MAX: usize = 256;
/// Largest hop-sealed frame of any other class in bytes.
pub const FRAME_MAX: usize = 1024;
/// Largest relay envelope in bytes: one frame, or a quarantined message cut to that size, and its label.
pub const RELAY_MAX: usize = FRAME_MAX + 64;
