//! The accelerometer of a pendant, worn by somebody: what is felt, sample by sample, as the chip is set up.
//!
//! The chip is the model that the driver's own tests use. Not here: its registers (`firmware::accelerometer_model`).

use std::collections::VecDeque;
use std::fmt::Write;

use embedded_hal::i2c::{I2c, Operation};
use firmware::accelerometer_model::AccelerometerModel;

/// Standing upright.
const UPRIGHT: [i16; 3] = [0, 0, 1000];

/// The chip and its wearer.
#[derive(Debug, Clone)]
pub struct Worn {
    chip: AccelerometerModel,
    to_come: VecDeque<[i16; 3]>,
    felt: [i16; 3],
    next_us: u64,
}

impl Default for Worn {
    fn default() -> Self {
        let (chip, to_come) = (AccelerometerModel::default(), VecDeque::new());
        Self { chip, to_come, felt: UPRIGHT, next_us: 0 }
    }
}

impl Worn {
    /// The chip gets its power.
    pub fn power_up(&mut self) {
        self.chip = AccelerometerModel::default();
    }

    /// Cuts or mends its bus.
    pub const fn wire(&mut self, whole: bool) {
        self.chip.wired = whole;
    }

    /// Forces that are felt from now on, one a sample time, thousandths of g; the last one stays.
    pub fn feel(&mut self, forces: &[[i16; 3]]) {
        self.to_come = forces.iter().copied().collect();
    }

    /// Takes the samples that are due.
    pub fn turn(&mut self, now_us: u64) {
        let rate = u64::from(self.chip.rate_hz());
        if rate == 0 {
            self.next_us = now_us;
            return;
        }
        while self.next_us <= now_us {
            self.next_us += 1_000_000 / rate;
            self.felt = self.to_come.pop_front().unwrap_or(self.felt);
            self.chip.feel(self.felt);
        }
    }

    /// One transaction: address, then `wHEX` and `rCOUNT`; gives all bytes read, or none where nobody answers.
    pub fn transaction<'a>(
        &mut self,
        mut words: impl Iterator<Item = &'a str>,
        now_us: u64,
    ) -> Option<String> {
        self.turn(now_us);
        let address = u8::from_str_radix(words.next()?, 16).ok()?;
        let mut steps = words.map(step).collect::<Option<Vec<Step>>>()?;
        let mut operations: Vec<Operation<'_>> = steps.iter_mut().map(Step::operation).collect();
        self.chip.transaction(address, &mut operations).ok()?;
        let mut out = String::new();
        for step in &steps {
            if let Step::Read(bytes) = step {
                bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}")).ok()?;
            }
        }
        Some(out)
    }
}

enum Step {
    Read(Vec<u8>),
    Write(Vec<u8>),
}

impl Step {
    fn operation(&mut self) -> Operation<'_> {
        match self {
            Self::Read(bytes) => Operation::Read(bytes),
            Self::Write(bytes) => Operation::Write(bytes),
        }
    }
}

fn step(word: &str) -> Option<Step> {
    if let Some(count) = word.strip_prefix('r') {
        return Some(Step::Read(vec![0; count.parse().ok()?]));
    }
    let hex = word.strip_prefix('w')?;
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    Some(Step::Write((0..hex.len()).step_by(2).map(byte).collect::<Option<_>>()?))
}
