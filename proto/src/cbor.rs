//! Reading CBOR to its end: bytes after the last item are an error, not a place to hide.
//!
//! A newer build adds keys, which are skipped; it never adds bytes behind a word. Not here: what a word means.

use minicbor::decode::Error;
use minicbor::{Decode, Decoder};

pub(crate) fn read<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, Error> {
    let mut decoder = Decoder::new(bytes);
    let word = decoder.decode()?;
    if decoder.position() == bytes.len() {
        Ok(word)
    } else {
        Err(Error::message("bytes after the word").at(decoder.position()))
    }
}
