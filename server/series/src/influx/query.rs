//! Reads of InfluxDB: the points of a window, from the resolution that a screen can tell apart.
//!
//! A window whose samples are narrower than a quarter of an hour is answered from what was measured, and from what
//! rolled it up where that is gone; a wider one from what was rolled up, and from what was measured since. So an
//! answer of ten years is one of hours. Not here: what a query says (`layout`), writing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use influxdb2::models::Query;
use influxdb2::{Client, RequestError};

use super::InfluxConfig;
use super::layout::{FORMER, Layout, Level, NANOS, NO_GAP};
use crate::thin::{settle, slot_ms, thin};
use crate::{Sampled, SeriesError, Window, reason_from, reason_of};

/// A window that starts so little before its first sample has nothing rolled up in front.
const NEAR_MS: i64 = 3_600_000;
/// Whether it was looked for points of before is known.
const KNOWN: u8 = 1 << 7;

/// In which buckets points of the layout of before are, one bit a resolution.
#[derive(Debug, Default)]
pub(super) struct Former(AtomicU8);

impl Former {
    /// Looks again; says whether there are any.
    pub(super) async fn look(
        &self,
        client: &Client,
        config: &InfluxConfig,
    ) -> Result<bool, SeriesError> {
        let mut found = 0;
        for (bit, (suffix, _)) in Layout::Former.levels().into_iter().enumerate() {
            let bucket = format!("{}{suffix}", config.bucket);
            let names = match client.list_measurements(&bucket, Some("-10y"), None).await {
                Ok(names) => names,
                // Not every bucket of before is there.
                Err(RequestError::Http { status, .. }) if status.as_u16() == 404 => Vec::new(),
                Err(error) => return Err(config.error(&error.to_string())),
            };
            found |= u8::from(names.iter().any(|name| name == FORMER)) << bit;
        }
        self.0.store(found | KNOWN, Relaxed);
        Ok(found > 0)
    }

    fn has(&self, level: usize) -> bool {
        self.0.load(Relaxed) >> level & 1 == 1
    }
}

/// Whom to ask, and how.
pub(super) struct Asking {
    pub(super) client: Client,
    pub(super) config: Arc<InfluxConfig>,
    pub(super) former: Arc<Former>,
}

impl Asking {
    /// Answers a window, ordered by device and time.
    pub(super) async fn read(&self, window: &Window) -> Result<Vec<Sampled>, SeriesError> {
        if self.former.0.load(Relaxed) & KNOWN == 0 {
            self.former.look(&self.client, &self.config).await?;
        }
        let mut found = self.of(Layout::Now, window).await?;
        found.extend(self.of(Layout::Former, window).await?);
        found.sort_by_key(|s| (s.device, s.at_ms));
        let mut out = Vec::new();
        for device in found.chunk_by(|a, b| a.device == b.device) {
            let mut samples = device.to_vec();
            settle(&mut samples);
            out.extend(thin(window, samples));
        }
        Ok(out)
    }

    async fn of(&self, layout: Layout, window: &Window) -> Result<Vec<Sampled>, SeriesError> {
        let levels = layout.levels();
        let slot = slot_ms(window);
        let fitting = levels.iter().rposition(|(_, span_ms)| *span_ms <= slot).unwrap_or(0);
        let mut found = self.ask((layout, fitting), window).await?;
        if fitting > 0 {
            let rolled = found.iter().map(|s| s.at_ms + s.span_ms).max().unwrap_or(window.from_ms);
            found.extend(self.ask((layout, 0), &Window { from_ms: rolled, ..*window }).await?);
        }
        for (place, (_, span_ms)) in levels.into_iter().enumerate().skip(fitting + 1) {
            let first = found.iter().map(|s| s.at_ms).min().unwrap_or(window.to_ms);
            if first - window.from_ms <= NEAR_MS {
                break;
            }
            let before = Window { to_ms: first.div_euclid(span_ms) * span_ms, ..*window };
            found.extend(self.ask((layout, place), &before).await?);
        }
        Ok(found)
    }

    async fn ask(
        &self,
        (layout, place): (Layout, usize),
        window: &Window,
    ) -> Result<Vec<Sampled>, SeriesError> {
        let gone = layout == Layout::Former && !self.former.has(place);
        if gone || window.from_ms >= window.to_ms {
            return Ok(Vec::new());
        }
        let level = layout.levels()[place];
        let query = Query::new(layout.query(&self.config, window, level));
        let records = self.client.query_raw(Some(query)).await;
        let records = records.map_err(|error| self.config.error(&error.to_string()))?;
        let bad = || self.config.error("a row without time, device or value");
        records.iter().map(|record| sample(layout, level, record).ok_or_else(bad)).collect()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "values were f32 when written")]
fn sample(
    layout: Layout,
    (_, span_ms): Level,
    record: &influxdb2::api::query::FluxRecord,
) -> Option<Sampled> {
    let number = |key: &str| record.values.get(key).and_then(|v| v.f64());
    let whole = |key: &str| record.values.get(key).and_then(|v| v.i64());
    let text = |key: &str| record.values.get(key).and_then(|v| v.string());
    let device = layout.device(&text("d")?)?;
    let at_ms = whole("at")?.div_euclid(NANOS);
    let gap = text("gap")?;
    if gap != NO_GAP {
        let reason = gap.parse().map_or_else(|_| reason_of(&gap), reason_from);
        return Some(Sampled { span_ms, ..Sampled::single(device, at_ms, Err(reason)) });
    }
    let (value, low, high) = (number("v")? as f32, number("low")? as f32, number("high")? as f32);
    let count = u32::try_from(whole("n")?).ok()?;
    Some(Sampled { device, at_ms, span_ms, value: Ok(value), low, high, count })
}
