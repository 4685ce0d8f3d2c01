//! Accelerations as they come out of a sensor's memory: several at once, oldest first, with what was lost before.
//!
//! A *burst* is one look at the sensor. Its samples follow each other without a hole; a hole before them is told.
//! Not here: the chip (`sensor::accelerometer`), and what a fall looks like (`care::fall`).

/// Most samples in one burst: 0.32 s at 50 a second.
pub const BURST_MAX: usize = 16;

/// Samples of one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Burst {
    mg: [[i16; 3]; BURST_MAX],
    len: u8,
    lost: u16,
}

impl Burst {
    /// An empty burst before which so many samples were lost; zero = it follows the one before.
    pub const fn after_losing(lost: u16) -> Self {
        Self { mg: [[0; 3]; BURST_MAX], len: 0, lost }
    }

    /// Takes up to [`BURST_MAX`] samples in thousandths of standard gravity; what is beyond is left out.
    pub fn holding(samples: &[[i16; 3]], lost: u16) -> Self {
        let mut burst = Self::after_losing(lost);
        for (place, sample) in burst.mg.iter_mut().zip(samples) {
            *place = *sample;
            burst.len += 1;
        }
        burst
    }

    /// The samples, oldest first.
    pub fn samples(&self) -> &[[i16; 3]] {
        &self.mg[..usize::from(self.len)]
    }

    /// How many samples were lost before the first; an estimate by time.
    pub const fn lost(&self) -> u16 {
        self.lost
    }
}
