//! The door contact: a reed switch and a magnet.
//!
//! Without the magnet the switch is at rest, and the door is open.
//! Not here: debounce and counting, which are the core's (`device`).

use embedded_hal::digital::InputPin;

pub use super::level::Active;
use super::level::Level;
use crate::device::Sample;

/// A door contact.
#[derive(Debug)]
pub struct DoorContact<P>(Level<P>);

impl<P: InputPin> DoorContact<P> {
    /// Takes the pin, and which of its levels means open.
    pub const fn new(pin: P, active: Active) -> Self {
        Self(Level::new(pin, active))
    }

    /// Looks at the pin; a sample only if it has changed, and at the first look. Call every 5 ms or on its edges.
    pub fn poll(&mut self) -> Result<Option<Sample>, P::Error> {
        Ok(self.0.news()?.map(Sample::Door))
    }
}
