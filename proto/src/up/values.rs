//! The values of a reading as a CBOR array of definite length.
//!
//! More than [`VALUES_MAX`] are an error; a quantity of a newer build is skipped. Not here: what a value is.

use heapless::Vec;
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decoder, Encoder};

use super::{VALUES_MAX, Value};

pub(super) fn encode<C, W: Write>(
    v: &Vec<Value, VALUES_MAX>,
    e: &mut Encoder<W>,
    ctx: &mut C,
) -> Result<(), EncodeError<W::Error>> {
    e.array(v.len() as u64)?;
    v.iter().try_for_each(|value| e.encode_with(value, ctx).map(|_| ()))
}

/// A value of a quantity that a newer build measures is skipped: the others still count.
pub(super) fn decode<'b, C>(
    d: &mut Decoder<'b>,
    ctx: &mut C,
) -> Result<Vec<Value, VALUES_MAX>, DecodeError> {
    let mut out = Vec::new();
    let len = d.array()?.ok_or(DecodeError::message("list of unknown length"))?;
    for _ in 0..len {
        let start = d.position();
        match d.decode_with(ctx) {
            Ok(value) => out.push(value).map_err(|_| DecodeError::message("too many values"))?,
            Err(error) if error.is_unknown_variant() => {
                d.set_position(start);
                d.skip()?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(out)
}
