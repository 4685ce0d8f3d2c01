//! The values of a reading as a CBOR array of definite length.
//!
//! Of more than [`VALUES_MAX`] the first count; a quantity of a newer build is skipped, and so is what is no value at
//! all. Not here: what a value is.

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

/// What cannot be read of one value takes no other with it: the others still count.
pub(super) fn decode<'b, C>(
    d: &mut Decoder<'b>,
    ctx: &mut C,
) -> Result<Vec<Value, VALUES_MAX>, DecodeError> {
    let mut out = Vec::new();
    let len = d.array()?.ok_or(DecodeError::message("list of unknown length"))?;
    for _ in 0..len {
        let start = d.position();
        match d.decode_with(ctx) {
            // There are fewer quantities than places, so what finds none says something twice.
            Ok(value) => drop(out.push(value)),
            Err(_) => {
                d.set_position(start);
                d.skip()?;
            }
        }
    }
    Ok(out)
}
