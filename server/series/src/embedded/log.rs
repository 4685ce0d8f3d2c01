//! The log: what was acknowledged and is not yet in a chunk, as packed batches.
//!
//! A *batch* row holds points in the order they came. A *seal* row names series: every point of
//! theirs before it is in a chunk, since row and chunk were committed together. Reading the rows
//! in order therefore gives exactly the points that wait, none twice and none missing.
//! Not here: which series a number stands for.

use super::Slot;
use super::chunk::{Damaged, checksum};
use crate::reason_from;

/// One row, unpacked.
#[derive(Debug, PartialEq)]
pub(super) enum Row {
    /// Points of series, in the order they came.
    Batch(Vec<(u32, Slot)>),
    /// Series that were sealed here.
    Seal(Vec<u32>),
}

const BATCH: u8 = 1;
const SEAL: u8 = 2;

/// Packs points: per point the series and kind, the step in time, and the value.
pub(super) fn pack_batch(points: &[(u32, Slot)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + points.len() * 10);
    out.extend_from_slice(&[0; 4]);
    out.push(BATCH);
    let mut before = 0i64;
    for (series, slot) in points {
        let at = slot.at_ms();
        let step = at.wrapping_sub(before);
        before = at;
        match slot.value() {
            Ok(value) => {
                number(&mut out, u64::from(*series) << 1);
                number(&mut out, zigzag(step));
                out.extend_from_slice(&value.to_le_bytes());
            }
            Err(reason) => {
                number(&mut out, u64::from(*series) << 1 | 1);
                number(&mut out, zigzag(step));
                out.push(reason.number());
            }
        }
    }
    finish(out)
}

/// Packs the names of sealed series.
pub(super) fn pack_seal(series: &[u32]) -> Vec<u8> {
    let mut out = vec![0, 0, 0, 0, SEAL];
    series.iter().for_each(|s| number(&mut out, u64::from(*s)));
    finish(out)
}

/// Reads a row; a wrong checksum is damage.
pub(super) fn unpack(bytes: &[u8]) -> Result<Row, Damaged> {
    let (sum, body) = bytes.split_first_chunk::<4>().ok_or(Damaged)?;
    if checksum(body) != u32::from_le_bytes(*sum) {
        return Err(Damaged);
    }
    let (kind, mut rest) = body.split_first().ok_or(Damaged)?;
    match *kind {
        BATCH => {
            let mut points = Vec::with_capacity(rest.len() / 7);
            let mut at = 0i64;
            while !rest.is_empty() {
                let tag = take(&mut rest)?;
                at = at.wrapping_add(unzigzag(take(&mut rest)?));
                let series = u32::try_from(tag >> 1).map_err(|_| Damaged)?;
                let value = if tag & 1 == 0 {
                    let (value, tail) = rest.split_first_chunk::<4>().ok_or(Damaged)?;
                    rest = tail;
                    Ok(f32::from_le_bytes(*value))
                } else {
                    let (reason, tail) = rest.split_first().ok_or(Damaged)?;
                    rest = tail;
                    Err(reason_from(*reason))
                };
                points.push((series, Slot::new(at, value)));
            }
            Ok(Row::Batch(points))
        }
        SEAL => {
            let mut series = Vec::new();
            while !rest.is_empty() {
                series.push(u32::try_from(take(&mut rest)?).map_err(|_| Damaged)?);
            }
            Ok(Row::Seal(series))
        }
        _ => Err(Damaged),
    }
}

fn finish(mut out: Vec<u8>) -> Vec<u8> {
    let sum = checksum(&out[4..]);
    out[..4].copy_from_slice(&sum.to_le_bytes());
    out
}

const fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)).cast_unsigned()
}

const fn unzigzag(n: u64) -> i64 {
    (n >> 1).cast_signed() ^ -((n & 1).cast_signed())
}

fn number(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n & 0x7F | 0x80).to_le_bytes()[0]);
        n >>= 7;
    }
    out.push(n.to_le_bytes()[0]);
}

fn take(bytes: &mut &[u8]) -> Result<u64, Damaged> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(Damaged)?;
        *bytes = rest;
        n |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok(n);
        }
    }
    Err(Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::unit::NoData;

    #[test]
    fn a_batch_comes_back_in_order_whatever_its_times() {
        let points = vec![
            (0, Slot::new(1_700_000_000_123, Ok(0.5))),
            (4_000_000_000, Slot::new(5, Err(NoData::Timeout))),
            (7, Slot::new(4_102_444_800_000, Ok(-1.0e30))),
        ];
        assert_eq!(unpack(&pack_batch(&points)), Ok(Row::Batch(points)));
        assert_eq!(unpack(&pack_seal(&[3, 1, 900_000])), Ok(Row::Seal(vec![3, 1, 900_000])));
    }

    #[test]
    fn any_changed_byte_is_told() {
        let whole = pack_batch(&[(9, Slot::new(1_000, Ok(2.0))), (9, Slot::new(2_000, Ok(3.0)))]);
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x10;
            assert_eq!(unpack(&bytes), Err(Damaged), "byte {place}");
        }
    }
}
