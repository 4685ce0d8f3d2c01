//! Reads of InfluxDB: the raw points of a window, and what rolled them up where they are gone.
//!
//! A query is built of numbers and checked names only. Raw points are asked for first; minutes and
//! hours only for the part of the window before them. Not here: writing.

use influxdb2::Client;
use influxdb2::models::Query;
use proto::id::DeviceId;

use super::InfluxConfig;
use crate::series::thin::{settle, thin};
use crate::series::{Sampled, SeriesError, Window, quantity_number, reason_from};

/// Nanoseconds in a millisecond: InfluxDB answers in nanoseconds.
const NANOS: i64 = 1_000_000;
/// A window that starts so little before its first sample has nothing rolled up in front.
const NEAR_MS: i64 = 3_600_000;

/// Answers a window, ordered by device and time.
pub(super) async fn read(
    client: &Client,
    config: &InfluxConfig,
    window: &Window,
) -> Result<Vec<Sampled>, SeriesError> {
    let mut found = ask(client, config, window, &raw(config, window), 0).await?;
    for (suffix, span_ms) in [("1m", 60_000), ("1h", 3_600_000)] {
        let first = found.iter().map(|s| s.at_ms).min().unwrap_or(window.to_ms);
        if first - window.from_ms <= NEAR_MS {
            break;
        }
        let before = Window { to_ms: first.div_euclid(span_ms) * span_ms, ..*window };
        let text = rolled(config, &before, suffix);
        found.extend(ask(client, config, &before, &text, span_ms).await?);
    }
    found.sort_by_key(|s| (s.device, s.at_ms));
    let mut out = Vec::new();
    for device in found.chunk_by(|a, b| a.device == b.device) {
        let mut samples = device.to_vec();
        settle(&mut samples);
        out.extend(thin(window, samples));
    }
    Ok(out)
}

fn source(bucket: &str, window: &Window) -> String {
    let quantity = quantity_number(window.quantity);
    let (home, from, to) = (window.home.get(), window.from_ms * NANOS, window.to_ms * NANOS);
    let device = window.device.map_or(String::new(), |d| format!(" and r.d == \"{}\"", d.get()));
    format!(
        "from(bucket: \"{bucket}\") |> range(start: time(v: {from}), stop: time(v: {to})) \
         |> filter(fn: (r) => r._measurement == \"bed\" and r.h == \"{home}\" and r.q == \"{quantity}\"{device})"
    )
}

fn raw(config: &InfluxConfig, window: &Window) -> String {
    let source = source(&config.bucket, window);
    format!(
        "{source} |> group() |> map(fn: (r) => ({{at: int(v: r._time), d: r.d, \
         v: float(v: r._value), low: float(v: r._value), high: float(v: r._value), n: 1, gap: r._field == \"g\"}}))"
    )
}

fn rolled(config: &InfluxConfig, window: &Window, suffix: &str) -> String {
    let source = source(&format!("{}_{suffix}", config.bucket), window);
    format!(
        "{source} |> pivot(rowKey: [\"_time\", \"d\"], columnKey: [\"_field\"], valueColumn: \"_value\") \
         |> group() |> map(fn: (r) => ({{at: int(v: r._time), d: r.d, v: r.v, low: r.low, high: r.high, \
         n: int(v: r.n), gap: false}}))"
    )
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "values were f32 and 0 to 4 when written"
)]
async fn ask(
    client: &Client,
    config: &InfluxConfig,
    window: &Window,
    text: &str,
    span_ms: i64,
) -> Result<Vec<Sampled>, SeriesError> {
    if window.from_ms >= window.to_ms {
        return Ok(Vec::new());
    }
    let records = client
        .query_raw(Some(Query::new(text.to_owned())))
        .await
        .map_err(|error| config.error(&error.to_string()))?;
    let sample = |record: &influxdb2::api::query::FluxRecord| {
        let number = |key: &str| record.values.get(key).and_then(|v| v.f64());
        let whole = |key: &str| record.values.get(key).and_then(|v| v.i64());
        let device = record.values.get("d")?.string()?.parse().ok().and_then(DeviceId::new)?;
        let at_ms = whole("at")?.div_euclid(NANOS);
        let value = number("v")?;
        if record.values.get("gap").and_then(|v| v.bool()) == Some(true) {
            return Some(Sampled::single(device, at_ms, Err(reason_from(value as u8))));
        }
        let (low, high) = (number("low")? as f32, number("high")? as f32);
        let count = u32::try_from(whole("n")?).ok()?;
        Some(Sampled { device, at_ms, span_ms, value: Ok(value as f32), low, high, count })
    };
    records
        .iter()
        .map(|record| {
            sample(record).ok_or_else(|| config.error("a row without time, device or value"))
        })
        .collect()
}
