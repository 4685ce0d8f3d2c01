//! What was measured in one home in a span of time, and what its devices told of themselves.
//!
//! Not here: whether the home is protected (`chain`), drawing (`pages::home`), alerts about silence (`care`).

use proto::id::HomeId;
use proto::unit::NoData;
use proto::up::Quantity;

use crate::app::App;
use crate::points;
use crate::records::device::{self, DeviceRow};
use crate::series::Window;

/// One day, ms.
pub const DAY_MS: i64 = 24 * 3_600_000;
/// Most samples of one lane: a minute each.
const POINTS: u32 = 1440;

/// What the last day's chart and the card's half hour show, in this order.
pub const SHOWN: [Quantity; 5] =
    [Quantity::InBed, Quantity::Motion, Quantity::Breath, Quantity::Heart, Quantity::Door];
/// What says only that a device lives, and how well.
const SIGNS: [Quantity; 2] = [Quantity::Battery, Quantity::Signal];

/// Samples of one quantity, in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Readings {
    /// Of what.
    pub quantity: Quantity,
    /// Wall clock and value.
    pub samples: Vec<(i64, Result<f32, NoData>)>,
}

/// One device as a page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// Its row.
    pub row: DeviceRow,
    /// When it was last heard, wall clock.
    pub heard_ms: Option<i64>,
    /// Battery, per cent, where it has one.
    pub battery: Option<f32>,
    /// Signal, dBm.
    pub signal: Option<f32>,
}

/// One home's last day.
#[derive(Debug, Clone)]
pub struct Day {
    /// First moment.
    pub from_ms: i64,
    /// Now.
    pub to_ms: i64,
    /// Readings of [`SHOWN`].
    pub readings: Vec<Readings>,
    /// Its devices.
    pub devices: Vec<Watched>,
    /// Whether the store of measured values did not answer, so that they are not all here.
    pub missing: bool,
}

/// Reads the last `span_ms` of a home.
pub async fn day(app: &App, home: i64, span_ms: i64) -> Result<Day, DayError> {
    let to_ms = app.clock.now().wall_ms;
    let from_ms = to_ms - span_ms;
    let id = HomeId::new(home.unsigned_abs()).ok_or(DayError::Home)?;
    let rows = device::of_home(&mut *app.records.reader().await?, home).await?;
    let (mut readings, mut missing) = (Vec::new(), false);
    let mut heard: Vec<(u64, i64)> = Vec::new();
    let mut signs: Vec<(Quantity, u64, f32)> = Vec::new();
    for quantity in SHOWN.into_iter().chain(SIGNS) {
        let window =
            Window { home: id, device: None, quantity, from_ms, to_ms, max_points: POINTS };
        let mut samples = Vec::new();
        // One store that does not answer is waited for once.
        let read = if missing {
            Vec::new()
        } else {
            points::read(app, window).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "a page goes without measured values");
                missing = true;
                Vec::new()
            })
        };
        for sample in read {
            let device = sample.device.get();
            // That its gateway misses it is no word of the device.
            if sample.value != Err(NoData::Stale) {
                heard.push((device, sample.at_ms + sample.span_ms));
            }
            if let (true, Ok(value)) = (SIGNS.contains(&quantity), sample.value) {
                signs.push((quantity, device, value));
            }
            samples.push((sample.at_ms, sample.value));
        }
        samples.sort_by_key(|(at, _)| *at);
        if SHOWN.contains(&quantity) {
            readings.push(Readings { quantity, samples });
        }
    }
    let devices = rows.into_iter().map(|row| watched(row, &heard, &signs)).collect();
    Ok(Day { from_ms, to_ms, readings, devices, missing })
}

fn watched(row: DeviceRow, heard: &[(u64, i64)], signs: &[(Quantity, u64, f32)]) -> Watched {
    let number = row.id.unsigned_abs();
    let heard_ms = heard.iter().filter(|(d, _)| *d == number).map(|(_, at)| *at).max();
    let last = |quantity: Quantity| {
        let mut mine = signs.iter().filter(|(q, d, _)| *q == quantity && *d == number);
        mine.next_back().map(|(.., value)| *value)
    };
    let (battery, signal) = (last(Quantity::Battery), last(Quantity::Signal));
    Watched { row, heard_ms, battery, signal }
}

/// Why a day could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DayError {
    /// No such home.
    #[error("there is no such home")]
    Home,
    /// The records failed.
    #[error("the records could not be read")]
    Records(#[from] sqlx::Error),
}
