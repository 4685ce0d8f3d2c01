//! A LIS3DH in memory, as simulated homes and tests use it: its registers, its memory of 32 samples, and its faults.
//!
//! The caller is the world: [`feel`](AccelerometerModel::feel) is one sample time with one force. A chip that is not set
//! up feels nothing; one whose memory is full forgets the oldest. It answers on I²C and on SPI.
//! Not here: noise, and registers that the driver does not use.

use embedded_hal::i2c::{self, I2c, NoAcknowledgeSource};
use embedded_hal::spi::{self, SpiDevice};
use heapless::Deque;

/// Samples that the memory holds.
const DEPTH: usize = 32;
const REGISTERS: usize = 64;
const CTRL1: usize = 0x20;
const CTRL4: usize = 0x23;
const CTRL5: usize = 0x24;
const OUT_FIRST: u8 = 0x28;
const OUT_LAST: u8 = 0x2D;
const FIFO_CTRL: u8 = 0x2E;
const FIFO_SRC: u8 = 0x2F;
/// What the built-in push adds to each axis, thousandths of g.
const PUSH_MG: i16 = 400;

/// The bus is dead, or nobody has this address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAnswer;

impl i2c::Error for NoAnswer {
    fn kind(&self) -> i2c::ErrorKind {
        i2c::ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown)
    }
}

impl spi::Error for NoAnswer {
    fn kind(&self) -> spi::ErrorKind {
        spi::ErrorKind::Other
    }
}

/// The chip.
#[derive(Debug, Clone)]
pub struct AccelerometerModel {
    /// Address on I²C, seven bits.
    pub address: u8,
    /// Whether the bus works.
    pub wired: bool,
    /// An axis that does not move: which, and what it says.
    pub stuck: Option<(usize, i16)>,
    registers: [u8; REGISTERS],
    at: u8,
    memory: Deque<[u8; 6], DEPTH>,
    overrun: bool,
    /// How often the chip was spoken to.
    pub talks: u32,
}

impl Default for AccelerometerModel {
    /// A sound chip after power-up.
    fn default() -> Self {
        let mut registers = [0; REGISTERS];
        registers[0x0F] = 0x33;
        registers[CTRL1] = 0x07;
        Self {
            address: 0x18,
            wired: true,
            stuck: None,
            registers,
            at: 0,
            memory: Deque::new(),
            overrun: false,
            talks: 0,
        }
    }
}

impl AccelerometerModel {
    /// Samples a second, as the chip is set up; zero = asleep.
    pub const fn rate_hz(&self) -> u32 {
        match self.registers[CTRL1] >> 4 {
            1 => 1,
            2 => 10,
            3 => 25,
            4 => 50,
            5 => 100,
            6 => 200,
            7 => 400,
            _ => 0,
        }
    }

    /// One sample time passes under this force, thousandths of g.
    pub fn feel(&mut self, mg: [i16; 3]) {
        if self.rate_hz() == 0 || self.registers[CTRL5] & 0x40 == 0 {
            return;
        }
        if self.registers[usize::from(FIFO_CTRL)] & 0xC0 != 0x80 {
            return;
        }
        let control = self.registers[CTRL4];
        let step = [1, 2, 4, 12][usize::from(control >> 4 & 3)];
        let push = if control & 0x06 == 0 { 0 } else { PUSH_MG };
        let mut raw = [0; 6];
        for (axis, bytes) in raw.chunks_exact_mut(2).enumerate() {
            let felt = mg[axis].saturating_add(push);
            let felt = self.stuck.filter(|(which, _)| *which == axis).map_or(felt, |(_, mg)| mg);
            let steps = (felt / step).clamp(-2048, 2047);
            bytes.copy_from_slice(&(steps << 4).to_le_bytes());
        }
        if self.memory.is_full() {
            self.memory.pop_front();
        }
        // There is room: the oldest has just left.
        let _ = self.memory.push_back(raw);
        self.overrun = self.memory.is_full();
    }

    /// The power is gone for a moment: the chip is as after power-up.
    pub fn brown_out(&mut self) {
        let Self { address, wired, stuck, talks, .. } = *self;
        *self = Self { address, wired, stuck, talks, ..Self::default() };
    }

    fn get(&mut self, next: bool) -> u8 {
        let at = self.at;
        let value = match at {
            OUT_FIRST..=OUT_LAST => {
                let sample = self.memory.front().copied().unwrap_or_default();
                sample[usize::from(at - OUT_FIRST)]
            }
            FIFO_SRC => self.source(),
            _ => self.registers[usize::from(at) % REGISTERS],
        };
        if at == OUT_LAST {
            self.memory.pop_front();
            self.overrun = false;
        }
        if next {
            self.at = if at == OUT_LAST { OUT_FIRST } else { at + 1 };
        }
        value
    }

    fn source(&self) -> u8 {
        let count = u8::try_from(self.memory.len().min(31)).unwrap_or(31);
        let level = self.registers[usize::from(FIFO_CTRL)] & 0x1F;
        u8::from(usize::from(level) < self.memory.len()) << 7
            | u8::from(self.overrun) << 6
            | u8::from(self.memory.is_empty()) << 5
            | count
    }

    fn put(&mut self, value: u8) {
        self.registers[usize::from(self.at) % REGISTERS] = value;
        if self.at == FIFO_CTRL && value & 0xC0 == 0 {
            self.memory.clear();
            self.overrun = false;
        }
        self.at += 1;
    }
}

impl i2c::ErrorType for AccelerometerModel {
    type Error = NoAnswer;
}

impl I2c for AccelerometerModel {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [i2c::Operation<'_>],
    ) -> Result<(), NoAnswer> {
        self.talks += 1;
        if !self.wired || address != self.address {
            return Err(NoAnswer);
        }
        let mut next = false;
        for operation in operations {
            match operation {
                i2c::Operation::Write([first, values @ ..]) => {
                    (self.at, next) = (first & 0x7F, first & 0x80 != 0);
                    values.iter().for_each(|value| self.put(*value));
                }
                i2c::Operation::Write([]) => {}
                i2c::Operation::Read(into) => {
                    into.iter_mut().for_each(|byte| *byte = self.get(next));
                }
            }
        }
        Ok(())
    }
}

impl spi::ErrorType for AccelerometerModel {
    type Error = NoAnswer;
}

impl SpiDevice for AccelerometerModel {
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), NoAnswer> {
        self.talks += 1;
        if !self.wired {
            return Err(NoAnswer);
        }
        let mut next = false;
        for operation in operations {
            match operation {
                spi::Operation::Write([first, values @ ..]) => {
                    (self.at, next) = (first & 0x3F, first & 0x40 != 0);
                    values.iter().for_each(|value| self.put(*value));
                }
                spi::Operation::Read(into) => {
                    into.iter_mut().for_each(|byte| *byte = self.get(next));
                }
                spi::Operation::Write([])
                | spi::Operation::Transfer(..)
                | spi::Operation::TransferInPlace(_)
                | spi::Operation::DelayNs(_) => {}
            }
        }
        Ok(())
    }
}
