//! The chip itself: which register says what. All numbers are from ST's data sheet of the LIS3DH.
//!
//! The memory of 32 samples runs as a *stream*: the newest overwrite the oldest. Reading the last output register
//! goes on with the next sample of the memory. Not here: when to look, and what is a fault (`accelerometer`).

use super::super::registers::Registers;

/// What a LIS3DH and a LIS2DH12 answer at `WHO_AM_I`.
const IDENTITY: u8 = 0x33;
/// Samples that the memory holds.
pub(super) const DEPTH: u8 = 32;

const WHO_AM_I: u8 = 0x0F;
const CTRL1: u8 = 0x20;
const CTRL3: u8 = 0x22;
const CTRL4: u8 = 0x23;
const CTRL5: u8 = 0x24;
const OUT_X_L: u8 = 0x28;
const FIFO_CTRL: u8 = 0x2E;
const FIFO_SRC: u8 = 0x2F;

const AXES_ON: u8 = 0x07;
/// INT1 rises at the watermark, for a board that wakes by it.
const INT1_WATERMARK: u8 = 0x04;
/// Both bytes of a value are of the same sample.
const BLOCK_UPDATE: u8 = 0x80;
const HIGH_RESOLUTION: u8 = 0x08;
const SELF_TEST: u8 = 0x02;
const FIFO_ON: u8 = 0x40;
const BYPASS: u8 = 0x00;
const STREAM: u8 = 0x80;
const OVERRUN: u8 = 0x40;
const EMPTY: u8 = 0x20;
const COUNT: u8 = 0x1F;

/// Why the chip gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The bus failed.
    Bus,
    /// Another chip answers, or none.
    Stranger,
    /// It does not hold what is written, or gives no samples.
    Silent,
    /// Its self-test fails, or its values cannot be.
    Broken,
}

/// What the memory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fill {
    pub(super) count: u8,
    /// Full: the oldest may be gone.
    pub(super) full: bool,
}

/// How the chip measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Measure {
    /// Bits of the data rate.
    pub(super) rate: u8,
    /// Bits of the full scale.
    pub(super) scale: u8,
    /// Thousandths of g for one step of twelve bits.
    pub(super) step_mg: i16,
    /// The built-in force pushes.
    pub(super) pushed: bool,
}

#[derive(Debug)]
pub(super) struct Chip<R> {
    registers: R,
    step_mg: i16,
}

impl<R: Registers> Chip<R> {
    pub(super) const fn new(registers: R) -> Self {
        Self { registers, step_mg: 0 }
    }

    pub(super) fn identify(&mut self) -> Result<(), Trouble> {
        let mut who = [0];
        self.read(WHO_AM_I, &mut who)?;
        if who == [IDENTITY] { Ok(()) } else { Err(Trouble::Stranger) }
    }

    /// Begins to measure with an empty memory; INT1 rises at `watermark` samples.
    pub(super) fn start(&mut self, how: Measure, watermark: u8) -> Result<(), Trouble> {
        let push = if how.pushed { SELF_TEST } else { 0 };
        let settings = [
            how.rate | AXES_ON,
            0,
            INT1_WATERMARK,
            BLOCK_UPDATE | how.scale | HIGH_RESOLUTION | push,
            FIFO_ON,
        ];
        self.write(FIFO_CTRL, BYPASS)?;
        for (at, value) in (CTRL1..=CTRL5).zip(settings) {
            self.write(at, value)?;
        }
        // The level counts from zero: the line rises above it.
        self.write(FIFO_CTRL, STREAM | watermark.saturating_sub(1))?;
        let mut back = [0; 5];
        self.read(CTRL1, &mut back)?;
        self.step_mg = how.step_mg;
        if back == settings { Ok(()) } else { Err(Trouble::Silent) }
    }

    pub(super) fn fill(&mut self) -> Result<Fill, Trouble> {
        let mut source = [0];
        self.read(FIFO_SRC, &mut source)?;
        let full = source[0] & OVERRUN != 0;
        let empty = source[0] & EMPTY != 0;
        let count = if full { DEPTH } else { source[0] & COUNT };
        Ok(Fill { count: if empty { 0 } else { count }, full })
    }

    /// Takes the oldest samples out of the memory, in one burst on the bus.
    pub(super) fn take(&mut self, samples: &mut [[i16; 3]]) -> Result<(), Trouble> {
        let mut bytes = [0; 6 * DEPTH as usize];
        let (bytes, _) = bytes.split_at_mut(6 * samples.len().min(DEPTH.into()));
        self.read(OUT_X_L, bytes)?;
        for (sample, raw) in samples.iter_mut().zip(bytes.chunks_exact(6)) {
            for (axis, pair) in sample.iter_mut().zip(raw.chunks_exact(2)) {
                // Twelve bits stand at the top of sixteen.
                *axis = (i16::from_le_bytes([pair[0], pair[1]]) >> 4) * self.step_mg;
            }
        }
        Ok(())
    }

    fn read(&mut self, from: u8, into: &mut [u8]) -> Result<(), Trouble> {
        self.registers.read(from, into).map_err(|_| Trouble::Bus)
    }

    fn write(&mut self, at: u8, value: u8) -> Result<(), Trouble> {
        self.registers.write(at, value).map_err(|_| Trouble::Bus)
    }
}

const _: () = assert!(CTRL3 == CTRL1 + 2 && CTRL4 == CTRL1 + 3 && CTRL5 == CTRL1 + 4);
