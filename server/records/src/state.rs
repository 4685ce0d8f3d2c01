//! What ingest remembers between steps beside the judgement of homes: frames already taken, the clock.
//!
//! The judgement of a home and the frames it has seen are written in one transaction, so that they tell
//! of the same moment after any crash. Not here: alerts (`records::chain`), judgements (`records::care`).

use sqlx::{Error, Row, query};

use super::swept::{Old, sweep};
use crate::Link;
use crate::clock::Stored;
use crate::sql::Sql;

const ROWS: usize = super::rows_of(8);

/// Which frames of one boot have been taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRow {
    /// Device number.
    pub device: i64,
    /// Boot, signed.
    pub boot: i64,
    /// All frames up to this one have been taken, or are too old to be told apart.
    pub base: i64,
    /// One bit for each frame after `base`, lowest first.
    pub bits: Vec<u8>,
    /// What is remembered of the latest frames; none in rows of older builds.
    pub prints: Option<Vec<u8>>,
    /// When frames that are forgotten had been handed over at the latest, server's clock.
    pub mark: i64,
    /// What dates frames of this boot; none leaves what stands.
    pub clock: Option<Vec<u8>>,
}

/// A record that could not be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Row id.
    pub id: String,
    /// Which gateway brought it.
    pub gateway: i64,
    /// When, wall clock.
    pub wall: i64,
    /// Why.
    pub reason: String,
    /// As it came.
    pub bytes: Vec<u8>,
}

/// Stores which frames have been taken, `now` on the server's clock.
pub async fn put_seen(c: &mut Link, rows: &[SeenRow], now: i64) -> Result<(), Error> {
    for rows in rows.chunks(ROWS) {
        let mut sql =
            Sql::new("INSERT INTO seen (device, boot, base, bits, prints, mark, clock, touched) ");
        sql.push_values(rows, |mut row, r| {
            row.push_bind(r.device)
                .push_bind(r.boot)
                .push_bind(r.base)
                .push_bind(r.bits.as_slice())
                .push_bind(r.prints.as_deref())
                .push_bind(r.mark)
                .push_bind(r.clock.as_deref())
                .push_bind(now);
        });
        sql.push(
            " ON CONFLICT (device, boot) DO UPDATE SET base = excluded.base, \
             bits = excluded.bits, prints = excluded.prints, mark = excluded.mark, \
             clock = COALESCE(excluded.clock, seen.clock), touched = excluded.touched",
        );
        sql.build(c).execute(&mut *c).await?;
    }
    Ok(())
}

/// Forgets boots that have not spoken since `before`, server's clock: nobody holds a copy of theirs any more.
pub async fn forget_seen(c: &mut Link, before: i64) -> Result<(), Error> {
    let old = Old { table: "seen", key: &["device", "boot"], which: "touched < $1" };
    sweep(c, &old, |asked| asked.bind(before)).await.map(drop)
}

/// Which frames of a boot have been taken, if any.
pub async fn seen(c: &mut Link, device: i64, boot: i64) -> Result<Option<SeenRow>, Error> {
    // Of a row that an older build wrote it is known only that its last frame came before this.
    let sql = "SELECT base, bits, prints, COALESCE(mark, touched) AS mark FROM seen \
               WHERE device = $1 AND boot = $2";
    let row = query(sql).bind(device).bind(boot).fetch_optional(c).await?;
    row.map(|row| {
        Ok(SeenRow {
            device,
            boot,
            base: row.try_get("base")?,
            bits: row.try_get("bits")?,
            prints: row.try_get("prints")?,
            mark: row.try_get("mark")?,
            clock: None,
        })
    })
    .transpose()
}

/// Puts a record aside.
pub async fn quarantine(c: &mut Link, row: &Quarantined) -> Result<(), Error> {
    let sql =
        "INSERT INTO quarantine (id, gateway, wall, reason, bytes) VALUES ($1, $2, $3, $4, $5)";
    query(sql)
        .bind(&row.id)
        .bind(row.gateway)
        .bind(row.wall)
        .bind(&row.reason)
        .bind(row.bytes.as_slice())
        .execute(c)
        .await
        .map(drop)
}

/// Drops the oldest records put aside beyond `keep`; says how many.
pub async fn bound_quarantine(c: &mut Link, keep: i64) -> Result<u64, Error> {
    // Row ids sort by time.
    let which = "id <= (SELECT id FROM quarantine ORDER BY id DESC LIMIT 1 OFFSET $1)";
    let old = Old { table: "quarantine", key: &["id"], which };
    sweep(c, &old, |asked| asked.bind(keep)).await
}

/// How many records have been put aside.
pub async fn quarantined(c: &mut Link) -> Result<i64, Error> {
    query("SELECT COUNT(*) AS n FROM quarantine").fetch_one(c).await?.try_get("n")
}

/// What is stored of time.
pub async fn clock(c: &mut Link) -> Result<Option<Stored>, Error> {
    let sql = "SELECT boot, offset_ms, high FROM clock WHERE one = 1";
    let row = query(sql).fetch_optional(c).await?;
    let read = |row: sqlx::any::AnyRow| {
        Ok(Stored {
            boot: row.try_get("boot")?,
            offset: row.try_get("offset_ms")?,
            high: row.try_get("high")?,
        })
    };
    row.map(read).transpose()
}

/// What a writer has committed is seen by a reader, or it was not committed.
///
/// # Errors
/// The time that the reader sees is before the one that was written.
pub async fn prove_clock(c: &mut Link, written: i64) -> Result<(), Error> {
    match clock(c).await? {
        Some(seen) if seen.high >= written => Ok(()),
        Some(_) | None => Err(Error::Protocol("a commit that no reader sees".into())),
    }
}

/// Stores the time.
pub async fn put_clock(c: &mut Link, now: &Stored) -> Result<(), Error> {
    let sql = "INSERT INTO clock (one, boot, offset_ms, high) VALUES (1, $1, $2, $3) \
               ON CONFLICT (one) DO UPDATE SET boot = $1, offset_ms = $2, high = $3";
    query(sql).bind(&now.boot).bind(now.offset).bind(now.high).execute(c).await.map(drop)
}
