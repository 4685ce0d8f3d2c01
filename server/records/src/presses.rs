//! Rows of presses and falls of many alerts at once, as a queue shows them.
//!
//! A queue of a storm has thousands of alerts: asked one by one, they keep a reader for a second.
//! Not here: those of one alert (`desk`).

use std::collections::HashMap;

use sqlx::{Error, Row};

use super::desk::{ActivationRow, activation};
use super::refusal::{fetch, readable};
use super::rows_of;
use crate::Link;
use crate::sql::Sql;

/// The newest presses and falls of each of these alerts, at most `most` of one, as they came.
pub async fn newest(
    c: &mut Link,
    alerts: &[&str],
    most: i64,
) -> Result<HashMap<String, Vec<ActivationRow>>, Error> {
    let mut found: HashMap<String, Vec<ActivationRow>> = HashMap::new();
    for alerts in alerts.chunks(rows_of(1)) {
        let mut sql = Sql::new(
            "SELECT alert, device, boot, seq, kind, trust, rung, pressed_mono, received_wall, late FROM (\
             SELECT activation.*, ROW_NUMBER() OVER (PARTITION BY alert ORDER BY received_wall DESC, seq DESC) \
             AS place FROM activation WHERE alert IN (",
        );
        let mut list = sql.separated(", ");
        alerts.iter().for_each(|alert| {
            list.push_bind(*alert);
        });
        sql.push(")) AS placed WHERE place <= ").push_bind(most);
        sql.push(" ORDER BY alert, place DESC");
        let rows = fetch(sql.build(c), &mut *c).await?;
        let read = |row: &sqlx::any::AnyRow| Ok((row.try_get("alert")?, activation(row)?));
        for (alert, press) in readable::<(String, ActivationRow)>(&rows, read) {
            found.entry(alert).or_default().push(press);
        }
    }
    Ok(found)
}
