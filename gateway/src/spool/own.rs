//! What the box keeps of itself: its life and boots, the mark of time, what it dropped, its own frames.
//!
//! Each start is a new boot, counted on disk before the first frame, and of a life drawn anew: a frame number of
//! the box never comes back, not even if the files are put back as they were. Not here: sealing (`event_loop`).

use proto::id::PressId;
use proto::unit::Mono;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::schema::{LANE_TELEMETRY, signed, unsigned};
use super::store::Store;
use super::{OwnBoot, SpoolError, room};
use crate::clock::{Clock, Mark};

/// One frame of the box itself.
#[derive(Debug, Clone, Copy)]
pub struct OwnFrame<'a> {
    /// Its name.
    pub id: PressId,
    /// The open frame.
    pub bytes: &'a [u8],
}

impl Store {
    pub(super) fn time_mark(&mut self) -> Result<Option<Mark>, SpoolError> {
        let sql = "SELECT high, wall, machine_boot, offset FROM own";
        let found = self
            .connection()?
            .query_row(sql, [], |row| {
                let high = Mono::from_millis(unsigned(row.get(0)?));
                Ok(Mark { high, wall: row.get(1)?, machine_boot: row.get(2)?, offset: row.get(3)? })
            })
            .optional()?;
        Ok(found)
    }

    pub(super) fn begin(&mut self, clock: Clock, life: u32) -> Result<OwnBoot, SpoolError> {
        let mark = clock.mark(clock.now());
        let boot = self.durable(|t| {
            room::doubt(t, mark.high, clock.unmeasured())?;
            let sql = "INSERT INTO own VALUES (1, ?, 1, ?, ?, ?, ?, 0, 0)
                       ON CONFLICT DO UPDATE SET counter = counter + 1, life = excluded.life";
            t.execute(
                sql,
                params![
                    life,
                    signed(mark.high.millis()),
                    mark.wall,
                    mark.machine_boot,
                    mark.offset
                ],
            )?;
            t.query_row("SELECT life, counter FROM own", [], |row| {
                Ok(OwnBoot { life: row.get(0)?, counter: row.get(1)? })
            })
        })?;
        self.clock = Some(clock);
        self.own = Some(boot);
        self.mark()?;
        Ok(boot)
    }

    /// Goes on with this start in a database that has just been made.
    pub(super) fn resume_own(&mut self) -> Result<(), SpoolError> {
        let (Some(own), Some(clock)) = (self.own, &self.clock) else { return Ok(()) };
        let mark = clock.mark(clock.now());
        self.durable(|t| {
            let sql = "INSERT INTO own VALUES (1, ?, ?, ?, ?, ?, ?, 0, 0) ON CONFLICT DO UPDATE
                       SET life = excluded.life, counter = excluded.counter, high = excluded.high";
            let high = signed(mark.high.millis());
            let (wall, boot, offset) = (mark.wall, &mark.machine_boot, mark.offset);
            t.execute(sql, params![own.life, own.counter, high, wall, boot, offset]).map(|_| ())
        })
    }

    pub(super) fn put_own(&mut self, now: Mono, frames: &[OwnFrame<'_>]) -> Result<(), SpoolError> {
        self.lazy(|t| frames.iter().try_for_each(|frame| put(t, now, frame.id, frame.bytes)))
    }

    pub(super) fn tell_loss(
        &mut self,
        now: Mono,
        make: &mut dyn FnMut(u32) -> Option<(PressId, Vec<u8>)>,
    ) -> Result<(), SpoolError> {
        let lost: i64 = self
            .connection()?
            .prepare_cached("SELECT lost FROM own")?
            .query_row([], |row| row.get(0))?;
        if lost == 0 {
            return Ok(());
        }
        let Some((id, bytes)) = make(u32::try_from(lost).unwrap_or(u32::MAX)) else {
            return Ok(());
        };
        self.lazy(|t| {
            put(t, now, id, &bytes)?;
            t.execute("UPDATE own SET lost = lost - ?", [lost]).map(|_| ())
        })
    }
}

fn put(t: &Transaction<'_>, now: Mono, id: PressId, bytes: &[u8]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO up(lane, kind, device, boot, seq, mark, bytes, stored)
               VALUES (?, 0, ?, ?, ?, 0, ?, ?) ON CONFLICT DO NOTHING";
    t.prepare_cached(sql)?
        .execute(params![
            LANE_TELEMETRY,
            signed(id.device.get()),
            signed(id.boot.get()),
            id.seq.get(),
            bytes,
            signed(now.millis()),
        ])
        .map(|_| ())
}

/// Moves the mark of time, within the transaction of other work.
pub(super) fn note_time(t: &Transaction<'_>, mark: &Mark) -> rusqlite::Result<()> {
    let sql = "UPDATE own SET high = ?, wall = ?, machine_boot = ?, offset = ?";
    t.prepare_cached(sql)?
        .execute(params![signed(mark.high.millis()), mark.wall, mark.machine_boot, mark.offset])
        .map(|_| ())
}

/// Records dropped since the spool was made.
pub(super) fn lost_in_all(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT lost_in_all FROM own")?
        .query_row([], |row| row.get(0))
        .optional()
        .map(|found| unsigned(found.unwrap_or_default()))
}
