//! `/homes/{id}/readings.csv`: what was measured, as a table that a spreadsheet opens.
//!
//! Minute by minute, with the reason of each gap that a sensor told. Taking it is a look at the home and is
//! written down. Not here: the chart (`pages::day`), how a table is written (`csv`).

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use proto::up::Quantity;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::csv::{Cell, Table};
use crate::pages::chart::{MINUTE_MS, Sample, samples};
use crate::pages::day::{lanes, missing};
use crate::routes::homes::{looked, number};
use crate::routes::pages::Look;
use crate::session::As;
use crate::words::Words;
use centre::auth::role::AtDesk;
use centre::desk::protection::{self, Day, DayError};
use centre::lang::Lang;
use centre::live::view::device_text;
use centre::zone::Wall;
use records::home;

/// Headings, in order.
const HEADS: [&str; 10] = [
    "csv.from",
    "csv.to",
    "csv.quantity",
    "csv.sensor",
    "csv.id",
    "csv.value",
    "csv.low",
    "csv.high",
    "csv.count",
    "csv.why",
];

/// `GET /homes/{id}/readings.csv`
pub async fn table(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
    Query(look): Query<Look>,
) -> ApiResult<Response> {
    let (number, span) = (number(&id)?, look.span()?);
    let name = home::name(&mut *app.records.reader().await?, number).await?;
    name.ok_or_else(|| ApiError::unknown("home"))?;
    looked(&app, &me, number, "export").await?;
    let points = u32::try_from(span.ms() / MINUTE_MS * 2).unwrap_or(u32::MAX);
    let day =
        protection::span(&app.days, number, span.ms(), points).await.map_err(|e| match e {
            DayError::Home => ApiError::unknown("home"),
            DayError::Records(_) => ApiError::internal(&e),
        })?;
    let text = written(me.lang, app.wall(), &day);
    let file = format!("attachment; filename=\"readings-{id}-{}.csv\"", span.word());
    let head = [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, &file)];
    Ok((head, text).into_response())
}

fn written(lang: Lang, wall: Wall<'_>, day: &Day) -> String {
    let mut table = Table::new(&HEADS.map(|key| lang.t(key)));
    for readings in &day.readings {
        let sensor = lanes::sensor(lang, day, readings.device);
        let id = device_text(readings.device.cast_signed());
        for sample in &samples(&readings.samples) {
            let times = [wall.full(sample.from_ms), wall.full(sample.to_ms)];
            let what = lang.t(lanes::name(readings.quantity));
            let head: [&str; 5] = [&times[0], &times[1], what, &sensor, &id];
            let head = head.map(Cell::Text);
            let (numbers, why) = told(lang, readings.quantity, sample);
            table.row(&[&head[..], &numbers[..], &[Cell::Text(why)]].concat());
        }
    }
    if day.missing {
        table.row(&[Cell::Text(lang.t("csv.missing"))]);
    }
    table.into_text()
}

/// The value, its range and how many readings it stands for; or why there is none.
fn told(lang: Lang, quantity: Quantity, sample: &Sample) -> ([Cell<'static>; 4], &'static str) {
    #[expect(clippy::cast_precision_loss, reason = "a count of minutes")]
    let count = Cell::Number(sample.count as f32);
    match sample.value {
        Ok(value) => {
            let counted = matches!(quantity, Quantity::Motion | Quantity::Door);
            let value = if counted { lanes::total(sample, value) } else { value };
            ([Cell::Number(value), Cell::Number(sample.low), Cell::Number(sample.high), count], "")
        }
        Err(why) => ([Cell::Empty, Cell::Empty, Cell::Empty, count], lang.t(missing::key(why))),
    }
}

#[cfg(test)]
mod tests {
    use proto::unit::NoData;

    use super::*;
    use crate::pages::day::tests::Home;

    #[test]
    fn each_minute_is_a_row_with_its_value_or_why_there_is_none() {
        let mut home = Home::new();
        home.told(0, 15.0);
        home.failed(1);
        home.lacks(2, NoData::Clipped);
        home.lacks(3, NoData::Implausible);
        let text = written(Lang::Zh, home.wall(), home.glass(Lang::Zh).day);
        let rows: Vec<&str> = text.trim_end().split("\r\n").collect();
        assert_eq!(rows.len(), 5);
        assert!(rows[1].starts_with("\"2026-11-29 18:00:00\",\"2026-11-29 18:01:00\",\"呼吸\""));
        assert!(rows[1].contains(",15,15,15,1,"), "{}", rows[1]);
        for (row, why) in [
            (rows[2], "传感器无有效读数"),
            (rows[3], "读数到达传感器量程极限"),
            (rows[4], "读数不合理"),
        ] {
            assert!(row.ends_with(&format!(",,,,0,\"{why}\"")), "{row}");
        }
    }
}
