//! The inbox in SQLite: one transaction a group, on disk when it answers.
//!
//! After an error of the disk the connection is thrown away and opened anew: what a failed sync left
//! behind is not trusted. A full disk first costs telemetry; emergencies then get the reserve.
//! Not here: who is acknowledged, which is the door's.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use door::{Arrival, Keep, Place, Reserve, Verdict, Who};
use proto::frame::Lane;
use rusqlite::{Connection, params};

use super::lane::by_what_they_are;
use super::{InboxError, InboxLimits, Shared};
use crate::clock::{Clock, Now};
use records::synchronous;

const VERSION: i64 = 1;
/// Pages of the write-ahead log at which a commit carries them into the database, at most.
const CHECKPOINT_PAGES: u64 = 4_000;
/// Bytes of the reserve for each of these pages: a log that has filled the disk must still find room in
/// the reserve to be carried into the database.
const RESERVE_PER_PAGE: u64 = 16 << 10;
/// Rows deleted with one group, so that a long backlog costs each commit little.
const DELETE: i64 = 4_096;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS inbox_e (id INTEGER PRIMARY KEY, gateway INTEGER NOT NULL, mono INTEGER NOT NULL, wall INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS inbox_t (id INTEGER PRIMARY KEY, gateway INTEGER NOT NULL, mono INTEGER NOT NULL, wall INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS mark (lane INTEGER PRIMARY KEY, high INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS loss (one INTEGER PRIMARY KEY, count INTEGER NOT NULL);
INSERT OR IGNORE INTO mark VALUES (0, 0), (1, 0);
INSERT OR IGNORE INTO loss VALUES (1, 0);
PRAGMA user_version = 1;
";

/// Opens a connection that syncs each commit.
pub(super) fn connect(path: &Path, limits: &InboxLimits) -> Result<Connection, InboxError> {
    let fail = |source| InboxError::File { path: path.to_owned(), source };
    let connection = Connection::open(path).map_err(fail)?;
    let pages = (limits.reserve / RESERVE_PER_PAGE).clamp(16, CHECKPOINT_PAGES);
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {}; PRAGMA busy_timeout = 5000; \
             PRAGMA wal_autocheckpoint = {pages}; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -4000;",
            synchronous()
        ))
        .map_err(fail)?;
    let found: i64 =
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fail)?;
    match found {
        0 => connection.execute_batch(SCHEMA).map_err(fail)?,
        VERSION => {}
        found => {
            return Err(InboxError::Newer { path: path.to_owned(), found, known: VERSION });
        }
    }
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// The writing side: lives on the door's commit thread.
pub struct SqliteKeep {
    connection: Option<Connection>,
    place: Place,
    path: PathBuf,
    clock: Arc<Clock>,
    limits: InboxLimits,
    shared: Arc<Shared>,
    deleted: [i64; 2],
    reserve: Reserve,
}

impl SqliteKeep {
    pub(super) fn new(
        connection: Connection,
        path: &Path,
        clock: Arc<Clock>,
        limits: InboxLimits,
        shared: Arc<Shared>,
    ) -> Self {
        let deleted = [0, 1].map(|lane: usize| shared.done[lane].load(Ordering::Acquire));
        let mut reserve = Reserve::new(path.with_extension("reserve"), limits.reserve);
        // A server that starts on a full disk must still take emergencies; there `backup::stores` has given its room.
        if let Err(error) = reserve.restore(clock.mono().millis()) {
            tracing::error!(%error, "no room for the emergency reserve, telemetry is shed: free some space");
        }
        shared.on_reserve.store(!reserve.is_made(), Ordering::Release);
        Self {
            connection: Some(connection),
            place: Place::of(path.to_owned()),
            path: path.to_owned(),
            clock,
            limits,
            shared,
            deleted,
            reserve,
        }
    }

    /// Gives the reserve to emergencies. The log that filled the disk goes into the database first.
    fn give_reserve(&mut self) {
        if self.reserve.give() {
            tracing::error!("disk is full, emergencies live on the reserve: free some space");
        }
        self.shared.on_reserve.store(true, Ordering::Release);
        let carried = self.connection().and_then(|connection| {
            connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .map_err(|source| InboxError::File { path: PathBuf::new(), source })
        });
        if let Err(error) = carried {
            tracing::error!(error = &error as &dyn std::error::Error, "the log stays as it is");
        }
    }

    /// Whether all room is for emergencies; looks for room again now and then.
    fn is_on_reserve(&mut self) -> bool {
        let now = self.clock.mono().millis();
        if self.shared.no_room.swap(false, Ordering::AcqRel) && self.reserve.is_made() {
            self.give_reserve();
        }
        if self.reserve.restore(now).is_ok() {
            let made = self.reserve.is_made();
            self.shared.on_reserve.store(!made, Ordering::Release);
        }
        !self.reserve.is_made()
    }

    fn connection(&mut self) -> Result<&mut Connection, InboxError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open_again()?,
        };
        Ok(self.connection.insert(connection))
    }

    /// A connection after one that was thrown away. Numbers go on even in a file that had to be made anew: what waits behind
    /// a number that has been taken in would wait for ever.
    fn open_again(&self) -> Result<Connection, InboxError> {
        self.place.forget();
        let connection = connect(&self.path, &self.limits)?;
        for lane in [0, 1usize] {
            let kept = self.shared.kept[lane].load(Ordering::Acquire);
            let raise = "UPDATE mark SET high = ?2 WHERE lane = ?1 AND high < ?2";
            let raised = connection.execute(raise, params![i64::from(lane == 1), kept]);
            raised.map_err(|source| InboxError::File { path: self.path.clone(), source })?;
        }
        self.shared.files.fetch_add(1, Ordering::Release);
        Ok(connection)
    }

    /// What was committed counts if the next start will find it. A connection whose files were taken away still has all
    /// that was ever in them: it writes them anew, and is kept for the next try if it cannot.
    fn stay(&mut self) -> Result<(), InboxError> {
        let Err(error) = self.place.still() else { return Ok(()) };
        tracing::error!(%error, "the inbox is written anew");
        let fail = |source| InboxError::File { path: self.path.clone(), source };
        let cannot = |error| fail(rusqlite::Error::ToSqlConversionFailure(Box::new(error)));
        let draft = self.place.draft().map_err(cannot)?;
        let Some(connection) = &self.connection else { return Err(cannot(error)) };
        connection.execute("VACUUM INTO ?1", [draft.to_string_lossy()]).map_err(fail)?;
        self.place.put().map_err(cannot)?;
        // Nothing more goes into the old file, whether the new one opens now or with the next group.
        self.connection = None;
        self.connection = Some(self.open_again()?);
        Ok(())
    }

    fn write(&mut self, group: &[Arrival], shed: u64) -> Result<[i64; 2], InboxError> {
        let now = self.clock.now();
        let mut done = [0, 1].map(|lane: usize| self.shared.done[lane].load(Ordering::Acquire));
        done[1] = done[1].min(self.pointed(done[1]));
        let deleted = self.deleted;
        let upto = [0, 1].map(|lane: usize| done[lane].min(deleted[lane] + DELETE));
        let path = self.path.clone();
        let connection = self.connection()?;
        match insert(connection, now, group, (deleted, upto), shed) {
            Ok(ends) => {
                self.deleted = upto;
                self.stay().map(|()| ends)
            }
            Err(source) => {
                // What SQLite holds in memory after a failed sync is not what is on the disk.
                self.connection = None;
                Err(InboxError::File { path, source })
            }
        }
    }

    /// Through which row the series has the values. A series that stands still keeps no more rows than may wait at all.
    fn pointed(&self, judged: i64) -> i64 {
        let most = i64::try_from(self.limits.telemetry).unwrap_or(i64::MAX);
        let least = (self.shared.kept[1].load(Ordering::Acquire) - most).min(judged);
        let pointed = self.shared.pointed.fetch_max(least, Ordering::AcqRel);
        let lost = (least - pointed).max(0).unsigned_abs();
        self.shared.points_lost.fetch_add(lost, Ordering::Relaxed);
        pointed.max(least)
    }

    fn publish(&self, ends: [i64; 2], shed: u64) {
        for (lane, end) in ends.into_iter().enumerate() {
            self.shared.kept[lane].fetch_max(end, Ordering::AcqRel);
        }
        self.shared.lost.fetch_add(shed, Ordering::Relaxed);
        self.shared.arrived.notify_one();
    }

    /// Counts what is not kept; the door's own call is nobody's loss.
    fn refuse(&self, arrival: &Arrival) -> Verdict {
        if arrival.who != Who::Watchdog {
            self.shared.refused.fetch_add(1, Ordering::Relaxed);
            let call = u64::from(arrival.lane == Lane::Emergency);
            self.shared.calls_refused.fetch_add(call, Ordering::Relaxed);
        }
        Verdict::Refused
    }

    fn has_room(&self, lane: Lane) -> bool {
        let kept = self.shared.kept[lane as usize].load(Ordering::Acquire);
        let done = self.shared.done[lane as usize].load(Ordering::Acquire);
        let most = match lane {
            Lane::Emergency => self.limits.emergencies,
            Lane::Telemetry => self.limits.telemetry,
        };
        (kept - done).max(0).unsigned_abs() < most
    }

    /// Keeps what can be kept when the whole group cannot: emergencies, on the reserve if need be.
    fn rescue(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
        let urgent: Vec<Arrival> =
            group.iter().filter(|a| a.lane == Lane::Emergency).cloned().collect();
        let shed = (group.len() - urgent.len()) as u64;
        let mut kept = self.write(&urgent, shed);
        if let Err(error) = &kept
            && error.is_full()
        {
            self.give_reserve();
            kept = self.write(&urgent, shed);
        }
        if let Ok(ends) = kept {
            self.publish(ends, shed);
        }
        for arrival in group {
            verdicts.push(match (&kept, arrival.lane) {
                (Ok(_), Lane::Emergency) => Verdict::Kept,
                (Ok(_), Lane::Telemetry) => Verdict::Shed,
                (Err(_), _) => self.refuse(arrival),
            });
        }
    }
}

impl Keep for SqliteKeep {
    fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
        let group = &*by_what_they_are(group);
        if !self.has_room(Lane::Emergency) {
            verdicts.extend(group.iter().map(|arrival| self.refuse(arrival)));
            return;
        }
        if self.is_on_reserve() || !self.has_room(Lane::Telemetry) {
            self.rescue(group, verdicts);
            return;
        }
        match self.write(group, 0) {
            Ok(ends) => {
                self.publish(ends, 0);
                verdicts.extend(group.iter().map(|_| Verdict::Kept));
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "inbox could not keep a group"
                );
                self.rescue(group, verdicts);
            }
        }
    }

    fn anew(&mut self) -> bool {
        // A transaction that was open ends with its connection; what is counted beside it is only ever behind the rows.
        self.connection = None;
        true
    }
}

/// Writes a group, forgets what ingest is done with, and gives the last number of each lane.
fn insert(
    connection: &mut Connection,
    now: Now,
    group: &[Arrival],
    (deleted, upto): ([i64; 2], [i64; 2]),
    shed: u64,
) -> rusqlite::Result<[i64; 2]> {
    let mono = i64::try_from(now.mono.millis()).unwrap_or(i64::MAX);
    let transaction = connection.transaction()?;
    let mut ends = [0; 2];
    {
        let mut urgent = transaction.prepare_cached(
            "INSERT INTO inbox_e (id, gateway, mono, wall, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let mut plain = transaction.prepare_cached(
            "INSERT INTO inbox_t (id, gateway, mono, wall, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let mut mark = transaction.prepare_cached("SELECT high FROM mark WHERE lane = ?1")?;
        let mut high = [0i64; 2];
        for (lane, high) in (0i64..).zip(&mut high) {
            *high = mark.query_row([lane], |row| row.get(0))?;
        }
        for arrival in group {
            let Who::Gateway(gateway) = arrival.who else { continue };
            let lane = arrival.lane as usize;
            high[lane] += 1;
            let gateway = i64::try_from(gateway.get()).unwrap_or(0);
            let statement = if lane == 0 { &mut urgent } else { &mut plain };
            statement.execute(params![
                high[lane],
                gateway,
                mono,
                now.wall_ms,
                &arrival.payload[..]
            ])?;
        }
        let mut set = transaction.prepare_cached("UPDATE mark SET high = ?2 WHERE lane = ?1")?;
        for (lane, (high, end)) in (0i64..).zip(high.into_iter().zip(&mut ends)) {
            set.execute([lane, high])?;
            *end = high;
        }
        let mut forget = [
            transaction.prepare_cached("DELETE FROM inbox_e WHERE id > ?1 AND id <= ?2")?,
            transaction.prepare_cached("DELETE FROM inbox_t WHERE id > ?1 AND id <= ?2")?,
        ];
        for (lane, statement) in forget.iter_mut().enumerate() {
            if upto[lane] > deleted[lane] {
                statement.execute([deleted[lane], upto[lane]])?;
            }
        }
        if shed > 0 {
            transaction
                .prepare_cached("UPDATE loss SET count = count + ?1")?
                .execute([i64::try_from(shed).unwrap_or(i64::MAX)])?;
        }
    }
    transaction.commit()?;
    Ok(ends)
}
