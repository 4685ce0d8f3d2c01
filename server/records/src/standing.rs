//! What stands out of order, read without a running server: faults with their alerts, and what was given up.
//!
//! A server may be running on the same records: they are only read, never brought up to date. Not here: words for people.

use sqlx::any::AnyRow;
use sqlx::{Error, Row, query};

use super::engine::Engine;
use super::fault::FaultKey;
use super::proof;

/// One fault that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its cause, and whose it is.
    pub key: FaultKey,
    /// When it was told, wall clock, ms since 1970.
    pub since_ms: i64,
    /// Whether a person has ended its alert.
    pub ended: bool,
    /// Why it was told, as on its card.
    pub evidence: Vec<u8>,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Out {
    /// Faults, the oldest first.
    pub standing: Vec<Standing>,
    /// Notices that were given up, of those that are kept.
    pub notices_dead: i64,
    /// Records in quarantine.
    pub quarantined: i64,
}

/// Reads it; without records nothing stands.
///
/// # Errors
/// They cannot be read.
pub async fn read(engine: &Engine) -> Result<Out, Error> {
    let Some(pool) = proof::open(engine).await? else { return Ok(Out::default()) };
    let asked = async {
        let sql = "SELECT f.cause, f.home, f.gateway, f.device, COALESCE(a.raised_wall, 0) AS since, \
                   COALESCE(a.state, 3) AS state, a.evidence FROM fault f LEFT JOIN alert a ON a.id = f.alert \
                   ORDER BY since, f.cause, f.home, f.gateway, f.device";
        let rows = query(sql).fetch_all(&pool).await?;
        let standing = rows.iter().map(of).collect::<Result<_, _>>()?;
        let count = async |sql: &'static str| -> Result<i64, Error> {
            query(sql).fetch_one(&pool).await?.try_get("n")
        };
        let notices_dead = count("SELECT COUNT(*) AS n FROM outbox WHERE state = 2").await?;
        let quarantined = count("SELECT COUNT(*) AS n FROM quarantine").await?;
        Ok(Out { standing, notices_dead, quarantined })
    };
    let read = asked.await;
    pool.close().await;
    read
}

fn of(row: &AnyRow) -> Result<Standing, Error> {
    let number = |name| row.try_get::<i64, _>(name);
    Ok(Standing {
        key: (number("cause")?, number("home")?, number("gateway")?, number("device")?),
        since_ms: number("since")?,
        ended: number("state")? == 3,
        evidence: row.try_get::<Option<Vec<u8>>, _>("evidence")?.unwrap_or_default(),
    })
}
