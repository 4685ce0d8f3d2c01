//! Rows of devices: where they belong, their key epoch, and their wrapped key.
//!
//! Many rows go in one statement, since a district enrols ten thousand at once.
//! Not here: what unwraps a key (`provision::kek`).

use proto::up::Role;
use sqlx::{AssertSqlSafe, Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;
use crate::column::unknown;

/// Most rows of one statement, of ten values each.
pub const ROWS_MAX: usize = super::rows_of(10);

/// The next epoch of keys; there are 65,535, and no two words of a device lead past the last.
const NEXT: &str = "epoch = CASE WHEN epoch < 65535 THEN epoch + 1 ELSE epoch END";

/// One device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// Number of the device.
    pub id: i64,
    /// What it is for.
    pub role: Role,
    /// What it is called in its home.
    pub label: String,
    /// Its home.
    pub home: Option<i64>,
    /// The gateway it speaks through.
    pub gateway: Option<i64>,
    /// Generation of its keys.
    pub epoch: i64,
    /// `K_dev`, wrapped.
    pub wrapped: Vec<u8>,
    /// Whether it no longer counts.
    pub revoked: bool,
}

/// `($1, $2), ($3, $4), …` for so many rows of so many columns.
pub fn places(rows: usize, columns: usize) -> String {
    let row = |n: usize| {
        let cells: Vec<String> = (1..=columns).map(|c| format!("${}", n * columns + c)).collect();
        format!("({})", cells.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Enters devices.
pub async fn insert_all(c: &mut Link, devices: &[DeviceRow], wall: i64) -> Result<(), Error> {
    for part in devices.chunks(ROWS_MAX) {
        let sql = format!(
            "INSERT INTO device (id, role, label, home, gateway, epoch, wrapped, revoked, \
             enrolled_wall) VALUES {}",
            places(part.len(), 9)
        );
        let mut insert = query(AssertSqlSafe(sql));
        for device in part {
            insert = insert
                .bind(device.id)
                .bind(device.role.number())
                .bind(&device.label)
                .bind(device.home)
                .bind(device.gateway)
                .bind(device.epoch)
                .bind(&device.wrapped)
                .bind(i16::from(device.revoked))
                .bind(wall);
        }
        insert.execute(&mut *c).await?;
    }
    Ok(())
}

/// Every device, for the table in memory.
pub async fn all(c: &mut Link) -> Result<Vec<DeviceRow>, Error> {
    let sql = "SELECT id, role, label, home, gateway, epoch, wrapped, revoked FROM device";
    Ok(readable(&fetch(query(sql), c).await?, device_of))
}

/// Whether no device was ever enrolled.
pub async fn none(c: &mut Link) -> Result<bool, Error> {
    let row = query("SELECT COUNT(*) AS n FROM device").fetch_one(c).await?;
    Ok(row.try_get::<i64, _>("n")? == 0)
}

/// Devices of a home that are not released, in order; one without a label is called as its bed is.
pub async fn of_home(c: &mut Link, home: i64) -> Result<Vec<DeviceRow>, Error> {
    let sql = "SELECT d.id, role, COALESCE(NULLIF(d.label, ''), b.label, '') AS label, d.home, gateway, epoch, \
               wrapped, revoked FROM device d LEFT JOIN device_bed p ON p.device = d.id \
               LEFT JOIN bed b ON b.id = p.bed WHERE d.home = $1 ORDER BY d.id";
    Ok(readable(&fetch(query(sql).bind(home), c).await?, device_of))
}

/// Since when each device of a home belongs to it: number and wall clock.
pub async fn fitted(c: &mut Link, home: i64) -> Result<Vec<(i64, i64)>, Error> {
    let sql = "SELECT id, enrolled_wall FROM device WHERE home = $1";
    let read = |row: &sqlx::any::AnyRow| Ok((row.try_get("id")?, row.try_get("enrolled_wall")?));
    Ok(readable(&fetch(query(sql).bind(home), c).await?, read))
}

/// One device.
pub async fn find(c: &mut Link, id: i64) -> Result<Option<DeviceRow>, Error> {
    let sql = "SELECT id, role, label, home, gateway, epoch, wrapped, revoked FROM device \
               WHERE id = $1";
    query(sql).bind(id).fetch_optional(c).await?.as_ref().map(device_of).transpose()
}

/// Moves a device to a home and gateway under a new key epoch.
pub async fn place(
    c: &mut Link,
    id: i64,
    at: (i64, i64),
    epoch: i64,
    wall: i64,
) -> Result<(), Error> {
    let sql = "UPDATE device SET home = $1, gateway = $2, epoch = $3, revoked = 0, \
               enrolled_wall = $4, released_wall = NULL WHERE id = $5";
    query(sql).bind(at.0).bind(at.1).bind(epoch).bind(wall).bind(id).execute(c).await.map(drop)
}

/// Takes a device out of its home.
pub async fn release(c: &mut Link, id: i64, wall: i64) -> Result<(), Error> {
    let sql = "UPDATE device SET home = NULL, gateway = NULL, revoked = 1, released_wall = $1 \
               WHERE id = $2";
    query(sql).bind(wall).bind(id).execute(c).await.map(drop)
}

/// Marks a gateway's own row as revoked and raises the epoch of all that spoke through it.
pub async fn revoke_gateway(c: &mut Link, gateway: i64) -> Result<(), Error> {
    let own = "UPDATE device SET revoked = 1 WHERE id = $1";
    query(own).bind(gateway).execute(&mut *c).await?;
    let others = format!("UPDATE device SET {NEXT} WHERE gateway = $1");
    query(AssertSqlSafe(others)).bind(gateway).execute(c).await.map(drop)
}

/// Gives all devices of a gateway to another one, under a new key epoch.
pub async fn hand_over(c: &mut Link, old: i64, new: i64) -> Result<(), Error> {
    let sql = format!("UPDATE device SET gateway = $2, {NEXT} WHERE gateway = $1");
    query(AssertSqlSafe(sql)).bind(old).bind(new).execute(c).await.map(drop)
}

fn device_of(row: &sqlx::any::AnyRow) -> Result<DeviceRow, Error> {
    let role: i64 = row.try_get("role")?;
    Ok(DeviceRow {
        id: row.try_get("id")?,
        role: Role::from_number(role).ok_or_else(|| unknown("role", role))?,
        label: row.try_get("label")?,
        home: row.try_get("home")?,
        gateway: row.try_get("gateway")?,
        epoch: row.try_get("epoch")?,
        wrapped: row.try_get("wrapped")?,
        revoked: row.try_get::<i64, _>("revoked")? != 0,
    })
}
