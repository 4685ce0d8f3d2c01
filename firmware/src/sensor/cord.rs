//! The pull-cord: a contact that opens or closes when somebody pulls, whoever lies on the floor.
//!
//! A cord that breaks the circuit is the safer kind: cut wires then call for help as well.
//! Not here: debounce and counting, which are the core's (`device`).

use embedded_hal::digital::InputPin;

pub use super::level::Active;
use super::level::Level;
use crate::device::Sample;

/// A pull-cord.
#[derive(Debug)]
pub struct PullCord<P>(Level<P>);

impl<P: InputPin> PullCord<P> {
    /// Takes the pin, and which of its levels means pulled.
    pub const fn new(pin: P, active: Active) -> Self {
        Self(Level::new(pin, active))
    }

    /// Looks at the pin; a sample only if it has changed, and at the first look. Call every 5 ms or on its edges.
    pub fn poll(&mut self) -> Result<Option<Sample>, P::Error> {
        Ok(self.0.news()?.map(Sample::Cord))
    }
}
