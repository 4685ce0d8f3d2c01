//! Rows of faults that stand, each with the alert that tells of it.
//!
//! A fault is named by its cause and by whose it is, so that it is told once whatever the number of signs.
//! Not here: when a fault begins or ends (`faults`).

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;

/// What tells one fault from another: cause, home, gateway, device; zero where there is none.
pub type FaultKey = (i64, i64, i64, i64);

/// The alert that tells of a fault, and whether a person has ended it.
pub async fn find(c: &mut Link, key: FaultKey) -> Result<Option<(String, bool)>, Error> {
    let sql = "SELECT f.alert, COALESCE(a.state, 3) AS state FROM fault f LEFT JOIN alert a ON a.id = f.alert \
               WHERE f.cause = $1 AND f.home = $2 AND f.gateway = $3 AND f.device = $4";
    let row = query(sql).bind(key.0).bind(key.1).bind(key.2).bind(key.3).fetch_optional(c).await?;
    let read =
        |row: sqlx::any::AnyRow| Ok((row.try_get("alert")?, row.try_get::<i64, _>("state")? == 3));
    row.map(read).transpose()
}

/// Notes which alert tells of a fault from now on.
pub async fn put(c: &mut Link, key: FaultKey, alert: &str) -> Result<(), Error> {
    let sql = "INSERT INTO fault (cause, home, gateway, device, alert) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (cause, home, gateway, device) DO UPDATE SET alert = $5";
    query(sql)
        .bind(key.0)
        .bind(key.1)
        .bind(key.2)
        .bind(key.3)
        .bind(alert)
        .execute(c)
        .await
        .map(drop)
}

/// A fault is over.
pub async fn remove(c: &mut Link, key: FaultKey) -> Result<(), Error> {
    let sql = "DELETE FROM fault WHERE cause = $1 AND home = $2 AND gateway = $3 AND device = $4";
    query(sql).bind(key.0).bind(key.1).bind(key.2).bind(key.3).execute(c).await.map(drop)
}

/// Every fault that stood when the server ended.
pub async fn all(c: &mut Link) -> Result<Vec<FaultKey>, Error> {
    let rows = fetch(query("SELECT cause, home, gateway, device FROM fault"), c).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok((
            row.try_get("cause")?,
            row.try_get("home")?,
            row.try_get("gateway")?,
            row.try_get("device")?,
        ))
    };
    Ok(readable(&rows, read))
}
