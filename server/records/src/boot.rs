//! What is remembered of the boots of devices so that their presses are dated right after a restart.
//!
//! The mark of a boot stands with its window in `seen`, the uptime of a press with its activation. Not here: what a mark
//! says (`ingest::dating`), and new dates (`redate`).

use sqlx::any::AnyRow;
use sqlx::{Error, Row};

use super::refusal::{fetch, readable};
use crate::Link;
use crate::sql::Sql;

/// Numbers of devices in one question.
const DEVICES: usize = super::rows_of(1);

/// The mark of one boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Device number.
    pub device: i64,
    /// Boot, signed.
    pub boot: i64,
    /// As it was written.
    pub mark: Vec<u8>,
}

/// A verified press that was taken for fresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// Device number, boot (signed), frame number.
    pub name: (i64, i64, i64),
    /// Its end tag.
    pub tag: Vec<u8>,
    /// The uptime that it told, ms.
    pub uptime: i64,
    /// When it was said as far as was known, server's clock.
    pub pressed_mono: i64,
}

/// Marks of all boots of these devices, the one that spoke last at the end.
pub async fn marks(c: &mut Link, devices: &[i64]) -> Result<Vec<Mark>, Error> {
    let sql = "SELECT device, boot, clock FROM seen WHERE clock IS NOT NULL AND device IN (";
    let read = |row: &AnyRow| {
        let (device, boot) = (row.try_get("device")?, row.try_get("boot")?);
        Ok(Mark { device, boot, mark: row.try_get("clock")? })
    };
    of_devices(c, devices, (sql, ") ORDER BY device, touched, boot"), None, read).await
}

/// Presses of these devices that were kept since then (server's clock) and taken for fresh, the newest first.
pub async fn fresh(c: &mut Link, devices: &[i64], since: i64) -> Result<Vec<Fresh>, Error> {
    let sql = "SELECT device, boot, seq, hash, uptime, pressed_mono FROM activation \
               WHERE trust = 0 AND late = 0 AND uptime IS NOT NULL AND device IN (";
    let read = |row: &AnyRow| {
        Ok(Fresh {
            name: (row.try_get("device")?, row.try_get("boot")?, row.try_get("seq")?),
            tag: row.try_get("hash")?,
            uptime: row.try_get("uptime")?,
            pressed_mono: row.try_get("pressed_mono")?,
        })
    };
    let tail = " ORDER BY device, stored_mono DESC, seq DESC";
    of_devices(c, devices, (sql, tail), Some(since), read).await
}

async fn of_devices<T>(
    c: &mut Link,
    devices: &[i64],
    (head, tail): (&str, &str),
    since: Option<i64>,
    read: impl Fn(&AnyRow) -> Result<T, Error> + Copy,
) -> Result<Vec<T>, Error> {
    let mut found = Vec::new();
    for devices in devices.chunks(DEVICES) {
        let mut sql = Sql::new(head);
        let mut list = sql.separated(", ");
        for device in devices {
            list.push_bind(*device);
        }
        if let Some(since) = since {
            sql.push(") AND stored_mono >= ").push_bind(since);
        }
        sql.push(tail);
        let asked = sql.build(c);
        found.extend(readable(&fetch(asked, &mut *c).await?, read));
    }
    Ok(found)
}
