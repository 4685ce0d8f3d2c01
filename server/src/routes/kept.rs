//! `GET /api/kept`: what is kept how long, and what went because its time was over.
//!
//! Not here: how it goes (`retention`), and rows that are bounded by number.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api_error::ApiResult;
use crate::app::App;
use crate::session::As;
use centre::auth::role::Administering;
use centre::retention::Class;
use records::forgotten;

/// Passes that the list shows.
const PASSES: i64 = 100;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// What is kept how long.
#[derive(Debug, Serialize, ToSchema)]
pub struct Kept {
    classes: Vec<KeptClass>,
    values: KeptValues,
    /// Passes that took something away, newest first, at most 100.
    forgotten: Vec<Pass>,
    /// Whether there were earlier ones.
    more: bool,
}

/// A class of rows.
#[derive(Debug, Serialize, ToSchema)]
struct KeptClass {
    /// `alerts`, `faults` or `looks`.
    class: &'static str,
    /// Days after its end.
    days: u64,
}

/// Measured values, days.
#[derive(Debug, Serialize, ToSchema)]
struct KeptValues {
    /// As they were measured.
    raw_days: u32,
    /// One a minute; in an InfluxDB one a quarter of an hour.
    minute_days: u32,
    /// One an hour.
    hour_days: u32,
}

/// What one pass took away.
#[derive(Debug, Serialize, ToSchema)]
struct Pass {
    class: String,
    /// When it ended, ms since 1970.
    at_ms: i64,
    /// What was over before this went, ms since 1970.
    before_ms: i64,
    /// Alerts or rows.
    lines: i64,
}

/// What is kept how long, and what went because its time was over.
#[utoipa::path(get, path = "/api/kept", responses((status = 200, body = Kept)))]
pub async fn show(State(app): State<Arc<App>>, _: As<Administering>) -> ApiResult<Json<Kept>> {
    let passes = forgotten::lately(&mut *app.records.reader().await?, PASSES + 1).await?;
    let most = usize::try_from(PASSES).unwrap_or(usize::MAX);
    let more = passes.len() > most;
    let class = |class: Class| KeptClass { class: class.word(), days: class.kept().get() / DAY_MS };
    let values = app.config.series.retention;
    Ok(Json(Kept {
        classes: Class::ALL.into_iter().map(class).collect(),
        values: KeptValues {
            raw_days: values.raw_days,
            minute_days: values.minute_days,
            hour_days: values.hour_days,
        },
        forgotten: passes
            .into_iter()
            .take(most)
            .map(|pass| Pass {
                class: pass.class,
                at_ms: pass.wall,
                before_ms: pass.edge,
                lines: pass.lines,
            })
            .collect(),
        more,
    }))
}
