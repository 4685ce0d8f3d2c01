//! Rows of images, of devices that are to get them, and of what people did with them.
//!
//! Not here: what is offered to whom (`update`), and what a manifest says (`proto`).

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Error, Row, query};

use super::device::{ROWS_MAX, places};
use super::refusal::{fetch, readable};
use crate::Link;

/// One image without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRow {
    /// Its short name.
    pub release: String,
    /// The manifest as it was signed, CBOR.
    pub manifest: Vec<u8>,
    /// When it was added.
    pub added_wall: i64,
    /// By whom.
    pub added_by: String,
}

/// One device that is to get an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferRow {
    /// Number of the device.
    pub device: i64,
    /// Which image.
    pub release: String,
    /// When it was offered.
    pub offered_wall: i64,
    /// How far it is; none until the device has answered.
    pub stage: Option<i16>,
    /// Why not.
    pub refusal: Option<i16>,
    /// When the device said so.
    pub told_wall: Option<i64>,
}

/// Which board a device is, and what it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoardRow {
    /// Number of the device.
    pub device: i64,
    /// Its model.
    pub model: u16,
    /// Its revision.
    pub revision: u16,
    /// Version of its image.
    pub running: u32,
}

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeedRow {
    /// Row id.
    pub id: String,
    /// When.
    pub wall: i64,
    /// Who: a staff id, or `shell`.
    pub staff: String,
    /// `add`, `offer` or `withdraw`.
    pub deed: String,
    /// With which image.
    pub release: String,
    /// How many devices it concerned.
    pub devices: i64,
}

/// Adds an image; false if it is there already.
pub async fn insert(c: &mut Link, row: &ImageRow, bytes: &[u8]) -> Result<bool, Error> {
    let sql = "INSERT INTO image (release, manifest, bytes, added_wall, added_by) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (release) DO NOTHING";
    let insert = query(sql).bind(&row.release).bind(&row.manifest).bind(bytes.to_vec());
    let done = insert.bind(row.added_wall).bind(&row.added_by).execute(c).await?;
    Ok(done.rows_affected() > 0)
}

/// All images, newest first.
pub async fn all(c: &mut Link) -> Result<Vec<ImageRow>, Error> {
    let sql = "SELECT release, manifest, added_wall, added_by FROM image ORDER BY added_wall DESC";
    Ok(readable(&fetch(query(sql), c).await?, image_of))
}

/// One image without its bytes.
pub async fn find(c: &mut Link, release: &str) -> Result<Option<ImageRow>, Error> {
    let sql = "SELECT release, manifest, added_wall, added_by FROM image WHERE release = $1";
    query(sql).bind(release).fetch_optional(c).await?.as_ref().map(image_of).transpose()
}

/// The bytes of an image.
pub async fn bytes(c: &mut Link, release: &str) -> Result<Option<Vec<u8>>, Error> {
    let sql = "SELECT bytes FROM image WHERE release = $1";
    let row = query(sql).bind(release).fetch_optional(c).await?;
    row.map(|row| row.try_get("bytes")).transpose()
}

/// Every device that is to get an image.
pub async fn offers(c: &mut Link) -> Result<Vec<OfferRow>, Error> {
    let sql = "SELECT device, release, offered_wall, stage, refusal, told_wall FROM device_image";
    Ok(readable(&fetch(query(sql), c).await?, offer_of))
}

/// Offers an image to devices, in place of what each was offered before.
pub async fn offer(c: &mut Link, devices: &[i64], release: &str, wall: i64) -> Result<(), Error> {
    for part in devices.chunks(ROWS_MAX) {
        let sql = format!(
            "INSERT INTO device_image (device, release, offered_wall) VALUES {} \
             ON CONFLICT (device) DO UPDATE SET release = excluded.release, \
             offered_wall = excluded.offered_wall, stage = NULL, refusal = NULL, told_wall = NULL",
            places(part.len(), 3)
        );
        let mut insert = query(AssertSqlSafe(sql));
        for device in part {
            insert = insert.bind(*device).bind(release).bind(wall);
        }
        insert.execute(&mut *c).await?;
    }
    Ok(())
}

/// Takes an image back from all that have not begun to run it.
pub async fn withdraw(c: &mut Link, release: &str, tried: i16) -> Result<u64, Error> {
    let sql = "DELETE FROM device_image WHERE release = $1 AND (stage IS NULL OR stage < $2)";
    Ok(query(sql).bind(release).bind(tried).execute(c).await?.rows_affected())
}

/// How far a device is with an image.
pub async fn put_stage(c: &mut Link, row: &OfferRow) -> Result<(), Error> {
    let sql = "UPDATE device_image SET stage = $1, refusal = $2, told_wall = $3 \
               WHERE device = $4 AND release = $5";
    let update = query(sql).bind(row.stage).bind(row.refusal).bind(row.told_wall);
    update.bind(row.device).bind(&row.release).execute(c).await.map(drop)
}

/// Every board that is known.
pub async fn boards(c: &mut Link) -> Result<Vec<BoardRow>, Error> {
    let sql = "SELECT device, model, revision, running FROM device_board";
    Ok(readable(&fetch(query(sql), c).await?, board_of))
}

/// What a device has said of its board.
pub async fn put_board(c: &mut Link, row: &BoardRow) -> Result<(), Error> {
    let sql = "INSERT INTO device_board (device, model, revision, running) \
               VALUES ($1, $2, $3, $4) ON CONFLICT (device) DO UPDATE SET \
               model = excluded.model, revision = excluded.revision, running = excluded.running";
    let insert = query(sql).bind(row.device).bind(i64::from(row.model));
    let insert = insert.bind(i64::from(row.revision)).bind(i64::from(row.running));
    insert.execute(c).await.map(drop)
}

/// Writes down what somebody did.
pub async fn deed(c: &mut Link, row: &DeedRow) -> Result<(), Error> {
    let sql = "INSERT INTO image_deed (id, wall, staff, deed, release, devices) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let insert = query(sql).bind(&row.id).bind(row.wall).bind(&row.staff).bind(&row.deed);
    insert.bind(&row.release).bind(row.devices).execute(c).await.map(drop)
}

/// What people did, newest first.
pub async fn deeds(c: &mut Link, most: i64) -> Result<Vec<DeedRow>, Error> {
    let sql = "SELECT id, wall, staff, deed, release, devices FROM image_deed \
               ORDER BY wall DESC, id DESC LIMIT $1";
    let rows = query(sql).bind(most).fetch_all(c).await?;
    let deeds = rows.iter().map(|row| {
        Ok(DeedRow {
            id: row.try_get("id")?,
            wall: row.try_get("wall")?,
            staff: row.try_get("staff")?,
            deed: row.try_get("deed")?,
            release: row.try_get("release")?,
            devices: row.try_get("devices")?,
        })
    });
    deeds.collect()
}

fn image_of(row: &AnyRow) -> Result<ImageRow, Error> {
    Ok(ImageRow {
        release: row.try_get("release")?,
        manifest: row.try_get("manifest")?,
        added_wall: row.try_get("added_wall")?,
        added_by: row.try_get("added_by")?,
    })
}

fn offer_of(row: &AnyRow) -> Result<OfferRow, Error> {
    let small = |name| -> Result<Option<i16>, Error> {
        let value: Option<i64> = row.try_get(name)?;
        Ok(value.and_then(|value| i16::try_from(value).ok()))
    };
    Ok(OfferRow {
        device: row.try_get("device")?,
        release: row.try_get("release")?,
        offered_wall: row.try_get("offered_wall")?,
        stage: small("stage")?,
        refusal: small("refusal")?,
        told_wall: row.try_get("told_wall")?,
    })
}

fn board_of(row: &AnyRow) -> Result<BoardRow, Error> {
    let number = |name| row.try_get::<i64, _>(name);
    let damaged = |error: std::num::TryFromIntError| Error::Decode(error.into());
    Ok(BoardRow {
        device: number("device")?,
        model: u16::try_from(number("model")?).map_err(damaged)?,
        revision: u16::try_from(number("revision")?).map_err(damaged)?,
        running: u32::try_from(number("running")?).map_err(damaged)?,
    })
}
