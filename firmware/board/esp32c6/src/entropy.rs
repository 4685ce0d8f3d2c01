//! True random numbers, drawn before the radio starts: noise of the analogue converter feeds the generator.
//!
//! Without that source the generator is not true, and nothing is drawn. Not here: what is drawn for.

use esp_hal::peripherals::{ADC1, RNG};
use esp_hal::rng::{Trng, TrngSource};

/// A number for a new life, and one for jitter; the converter is free again afterwards.
pub(crate) fn draw(random: RNG<'static>, converter: &mut ADC1<'static>) -> Option<(u32, u64)> {
    let _noise = TrngSource::new(random, converter.reborrow());
    let source = Trng::try_new().ok()?;
    let (high, low) = (source.random(), source.random());
    Some((source.random(), u64::from(high) << 32 | u64::from(low)))
}
