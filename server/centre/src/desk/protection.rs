//! What was measured in one home in a span of time, and what its devices told of themselves.
//!
//! Not here: whether the home is protected (`chain`), drawing (`pages::home`), alerts about silence (`care`).

use std::sync::Arc;

use proto::id::HomeId;
use proto::unit::NoData;
use proto::up::{Quantity, Role};

use crate::clock::Clock;
use crate::points;
use records::Records;
use records::device::{self, DeviceRow};
use series::{Sampled, Series, Window};

/// One day, ms.
pub const DAY_MS: i64 = 24 * 3_600_000;
/// Most samples of one lane: a day of minutes is not thinned, though some come late.
const POINTS: u32 = 2 * 1440;

/// What the last day's chart and the card's half hour show, in this order.
pub const SHOWN: [Quantity; 5] =
    [Quantity::InBed, Quantity::Motion, Quantity::Breath, Quantity::Heart, Quantity::Door];
/// What says only that a device lives, and how well.
const SIGNS: [Quantity; 2] = [Quantity::Battery, Quantity::Signal];

/// What one sensor told of one quantity, in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Readings {
    /// Of what.
    pub quantity: Quantity,
    /// The number of who told it.
    pub device: u64,
    /// As stored.
    pub samples: Vec<Sampled>,
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
    /// Readings of [`SHOWN`], those of one quantity together; none for a sensor that told nothing.
    pub readings: Vec<Readings>,
    /// Who was heard when, in no order.
    pub heard: Vec<(u64, i64)>,
    /// Its devices.
    pub devices: Vec<Watched>,
    /// Since when each of them belongs to it, by its number, wall clock.
    pub fitted: Vec<(u64, i64)>,
    /// Whether the store of measured values did not answer, so that they are not all here.
    pub missing: bool,
}

/// Where a home's day is read.
pub struct Days {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Who is in it.
    pub records: Records,
    /// What they measured.
    pub series: Arc<dyn Series>,
}

/// Reads the last `span_ms` of a home for a chart.
pub async fn day(days: &Days, home: i64, span_ms: i64) -> Result<Day, DayError> {
    span(days, home, span_ms, POINTS).await
}

/// The same with at most `max_points` samples of a sensor.
pub async fn span(days: &Days, home: i64, span_ms: i64, max_points: u32) -> Result<Day, DayError> {
    let to_ms = days.clock.now().wall_ms;
    let from_ms = to_ms - span_ms;
    let id = HomeId::new(home.unsigned_abs()).ok_or(DayError::Home)?;
    let mut reader = days.records.reader().await?;
    let rows = device::of_home(&mut reader, home).await?;
    let fitted = device::fitted(&mut reader, home).await?;
    drop(reader);
    let fitted = fitted.into_iter().map(|(device, at)| (device.unsigned_abs(), at)).collect();
    let (mut readings, mut missing) = (Vec::new(), false);
    let mut heard: Vec<(u64, i64)> = Vec::new();
    let mut signs: Vec<Sign> = Vec::new();
    for quantity in SHOWN.into_iter().chain(SIGNS) {
        let window = Window { home: id, device: None, quantity, from_ms, to_ms, max_points };
        // One store that does not answer is waited for once.
        let read = if missing {
            Vec::new()
        } else {
            points::read(&*days.series, window).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "a page goes without measured values");
                missing = true;
                Vec::new()
            })
        };
        for sample in &read {
            let device = sample.device.get();
            // That its gateway misses it is no word of the device.
            if sample.value != Err(NoData::Stale) {
                heard.push((device, sample.at_ms + sample.span_ms));
            }
            if SIGNS.contains(&quantity) {
                signs.push((quantity, device, sample.value.ok()));
            }
        }
        if SHOWN.contains(&quantity) {
            readings.extend(by_sensor(quantity, &rows, read));
        }
    }
    let devices = rows.into_iter().map(|row| watched(row, &heard, &signs)).collect();
    Ok(Day { from_ms, to_ms, readings, devices, fitted, heard, missing })
}

/// A lane for each sensor that told of a quantity, or is there to tell of it.
fn by_sensor(quantity: Quantity, rows: &[DeviceRow], read: Vec<Sampled>) -> Vec<Readings> {
    let role = match quantity {
        Quantity::InBed => Some(Role::BedMat),
        Quantity::Motion => Some(Role::Motion),
        Quantity::Door => Some(Role::Door),
        // Not every mat can tell them.
        Quantity::Breath
        | Quantity::Heart
        | Quantity::Restless
        | Quantity::Load
        | Quantity::Temperature
        | Quantity::Humidity
        | Quantity::Signal
        | Quantity::Battery => None,
    };
    let fitted = rows.iter().filter(|row| role == Some(row.role));
    let mut out: Vec<Readings> = fitted
        .map(|row| row.id.unsigned_abs())
        .map(|device| Readings { quantity, device, samples: Vec::new() })
        .collect();
    for sample in read {
        let device = sample.device.get();
        match out.iter_mut().find(|readings| readings.device == device) {
            Some(readings) => readings.samples.push(sample),
            None => out.push(Readings { quantity, device, samples: vec![sample] }),
        }
    }
    out
}

/// What a device said of itself: which quantity, who, and the value if it told one.
type Sign = (Quantity, u64, Option<f32>);

/// The newest word counts: a battery that cannot be read any more is not as full as it was.
fn watched(row: DeviceRow, heard: &[(u64, i64)], signs: &[Sign]) -> Watched {
    let number = row.id.unsigned_abs();
    let heard_ms = heard.iter().filter(|(d, _)| *d == number).map(|(_, at)| *at).max();
    let last = |quantity: Quantity| {
        let mut mine = signs.iter().filter(|(q, d, _)| *q == quantity && *d == number);
        mine.next_back().and_then(|(.., value)| *value)
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
    Records(#[from] records::Error),
}

#[cfg(test)]
mod tests {
    use proto::id::DeviceId;

    use super::*;

    #[test]
    fn two_sensors_of_one_quantity_are_never_one_line() {
        let said = |device, at_ms| Sampled::single(DeviceId::new(device).unwrap(), at_ms, Ok(1.0));
        let read = vec![said(8, 60_000), said(8, 120_000), said(9, 61_000)];
        let lanes = by_sensor(Quantity::Motion, &[], read);
        let lanes: Vec<_> = lanes.iter().map(|r| (r.device, r.samples.len())).collect();
        assert_eq!(lanes, [(8, 2), (9, 1)]);
    }

    fn mat() -> DeviceRow {
        DeviceRow {
            id: 8,
            role: Role::BedMat,
            label: String::new(),
            home: Some(5),
            gateway: None,
            epoch: 0,
            wrapped: Vec::new(),
            revoked: false,
        }
    }

    #[test]
    fn a_battery_that_tells_no_share_any_more_is_unknown_and_not_as_full_as_it_was() {
        let signs = [(Quantity::Battery, 8, Some(80.0)), (Quantity::Signal, 8, Some(-60.0))];
        assert_eq!(watched(mat(), &[], &signs).battery, Some(80.0));
        let later = [signs[0], signs[1], (Quantity::Battery, 8, None)];
        let shown = watched(mat(), &[], &later);
        assert_eq!((shown.battery, shown.signal), (None, Some(-60.0)));
    }

    #[test]
    fn a_sensor_that_told_nothing_has_its_lane() {
        let mat = mat();
        assert_eq!(by_sensor(Quantity::InBed, std::slice::from_ref(&mat), Vec::new()).len(), 1);
        assert!(by_sensor(Quantity::Heart, &[mat], Vec::new()).is_empty(), "not every mat can");
    }
}
