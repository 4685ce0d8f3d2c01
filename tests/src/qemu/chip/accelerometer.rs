//! A LIS3DH: three axes of acceleration behind registers, with a FIFO of 32 samples.
//!
//! Registers that a driver of this class uses work as the data sheet says: identity, rates, ranges, resolutions, FIFO
//! in bypass, FIFO and stream mode, watermark on the first interrupt. Not here: click, free-fall and activity engines,
//! the auxiliary converter, self-test.

use std::collections::VecDeque;
use std::fmt::Write;

/// Seven-bit address with its lowest bit wired to ground.
const ADDRESS: u8 = 0x18;
const WHO_AM_I: u8 = 0x0F;
const IDENTITY: u8 = 0x33;
const CTRL1: u8 = 0x20;
const CTRL3: u8 = 0x22;
const CTRL4: u8 = 0x23;
const CTRL5: u8 = 0x24;
const STATUS: u8 = 0x27;
const OUT_FIRST: u8 = 0x28;
const OUT_LAST: u8 = 0x2D;
const FIFO_CTRL: u8 = 0x2E;
const FIFO_SRC: u8 = 0x2F;
/// Bit of the first byte written that makes the register count up.
const COUNT_UP: u8 = 0x80;
/// Samples that the FIFO holds.
const DEEP: usize = 32;
/// Output rates in Hz by the upper four bits of the first control register; zero is off.
const RATES: [u64; 10] = [0, 1, 10, 25, 50, 100, 200, 400, 1620, 1344];

/// The chip.
#[derive(Debug, Clone)]
pub struct Accelerometer {
    registers: [u8; 0x40],
    pointer: u8,
    count_up: bool,
    mg: [i32; 3],
    fifo: VecDeque<[i16; 3]>,
    overrun: bool,
    last: [i16; 3],
    fresh: bool,
    next_us: u64,
    interrupt: bool,
}

impl Default for Accelerometer {
    fn default() -> Self {
        let mut chip = Self {
            registers: [0; 0x40],
            pointer: 0,
            count_up: false,
            mg: [0, 0, 1000],
            fifo: VecDeque::with_capacity(DEEP),
            overrun: false,
            last: [0; 3],
            fresh: false,
            next_us: 0,
            interrupt: false,
        };
        chip.power_up();
        chip
    }
}

impl Accelerometer {
    /// Registers as after power-up; what is felt stays.
    pub fn power_up(&mut self) {
        self.registers = [0; 0x40];
        self.registers[usize::from(WHO_AM_I)] = IDENTITY;
        self.registers[usize::from(CTRL1)] = 0x07;
        self.fifo.clear();
        (self.overrun, self.fresh, self.interrupt) = (false, false, false);
    }

    /// From now on this is felt.
    pub const fn feel(&mut self, mg: [i32; 3]) {
        self.mg = mg;
    }

    /// One transaction: address, then `wHEX` and `rCOUNT`; gives all bytes read, or none where nobody answers.
    pub fn transaction<'a>(
        &mut self,
        mut words: impl Iterator<Item = &'a str>,
        now_us: u64,
    ) -> Option<String> {
        if u8::from_str_radix(words.next()?, 16).ok()? != ADDRESS {
            return None;
        }
        self.turn(now_us);
        let mut out = String::new();
        for word in words {
            if let Some(hex) = word.strip_prefix('w') {
                self.write(hex)?;
            } else {
                for _ in 0..word.strip_prefix('r')?.parse::<usize>().ok()? {
                    write!(out, "{:02x}", self.read()).ok()?;
                }
            }
        }
        Some(out)
    }

    /// The first interrupt's level, if it has changed.
    pub fn interrupt_changes(&mut self, now_us: u64) -> Option<bool> {
        self.turn(now_us);
        let high = self.register(CTRL3) & 0x04 != 0 && self.watermark();
        let changes = high != self.interrupt;
        self.interrupt = high;
        changes.then_some(high)
    }

    fn register(&self, at: u8) -> u8 {
        self.registers.get(usize::from(at)).copied().unwrap_or(0)
    }

    fn write(&mut self, hex: &str) -> Option<()> {
        let mut bytes = (0..hex.len())
            .step_by(2)
            .map(|at| hex.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()));
        if let Some(first) = bytes.next() {
            let first = first?;
            (self.pointer, self.count_up) = (first & !COUNT_UP, first & COUNT_UP != 0);
        }
        for byte in bytes {
            let (byte, at) = (byte?, self.pointer);
            let writable = matches!(at, 0x1E..=0x26 | FIFO_CTRL | 0x30 | 0x32..=0x34 | 0x36..=0x3F);
            if let (true, Some(cell)) = (writable, self.registers.get_mut(usize::from(at))) {
                *cell = byte;
            }
            // Back to bypass empties the FIFO; the reboot bit clears itself.
            if at == FIFO_CTRL && byte >> 6 == 0 {
                self.fifo.clear();
                self.overrun = false;
            }
            if at == CTRL5 {
                self.registers[usize::from(CTRL5)] &= 0x7F;
            }
            self.step();
        }
        Some(())
    }

    fn read(&mut self) -> u8 {
        let at = self.pointer;
        let value = match at {
            STATUS => u8::from(self.fresh) * 0x0F,
            FIFO_SRC => self.source(),
            OUT_FIRST..=OUT_LAST => self.output(at - OUT_FIRST),
            _ => self.register(at),
        };
        self.step();
        value
    }

    /// The next register of a longer transfer; the outputs go round while the FIFO is on.
    fn step(&mut self) {
        if self.count_up {
            let round = self.pointer == OUT_LAST && self.fifo_on();
            self.pointer = if round { OUT_FIRST } else { (self.pointer + 1) & 0x3F };
        }
    }

    fn output(&mut self, byte: u8) -> u8 {
        if byte == 0
            && self.fifo_on()
            && let Some(oldest) = self.fifo.pop_front()
        {
            self.last = oldest;
            self.overrun = false;
        }
        self.fresh = false;
        let axis = self.last.get(usize::from(byte / 2)).copied().unwrap_or(0);
        axis.to_le_bytes()[usize::from(byte % 2)]
    }

    fn fifo_on(&self) -> bool {
        self.register(CTRL5) & 0x40 != 0 && self.register(FIFO_CTRL) >> 6 != 0
    }

    fn watermark(&self) -> bool {
        self.fifo_on() && self.fifo.len() > usize::from(self.register(FIFO_CTRL) & 0x1F)
    }

    fn source(&self) -> u8 {
        let level = u8::try_from(self.fifo.len().min(DEEP - 1)).unwrap_or(0x1F);
        u8::from(self.watermark()) << 7
            | u8::from(self.overrun) << 6
            | u8::from(self.fifo.is_empty()) << 5
            | level
    }

    /// Takes the samples that are due.
    fn turn(&mut self, now_us: u64) {
        let rate = RATES.get(usize::from(self.register(CTRL1) >> 4)).copied().unwrap_or(0);
        if rate == 0 {
            self.next_us = now_us;
            return;
        }
        while self.next_us <= now_us {
            self.next_us += 1_000_000 / rate;
            let sample = self.mg.map(|mg| self.raw(mg));
            self.fresh = true;
            if !self.fifo_on() {
                self.last = sample;
                continue;
            }
            if self.fifo.len() == DEEP {
                self.overrun = true;
                // In FIFO mode what comes late is lost, in stream mode what is old.
                if self.register(FIFO_CTRL) >> 6 == 1 {
                    continue;
                }
                self.fifo.pop_front();
            }
            self.fifo.push_back(sample);
        }
    }

    /// Thousandths of g as the chip gives them: left-aligned, 8, 10 or 12 bits by mode.
    fn raw(&self, mg: i32) -> i16 {
        let ctrl4 = self.register(CTRL4);
        // One digit of 12 bits in thousandths of g; the widest range has its own step.
        let digit = [1, 2, 4, 12][usize::from(ctrl4 >> 4 & 3)];
        let (low_power, high_resolution) = (self.register(CTRL1) & 0x08 != 0, ctrl4 & 0x08 != 0);
        let spare = match (low_power, high_resolution) {
            (true, _) => 4,
            (false, false) => 2,
            (false, true) => 0,
        };
        let counts = (mg / digit).clamp(-2048, 2047) >> spare << spare;
        i16::try_from(counts << 4).unwrap_or(i16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(chip: &mut Accelerometer, line: &str, now_us: u64) -> String {
        chip.transaction(line.split(' '), now_us).expect("answers")
    }

    #[test]
    fn a_stream_is_read_in_one_transfer_and_tells_its_level() {
        let mut chip = Accelerometer::default();
        assert_eq!(ask(&mut chip, "18 w0f r1", 0), "33");
        assert!(chip.transaction("19 w0f r1".split(' '), 0).is_none(), "another address");
        // 50 Hz, ±8 g in high resolution, FIFO as a stream with a watermark of 8 samples.
        for setup in ["18 w2057", "18 w2328", "18 w2440", "18 w2204", "18 w2e87"] {
            ask(&mut chip, setup, 0);
        }
        chip.feel([-1000, 500, 1000]);
        assert_eq!(chip.interrupt_changes(100_000), None);
        assert_eq!(chip.interrupt_changes(159_000), Some(true));
        assert_eq!(ask(&mut chip, "18 w2f r1", 159_000), "88", "watermark, eight samples");
        let samples = ask(&mut chip, "18 wa8 r12", 159_000);
        assert_eq!(samples.get(12..), Some("60f0d007a00f"), "-250, 125 and 250 digits of 4 mg");
        assert_eq!(ask(&mut chip, "18 w2f r1", 159_000), "06");
        assert_eq!(chip.interrupt_changes(159_000), Some(false));
        assert_eq!(ask(&mut chip, "18 w2f r1", 2_000_000), "df", "overrun is told");
    }
}
