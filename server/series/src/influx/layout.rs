//! How points lie in an InfluxDB: what they are called, in which unit, and how they are asked for.
//!
//! A measurement is a quantity; tags are `device` and `home`, as the console writes them, and `unit`. As it was
//! measured a point has the field `value`, or `no_data` with the word of the reason. What rolled it up has `mean`,
//! `low`, `high` and `count`, and `no_data` where something was missing. Points of before, which had numbers for all
//! of it in one measurement, are read until their time is over. Not here: asking, writing.

use proto::id::{DeviceId, HomeId};
use proto::up::Quantity;

use super::InfluxConfig;
use crate::Window;

/// Nanoseconds in a millisecond: InfluxDB answers in nanoseconds.
pub(super) const NANOS: i64 = 1_000_000;
/// The measurement of the layout of before.
pub(super) const FORMER: &str = "bed";
/// What stands in the place of a reason where there is a value.
pub(super) const NO_GAP: &str = "-";

/// What a value is counted in, as its tag says.
pub(super) const fn unit(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::InBed | Quantity::Restless | Quantity::Humidity | Quantity::Battery => "%",
        Quantity::Heart | Quantity::Breath => "1/min",
        Quantity::Load => "kg",
        Quantity::Motion | Quantity::Door => "1",
        Quantity::Temperature => "°C",
        Quantity::Signal => "dBm",
    }
}

/// One resolution: the end of its bucket's name, and the span of a point, ms; 0 = as it was measured.
pub(super) type Level = (&'static str, i64);

/// How points are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// As they are written.
    Now,
    /// As an earlier server wrote them.
    Former,
}

impl Layout {
    /// The resolutions, the finest first.
    pub(super) const fn levels(self) -> [Level; 3] {
        match self {
            Self::Now => [("", 0), ("_15m", 900_000), ("_1h", 3_600_000)],
            Self::Former => [("", 0), ("_1m", 60_000), ("_1h", 3_600_000)],
        }
    }

    /// The query for the points of a window at one resolution: columns at, d, v, low, high, n, gap.
    pub(super) fn query(self, config: &InfluxConfig, window: &Window, level: Level) -> String {
        let bucket = format!("{}{}", config.bucket, level.0);
        match (self, level.1) {
            (Self::Now, 0) => {
                let values = self.source(&bucket, window, "r._field == \"value\"");
                let of = "v: r._value, low: r._value, high: r._value, n: 1, gap: \"-\"";
                self.both(&values, of, &bucket, window)
            }
            (Self::Now, _) => {
                let fields =
                    ["mean", "low", "high", "count"].map(|f| format!("r._field == \"{f}\""));
                let values = self.source(&bucket, window, &fields.join(" or "));
                let pivot = pivot("device");
                let of = "v: r.mean, low: r.low, high: r.high, n: int(v: r.count), gap: \"-\"";
                self.both(&format!("{values} {pivot}"), of, &bucket, window)
            }
            (Self::Former, 0) => {
                let all = self.source(&bucket, window, "true");
                format!(
                    "{all} |> group() |> map(fn: (r) => ({{at: int(v: r._time), d: r.d, \
                     v: float(v: r._value), low: float(v: r._value), high: float(v: r._value), n: 1, \
                     gap: if r._field == \"g\" then string(v: int(v: r._value)) else \"-\"}}))"
                )
            }
            (Self::Former, _) => {
                let (all, pivot) = (self.source(&bucket, window, "true"), pivot("d"));
                format!(
                    "{all} {pivot} |> group() |> map(fn: (r) => ({{at: int(v: r._time), d: r.d, \
                     v: r.v, low: r.low, high: r.high, n: int(v: r.n), gap: \"-\"}}))"
                )
            }
        }
    }

    /// Values and reasons in one answer; they are asked for apart, since a column has one type.
    fn both(self, values: &str, of: &str, bucket: &str, window: &Window) -> String {
        let gaps = self.source(bucket, window, "r._field == \"no_data\"");
        format!(
            "values = {values} |> group() |> map(fn: (r) => ({{at: int(v: r._time), d: r.device, {of}}}))\n\
             gaps = {gaps} |> group() |> map(fn: (r) => ({{at: int(v: r._time), d: r.device, \
             v: 0.0, low: 0.0, high: 0.0, n: 0, gap: r._value}}))\n\
             union(tables: [values, gaps])"
        )
    }

    /// What is asked for, built of numbers, ids and checked names only.
    fn source(self, bucket: &str, window: &Window, fields: &str) -> String {
        let (from, to) = (window.from_ms * NANOS, window.to_ms * NANOS);
        let (home, quantity) = (window.home, window.quantity);
        let device = window.device;
        let of = match self {
            Self::Now => {
                let device = device.map_or(String::new(), |d| format!(" and r.device == \"{d}\""));
                let quantity = quantity.word();
                format!("r._measurement == \"{quantity}\" and r.home == \"{home}\"{device}")
            }
            Self::Former => {
                let device =
                    device.map_or(String::new(), |d| format!(" and r.d == \"{}\"", d.get()));
                let (home, quantity) = (HomeId::get(home), quantity.number());
                format!(
                    "r._measurement == \"{FORMER}\" and r.h == \"{home}\" and r.q == \"{quantity}\"{device}"
                )
            }
        };
        format!(
            "from(bucket: \"{bucket}\") |> range(start: time(v: {from}), stop: time(v: {to})) \
             |> filter(fn: (r) => {of}) |> filter(fn: (r) => {fields})"
        )
    }

    /// Reads a device's tag.
    pub(super) fn device(self, tag: &str) -> Option<DeviceId> {
        match self {
            Self::Now => tag.parse().ok(),
            Self::Former => tag.parse().ok().and_then(DeviceId::new),
        }
    }
}

fn pivot(device: &str) -> String {
    format!(
        "|> pivot(rowKey: [\"_time\", \"{device}\"], columnKey: [\"_field\"], valueColumn: \"_value\")"
    )
}
