//! One value of a reading, read so that it spoils no other: a number of any width, a gap with a reason for the rest.
//!
//! Not here: what can have been measured (`care::reading`).

use minicbor::decode::Error;
use minicbor::{Decode, Decoder};

use super::Value;
use crate::field;
use crate::unit::NoData;

/// Fields of a value.
const FIELDS: u64 = 4;

impl<'b, C> Decode<'b, C> for Value {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, Error> {
        let len = d.array()?.ok_or(Error::message("value of unknown length"))?;
        if len == 0 {
            return Err(Error::message("value of nothing"));
        }
        let quantity = d.decode_with(ctx)?;
        let value = if len > 1 { number(d)? } else { Ok(None) };
        let no_data = if len > 2 { reason(d, ctx)? } else { None };
        let age = if len > 3 { field::decode::<C, u64>(d, ctx)? } else { None };
        for _ in FIELDS..len {
            d.skip()?;
        }
        Ok(match (value, age) {
            (Ok(value), Some(age_s)) => Self { quantity, value, no_data, age_s },
            // Nobody knows how old it is, so it says nothing about any moment.
            (Ok(_), None) => {
                Self { quantity, value: None, no_data: no_data.or(Some(NoData::Stale)), age_s: 0 }
            }
            (Err(reason), age) => {
                Self { quantity, value: None, no_data: Some(reason), age_s: age.unwrap_or(0) }
            }
        })
    }
}

/// Why there is none. Whoever says so has none, though this build may not know why.
fn reason<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<Option<NoData>, Error> {
    // By the first byte of an item, as RFC 8949 numbers them.
    if matches!(d.input().get(d.position()), Some(0xf6 | 0xf7)) {
        return d.skip().map(|()| None);
    }
    Ok(field::decode(d, ctx)?.or(Some(NoData::Fault)))
}

/// A number as whoever wrote it found shortest; none if there is none; a reason if what stands there is no number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "what single precision cannot hold is infinite, which nothing measures"
)]
fn number(d: &mut Decoder<'_>) -> Result<Result<Option<f32>, NoData>, Error> {
    let start = d.position();
    // By the first byte of an item, as RFC 8949 numbers them.
    let told = match d.input().get(start) {
        Some(0xf6) => d.null().map(|()| None),
        Some(0xf9) => half(d).map(Some),
        Some(0xfa) => d.f32().map(Some),
        Some(0xfb) => d.f64().map(|number| Some(number as f32)),
        Some(0x00..=0x1b) => d.u64().map(|number| Some(number as f32)),
        Some(0x20..=0x3b) => d.i64().map(|number| Some(number as f32)),
        _ => Err(Error::message("no number")),
    };
    if let Ok(told) = told {
        return Ok(Ok(told));
    }
    d.set_position(start);
    d.skip().map(|()| Err(NoData::Fault))
}

/// Half precision, which the library reads only with another one.
fn half(d: &mut Decoder<'_>) -> Result<f32, Error> {
    let start = d.position();
    d.skip()?;
    let bytes = d.input().get(start + 1..).and_then(|rest| rest.first_chunk::<2>());
    let bits = u32::from(u16::from_be_bytes(*bytes.ok_or(Error::end_of_input())?));
    let (sign, exponent, fraction) = (bits >> 15, bits >> 10 & 31, bits & 1023);
    let size = match (exponent, fraction) {
        #[expect(clippy::cast_precision_loss, reason = "ten bits")]
        (0, _) => fraction as f32 / 16_777_216.0,
        (31, 0) => f32::INFINITY,
        (31, _) => f32::NAN,
        _ => f32::from_bits((exponent + 112) << 23 | fraction << 13),
    };
    Ok(if sign == 1 { -size } else { size })
}
