//! Bounded lists in CBOR. A list from a build with more room is cut, not refused: the state stays readable.
//!
//! Not here: what is in them.

use heapless::Vec;
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

pub(crate) fn encode<C, T: Encode<C>, W: Write, const N: usize>(
    list: &Vec<T, N>,
    e: &mut Encoder<W>,
    ctx: &mut C,
) -> Result<(), EncodeError<W::Error>> {
    e.array(list.len() as u64)?;
    list.iter().try_for_each(|item| item.encode(e, ctx))
}

pub(crate) fn decode<'b, C, T: Decode<'b, C>, const N: usize>(
    d: &mut Decoder<'b>,
    ctx: &mut C,
) -> Result<Vec<T, N>, DecodeError> {
    let mut list = Vec::new();
    for item in d.array_iter_with(ctx)? {
        // What does not fit is dropped here and only here; see the head of this file.
        let _ = list.push(item?);
    }
    Ok(list)
}
