//! Measured values over time: what a bed said, minute after minute, for years.
//!
//! - A *point* is one value, or the reason why there is none, of one quantity at one moment.
//! - A *window* asks for a span of one home; the answer is *sampled*: points, thinned to what a
//!   screen can show.
//! - Two stores keep one set of promises (`tests/contract.rs`): `embedded` in a file of its
//!   own, `influx` in an InfluxDB 2. A point written twice counts once; at one moment a value
//!   beats a gap and the last value written stays.
//!
//! Not here: what a value means for a person (`care`), and alerts, which are records.

pub mod embedded;
#[cfg(feature = "influx")]
pub mod influx;
pub mod thin;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use door::workers::Workers;
use proto::id::{DeviceId, HomeId};
use proto::unit::NoData;
use proto::up::Quantity;

/// One value of one device at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Whose home it was said in.
    pub home: HomeId,
    /// Who measured it.
    pub device: DeviceId,
    /// What was measured.
    pub quantity: Quantity,
    /// When, ms since 1970 UTC; years 1970 to 2100.
    pub at_ms: i64,
    /// The value in the quantity's unit, or why there is none. A value that is no number is implausible.
    pub value: Result<f32, NoData>,
}

/// A question: one quantity of one home in `from_ms <= at < to_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Which home.
    pub home: HomeId,
    /// One device only, else all of the home.
    pub device: Option<DeviceId>,
    /// What was measured.
    pub quantity: Quantity,
    /// First moment, ms since 1970 UTC.
    pub from_ms: i64,
    /// First moment after it, ms since 1970 UTC.
    pub to_ms: i64,
    /// Most samples of one device to answer; 1 to 100,000.
    pub max_points: u32,
}

/// A point, or what several points of a short span come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampled {
    /// Who measured it.
    pub device: DeviceId,
    /// The moment, or the start of the span.
    pub at_ms: i64,
    /// Length of the span; 0 = this is one point as it was written.
    pub span_ms: i64,
    /// The mean of the span, or why there is no value in it.
    pub value: Result<f32, NoData>,
    /// Lowest value of the span; equal to the value of a single point, 0 in a gap.
    pub low: f32,
    /// Highest value of the span.
    pub high: f32,
    /// How many values it stands for; 0 in a gap.
    pub count: u32,
}

impl Sampled {
    /// One point as it was written.
    pub fn single(device: DeviceId, at_ms: i64, value: Result<f32, NoData>) -> Self {
        let (low, count) = value.map_or((0.0, 0), |v| (v, 1));
        Self { device, at_ms, span_ms: 0, value, low, high: low, count }
    }
}

/// How long each resolution is kept, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Points as they were written.
    pub raw_days: u32,
    /// One sample a minute; in an InfluxDB one a quarter of an hour.
    pub minute_days: u32,
    /// One sample an hour.
    pub hour_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { raw_days: 30, minute_days: 730, hour_days: 3650 }
    }
}

/// What a store has done and lost since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Points made durable.
    pub written: u64,
    /// Points refused as older than everything kept, or dropped after all tries: told, not hidden.
    pub lost: u64,
    /// Stored pieces that could not be read back.
    pub damaged: u64,
    /// Points that wait for a store that does not answer.
    pub waiting: u64,
    /// Whether the store took the last batch it was given.
    pub healthy: bool,
}

/// Why a store could not do as asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SeriesError {
    /// The queue is full: the store is slower than the homes, or stands still.
    #[error(
        "keep points: {waiting} batches wait already, is the disk or the store standing still?"
    )]
    Busy {
        /// How many batches wait.
        waiting: usize,
    },
    /// The database refused.
    #[error("use series file {path}: check free space and rights")]
    File {
        /// Which file.
        path: String,
        /// What SQLite says.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The file was written by a newer server.
    #[error(
        "open series file {path} of version {found}, this server reads up to {known}: update it"
    )]
    Newer {
        /// Which file.
        path: String,
        /// Its version.
        found: i64,
        /// The newest version this server reads.
        known: i64,
    },
    /// InfluxDB did not take it or did not answer.
    #[error("use InfluxDB at {url}: {reason}")]
    Influx {
        /// Where.
        url: String,
        /// What it said, shortened.
        reason: String,
    },
    /// It did not answer in the time that a reader has.
    #[error("read measured values: the store does not answer in time")]
    Slow,
    /// The store has been closed.
    #[error("use the series store: it is closed")]
    Closed,
}

impl SeriesError {
    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        let Self::File { source, .. } = self else { return false };
        source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
    }
}

/// An answer that is on its way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SeriesError>> + Send + 'a>>;

/// A store of points. `Arc<dyn Series>` is shared by all of the server.
pub trait Series: Send + Sync {
    /// Keeps points; when this answers `Ok` they are durable. All or none of them.
    fn write(&self, points: Vec<Point>) -> Answer<'_, ()>;

    /// Answers a window, ordered by device and time.
    fn read(&self, window: Window) -> Answer<'_, Vec<Sampled>>;

    /// One step of house-keeping: roll up what is over, drop what is too old. Called about every
    /// ten seconds with the wall time; answers whether there is more to do at once.
    fn tend(&self, now_ms: i64) -> Answer<'_, bool>;

    /// What it has done and lost.
    fn facts(&self) -> Facts;

    /// The tasks that it runs by itself.
    fn workers(&self) -> Workers {
        Workers::default()
    }

    /// Finishes what it was given and stops.
    fn close(&self) -> Answer<'_, ()>;
}

/// Reads a word of a reason; one that this server does not know is a fault.
pub(crate) fn reason_of(word: &str) -> NoData {
    NoData::from_word(word).unwrap_or(NoData::Fault)
}

/// Reads a reason; one that this server does not know is a fault.
pub(crate) fn reason_from(number: u8) -> NoData {
    NoData::from_number(number).unwrap_or(NoData::Fault)
}
