//! The board's I²C bus and its analogue input.
//!
//! One transaction of embedded-hal is one line; addresses have seven bits. Not here: the chips on the bus.

use core::fmt::{self, Display};

use embedded_hal::i2c::{Error, ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

use super::{Fault, ask};

/// The bus.
#[derive(Debug)]
pub(crate) struct Bus;

impl Error for Fault {
    fn kind(&self) -> ErrorKind {
        ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown)
    }
}

impl ErrorType for Bus {
    type Error = Fault;
}

impl I2c for Bus {
    fn transaction(&mut self, address: u8, steps: &mut [Operation<'_>]) -> Result<(), Fault> {
        // The line borrows the steps to print them, and the answer is then read into the same steps.
        let mut answer = heapless::String::<{ crate::uart::LINE_MAX }>::new();
        ask(format_args!("i2c {address:02x}{}", Steps(steps)), |hex| {
            answer.push_str(hex).map_err(|_| Fault)
        })?;
        let mut digits = answer.as_bytes().chunks_exact(2);
        for step in steps {
            if let Operation::Read(bytes) = step {
                for byte in bytes.iter_mut() {
                    *byte = digits.next().and_then(hexadecimal).ok_or(Fault)?;
                }
            }
        }
        Ok(())
    }
}

struct Steps<'a, 'b>(&'a [Operation<'b>]);

impl Display for Steps<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.0 {
            match step {
                Operation::Read(bytes) => write!(f, " r{}", bytes.len())?,
                Operation::Write(bytes) => {
                    f.write_str(" w")?;
                    for byte in *bytes {
                        write!(f, "{byte:02x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

/// Voltage of the battery in millivolts.
pub(crate) fn millivolts() -> Result<u16, Fault> {
    ask(format_args!("adc battery"), |text| text.parse().map_err(|_| Fault))
}
