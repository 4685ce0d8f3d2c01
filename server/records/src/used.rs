//! Rows of connect proofs that gateways have used.
//!
//! Not here: what a proof is to those before it (`door::proofs`), and who is let in (`gateways`).

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;

/// All of them: gateway, and what is remembered of it.
pub async fn all(c: &mut Link) -> Result<Vec<(i64, Vec<u8>)>, Error> {
    let rows = fetch(query("SELECT gateway, used FROM connect_proof"), c).await?;
    Ok(readable(&rows, |row| Ok((row.try_get("gateway")?, row.try_get("used")?))))
}

/// Keeps what is remembered of a gateway.
pub async fn put(c: &mut Link, gateway: i64, used: &[u8]) -> Result<(), Error> {
    let sql = "INSERT INTO connect_proof (gateway, used) VALUES ($1, $2) \
               ON CONFLICT (gateway) DO UPDATE SET used = $2";
    query(sql).bind(gateway).bind(used).execute(c).await.map(drop)
}
