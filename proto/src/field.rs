//! One field of a body: what lies beyond its range is left out, and the rest of the word stands.
//!
//! A frame that has been acknowledged is heard once: whoever refuses a press for a number beside it loses a call. So a
//! field that cannot be read is *not told*: none where it may be missing, else the largest number, which is
//! no time, rhythm or version. Nothing is ever rounded to the end of a range. Not here: what a word must have to be
//! one (its kind, its ids).

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

pub(crate) fn encode<C, T: Encode<C>, W: Write>(
    told: &Option<T>,
    e: &mut Encoder<W>,
    ctx: &mut C,
) -> Result<(), EncodeError<W::Error>> {
    told.encode(e, ctx)
}

/// A field that may be missing; none if what stands there is nothing that this build can read.
pub(crate) fn decode<'b, C, T: Decode<'b, C>>(
    d: &mut Decoder<'b>,
    ctx: &mut C,
) -> Result<Option<T>, DecodeError> {
    let start = d.position();
    d.decode_with(ctx).or_else(|_| {
        d.set_position(start);
        d.skip().map(|()| None)
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the signature that `has_nil` asks for")]
pub(crate) const fn nil<T>() -> Option<Option<T>> {
    Some(None)
}

pub(crate) const fn is_nil<T>(told: &Option<T>) -> bool {
    told.is_none()
}

/// A number that must be there; the largest one if what stands there is none.
pub(crate) mod whole {
    use super::{DecodeError, Decoder, EncodeError, Encoder, Write};

    pub(crate) fn encode<C, W: Write>(
        told: &u64,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.u64(*told)?.ok()
    }

    pub(crate) fn decode<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<u64, DecodeError> {
        super::decode(d, ctx).map(|told| told.unwrap_or(u64::MAX))
    }
}

/// A span that must be there; [`Millis::UNTOLD`] if what stands there is none.
pub(crate) mod millis {
    use super::{DecodeError, Decoder, Encode, EncodeError, Encoder, Write};
    use crate::unit::Millis;

    pub(crate) fn encode<C, W: Write>(
        told: &Millis,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        told.encode(e, ctx)
    }

    pub(crate) fn decode<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<Millis, DecodeError> {
        super::decode(d, ctx).map(|told| told.unwrap_or(Millis::UNTOLD))
    }
}

/// How many; 0 if what stands there is no number.
pub(crate) mod count {
    use super::{DecodeError, Decoder, EncodeError, Encoder, Write};

    pub(crate) fn encode<C, W: Write>(
        told: &u64,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        super::whole::encode(told, e, ctx)
    }

    pub(crate) fn decode<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<u64, DecodeError> {
        super::decode(d, ctx).map(Option::unwrap_or_default)
    }
}

/// A unit with a range, told or missing: what is told and beyond the range is the unit's `NONSENSE`, never "missing".
macro_rules! measured {
    ($module:ident: $unit:ident) => {
        pub(crate) mod $module {
            use super::{DecodeError, Decoder, EncodeError, Encoder, Write};
            use crate::unit::$unit;

            pub(crate) use super::{is_nil, nil};

            pub(crate) fn encode<C, W: Write>(
                told: &Option<$unit>,
                e: &mut Encoder<W>,
                ctx: &mut C,
            ) -> Result<(), EncodeError<W::Error>> {
                super::encode(told, e, ctx)
            }

            pub(crate) fn decode<C>(
                d: &mut Decoder<'_>,
                ctx: &mut C,
            ) -> Result<Option<$unit>, DecodeError> {
                let start = d.position();
                d.decode_with(ctx).or_else(|_| {
                    d.set_position(start);
                    d.skip().map(|()| Some($unit::NONSENSE))
                })
            }
        }
    };
}

measured!(percent: Percent);
measured!(dbm: Dbm);
