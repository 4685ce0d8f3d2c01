//! Alerts of homes of which it is still to be written down whose they are.
//!
//! Reading a home and its people takes longer than the rest of an alert, and a storm opens ten thousand: the alert is
//! told first. What is owed is written a little later, and always before anything of a home changes, so that it is as
//! it was when the alert was raised. Not here: what is written (`whose`).

use sqlx::{Any, AnyConnection, Error, QueryBuilder, Row, query};

use super::{homes_of, put};
use crate::records::chain::NewAlert;
use crate::records::refusal::{fetch, readable};
use crate::records::rows_of;

/// Alerts that are written down at once.
pub const AT_ONCE: i64 = 128;

/// Notes that these are owed.
pub(super) async fn note(c: &mut AnyConnection, alerts: &[&NewAlert]) -> Result<(), Error> {
    for alerts in alerts.chunks(rows_of(2)) {
        let mut sql = QueryBuilder::<Any>::new("INSERT INTO alert_owed (alert, home) ");
        sql.push_values(alerts, |mut row, alert| {
            row.push_bind(alert.id.as_str()).push_bind(alert.home);
        });
        sql.push(" ON CONFLICT (alert) DO NOTHING");
        sql.build().execute(&mut *c).await?;
    }
    Ok(())
}

/// Whether anything is owed.
pub async fn any(c: &mut AnyConnection) -> Result<bool, Error> {
    Ok(query("SELECT alert FROM alert_owed LIMIT 1").fetch_optional(c).await?.is_some())
}

/// Writes down what is owed, [`AT_ONCE`] at most; says whether there may be more.
pub async fn settle(c: &mut AnyConnection) -> Result<bool, Error> {
    let rows = query("SELECT alert, home FROM alert_owed LIMIT $1").bind(AT_ONCE);
    let rows = fetch(rows, &mut *c).await?;
    let owed: Vec<(String, i64)> =
        readable(&rows, |row| Ok((row.try_get("alert")?, row.try_get("home")?)));
    let homes = homes_of(c, owed.iter().map(|(_, home)| *home)).await?;
    let found = owed.iter().filter_map(|(alert, home)| {
        let whose = homes.get(home)?;
        Some((alert.as_str(), whose.clone()))
    });
    put(c, &found.collect::<Vec<_>>()).await?;
    for part in owed.chunks(rows_of(1)) {
        let mut sql = QueryBuilder::<Any>::new("DELETE FROM alert_owed WHERE alert IN (");
        let mut list = sql.separated(", ");
        part.iter().for_each(|(alert, _)| {
            list.push_bind(alert.as_str());
        });
        sql.push(")");
        sql.build().execute(&mut *c).await?;
    }
    Ok(rows.len() as i64 == AT_ONCE && !owed.is_empty())
}

/// Writes down all that is owed: for whoever is about to change a home, its people or whom to call for them.
pub(crate) async fn settle_all(c: &mut AnyConnection) -> Result<(), Error> {
    while settle(c).await? {}
    Ok(())
}
