//! An HX711: a 24-bit converter for load cells, read bit by bit.
//!
//! It pulls its data line low ten times a second when a value is ready; each rising clock edge gives one bit, the
//! 25th ends the reading. Not here: the powering down by a clock that stays high, since time on a bench is not exact.

/// Time between two values, microseconds.
const PERIOD_US: u64 = 100_000;
/// Bits of a value.
const BITS: u32 = 24;
/// Counts of the empty bed, and for a kilogram: the board's cells.
const TARE: i64 = 100_000;
const COUNTS_PER_KG: i64 = 20_000;

/// The converter and its cells.
#[derive(Debug, Clone)]
pub struct Scale {
    grams: Option<i32>,
    /// The value that is being read, and how many bits are out.
    reading: Option<(u32, u32)>,
    clock: bool,
    next_us: u64,
}

impl Default for Scale {
    fn default() -> Self {
        Self { grams: Some(0), reading: None, clock: false, next_us: 0 }
    }
}

impl Scale {
    /// Puts this on the mat; none cuts the wire.
    pub const fn put(&mut self, grams: Option<i32>) {
        self.grams = grams;
    }

    /// Begins anew; gives the data line's level.
    pub const fn power_up(&mut self, now_us: u64) -> bool {
        self.reading = None;
        self.clock = false;
        self.next_us = now_us + PERIOD_US;
        true
    }

    /// Whether the data line has just fallen.
    pub fn becomes_ready(&mut self, now_us: u64) -> bool {
        let Some(grams) = self.grams else { return false };
        if self.reading.is_some() || now_us < self.next_us {
            return false;
        }
        self.next_us = now_us + PERIOD_US;
        let counts = TARE + i64::from(grams) * COUNTS_PER_KG / 1000;
        let [.., a, b, c] = counts.clamp(-0x80_0000, 0x7F_FFFF).to_be_bytes();
        self.reading = Some((u32::from_be_bytes([0, a, b, c]), 0));
        true
    }

    /// The clock line changes; gives the data line's level.
    pub fn clock(&mut self, high: bool, now_us: u64) -> bool {
        let rises = high && !self.clock;
        self.clock = high;
        let Some((value, bits)) = self.reading.as_mut() else { return true };
        if rises {
            *bits += 1;
        }
        match *bits {
            0 => false,
            bits @ 1..=BITS => value.checked_shr(BITS - bits).is_some_and(|v| v & 1 == 1),
            _ => {
                self.reading = None;
                self.next_us = now_us + PERIOD_US;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_comes_out_bit_by_bit() {
        let mut scale = Scale::default();
        scale.put(Some(-3000));
        assert!(scale.power_up(0) && !scale.becomes_ready(50_000) && scale.becomes_ready(100_000));
        let mut value = 0u32;
        for _ in 0..24 {
            value = value << 1 | u32::from(scale.clock(true, 100_000));
            scale.clock(false, 100_000);
        }
        assert_eq!((value << 8).cast_signed() >> 8, 40_000);
        assert!(scale.clock(true, 100_000), "the 25th pulse ends it");
        assert!(!scale.becomes_ready(150_000) && scale.becomes_ready(200_000));
    }
}
