//! The bed mat: load cells behind an HX711, read bit by bit.
//!
//! The converter pulls its data line low when a value is ready, then gives 24 bits on 25 clock pulses. A value at a
//! *clip* limit is no value; a converter that is not ready for long is silent. Both are told with their reason.
//! The clock must not stay high for 60 µs, which powers the converter down: the board reads with interrupts off or
//! short. Not here: occupancy (`device::bed`).

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{InputPin, OutputPin};
use proto::unit::{Millis, Mono, NoData};

use crate::device::Sample;

/// The converter gives ten values a second; silent for longer it counts as gone. Source: technical, three values.
pub const SILENT_AFTER: Millis = Millis::new(300);
/// Values within this of the ends of the range are clipped. Source: technical, 0.1 % of the range.
const CLIP_MARGIN: i32 = 8_388;
const CLIP: i32 = 8_388_607 - CLIP_MARGIN;
/// Half a clock pulse, ns; the converter allows 0.2 to 50 µs.
const HALF_PULSE_NS: u32 = 1_000;
const BITS: u32 = 24;

/// How a mat turns counts into grams; measured at its fitting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calibration {
    /// Counts of the empty bed.
    pub tare: i32,
    /// Counts for one kilogram; never zero, negative if the cells are mounted upside down.
    counts_per_kg: i32,
}

impl Calibration {
    /// None if a kilogram makes no counts.
    pub const fn new(tare: i32, counts_per_kg: i32) -> Option<Self> {
        if counts_per_kg == 0 { None } else { Some(Self { tare, counts_per_kg }) }
    }

    fn grams(self, counts: i32) -> i32 {
        let net = i64::from(counts) - i64::from(self.tare);
        let grams = net * 1000 / i64::from(self.counts_per_kg);
        i32::try_from(grams).unwrap_or(if grams < 0 { i32::MIN } else { i32::MAX })
    }
}

/// Why a pin did not do as told; the sample says [`NoData::Fault`] as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PinFault;

/// A mat with one converter: channel A, gain 128.
#[derive(Debug)]
pub struct BedMat<D, C, W> {
    data: D,
    clock: C,
    delay: W,
    calibration: Calibration,
    heard: Mono,
    /// The last look read a value: silence begins no sooner than the next one.
    has_read: bool,
    silent_told: bool,
}

impl<D: InputPin, C: OutputPin, W: DelayNs> BedMat<D, C, W> {
    /// Takes the pins; `now` starts the wait for the first value.
    pub const fn new(data: D, clock: C, delay: W, calibration: Calibration, now: Mono) -> Self {
        Self { data, clock, delay, calibration, heard: now, has_read: false, silent_told: false }
    }

    /// A sample if the converter has a value, or if it has been silent for too long. Call every 10 to 50 ms.
    pub fn poll(&mut self, now: Mono) -> Option<Sample> {
        match self.read() {
            Ok(Some(counts)) => {
                self.heard = now;
                self.has_read = true;
                self.silent_told = false;
                Some(if counts.abs() >= CLIP {
                    Sample::NoLoad(NoData::Clipped)
                } else {
                    Sample::Load(self.calibration.grams(counts))
                })
            }
            Ok(None) => {
                // A reading that takes long, as on a board that is busy, is no silence of the converter.
                if core::mem::take(&mut self.has_read) {
                    self.heard = now;
                }
                self.silent(now, NoData::Timeout)
            }
            Err(PinFault) => self.silent(now, NoData::Fault),
        }
    }

    fn silent(&mut self, now: Mono, reason: NoData) -> Option<Sample> {
        if self.silent_told || now.since(self.heard) < SILENT_AFTER {
            return None;
        }
        self.silent_told = true;
        Some(Sample::NoLoad(reason))
    }

    fn read(&mut self) -> Result<Option<i32>, PinFault> {
        if self.data.is_high().map_err(|_| PinFault)? {
            return Ok(None);
        }
        let mut bits = 0u32;
        for _ in 0..BITS {
            self.pulse()?;
            bits = bits << 1 | u32::from(self.data.is_high().map_err(|_| PinFault)?);
        }
        // The 25th pulse asks for channel A with gain 128 next.
        self.pulse()?;
        // Sign extension: the value has 24 bits.
        Ok(Some((bits << 8).cast_signed() >> 8))
    }

    /// One pulse; the data line holds the bit after its rise.
    fn pulse(&mut self) -> Result<(), PinFault> {
        self.clock.set_high().map_err(|_| PinFault)?;
        self.delay.delay_ns(HALF_PULSE_NS);
        self.clock.set_low().map_err(|_| PinFault)?;
        self.delay.delay_ns(HALF_PULSE_NS);
        Ok(())
    }
}
