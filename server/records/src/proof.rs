//! Whether a receiver of notices has ever confirmed anything, read and kept without a running server.
//!
//! A server may be running on the same file: it is opened for one statement, never brought up to date.
//! Not here: notices of alerts (`notify`).

use std::path::Path;

use sqlx::{AnyPool, Error, Row, query};

use crate::clock::row_name;

/// Whether a message was confirmed since old ones were last dropped; without records none was.
pub async fn proved(data: &Path) -> Result<bool, Error> {
    let Some(pool) = open(data, "ro").await? else { return Ok(false) };
    let asked = query("SELECT COUNT(*) AS n FROM outbox WHERE state = 1").fetch_one(&pool).await;
    let count = asked.and_then(|row| row.try_get::<i64, _>("n"));
    pool.close().await;
    Ok(count? > 0)
}

/// Keeps that a test message was confirmed; without records there is nothing to keep it in.
pub async fn keep(data: &Path, receipt: &str, wall: i64) -> Result<(), Error> {
    let Some(pool) = open(data, "rw").await? else { return Ok(()) };
    let id = row_name();
    let sql = "INSERT INTO outbox (id, channel, alert, reason, round, urgent, body, state, tries, due_mono, \
               created_mono, ended_mono, created_wall, ended_wall, receipt) \
               SELECT $1, 'webhook', $1, 'proof', 0, 0, '{}', 1, 1, 0, high, high, $2, $2, $3 FROM \
               (SELECT COALESCE(MAX(high), 0) AS high FROM clock) AS t";
    let done = query(sql).bind(&id).bind(wall).bind(receipt).execute(&pool).await;
    pool.close().await;
    done.map(drop)
}

pub(super) async fn open(data: &Path, mode: &str) -> Result<Option<AnyPool>, Error> {
    let path = data.join("records.db");
    if !path.exists() {
        return Ok(None);
    }
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}?mode={mode}", path.display());
    AnyPool::connect(&url).await.map(Some)
}
