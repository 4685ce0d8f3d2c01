//! Whether a receiver of notices has ever confirmed anything, read and kept without a running server.
//!
//! A server may be running on the same records: they are opened for one statement, never brought up to date.
//! Not here: notices of alerts (`notify`).

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Error, Row, query};

use crate::RecordsError;
use crate::clock::row_name;
use crate::engine::Engine;

/// Whether a message was confirmed since old ones were last dropped; without records none was.
pub async fn proved(engine: &Engine) -> Result<bool, Error> {
    let Some(pool) = open(engine).await? else { return Ok(false) };
    let asked = query("SELECT COUNT(*) AS n FROM outbox WHERE state = 1").fetch_one(&pool).await;
    let count = asked.and_then(|row| row.try_get::<i64, _>("n"));
    pool.close().await;
    Ok(count? > 0)
}

/// Keeps that a test message was confirmed; without records there is nothing to keep it in.
pub async fn keep(engine: &Engine, receipt: &str, wall: i64) -> Result<(), Error> {
    let Some(pool) = open(engine).await? else { return Ok(()) };
    let id = row_name();
    let sql = "INSERT INTO outbox (id, channel, alert, reason, round, urgent, body, state, tries, due_mono, \
               created_mono, ended_mono, created_wall, ended_wall, receipt) \
               SELECT $1, 'webhook', $1, 'proof', 0, 0, '{}', 1, 1, 0, high, high, $2, $2, $3 FROM \
               (SELECT COALESCE(MAX(high), 0) AS high FROM clock) AS t";
    let done = query(sql).bind(&id).bind(wall).bind(receipt).execute(&pool).await;
    pool.close().await;
    done.map(drop)
}

/// Whether a database elsewhere is there and set up as records need it.
///
/// # Errors
/// It is not; a file of the data folder is looked at when it is opened.
pub async fn reached(engine: &Engine) -> Result<(), RecordsError> {
    if engine.is_file() {
        return Ok(());
    }
    let reach = |source| RecordsError::Unreachable { place: engine.shown(), source };
    sqlx::any::install_default_drivers();
    let options = AnyPoolOptions::new().max_connections(1).acquire_timeout(engine.patience());
    let pool = options.connect_with(engine.options()?).await.map_err(reach)?;
    let fit = engine.fit(&mut *pool.acquire().await?).await;
    pool.close().await;
    fit
}

/// The records as they are; none if they have no tables yet.
pub(super) async fn open(engine: &Engine) -> Result<Option<AnyPool>, Error> {
    if let Engine::Sqlite { file } = engine
        && !file.exists()
    {
        return Ok(None);
    }
    sqlx::any::install_default_drivers();
    let options = AnyPoolOptions::new().max_connections(1).acquire_timeout(engine.patience());
    let pool = options.connect_with(engine.options()?).await?;
    if !engine.is_file() && !engine.has_tables(&pool).await? {
        pool.close().await;
        return Ok(None);
    }
    Ok(Some(pool))
}
