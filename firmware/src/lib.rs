//! The senses: what runs on a button, cord, mat or contact, on the chip and in a simulated home alike.
//!
//! - [`device`]: the whole device as a pure core; samples, down frames, link and time in, actions out.
//! - [`queue`] and [`settings`]: what must outlive a power cut, on any `NorFlash`.
//! - [`update`]: another image, signed by the firm, in the slot that does not run; the way back if it fails.
//! - [`provision`]: `Blank → Claimed → Enrolled`; only an enrolled device speaks. [`access`]: the way to its gateway.
//! - [`body`]: the shell that performs the core's actions over a flash, a link, senses and signals.
//! - [`sensor`]: drivers over embedded-hal; [`link`]: patience; [`roll_call`], [`trace`]: is it well?
//! - `flash_model` and `accelerometer_model` (feature `model`): chips in memory that fail as real ones do.
//!
//! Not here: chips (`board/`), MQTT clients (the edges of a board or simulator), judgement (`care`).
#![no_std]

#[cfg(feature = "model")]
pub mod accelerometer_model;
pub mod access;
pub mod body;
pub mod device;
#[cfg(feature = "model")]
pub mod flash_model;
pub mod link;
pub mod provision;
pub mod queue;
pub mod roll_call;
pub mod sensor;
pub mod settings;
pub mod trace;
pub mod update;
