//! Rows of which bed a device belongs to: a mat measures who lies in it.
//!
//! A device without a label is called as its bed is (`device::of_home`). Not here: the beds themselves (`home`).

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use super::rows_of;
use crate::Link;
use crate::sql::Sql;

/// These devices belong to these beds from now on.
pub async fn put(c: &mut Link, places: &[(i64, &str)]) -> Result<(), Error> {
    for places in places.chunks(rows_of(2)) {
        let mut sql = Sql::new("INSERT INTO device_bed (device, bed) ");
        sql.push_values(places, |mut row, (device, bed)| {
            row.push_bind(*device).push_bind((*bed).to_owned());
        });
        sql.push(" ON CONFLICT (device) DO UPDATE SET bed = excluded.bed");
        sql.build(c).execute(&mut *c).await?;
    }
    Ok(())
}

/// A device belongs to no bed any more.
pub async fn leave(c: &mut Link, device: i64) -> Result<(), Error> {
    query("DELETE FROM device_bed WHERE device = $1").bind(device).execute(c).await.map(drop)
}

/// Devices of a home that belong to a bed, and to which.
pub async fn of_home(c: &mut Link, home: i64) -> Result<Vec<(i64, String)>, Error> {
    let sql =
        "SELECT p.device, p.bed FROM device_bed p JOIN bed b ON b.id = p.bed WHERE b.home = $1";
    let rows = fetch(query(sql).bind(home), c).await?;
    Ok(readable(&rows, |row| Ok((row.try_get("device")?, row.try_get("bed")?))))
}

/// The home of a bed.
pub async fn home(c: &mut Link, bed: &str) -> Result<Option<i64>, Error> {
    let row = query("SELECT home FROM bed WHERE id = $1").bind(bed).fetch_optional(c).await?;
    row.map(|row| row.try_get("home")).transpose()
}
