//! `/api/homes/{id}/series`: what was measured in one home, as data.
//!
//! A question that reaches farther back than values are kept, or for more points than one answer has, is refused with
//! what can be asked; any other is answered in whole: older parts come from what was rolled up, and each point says
//! for how long it stands. Not here: charts and tables (`pages`, `readings`).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use proto::unit::NoData;
use proto::up::Quantity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::routes::Ask;
use crate::routes::homes::{looked, number};
use crate::session::As;
use centre::auth::role::ReadingHomes;
use centre::points;
use records::home;
use series::{Sampled, Window};

/// Most points of one sensor in one answer.
const POINTS_MAX: u32 = 5_000;
/// What is answered if nothing else is asked for: a day of minutes.
const HOURS: i64 = 24;
const POINTS: u32 = 1_440;
const HOUR_MS: i64 = 3_600_000;

/// Which readings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    quantity: String,
    hours: Option<i64>,
    points: Option<u32>,
}

/// What was measured in a span that ends now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readings {
    /// First moment, ms since 1970: the answer covers all that was asked for.
    from_ms: i64,
    /// First moment after it.
    to_ms: i64,
    /// What is older than this is kept no more, ms since 1970.
    kept_from_ms: i64,
    /// The longest span that one of the points stands for, ms; 0 = each is as it was measured.
    grain_ms: i64,
    /// Whether the store did not answer in time: then no points say nothing.
    missing: bool,
    /// By device and time.
    points: Vec<Reading>,
}

/// One value, or why there is none.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reading {
    /// Device id.
    device: String,
    /// When, or the start of the span that it stands for, ms since 1970.
    at_ms: i64,
    /// The span that it stands for, ms; 0 = it is as it was measured.
    span_ms: i64,
    /// The mean in the quantity's unit; null = there is none.
    value: Option<f32>,
    /// Why there is none: `off` switched off, `notpresent` nobody or nothing there, `timeout` the sensor did not
    /// answer, `fault` it is broken or does not say why, `stale` too old, `clipped` it stands at a limit of its
    /// sensor, `implausible` nothing can have measured it.
    no_data: Option<&'static str>,
    /// Lowest value of the span; 0 without a value.
    low: f32,
    /// Highest value of the span; 0 without a value.
    high: f32,
    /// Values that it stands for.
    count: u32,
}

impl Reading {
    fn of(one: &Sampled) -> Self {
        let Sampled { device, at_ms, span_ms, value, low, high, count } = *one;
        let no_data = value.err().map(NoData::word);
        let value = value.ok();
        Self { device: device.to_string(), at_ms, span_ms, value, no_data, low, high, count }
    }
}

fn quantity(word: &str) -> ApiResult<Quantity> {
    let found = Quantity::from_word(word);
    found.ok_or_else(|| ApiError::input("quantity"))
}

/// Readings of one home, up to as far back as values are kept; 422 `range` names what can be asked.
#[utoipa::path(get, path = "/api/homes/{id}/series", tag = "homes",
    params(("id" = String, Path), ("quantity" = String, Query), ("hours" = Option<i64>, Query), ("points" = Option<u32>, Query)),
    responses((status = 200, body = Readings), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn series(
    State(app): State<Arc<App>>,
    As(me, ..): As<ReadingHomes>,
    Path(id): Path<String>,
    Ask(asked): Ask<Asked>,
) -> ApiResult<Json<Readings>> {
    let number = number(&id)?;
    let place = id.parse().map_err(|_| ApiError::unknown("home"))?;
    let quantity = quantity(&asked.quantity)?;
    let hours_max = i64::from(app.config.series.retention.hour_days) * 24;
    let (hours, max_points) = (asked.hours.unwrap_or(HOURS), asked.points.unwrap_or(POINTS));
    if !(1..=hours_max).contains(&hours) {
        return Err(ApiError::range("hours", format_args!("1–{hours_max}")));
    }
    if !(1..=POINTS_MAX).contains(&max_points) {
        return Err(ApiError::range("points", format_args!("1–{POINTS_MAX}")));
    }
    let known = home::name(&mut *app.records.reader().await?, number).await?;
    known.ok_or_else(|| ApiError::unknown("home"))?;
    let to_ms = app.clock.now().wall_ms;
    let from_ms = to_ms - hours * HOUR_MS;
    let window = Window { home: place, device: None, quantity, from_ms, to_ms, max_points };
    let read = points::read(&*app.series, window).await;
    let missing = read.is_err();
    let samples = read.unwrap_or_default();
    looked(&app, &me, number, "readings").await?;
    Ok(Json(Readings {
        from_ms,
        to_ms,
        kept_from_ms: to_ms - hours_max * HOUR_MS,
        grain_ms: samples.iter().map(|one| one.span_ms).max().unwrap_or(0),
        missing,
        points: samples.iter().map(Reading::of).collect(),
    }))
}
