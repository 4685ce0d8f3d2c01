//! A pin that is either active or not: the part that button, cord, door and infra-red sensor share.
//!
//! Says a level only when it differs from the last one, and the first one always.
//! Not here: debounce, and what the level is called.

use embedded_hal::digital::InputPin;

/// Which level of the pin is the active one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Active {
    /// Low is active: a contact to ground with a pull-up.
    Low,
    /// High is active: a sensor's output, or a contact that opens.
    High,
}

/// A pin and what it said last.
#[derive(Debug)]
pub(super) struct Level<P> {
    pin: P,
    active: Active,
    last: Option<bool>,
}

impl<P: InputPin> Level<P> {
    pub(super) const fn new(pin: P, active: Active) -> Self {
        Self { pin, active, last: None }
    }

    /// Whether the pin is active, if that is news.
    pub(super) fn news(&mut self) -> Result<Option<bool>, P::Error> {
        let active = match self.active {
            Active::Low => self.pin.is_low()?,
            Active::High => self.pin.is_high()?,
        };
        let news = self.last != Some(active);
        self.last = Some(active);
        Ok(news.then_some(active))
    }
}
