//! Room: the bound of the spool, what goes first when it is reached, and the reserve for emergencies.
//!
//! On a full disk the reserve is given to emergencies; it is made again when there is room. When data
//! reaches its bound, raw readings go first, then telemetry that the server has, then the oldest unsent telemetry,
//! which is counted as lost; presses that the server has, and may ask for again, go last. One that it has not is
//! never removed to make room. Not here: who decides that the disk is full.

use proto::unit::Mono;
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::left_out::left_out;
use super::schema::{LANE_DOUBTFUL, LANE_EMERGENCY, LANE_TELEMETRY, signed, unsigned};
use super::store::Store;
use super::swept::{Old, sweep};
use super::{SpoolError, own};

/// Rows removed in one go beyond what a group brings.
const SLACK: usize = 512;
/// Most rows that one tidying removes from a table.
pub(super) const TIDY_ROWS: usize = 500;
/// Waiting rows that are counted at most: a count must not hold up a press.
const COUNTED_MAX: i64 = 10_000;
/// How long rungs stay, ms: longer than any device holds a press on a working battery, 14 days.
const RUNGS_FOR: u64 = 14 * 24 * 3600 * 1000;

/// Raw readings in the order in which they came, as long as they are older than a time.
const RAW_BEFORE: Old = Old {
    table: "raw",
    key: &["id"],
    rows: "SELECT id FROM (SELECT id, stored FROM raw ORDER BY id LIMIT ?2 OFFSET ?3)
           WHERE stored < ?1",
};
/// What the server has had since before a time.
const SENT_BEFORE: Old = Old {
    table: "up",
    key: &["id"],
    rows: "SELECT id FROM up WHERE acked IS NOT NULL AND acked < ?1 ORDER BY acked, id
           LIMIT ?2 OFFSET ?3",
};
/// Ladders of before a time that wait for nothing.
const RUNGS_BEFORE: Old = Old {
    table: "rung",
    key: &["device", "boot", "seq"],
    rows: "SELECT device, boot, seq FROM rung AS old WHERE at < ?1 AND NOT EXISTS
             (SELECT 1 FROM up WHERE device = old.device AND boot = old.boot
              AND seq = old.seq AND acked IS NULL)
           ORDER BY at, device, boot, seq LIMIT ?2 OFFSET ?3",
};
/// The oldest raw readings.
const RAW: Old =
    Old { table: "raw", key: &["id"], rows: "SELECT id FROM raw ORDER BY id LIMIT ?2 OFFSET ?3" };
/// What the server has of a lane.
pub(super) const SENT: Old = Old {
    table: "up",
    key: &["id"],
    rows: "SELECT id FROM up WHERE acked IS NOT NULL AND lane = ?1 ORDER BY acked, id
           LIMIT ?2 OFFSET ?3",
};
/// What it has not of a lane.
const UNSENT: Old = Old {
    table: "up",
    key: &["id"],
    rows: "SELECT id FROM up WHERE lane = ?1 AND acked IS NULL ORDER BY id LIMIT ?2 OFFSET ?3",
};
/// Presses that it has.
const SENT_URGENT: Old = Old {
    table: "up",
    key: &["id"],
    rows: "SELECT id FROM up WHERE lane < 2 AND acked IS NOT NULL ORDER BY acked, id
           LIMIT ?2 OFFSET ?3",
};

/// The marker beside the database is written this often, ms: one small write that flash bears for years.
const MARK_EVERY: u64 = 600_000;

/// Numbers for support.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of data in use.
    pub bytes: u64,
    /// Emergencies that the server does not have; more than 10,000 a lane are not counted.
    pub emergencies_waiting: u64,
    /// Telemetry frames that the server does not have; more than 10,000 are not counted.
    pub telemetry_waiting: u64,
    /// Raw readings held.
    pub raw: u64,
    /// Records dropped since this spool was made.
    pub lost: u64,
    /// Whether the reserve for emergencies is in place.
    pub reserve: bool,
    /// How often the disk has failed since the start.
    pub failures: u64,
    /// How often a row was left out since then: it could not be read, or was refused.
    pub left_out: u64,
}

impl Store {
    /// Frees the reserve; after this, emergencies have its room.
    pub(super) fn release_reserve(&mut self) {
        self.reserve.give();
        let _ = self.limit_pages();
    }

    pub(super) const fn has_reserve(&self) -> bool {
        self.reserve.is_made()
    }

    /// Makes the reserve if it is missing and the disk has room for it.
    pub(super) fn restore_reserve(&mut self, now: u64) -> Result<(), SpoolError> {
        if self.reserve.is_made() {
            return Ok(());
        }
        if let Err(error) = self.reserve.restore(now) {
            tracing::warn!(%error, "no room for the emergency reserve, telemetry is shed");
        }
        self.limit_pages()
    }

    /// Tells SQLite its bound: the data, and the reserve once that is open.
    pub(super) fn limit_pages(&mut self) -> Result<(), SpoolError> {
        let spare = if self.reserve.is_made() { 0 } else { self.bounds.reserve_bytes };
        let bytes = self.bounds.spool_bytes.saturating_add(spare);
        let connection = self.connection()?;
        let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(512);
        connection.query_row(&format!("PRAGMA max_page_count={pages}"), [], |_| Ok(()))?;
        Ok(())
    }

    /// Whether the data is near its bound.
    pub(super) fn is_tight(&mut self) -> Result<bool, SpoolError> {
        let bound = self.bounds.spool_bytes / 8 * 7;
        Ok(self.bytes_in_use()? >= bound)
    }

    fn bytes_in_use(&mut self) -> Result<u64, SpoolError> {
        let connection = self.connection()?;
        let ask = |sql| -> rusqlite::Result<i64> {
            connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
        };
        let pages = ask("PRAGMA page_count")? - ask("PRAGMA freelist_count")?;
        let page = ask("PRAGMA page_size")?;
        Ok(u64::try_from(pages * page).unwrap_or(0))
    }

    /// Removes what is past its time. Time that only a wall clock speaks of does not count.
    pub(super) fn tidy(&mut self, now: Mono) -> Result<bool, SpoolError> {
        let aged = now.millis().saturating_sub(doubted(self.connection()?, now)?);
        let before = |span: u64| signed(aged.saturating_sub(span));
        let raw = before(self.bounds.raw_for.get());
        let sent = before(self.bounds.sent_for.get());
        let rungs = before(RUNGS_FOR);
        let removed = self.lazy(|t| {
            super::span::forget_ends(t, rungs)?;
            super::receipts::forget_accepted(t, rungs)?;
            let raw = sweep(t, &RAW_BEFORE, raw, TIDY_ROWS)?;
            let sent = sweep(t, &SENT_BEFORE, sent, TIDY_ROWS)?;
            let rungs = sweep(t, &RUNGS_BEFORE, rungs, TIDY_ROWS)?;
            Ok(raw.max(sent).max(rungs))
        })?;
        if !self.is_tight()? {
            self.restore_reserve(now.millis())?;
        }
        if now.millis() >= self.mark_at {
            self.mark_at = now.millis() + MARK_EVERY;
            self.mark()?;
        }
        Ok(removed >= TIDY_ROWS)
    }

    /// Numbers for support.
    pub(super) fn usage(&mut self) -> Result<Usage, SpoolError> {
        let bytes = self.bytes_in_use()?;
        let (reserve, failures, left_out) = (self.reserve.is_made(), self.failures, left_out());
        let connection = self.connection()?;
        let waiting = |lane: i64| -> rusqlite::Result<u64> {
            connection
                .prepare_cached(
                    "SELECT count(*) FROM
                     (SELECT 1 FROM up WHERE lane = ? AND acked IS NULL LIMIT ?)",
                )?
                .query_row([lane, COUNTED_MAX], |row| row.get(0).map(unsigned))
        };
        let emergencies_waiting = waiting(LANE_EMERGENCY)? + waiting(LANE_DOUBTFUL)?;
        let telemetry_waiting = waiting(LANE_TELEMETRY)?;
        // Rows leave in order of their number, so first and last say how many there are.
        let raw = connection
            .prepare_cached("SELECT coalesce(max(id) - min(id) + 1, 0) FROM raw")?
            .query_row([], |row| row.get(0).map(unsigned))?;
        let lost = own::lost_in_all(connection)?;
        Ok(Usage {
            bytes,
            emergencies_waiting,
            telemetry_waiting,
            raw,
            lost,
            reserve,
            failures,
            left_out,
        })
    }
}

/// Notes time that nobody measured. It counts until everything that is older has run its time out since.
pub(super) fn doubt(t: &Transaction<'_>, now: Mono, unmeasured: u64) -> rusqlite::Result<()> {
    if unmeasured == 0 {
        return Ok(());
    }
    let ms = doubted(t, now)?.saturating_add(unmeasured);
    let until = now.millis().saturating_add(RUNGS_FOR);
    let sql = "INSERT INTO doubt VALUES (1, ?1, ?2) ON CONFLICT DO UPDATE SET ms = ?1, until = ?2";
    t.execute(sql, [signed(ms), signed(until)]).map(|_| ())
}

/// How much of the time until now nobody measured, as far as it counts, ms.
fn doubted(connection: &Connection, now: Mono) -> rusqlite::Result<u64> {
    let mut sql = connection.prepare_cached("SELECT ms FROM doubt WHERE until > ?")?;
    let found = sql.query_row([signed(now.millis())], |row| row.get(0)).optional()?;
    Ok(found.map_or(0, unsigned))
}

/// Makes room for a group of `arriving` entries: raw, sent telemetry, unsent telemetry, sent presses.
pub(super) fn make(t: &Transaction<'_>, arriving: usize) -> rusqlite::Result<()> {
    let wanted = arriving + SLACK;
    let mut gone = sweep(t, &RAW, 0, wanted)?;
    if gone < wanted {
        gone += sweep(t, &SENT, LANE_TELEMETRY, wanted)?;
    }
    if gone < wanted {
        let lost = sweep(t, &UNSENT, LANE_TELEMETRY, wanted)?;
        count_lost(t, lost)?;
        gone += lost;
    }
    if gone < wanted {
        sweep(t, &SENT_URGENT, 0, wanted)?;
    }
    Ok(())
}

/// Counts dropped records, so that the count is on disk with what dropped them.
pub(super) fn count_lost(t: &Transaction<'_>, lost: usize) -> rusqlite::Result<()> {
    if lost == 0 {
        return Ok(());
    }
    let lost = i64::try_from(lost).unwrap_or(i64::MAX);
    t.prepare_cached("UPDATE own SET lost = lost + ?1, lost_in_all = lost_in_all + ?1")?
        .execute([lost])
        .map(|_| ())
}
