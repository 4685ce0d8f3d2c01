//! The lanes of a home: one for each sensor and what it tells, with its name, its scale and what holds now.
//!
//! A sensor that told nothing has its lane all the same. Not here: how a lane is drawn (`chart`).

use care::policy::{BATTERY_SLACK, HEALTH_BATTERY};
use care::reading::sheet;
use proto::id::DeviceId;
use proto::unit::NoData;
use proto::up::{Quantity, Role};

use super::{AGE, Glass, MINI_LEFT, NAME};
use crate::pages::chart::gap::{self, SILENT_MS};
use crate::pages::chart::label::lines;
use crate::pages::chart::scale::Scale;
use crate::pages::chart::{self, Lane, MINUTE_MS, Sample, Shape};
use crate::pages::when;
use crate::words::Words;
use centre::desk::protection::{Day, Readings};
use centre::lang::Lang;

/// What a person's breath and heart usually are, and the step in which their scale grows.
const BREATH: ((u8, u8), u8) = ((6, 26), 2);
const HEART: ((u8, u8), u8) = ((40, 110), 10);
/// What a card shows, in this order.
const ON_A_CARD: [Quantity; 4] =
    [Quantity::InBed, Quantity::Motion, Quantity::Door, Quantity::Breath];

const fn shape(quantity: Quantity) -> (Shape, &'static str) {
    match quantity {
        Quantity::InBed => (Shape::Band, "home.in_bed"),
        Quantity::Motion => (Shape::Bars, "home.motion"),
        Quantity::Breath => (Shape::Line, "home.breath"),
        Quantity::Heart => (Shape::Line, "home.heart"),
        Quantity::Door
        | Quantity::Restless
        | Quantity::Load
        | Quantity::Temperature
        | Quantity::Humidity
        | Quantity::Signal
        | Quantity::Battery => (Shape::Ticks, "home.door"),
    }
}

/// Key of what a quantity is called.
pub const fn name(quantity: Quantity) -> &'static str {
    shape(quantity).1
}

/// Height of a shape on the glass.
pub const fn height(shape: Shape) -> f64 {
    match shape {
        Shape::Band | Shape::Ticks => 26.0,
        Shape::Bars => 40.0,
        Shape::Line => 56.0,
    }
}

/// Whether the height of a mark says something.
pub const fn has_scale(shape: Shape) -> bool {
    matches!(shape, Shape::Bars | Shape::Line)
}

/// What a sensor is called in its home.
pub fn sensor(lang: Lang, day: &Day, device: u64) -> String {
    let row = day.devices.iter().map(|d| &d.row).find(|row| row.id.unsigned_abs() == device);
    match row {
        Some(row) if !row.label.is_empty() => row.label.clone(),
        Some(row) => {
            let word = row.role.word();
            lang.t(&format!("thing.{word}")).to_owned()
        }
        None => centre::live::view::device_text(device.cast_signed()),
    }
}

/// All lanes.
pub fn lanes(glass: Glass<'_>) -> Vec<Lane> {
    glass.day.readings.iter().map(|readings| lane(glass, readings, NAME)).collect()
}

/// The lanes of a card: a sensor's name alone where there are several.
pub fn for_a_card(glass: Glass<'_>) -> Vec<Lane> {
    let all = &glass.day.readings;
    let shown = ON_A_CARD.iter().flat_map(|q| all.iter().filter(move |r| r.quantity == *q));
    shown
        .map(|readings| {
            let mut lane = lane(glass, readings, MINI_LEFT - 6.0);
            if is_one_of_many(glass.day, readings) {
                let sensor = sensor(glass.lang, glass.day, readings.device);
                lane.label = lines(&sensor, MINI_LEFT - 6.0);
            }
            lane
        })
        .collect()
}

fn is_one_of_many(day: &Day, readings: &Readings) -> bool {
    day.readings.iter().filter(|other| other.quantity == readings.quantity).count() > 1
}

fn lane(glass: Glass<'_>, readings: &Readings, wide: f64) -> Lane {
    let (lang, day) = (glass.lang, glass.day);
    let (shape, label) = shape(readings.quantity);
    let samples = chart::samples(&readings.samples);
    let gaps = gaps(day, readings, &samples);
    let (mut under, mut name) = (Vec::new(), lang.t(label).to_owned());
    if is_one_of_many(day, readings) {
        let sensor = sensor(lang, day, readings.device);
        under = lines(&sensor, wide);
        name = lang.fill("home.of_sensor", &[("what", &name), ("sensor", &sensor)]);
    }
    if has_scale(shape) {
        under.extend(lines(lang.t("home.per_minute"), wide));
    }
    let now = present(glass, readings, &samples, &gaps);
    Lane {
        name,
        label: lines(lang.t(label), wide),
        under,
        shape,
        scale: scale(glass, readings, &samples),
        gaps,
        unknown: now.word.is_none(),
        now: now.word.unwrap_or_else(|| lang.t("home.unknown").to_owned()),
        age: lines(&now.age, AGE),
        age_ms: now.age_ms,
        samples,
    }
}

fn scale(glass: Glass<'_>, readings: &Readings, samples: &[Sample]) -> Scale {
    let mat = sheet(Role::BedMat);
    let device = DeviceId::new(readings.device);
    let limits = device.map_or((None, None), |mat| glass.rules.limits(mat, readings.quantity));
    match readings.quantity {
        Quantity::Motion => Scale::of_counts(samples),
        Quantity::Breath => {
            Scale::of_rates(samples, BREATH, mat.breath.unwrap_or((0, u8::MAX)), limits)
        }
        Quantity::Heart => {
            Scale::of_rates(samples, HEART, mat.heart.unwrap_or((0, u8::MAX)), limits)
        }
        Quantity::InBed
        | Quantity::Door
        | Quantity::Restless
        | Quantity::Load
        | Quantity::Temperature
        | Quantity::Humidity
        | Quantity::Signal
        | Quantity::Battery => Scale::NONE,
    }
}

/// What is missing. A sensor that speaks each minute is missed after three; one that speaks of what happens alone,
/// when it has not said either for two of its periods that it lives.
fn gaps(day: &Day, readings: &Readings, samples: &[Sample]) -> Vec<gap::Gap> {
    let slot = samples.iter().map(|s| s.to_ms - s.from_ms).max().unwrap_or(MINUTE_MS);
    let close = samples.windows(2).filter(|w| w[1].from_ms - w[0].to_ms <= SILENT_MS).count();
    let counts = matches!(readings.quantity, Quantity::Motion | Quantity::Door);
    // Before it was fitted nothing was missing.
    let fitted = day.fitted.iter().find(|(device, _)| *device == readings.device);
    let first = samples.first().map_or(day.to_ms, |sample| sample.from_ms);
    let from_ms = fitted.map_or(day.from_ms, |(_, at)| (*at).min(first).max(day.from_ms));
    if !counts || close * 2 >= samples.len().max(1) {
        return gap::gaps(samples, &[], from_ms, day.to_ms, SILENT_MS.max(slot));
    }
    let mine = day.heard.iter().filter(|(device, _)| *device == readings.device);
    let mut alive: Vec<i64> = mine.map(|(_, at)| *at).collect();
    alive.sort_unstable();
    let periods = i64::try_from(2 * HEALTH_BATTERY.get() + BATTERY_SLACK.get());
    gap::gaps(samples, &alive, from_ms, day.to_ms, periods.unwrap_or(i64::MAX))
}

struct Present {
    /// None = unknown.
    word: Option<String>,
    age: String,
    age_ms: Option<i64>,
}

/// What holds now and how old it is. What is measured in bed only says that nobody is there.
fn present(
    glass: Glass<'_>,
    readings: &Readings,
    samples: &[Sample],
    gaps: &[gap::Gap],
) -> Present {
    let (lang, to_ms) = (glass.lang, glass.day.to_ms);
    let newest = samples.last().filter(|s| to_ms - s.to_ms <= SILENT_MS);
    if let Some((sample, Ok(value))) = newest.map(|s| (s, s.value)) {
        let ms = to_ms - sample.to_ms;
        let word = Some(worded(lang, readings.quantity, sample, value));
        return Present { word, age: when::ago(ms, lang), age_ms: Some(ms.max(0)) };
    }
    let read = samples.iter().rev().find_map(|s| Some((s, s.value.ok()?)));
    let age = match read {
        Some((sample, value)) => {
            let value = worded(lang, readings.quantity, sample, value);
            let at = when_told(glass, sample.to_ms);
            lang.fill("home.last_value", &[("value", &value), ("time", &at)])
        }
        None => lang.t("home.none").to_owned(),
    };
    let missed = gaps.last().is_some_and(|gap| gap.to_ms >= to_ms);
    let absent = matches!(newest.map(|s| s.value), Some(Err(NoData::NotPresent)));
    let word = match (absent, missed) {
        (true, _) => Some(lang.t("home.not_in_bed").to_owned()),
        (false, true) => None,
        // It speaks of what happens alone, and lives.
        (false, false) if newest.is_none() => Some(lang.t("home.calm").to_owned()),
        (false, false) => None,
    };
    Present { word, age, age_ms: None }
}

/// A time of day, with its day where that is not today.
fn when_told(glass: Glass<'_>, at_ms: i64) -> String {
    let wall = glass.wall;
    if wall.day(at_ms) == wall.day(glass.day.to_ms) {
        wall.minute(at_ms)
    } else {
        wall.table(at_ms)
    }
}

/// A value as it stands in the chart: presence is a word, a count says in which time, a rate has its unit by its name.
pub fn worded(lang: Lang, quantity: Quantity, sample: &Sample, value: f32) -> String {
    match quantity {
        Quantity::InBed if value >= chart::HALF => lang.t("home.in_bed").to_owned(),
        Quantity::InBed => lang.t("home.not_in_bed").to_owned(),
        Quantity::Motion | Quantity::Door => {
            let n = format!("{:.0}", total(sample, value));
            let age = when::span(sample.to_ms - sample.from_ms, lang);
            lang.fill("home.times_in", &[("n", &n), ("age", &age)])
        }
        Quantity::Breath
        | Quantity::Heart
        | Quantity::Restless
        | Quantity::Load
        | Quantity::Temperature
        | Quantity::Humidity
        | Quantity::Signal
        | Quantity::Battery => format!("{value:.0}"),
    }
}

/// What was counted in the whole span of a sample, of which the value is the mean.
#[expect(clippy::cast_precision_loss, reason = "a count of minutes")]
pub fn total(sample: &Sample, value: f32) -> f32 {
    value * sample.count.max(1) as f32
}
