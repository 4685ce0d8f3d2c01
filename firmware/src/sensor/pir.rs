//! The infra-red motion sensor: an output that is high while it sees somebody move.
//!
//! It is blind for the first minute after power-up, so the board polls it only from then on.
//! Not here: debounce and counting, which are the core's (`device`).

use embedded_hal::digital::InputPin;

pub use super::level::Active;
use super::level::Level;
use crate::device::Sample;

/// A motion sensor.
#[derive(Debug)]
pub struct MotionSensor<P>(Level<P>);

impl<P: InputPin> MotionSensor<P> {
    /// Takes the pin, and which of its levels means movement.
    pub const fn new(pin: P, active: Active) -> Self {
        Self(Level::new(pin, active))
    }

    /// Looks at the pin; a sample only if it has changed, and at the first look. Call every 5 ms or on its edges.
    pub fn poll(&mut self) -> Result<Option<Sample>, P::Error> {
        Ok(self.0.news()?.map(Sample::Motion))
    }
}
