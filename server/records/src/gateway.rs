//! Rows of gateways. Each has a row of the same number among the devices, which holds its key.
//!
//! Not here: keys and roster (`device`).

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Error, Row, query};

use super::device::{ROWS_MAX, places};
use super::refusal::{fetch, readable};
use crate::Link;

/// One gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRow {
    /// Number of the gateway.
    pub id: i64,
    /// Whose it is.
    pub organisation: String,
    /// Where it stands.
    pub label: String,
    /// Whether the door refuses it.
    pub revoked: bool,
}

/// Enters a gateway.
pub async fn insert(
    c: &mut Link,
    id: i64,
    organisation: &str,
    label: &str,
    wall: i64,
) -> Result<(), Error> {
    let sql = "INSERT INTO gateway (id, organisation, label, revoked, created_wall) \
               VALUES ($1, $2, $3, 0, $4)";
    query(sql).bind(id).bind(organisation).bind(label).bind(wall).execute(c).await.map(drop)
}

/// Refuses a gateway from now on; answers whether it was there.
pub async fn revoke(c: &mut Link, id: i64) -> Result<bool, Error> {
    let done = query("UPDATE gateway SET revoked = 1 WHERE id = $1").bind(id).execute(c).await?;
    Ok(done.rows_affected() > 0)
}

/// All gateways, in order.
pub async fn all(c: &mut Link) -> Result<Vec<GatewayRow>, Error> {
    let sql = "SELECT id, organisation, label, revoked FROM gateway ORDER BY id";
    let rows = fetch(query(sql), c).await?;
    let read = |row: &AnyRow| {
        Ok(GatewayRow {
            id: row.try_get("id")?,
            organisation: row.try_get("organisation")?,
            label: row.try_get("label")?,
            revoked: row.try_get::<i64, _>("revoked")? != 0,
        })
    };
    Ok(readable(&rows, read))
}

/// Enters many gateways of one organisation, each by its number and label.
pub async fn insert_all(
    c: &mut Link,
    gateways: &[(i64, String)],
    organisation: &str,
    wall: i64,
) -> Result<(), Error> {
    for part in gateways.chunks(ROWS_MAX) {
        let sql = format!(
            "INSERT INTO gateway (id, organisation, label, revoked, created_wall) VALUES {}",
            places(part.len(), 5)
        );
        let mut insert = query(AssertSqlSafe(sql));
        for (id, label) in part {
            insert = insert.bind(id).bind(organisation).bind(label).bind(0i16).bind(wall);
        }
        insert.execute(&mut *c).await?;
    }
    Ok(())
}
