//! Pins of the board as embedded-hal knows them.
//!
//! An input reads the register that the bench's words keep; an output waits until the bench has seen it.
//! Not here: which level means pressed or open (`senses`).

use embedded_hal::digital::{Error, ErrorKind, ErrorType, InputPin, OutputPin};

use super::{Fault, INBOX, ask};

/// What the board reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pin {
    /// The help button, to ground with a pull-up.
    Button,
    /// The pull-cord, which opens when somebody pulls.
    Cord,
    /// The infra-red sensor's output.
    Pir,
    /// The door's reed switch, to ground with a pull-up.
    Door,
    /// The data line of the mat's converter.
    MatData,
}

const NAMES: [(Pin, &str); 5] = [
    (Pin::Button, "button"),
    (Pin::Cord, "cord"),
    (Pin::Pir, "pir"),
    (Pin::Door, "door"),
    (Pin::MatData, "mat-data"),
];

impl Pin {
    /// Its place in the register of levels.
    pub(super) const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Reads `NAME 0` or `NAME 1`.
pub(super) fn told(text: &str) -> Option<(Pin, bool)> {
    let (name, level) = text.split_once(' ')?;
    let (pin, _) = NAMES.iter().find(|(_, known)| *known == name)?;
    match level {
        "0" => Some((*pin, false)),
        "1" => Some((*pin, true)),
        _ => None,
    }
}

/// An input.
#[derive(Debug)]
pub(crate) struct Level(pub(crate) Pin);

/// An output.
#[derive(Debug)]
pub(crate) struct Drive(pub(crate) &'static str);

impl Error for Fault {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Level {
    type Error = Fault;
}

impl InputPin for Level {
    fn is_high(&mut self) -> Result<bool, Fault> {
        Ok(critical_section::with(|cs| INBOX.borrow_ref(cs).levels & self.0.bit() != 0))
    }

    fn is_low(&mut self) -> Result<bool, Fault> {
        self.is_high().map(|high| !high)
    }
}

impl ErrorType for Drive {
    type Error = Fault;
}

impl OutputPin for Drive {
    fn set_low(&mut self) -> Result<(), Fault> {
        ask(format_args!("out {} 0", self.0), |_| Ok(()))
    }

    fn set_high(&mut self) -> Result<(), Fault> {
        ask(format_args!("out {} 1", self.0), |_| Ok(()))
    }
}
