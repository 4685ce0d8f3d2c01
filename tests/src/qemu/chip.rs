//! The chips on the bench, as their data sheets describe them: a scale's converter, and a worn accelerometer.
//!
//! They speak bits and registers, so that the drivers of the device are the ones that run on a board.
//! Not here: which pin they hang on (`bench`).

mod scale;
mod worn;

pub use scale::Scale;
pub use worn::Worn;
