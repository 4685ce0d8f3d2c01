//! A chip with numbered registers, behind I²C or SPI: the part of a bus that a driver needs.
//!
//! The two address schemes are those of ST's motion sensors: on I²C the top bit of a register number asks for the
//! next ones as well, on SPI the two top bits say "read" and "the next ones as well".
//! Not here: what the registers mean.

use embedded_hal::i2c::I2c;
use embedded_hal::spi::{Operation, SpiDevice};

const I2C_NEXT: u8 = 0x80;
const SPI_READ: u8 = 0x80;
const SPI_NEXT: u8 = 0x40;

/// Registers that can be read and written.
pub trait Registers {
    /// What the bus says when it fails.
    type Error;

    /// Reads registers from `from` on, one for each byte.
    fn read(&mut self, from: u8, into: &mut [u8]) -> Result<(), Self::Error>;

    /// Writes one register.
    fn write(&mut self, at: u8, value: u8) -> Result<(), Self::Error>;
}

/// A chip on an I²C bus.
#[derive(Debug)]
pub struct OnI2c<B> {
    /// The bus.
    pub bus: B,
    /// Seven bits.
    pub address: u8,
}

impl<B: I2c> Registers for OnI2c<B> {
    type Error = B::Error;

    fn read(&mut self, from: u8, into: &mut [u8]) -> Result<(), B::Error> {
        self.bus.write_read(self.address, &[from | I2C_NEXT], into)
    }

    fn write(&mut self, at: u8, value: u8) -> Result<(), B::Error> {
        self.bus.write(self.address, &[at, value])
    }
}

/// A chip on an SPI bus, in mode 3 or 0, with its own select line.
#[derive(Debug)]
pub struct OnSpi<D>(pub D);

impl<D: SpiDevice> Registers for OnSpi<D> {
    type Error = D::Error;

    fn read(&mut self, from: u8, into: &mut [u8]) -> Result<(), D::Error> {
        let ask = [from | SPI_READ | SPI_NEXT];
        self.0.transaction(&mut [Operation::Write(&ask), Operation::Read(into)])
    }

    fn write(&mut self, at: u8, value: u8) -> Result<(), D::Error> {
        self.0.write(&[at, value])
    }
}
