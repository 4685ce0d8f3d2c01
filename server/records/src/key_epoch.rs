//! Rows of key epochs: under which keys a device was last heard, and from which on it is believed.
//!
//! Written before the epoch of a device rises, and when the device has spoken under the new one. Not here: the epoch
//! that it is to speak under (`device`), and keys themselves.

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;

/// Epochs of one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epochs {
    /// Number of the device.
    pub device: i64,
    /// The one that it was last heard under.
    pub heard: i64,
    /// The oldest one that is believed.
    pub oldest: i64,
}

/// Those of all devices that have a row.
pub async fn all(c: &mut Link) -> Result<Vec<Epochs>, Error> {
    let rows = fetch(query("SELECT device, heard, oldest FROM key_epoch"), c).await?;
    Ok(readable(&rows, read))
}

/// Those of one device.
pub async fn find(c: &mut Link, device: i64) -> Result<Option<Epochs>, Error> {
    let sql = "SELECT device, heard, oldest FROM key_epoch WHERE device = $1";
    query(sql).bind(device).fetch_optional(c).await?.as_ref().map(read).transpose()
}

/// The epoch of a device is about to rise: what it was heard under is that of now.
pub async fn keep(c: &mut Link, device: i64) -> Result<(), Error> {
    let sql = "INSERT INTO key_epoch (device, heard, oldest) \
               SELECT id, epoch, epoch - 1 FROM device WHERE id = $1 ON CONFLICT (device) DO NOTHING";
    query(sql).bind(device).execute(c).await.map(drop)
}

/// The same for all that speak through a gateway.
pub async fn keep_behind(c: &mut Link, gateway: i64) -> Result<(), Error> {
    let sql = "INSERT INTO key_epoch (device, heard, oldest) \
               SELECT id, epoch, epoch - 1 FROM device WHERE gateway = $1 ON CONFLICT (device) DO NOTHING";
    query(sql).bind(gateway).execute(c).await.map(drop)
}

/// A device has spoken under an epoch, proved by its tag. One above that of its row is right all the same: only the
/// device has the key, and the row may be that of an older backup.
pub async fn heard(c: &mut Link, device: i64, epoch: i64) -> Result<(), Error> {
    keep(&mut *c, device).await?;
    let sql = "UPDATE key_epoch SET oldest = heard, heard = $2 WHERE device = $1 AND heard < $2";
    query(sql).bind(device).bind(epoch).execute(&mut *c).await?;
    let sql = "UPDATE device SET epoch = $2 WHERE id = $1 AND epoch < $2";
    query(sql).bind(device).bind(epoch).execute(c).await.map(drop)
}

fn read(row: &sqlx::any::AnyRow) -> Result<Epochs, Error> {
    Ok(Epochs {
        device: row.try_get("device")?,
        heard: row.try_get("heard")?,
        oldest: row.try_get("oldest")?,
    })
}
