//! The chips on the bench, as their data sheets describe them: a scale's converter and an accelerometer.
//!
//! They speak bits and registers, so that the drivers of the device are the ones that run on a board.
//! Not here: which pin they hang on (`bench`).

mod accelerometer;
mod scale;

pub use accelerometer::Accelerometer;
pub use scale::Scale;
