//! Chunks: many points of one series in few bytes, and a checksum over them.
//!
//! Layout of a chunk: version, counts of points and of gaps, length of the packed times, packed
//! times, packed values, then per gap its place (u16) and reason (u8). Times and values are packed
//! by pco. The value in a gap's place repeats its neighbour, so that it packs to nothing.
//! Rolled-up spans are chunks of the same kind with more columns. Not here: where they lie.

use pco::ChunkConfig;
use pco::standalone::{simple_compress, simple_decompress};

use super::Slot;
use crate::reason_from;

/// Most points in one chunk; places in it are 16 bits wide.
pub(super) const CHUNK_MAX: usize = 4096;

const VERSION: u8 = 1;
const LEVEL: usize = 4;
const HEAD: usize = 1 + 2 + 2 + 4;
const GAP: usize = 3;
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// Bytes that are not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

/// Checksum of stored bytes.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes)
}

fn config() -> ChunkConfig {
    ChunkConfig::default().with_compression_level(LEVEL)
}

fn pack<T: pco::data_types::Number>(numbers: &[T]) -> Result<Vec<u8>, Damaged> {
    simple_compress(numbers, &config()).map_err(|_| Damaged)
}

fn unpack<T: pco::data_types::Number>(bytes: &[u8], count: usize) -> Result<Vec<T>, Damaged> {
    let numbers: Vec<T> = simple_decompress(bytes).map_err(|_| Damaged)?;
    if numbers.len() == count { Ok(numbers) } else { Err(Damaged) }
}

/// Packs points, at most [`CHUNK_MAX`], in the order given.
pub(super) fn seal(points: &[Slot]) -> Result<Vec<u8>, Damaged> {
    let count = u16::try_from(points.len()).map_err(|_| Damaged)?;
    let times: Vec<i64> = points.iter().map(Slot::at_ms).collect();
    let first = points.iter().find_map(|p| p.value().ok()).unwrap_or(0.0);
    let mut last = first;
    let mut values = Vec::with_capacity(points.len());
    let mut gaps = Vec::new();
    for (place, point) in (0u16..).zip(points) {
        match point.value() {
            Ok(value) => last = value,
            Err(reason) => gaps.push((place, reason.number())),
        }
        values.push(last);
    }
    let times = pack(&times)?;
    let values = pack(&values)?;
    let mut out = Vec::with_capacity(HEAD + times.len() + values.len() + GAP * gaps.len());
    out.push(VERSION);
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&u16::try_from(gaps.len()).map_err(|_| Damaged)?.to_le_bytes());
    out.extend_from_slice(&u32::try_from(times.len()).map_err(|_| Damaged)?.to_le_bytes());
    out.extend_from_slice(&times);
    out.extend_from_slice(&values);
    for (place, reason) in gaps {
        out.extend_from_slice(&place.to_le_bytes());
        out.push(reason);
    }
    Ok(out)
}

/// Unpacks what [`seal`] made, after its checksum has been found right.
pub(super) fn open(bytes: &[u8]) -> Result<Vec<Slot>, Damaged> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(Damaged)?;
    let [version, c0, c1, g0, g1, t0, t1, t2, t3] = *head;
    if version != VERSION {
        return Err(Damaged);
    }
    let count = usize::from(u16::from_le_bytes([c0, c1]));
    let gaps = usize::from(u16::from_le_bytes([g0, g1]));
    let len = usize::try_from(u32::from_le_bytes([t0, t1, t2, t3])).map_err(|_| Damaged)?;
    let (times, rest) = rest.split_at_checked(len).ok_or(Damaged)?;
    let cut = rest.len().checked_sub(gaps * GAP).ok_or(Damaged)?;
    let (values, gaps) = rest.split_at(cut);
    let times: Vec<i64> = unpack(times, count)?;
    let values: Vec<f32> = unpack(values, count)?;
    let mut points: Vec<Slot> =
        times.into_iter().zip(values).map(|(at, value)| Slot::new(at, Ok(value))).collect();
    for gap in gaps.chunks_exact(GAP) {
        let place = usize::from(u16::from_le_bytes([gap[0], gap[1]]));
        let point = points.get_mut(place).ok_or(Damaged)?;
        *point = Slot::new(point.at_ms(), Err(reason_from(gap[2])));
    }
    Ok(points)
}

/// One rolled-up span as it is stored: start, lowest, highest, mean, count; count 0 is a gap whose
/// reason stands in `low`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) at_ms: i64,
    pub(super) low: f32,
    pub(super) high: f32,
    pub(super) mean: f32,
    pub(super) count: u32,
}

/// Packs rolled-up spans. Where every span holds one value at most, lowest and highest are left out.
pub(super) fn seal_spans(spans: &[Span]) -> Result<Vec<u8>, Damaged> {
    let single = spans.iter().all(|s| s.low == s.high && s.high == s.mean);
    let mut columns = vec![
        pack(&spans.iter().map(|s| s.at_ms).collect::<Vec<_>>())?,
        pack(&spans.iter().map(|s| s.mean).collect::<Vec<_>>())?,
        pack(&spans.iter().map(|s| s.count).collect::<Vec<_>>())?,
    ];
    if !single {
        columns.push(pack(&spans.iter().map(|s| s.low).collect::<Vec<_>>())?);
        columns.push(pack(&spans.iter().map(|s| s.high).collect::<Vec<_>>())?);
    }
    let mut out = vec![VERSION, u8::try_from(columns.len()).map_err(|_| Damaged)?];
    out.extend_from_slice(&u16::try_from(spans.len()).map_err(|_| Damaged)?.to_le_bytes());
    for column in columns {
        out.extend_from_slice(&u32::try_from(column.len()).map_err(|_| Damaged)?.to_le_bytes());
        out.extend_from_slice(&column);
    }
    Ok(out)
}

/// Unpacks what [`seal_spans`] made.
pub(super) fn open_spans(bytes: &[u8]) -> Result<Vec<Span>, Damaged> {
    let (&[version, columns, c0, c1], mut rest) = bytes.split_first_chunk::<4>().ok_or(Damaged)?;
    if version != VERSION || !matches!(columns, 3 | 5) {
        return Err(Damaged);
    }
    let count = usize::from(u16::from_le_bytes([c0, c1]));
    let mut next = || {
        let (len, tail) = rest.split_first_chunk::<4>().ok_or(Damaged)?;
        let len = usize::try_from(u32::from_le_bytes(*len)).map_err(|_| Damaged)?;
        let (column, tail) = tail.split_at_checked(len).ok_or(Damaged)?;
        rest = tail;
        Ok(column)
    };
    let times: Vec<i64> = unpack(next()?, count)?;
    let means: Vec<f32> = unpack(next()?, count)?;
    let counts: Vec<u32> = unpack(next()?, count)?;
    let (lows, highs) = if columns == 5 {
        (unpack(next()?, count)?, unpack(next()?, count)?)
    } else {
        (means.clone(), means.clone())
    };
    let spans = times.into_iter().zip(means).zip(counts).zip(lows.into_iter().zip(highs));
    Ok(spans
        .map(|(((at_ms, mean), count), (low, high))| Span { at_ms, low, high, mean, count })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::unit::NoData;

    #[test]
    fn a_chunk_gives_back_every_point_and_every_reason() {
        let mut points: Vec<Slot> = (0..360i16)
            .map(|n| Slot::new(1_700_000_000_000 + i64::from(n) * 10_000, Ok(f32::from(n % 7))))
            .collect();
        points[0] = Slot::new(points[0].at_ms(), Err(NoData::Off));
        points[99] = Slot::new(points[99].at_ms(), Err(NoData::Stale));
        let bytes = seal(&points).unwrap();
        assert_eq!(open(&bytes).unwrap(), points);
        assert!(bytes.len() < points.len() * 2, "{} bytes", bytes.len());
    }

    #[test]
    fn a_cut_chunk_is_damaged_and_never_a_panic() {
        let points: Vec<Slot> = (0..50).map(|n| Slot::new(n * 1000, Ok(1.5))).collect();
        let bytes = seal(&points).unwrap();
        for len in 0..bytes.len() {
            let _ = open(&bytes[..len]);
        }
        assert_eq!(open(&bytes[..HEAD]), Err(Damaged));
    }

    #[test]
    fn spans_come_back_with_and_without_extremes() {
        let span = |n: i16, width: f32| Span {
            at_ms: i64::from(n) * 60_000,
            low: f32::from(n) - width,
            high: f32::from(n) + width,
            mean: f32::from(n),
            count: 6,
        };
        for width in [0.0, 2.5] {
            let spans: Vec<Span> = (0..1440).map(|n| span(n, width)).collect();
            assert_eq!(open_spans(&seal_spans(&spans).unwrap()).unwrap(), spans);
        }
    }
}
