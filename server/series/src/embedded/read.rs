//! The reader: heads, chunks and rolled-up days of a window, merged and thinned.
//!
//! The heads are looked at first and the file second: a head that is sealed in between is seen
//! twice and settled, never missed. A damaged chunk becomes a gap of its span and is told once.
//! Not here: writing.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

use proto::id::DeviceId;
use proto::unit::NoData;
use rusqlite::{Connection, Row};

use super::chunk::{Damaged, Span, checksum, open, open_spans};
use super::heads::Heads;
use super::{Counters, DAY_MS, HOUR_MS, MINUTE_MS, PERIOD_DAYS, Slot, day_of, day_start, file};
use crate::thin::{settle, thin};
use crate::{Sampled, SeriesError, Window, reason_from};

/// Damaged pieces that are remembered so that each is told once.
const TOLD_MAX: usize = 10_000;

/// Spans of one sensor that are held before they are thinned: two months of minutes.
const HELD_MAX: usize = 100_000;

/// A longer window is a question about years, which may take its time.
const LONG_MS: i64 = 32 * DAY_MS;

/// Answers windows; its connections are its own, so that no reader waits for the writer, and nobody who asks for a
/// day waits for who asks for years.
pub(super) struct Reader {
    connection: Mutex<Connection>,
    long: Mutex<Connection>,
    heads: Arc<Mutex<Heads>>,
    counters: Arc<Counters>,
    told: Mutex<BTreeSet<(Kind, i64)>>,
    path: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Chunk,
    Minute,
    Hour,
}

impl Reader {
    pub(super) fn open(
        path: &Path,
        heads: Arc<Mutex<Heads>>,
        counters: Arc<Counters>,
    ) -> Result<Self, SeriesError> {
        let connection = Mutex::new(file::open_reader(path)?);
        let long = Mutex::new(file::open_reader(path)?);
        let path = path.display().to_string();
        Ok(Self { connection, long, heads, counters, told: Mutex::default(), path })
    }

    /// Answers a window, ordered by device and time.
    pub(super) fn read(&self, window: &Window) -> Result<Vec<Sampled>, SeriesError> {
        let heads = self.look(window);
        let own = if is_long(window) { &self.long } else { &self.connection };
        let connection = own.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = Vec::new();
        for (device, series, waiting) in heads {
            let place = Place { device, series, window };
            let mut samples = self.stored(&connection, &place).map_err(|source| {
                SeriesError::File { path: self.path.clone(), source: Arc::new(source) }
            })?;
            samples.extend(waiting);
            settle(&mut samples);
            out.extend(thin(window, samples));
        }
        Ok(out)
    }

    /// What waits in the heads, per device.
    fn look(&self, window: &Window) -> Vec<(DeviceId, u32, Vec<Sampled>)> {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = heads.of_home(window.home, window.quantity.number());
        found.retain(|(device, _)| window.device.is_none_or(|only| only == *device));
        found.sort_unstable();
        let waiting = |device, series| {
            let points = heads.points(series).iter();
            points.filter_map(|slot| sample(device, window, slot)).collect()
        };
        found
            .into_iter()
            .map(|(device, series)| (device, series, waiting(device, series)))
            .collect()
    }

    fn stored(&self, db: &Connection, place: &Place<'_>) -> Result<Vec<Sampled>, rusqlite::Error> {
        let window = place.window;
        let (from, to) = (day_of(window.from_ms), day_of(window.to_ms.saturating_sub(1)));
        let mut out = Vec::new();
        let mut hours = db.prepare_cached(
            "SELECT id, period, crc, data FROM hour WHERE series = ?1 AND period BETWEEN ?2 AND ?3 ORDER BY period",
        )?;
        let periods = (place.series, from.div_euclid(PERIOD_DAYS), to.div_euclid(PERIOD_DAYS));
        let mut rows = hours.query(periods)?;
        while let Some(row) = rows.next()? {
            let start = day_start(row.get::<_, i64>(1)? * PERIOD_DAYS);
            let whole = (start, start + PERIOD_DAYS * DAY_MS);
            self.spans(row, Kind::Hour, whole, place, &mut out)?;
        }
        let mut minutes = db.prepare_cached(
            "SELECT id, day, crc, data FROM minute WHERE series = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day",
        )?;
        let mut rows = minutes.query((place.series, from, to))?;
        while let Some(row) = rows.next()? {
            let start = day_start(row.get(1)?);
            self.spans(row, Kind::Minute, (start, start + DAY_MS), place, &mut out)?;
            // A day lies in one resolution, so nothing that comes later is of these moments.
            if out.len() > HELD_MAX + window.max_points as usize {
                settle(&mut out);
                out = thin(window, out);
            }
        }
        let mut chunks = db.prepare_cached(
            "SELECT id, day, crc, data, first, last FROM chunk WHERE series = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY id",
        )?;
        let mut rows = chunks.query((place.series, from, to))?;
        while let Some(row) = rows.next()? {
            let start = day_start(row.get(1)?);
            let (first, last) = (start + row.get::<_, i64>(4)?, start + row.get::<_, i64>(5)?);
            if last < window.from_ms || first >= window.to_ms {
                continue;
            }
            match whole(row).and_then(open) {
                Ok(slots) => {
                    out.extend(slots.iter().filter_map(|s| sample(place.device, window, s)))
                }
                Err(Damaged) => {
                    out.push(self.damaged(Kind::Chunk, row.get(0)?, (first, last), place))
                }
            }
        }
        Ok(out)
    }

    fn spans(
        &self,
        row: &Row<'_>,
        kind: Kind,
        bounds: (i64, i64),
        place: &Place<'_>,
        out: &mut Vec<Sampled>,
    ) -> Result<(), rusqlite::Error> {
        let Ok(spans) = whole(row).and_then(open_spans) else {
            out.push(self.damaged(kind, row.get(0)?, bounds, place));
            return Ok(());
        };
        let length = if kind == Kind::Hour { HOUR_MS } else { MINUTE_MS };
        let wanted = place.window.from_ms..place.window.to_ms;
        let inside = spans.iter().filter(|span| wanted.contains(&span.at_ms));
        out.extend(inside.map(|span| from_span(place.device, span, length)));
        Ok(())
    }

    fn damaged(&self, kind: Kind, id: i64, bounds: (i64, i64), place: &Place<'_>) -> Sampled {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < TOLD_MAX && told.insert((kind, id)) {
            self.counters.damaged.fetch_add(1, Relaxed);
            let path = &self.path;
            tracing::error!(
                ?kind,
                id,
                path,
                "a piece of the series file is damaged, restore it from a backup"
            );
        }
        let at_ms = bounds.0.max(place.window.from_ms);
        let span_ms = bounds.1.min(place.window.to_ms) - at_ms;
        Sampled { span_ms, ..Sampled::single(place.device, at_ms, Err(NoData::Fault)) }
    }
}

/// Whether a window is a question about years.
pub(super) const fn is_long(window: &Window) -> bool {
    window.to_ms.saturating_sub(window.from_ms) > LONG_MS
}

struct Place<'a> {
    device: DeviceId,
    series: u32,
    window: &'a Window,
}

/// The bytes of a row whose checksum fits.
pub(super) fn whole<'a>(row: &'a Row<'_>) -> Result<&'a [u8], Damaged> {
    let crc: u32 = row.get(2).map_err(|_| Damaged)?;
    let data = row.get_ref(3).map_err(|_| Damaged)?.as_blob().map_err(|_| Damaged)?;
    if checksum(data) == crc { Ok(data) } else { Err(Damaged) }
}

fn sample(device: DeviceId, window: &Window, slot: &Slot) -> Option<Sampled> {
    let at_ms = slot.at_ms();
    let inside = (window.from_ms..window.to_ms).contains(&at_ms);
    inside.then(|| Sampled::single(device, at_ms, slot.value()))
}

/// A stored span as a sample; a gap keeps its reason where the lowest value would be.
pub(super) fn from_span(device: DeviceId, span: &Span, span_ms: i64) -> Sampled {
    let Span { at_ms, low, high, mean, count } = *span;
    if count == 0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "written by us, 0 to 4"
        )]
        let reason = reason_from(low as u8);
        return Sampled { span_ms, ..Sampled::single(device, at_ms, Err(reason)) };
    }
    Sampled { device, at_ms, span_ms, value: Ok(mean), low, high, count }
}
