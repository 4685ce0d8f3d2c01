//! Rows of receivers: when each last confirmed a notice, so that a restart forgets no proof.
//!
//! Not here: how long a proof holds (`care::policy`), notices themselves (`notify`).

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;

/// One proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Which receiver.
    pub channel: String,
    /// At which address.
    pub address: String,
    /// When, server's clock, ms.
    pub mono: i64,
}

/// Every proof.
pub async fn all(c: &mut Link) -> Result<Vec<Proof>, Error> {
    let rows = fetch(query("SELECT channel, address, mono FROM receiver_proof"), c).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(Proof {
            channel: row.try_get("channel")?,
            address: row.try_get("address")?,
            mono: row.try_get("mono")?,
        })
    };
    Ok(readable(&rows, read))
}

/// A receiver has confirmed a notice.
pub async fn proved(c: &mut Link, proof: &Proof, wall: i64) -> Result<(), Error> {
    let sql = "INSERT INTO receiver_proof (channel, address, mono, wall) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (channel) DO UPDATE SET address = $2, mono = $3, wall = $4";
    let row = query(sql).bind(&proof.channel).bind(&proof.address).bind(proof.mono).bind(wall);
    row.execute(c).await.map(drop)
}
