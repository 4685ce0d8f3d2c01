//! House-keeping: merge the day that is over, roll up what is old, drop what is oldest.
//!
//! Series are visited in rotation, a bounded number a step. A day lies in one resolution only: its
//! chunks become minutes, its minutes become hours, each in one commit, so that nothing counts
//! twice and nothing is between. A day with a damaged chunk is left as it is until it is rolled up;
//! then the damaged part is lost and told. Not here: how long things are kept (`Retention`).

use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use proto::id::DeviceId;
use rusqlite::{Transaction, params};

use super::chunk::{Damaged, Span, checksum, open, open_spans, seal_spans};
use super::read::{from_span, whole};
use super::refused::Refused;
use super::seal::{Writer, store_chunks};
use super::{DAY_MS, HOUR_MS, MINUTE_MS, PERIOD_DAYS, Slot, day_of, day_start, file};
use crate::thin::{Sum, settle};
use crate::{Retention, Sampled, SeriesError};

/// A day is merged so long after its end: most late points are in by then.
const MERGE_AFTER_MS: i64 = HOUR_MS;
/// Series visited in one step.
const VISIT_MAX: u32 = 1_000;
/// Days changed in one step: some 100 ms of work.
const CHANGE_MAX: u32 = 100;

/// The days that decide what happens to a day.
#[derive(Clone, Copy)]
struct Edges {
    /// Earlier days are merged.
    merge: i64,
    /// Earlier days become minutes.
    minute: i64,
    /// Earlier days become hours.
    hour: i64,
    /// Earlier periods are dropped.
    period: i64,
}

impl Writer {
    /// One step; answers whether there is more to do at once.
    pub(super) fn tend(&mut self, now_ms: i64, keep: &Retention) -> Result<bool, SeriesError> {
        let today = day_of(now_ms);
        let edges = Edges {
            merge: day_of(now_ms - MERGE_AFTER_MS),
            minute: today - i64::from(keep.raw_days),
            hour: today - i64::from(keep.minute_days),
            period: (today - i64::from(keep.hour_days)).div_euclid(PERIOD_DAYS),
        };
        // It follows the clock back too: a day that is rolled up takes what comes late.
        self.floor_ms = day_start(edges.minute);
        let series = self.heads.lock().unwrap_or_else(PoisonError::into_inner).len();
        let told = file::told(&self.path);
        let tx = self.connection.transaction().map_err(&told)?;
        let mut changes = 0;
        let mut lost = 0;
        let mut visited = 0;
        while visited < VISIT_MAX.min(series) && changes < CHANGE_MAX {
            self.cursor = self.cursor % series + 1;
            visited += 1;
            let work = Work { tx: &tx, series: self.cursor };
            changes += work.visit(edges, &mut lost, &mut self.refused).map_err(&told)?;
        }
        tx.commit().map_err(&told)?;
        if lost > 0 {
            self.counters.lost.fetch_add(lost, Relaxed);
            tracing::error!(
                pieces = lost,
                "damaged pieces of old days could not be rolled up and are lost"
            );
        }
        Ok(changes >= CHANGE_MAX)
    }
}

struct Work<'a> {
    tx: &'a Transaction<'a>,
    series: u32,
}

impl Work<'_> {
    /// Looks after one series; answers how many days it changed. A day of which a row is refused stays as it is.
    fn visit(
        &self,
        edges: Edges,
        lost: &mut u64,
        refused: &mut Refused,
    ) -> Result<u32, rusqlite::Error> {
        let mut changes = 0;
        let days: Vec<(i64, bool)> = {
            let mut query = self.tx.prepare_cached(
                "SELECT day, sum(loose) > 0 FROM chunk WHERE series = ?1 AND day < ?2 GROUP BY day",
            )?;
            let rows =
                query.query_map((self.series, edges.merge), |r| Ok((r.get(0)?, r.get(1)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        let Self { tx, series } = self;
        for (day, loose) in days {
            if day < edges.minute {
                let of = ("minutes", (series, day));
                if let Some(damaged) = refused.apart(tx, of, || self.to_minutes(day))? {
                    *lost += damaged;
                    changes += 1;
                }
            } else if loose {
                let merged = refused.apart(tx, ("day", (series, day)), || self.merge(day))?;
                changes += u32::from(merged.unwrap_or(false));
            }
        }
        let old: Vec<i64> = {
            let mut query =
                self.tx.prepare_cached("SELECT day FROM minute WHERE series = ?1 AND day < ?2")?;
            let rows = query.query_map((self.series, edges.hour), |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        for day in old {
            let of = ("hours", (series, day));
            if let Some(damaged) = refused.apart(tx, of, || self.to_hours(day))? {
                *lost += damaged;
                changes += 1;
            }
        }
        self.drop_periods(edges.period, refused)?;
        Ok(changes)
    }

    /// Drops the periods that are too old, each by itself.
    fn drop_periods(&self, before: i64, refused: &mut Refused) -> Result<(), rusqlite::Error> {
        let old: Vec<i64> = {
            let mut query = self
                .tx
                .prepare_cached("SELECT period FROM hour WHERE series = ?1 AND period < ?2")?;
            let rows = query.query_map((self.series, before), |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        for period in old {
            refused.apart(self.tx, ("period", (self.series, period)), || {
                self.tx
                    .prepare_cached("DELETE FROM hour WHERE series = ?1 AND period = ?2")?
                    .execute((self.series, period))
            })?;
        }
        Ok(())
    }

    /// Makes few long chunks of a day's many; leaves a day with a damaged chunk alone.
    fn merge(&self, day: i64) -> Result<bool, rusqlite::Error> {
        let (points, damaged) = self.day(day)?;
        if damaged > 0 {
            return Ok(false);
        }
        self.drop_chunks(day)?;
        let slots: Vec<Slot> = points.iter().map(|s| Slot::new(s.at_ms, s.value)).collect();
        store_chunks(self.tx, self.series, &slots, false)?;
        Ok(true)
    }

    /// Rolls a day's points up to minutes; answers how many pieces were damaged.
    fn to_minutes(&self, day: i64) -> Result<u64, rusqlite::Error> {
        let (mut samples, mut damaged) = self.day(day)?;
        let sql = "SELECT id, day, crc, data FROM minute WHERE series = ?1 AND day = ?2";
        let (known, more) = self.spans(sql, day)?;
        damaged += more;
        // Rolled up before, under a clock that ran ahead: what has come since is added.
        samples.extend(known.iter().map(|span| from_span(NOBODY, span, MINUTE_MS)));
        samples.sort_by_key(|sample| sample.at_ms);
        let data = pack(&roll(&samples, MINUTE_MS))?;
        self.drop_chunks(day)?;
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO minute(series, day, crc, data) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![self.series, day, checksum(&data), data])?;
        Ok(damaged)
    }

    /// Rolls a day's minutes up to hours and adds them to their period; answers damaged pieces.
    fn to_hours(&self, day: i64) -> Result<u64, rusqlite::Error> {
        let period = day.div_euclid(PERIOD_DAYS);
        let (minutes, mut damaged) = self
            .spans("SELECT id, day, crc, data FROM minute WHERE series = ?1 AND day = ?2", day)?;
        let (hours, more) = self.spans(
            "SELECT id, period, crc, data FROM hour WHERE series = ?1 AND period = ?2",
            period,
        )?;
        damaged += more;
        let mut samples: Vec<Sampled> =
            minutes.iter().map(|s| from_span(NOBODY, s, MINUTE_MS)).collect();
        samples.extend(hours.iter().map(|s| from_span(NOBODY, s, HOUR_MS)));
        samples.sort_by_key(|sample| sample.at_ms);
        let data = pack(&roll(&samples, HOUR_MS))?;
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO hour(series, period, crc, data) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![self.series, period, checksum(&data), data])?;
        self.tx
            .prepare_cached("DELETE FROM minute WHERE series = ?1 AND day = ?2")?
            .execute((self.series, day))?;
        Ok(damaged)
    }

    /// All points of a day in order, and how many chunks are damaged.
    fn day(&self, day: i64) -> Result<(Vec<Sampled>, u64), rusqlite::Error> {
        let mut query = self.tx.prepare_cached(
            "SELECT id, day, crc, data FROM chunk WHERE series = ?1 AND day = ?2 ORDER BY id",
        )?;
        let mut rows = query.query((self.series, day))?;
        let (mut points, mut damaged) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            match whole(row).and_then(open) {
                Ok(slots) => points.extend(
                    slots.iter().map(|slot| Sampled::single(NOBODY, slot.at_ms(), slot.value())),
                ),
                Err(Damaged) => damaged += 1,
            }
        }
        settle(&mut points);
        Ok((points, damaged))
    }

    fn spans(&self, sql: &str, key: i64) -> Result<(Vec<Span>, u64), rusqlite::Error> {
        let mut query = self.tx.prepare_cached(sql)?;
        let mut rows = query.query((self.series, key))?;
        let Some(row) = rows.next()? else { return Ok((Vec::new(), 0)) };
        Ok(whole(row).and_then(open_spans).map_or((Vec::new(), 1), |spans| (spans, 0)))
    }

    fn drop_chunks(&self, day: i64) -> Result<(), rusqlite::Error> {
        self.tx
            .prepare_cached("DELETE FROM chunk WHERE series = ?1 AND day = ?2")?
            .execute((self.series, day))?;
        Ok(())
    }
}

/// A series is of one device; within it nobody asks which.
const NOBODY: DeviceId = match DeviceId::new(0) {
    Some(id) => id,
    None => unreachable!(),
};

fn pack(spans: &[Span]) -> Result<Vec<u8>, rusqlite::Error> {
    seal_spans(spans).map_err(|Damaged| rusqlite::Error::InvalidQuery)
}

/// Rolls settled samples up to spans of one length.
fn roll(samples: &[Sampled], span_ms: i64) -> Vec<Span> {
    debug_assert_eq!(DAY_MS % span_ms, 0);
    let slot = |sample: &Sampled| sample.at_ms.div_euclid(span_ms);
    let spans = samples.chunk_by(|a, b| slot(a) == slot(b));
    spans
        .filter_map(|part| {
            let (first, rest) = part.split_first()?;
            let mut sum = Sum::of(first);
            rest.iter().for_each(|sample| sum.add(sample));
            let at_ms = slot(first) * span_ms;
            let rolled = sum.sample(NOBODY, at_ms, span_ms);
            Some(match rolled.value {
                Ok(mean) => {
                    Span { at_ms, low: rolled.low, high: rolled.high, mean, count: rolled.count }
                }
                Err(reason) => {
                    let reason = f32::from(reason.number());
                    Span { at_ms, low: reason, high: reason, mean: reason, count: 0 }
                }
            })
        })
        .collect()
}
