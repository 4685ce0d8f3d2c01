//! How far each press has come, and the server's sealed word that says so to the device.
//!
//! The rung of a name only rises, until other bytes come under it: then it counts from `stored` again, and the
//! server answers each of them anew. Rows stay long after `received`, because a device that missed the
//! word asks again by repeating the press. Not here: telling (`event_loop`).

use proto::down::Rung;
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::unit::Mono;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::SpoolError;
use super::left_out::leave_out;
use super::room::TIDY_ROWS;
use super::schema::{LANE_DOUBTFUL, readable, signed, unsigned};
use super::store::Store;
use super::swept::{Old, sweep, tried};

/// One press and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RungRow {
    /// Which press.
    pub press: PressId,
    /// How far.
    pub rung: Rung,
    /// When it was last raised, spool time.
    pub at: Mono,
    /// The server's sealed word for the device, if the rung is the server's.
    pub sealed: Option<Vec<u8>>,
    /// Whether people have it though nobody has verified it: no rung, and nothing to wait for.
    pub accepted: bool,
}

const COLUMNS: &str = "SELECT device, boot, seq, rung, at, sealed, EXISTS (SELECT 1 FROM accepted a
    WHERE a.device = rung.device AND a.boot = rung.boot AND a.seq = rung.seq) FROM rung";

impl Store {
    pub(super) fn raise_rung(
        &mut self,
        now: Mono,
        press: PressId,
        rung: Rung,
        sealed: &[u8],
    ) -> Result<bool, SpoolError> {
        self.lazy(|t| {
            let sql = "INSERT INTO rung VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
                       SET rung = excluded.rung, at = excluded.at, sealed = excluded.sealed
                       WHERE excluded.rung > rung.rung";
            let raised = t.prepare_cached(sql)?.execute(params![
                signed(press.device.get()),
                signed(press.boot.get()),
                press.seq.get(),
                rung.number(),
                signed(now.millis()),
                sealed,
            ])?;
            Ok(raised == 1)
        })
    }

    pub(super) fn rung(&mut self, press: PressId) -> Result<Option<RungRow>, SpoolError> {
        let sql = format!("{COLUMNS} WHERE device = ? AND boot = ? AND seq = ?");
        let found = self
            .connection()?
            .prepare_cached(&sql)?
            .query_row(
                params![signed(press.device.get()), signed(press.boot.get()), press.seq.get()],
                read,
            )
            .optional()?;
        Ok(found.flatten())
    }

    /// People have a press that gets no rung.
    pub(super) fn accept(&mut self, now: Mono, press: PressId) -> Result<(), SpoolError> {
        self.lazy(|t| {
            let sql = "INSERT INTO accepted VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
            let (device, boot, seq) = named(press);
            let row = params![device, boot, seq, signed(now.millis())];
            t.prepare_cached(sql)?.execute(row).map(|_| ())
        })
    }

    /// Whether the server has acknowledged all frames of this name.
    pub(super) fn is_sent(&mut self, press: PressId) -> Result<bool, SpoolError> {
        let sql = "SELECT count(*) > 0 AND count(*) = count(acked) FROM up
                   WHERE device = ? AND boot = ? AND seq = ?";
        let (device, boot, seq) = named(press);
        let mut asked = self.connection()?.prepare_cached(sql)?;
        Ok(asked.query_row(params![device, boot, seq], |row| row.get(0))?)
    }

    pub(super) fn rungs_of(
        &mut self,
        device: DeviceId,
        limit: u32,
    ) -> Result<Vec<RungRow>, SpoolError> {
        let sql = format!("{COLUMNS} WHERE device = ? ORDER BY at DESC LIMIT ?");
        let connection = self.connection()?;
        let mut rows = connection.prepare_cached(&sql)?;
        Ok(readable("rung", rows.query(params![signed(device.get()), limit])?, read)?)
    }

    pub(super) fn unnamed(&mut self) -> Result<Vec<DeviceId>, SpoolError> {
        let sql = "SELECT DISTINCT device FROM up WHERE lane = ? AND acked IS NULL";
        let mut asked = self.connection()?.prepare_cached(sql)?;
        let devices = asked.query_map([LANE_DOUBTFUL], |row| row.get::<_, i64>(0))?;
        // A number that is no device's was never written by this box.
        Ok(devices.filter_map(|device| DeviceId::new(unsigned(device.ok()?))).collect())
    }

    pub(super) fn not_received(&mut self, limit: u32) -> Result<Vec<RungRow>, SpoolError> {
        let sql = format!("{COLUMNS} WHERE rung = 1 ORDER BY at DESC LIMIT ?");
        let connection = self.connection()?;
        let mut rows = connection.prepare_cached(&sql)?;
        Ok(readable("rung", rows.query([limit])?, read)?)
    }
}

/// Starts the ladder of a press that has just been stored. What was known under its name is not its own.
pub(super) fn begin(t: &Transaction<'_>, now: Mono, press: PressId) -> rusqlite::Result<()> {
    let sql = "INSERT INTO rung VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT DO UPDATE
               SET rung = excluded.rung, at = excluded.at, sealed = NULL";
    t.prepare_cached(sql)?.execute(params![
        signed(press.device.get()),
        signed(press.boot.get()),
        press.seq.get(),
        Rung::Stored.number(),
        signed(now.millis()),
    ])?;
    let (device, boot, seq) = named(press);
    let sql = "DELETE FROM accepted WHERE device = ? AND boot = ? AND seq = ?";
    // A press is stored whatever stands under its name.
    if let Err(error) = tried(t, sql, params![device, boot, seq])? {
        leave_out(&error, "accepted", press);
    }
    Ok(())
}

/// A press's name as columns hold it.
const fn named(press: PressId) -> (i64, i64, u32) {
    (signed(press.device.get()), signed(press.boot.get()), press.seq.get())
}

/// Forgets what people had before, once its rung is forgotten too.
pub(super) fn forget_accepted(t: &Transaction<'_>, before: i64) -> rusqlite::Result<()> {
    let old = Old {
        table: "accepted",
        key: &["device", "boot", "seq"],
        rows: "SELECT device, boot, seq FROM accepted AS old WHERE at < ?1 AND NOT EXISTS
                 (SELECT 1 FROM rung WHERE device = old.device AND boot = old.boot AND seq = old.seq)
               ORDER BY device, boot, seq LIMIT ?2 OFFSET ?3",
    };
    sweep(t, &old, before, TIDY_ROWS).map(|_| ())
}

/// The rung of a press.
pub(super) fn rung(connection: &Connection, press: PressId) -> rusqlite::Result<Option<Rung>> {
    let sql = "SELECT rung FROM rung WHERE device = ? AND boot = ? AND seq = ?";
    connection
        .prepare_cached(sql)?
        .query_row(
            params![signed(press.device.get()), signed(press.boot.get()), press.seq.get()],
            |row| row.get(0),
        )
        .optional()
        .map(|found| found.and_then(Rung::from_number))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Option<RungRow>> {
    let device = DeviceId::new(unsigned(row.get(0)?));
    let rung = Rung::from_number(row.get(3)?);
    let (Some(device), Some(rung)) = (device, rung) else { return Ok(None) };
    let press = PressId {
        device,
        boot: BootId::from_raw(unsigned(row.get(1)?)),
        seq: Seq::new(row.get(2)?),
    };
    let at = Mono::from_millis(unsigned(row.get(4)?));
    Ok(Some(RungRow { press, rung, at, sealed: row.get(5)?, accepted: row.get(6)? }))
}
