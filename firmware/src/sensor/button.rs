//! The help button: a contact to a pin.
//!
//! Bounces are passed on as they are: the core must see them to tell a finger from a spark.
//! Not here: debounce and counting, which are the core's (`device`).

use embedded_hal::digital::InputPin;

pub use super::level::Active;
use super::level::Level;
use crate::device::Sample;

/// A help button.
#[derive(Debug)]
pub struct HelpButton<P>(Level<P>);

impl<P: InputPin> HelpButton<P> {
    /// Takes the pin, and which of its levels means pressed.
    pub const fn new(pin: P, active: Active) -> Self {
        Self(Level::new(pin, active))
    }

    /// Looks at the pin; a sample only if it has changed, and at the first look. Call every 5 ms or on its edges.
    pub fn poll(&mut self) -> Result<Option<Sample>, P::Error> {
        Ok(self.0.news()?.map(Sample::Button))
    }
}
