//! The writer: batches into the log, full heads into chunks, both in one commit.
//!
//! A commit holds, in this order: new series, chunks of heads that are due, the row that says so,
//! and the batch. Memory follows only after the commit, so that nobody reads what is not durable.
//! After a failed commit the file is opened again and memory is built from it: what SQLite could
//! not say is not guessed. Not here: who waits for the answer.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

use proto::id::{DeviceId, HomeId};
use rusqlite::{Connection, Transaction, params};

use super::chunk::{CHUNK_MAX, Damaged, checksum, seal};
use super::heads::{Heads, Name};
use super::log::{Row, pack_batch, pack_seal, unpack};
use super::refused::Refused;
use super::{Counters, Slot, day_of, day_start, file};
use crate::{Point, SeriesError};

/// Points are of the years 1970 to 2100; anything else is a broken clock and no measurement.
const AT_LIMIT: i64 = 4_102_444_800_000;

/// The only one who writes.
pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    pub(super) heads: Arc<Mutex<Heads>>,
    pub(super) counters: Arc<Counters>,
    /// Number of the newest log row.
    row: i64,
    /// Oldest log row that is needed.
    low: i64,
    /// Points before this moment are refused: their day is rolled up.
    pub(super) floor_ms: i64,
    /// Where house-keeping goes on.
    pub(super) cursor: u32,
    /// Old rows that could not be changed.
    pub(super) refused: Refused,
}

impl Writer {
    /// Opens the file and reads what waits in its log.
    pub(super) fn open(
        path: PathBuf,
        heads: Arc<Mutex<Heads>>,
        counters: Arc<Counters>,
    ) -> Result<Self, SeriesError> {
        let connection = file::open(&path)?;
        let (fresh, row) = replay(&connection, &counters).map_err(file::told(&path))?;
        *heads.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        let refused = Refused::default();
        Ok(Self { path, connection, heads, counters, row, low: 0, floor_ms: 0, cursor: 0, refused })
    }

    /// Makes a group of batches durable: all of it or none.
    pub(super) fn commit(&mut self, group: &[Vec<Point>]) -> Result<(), SeriesError> {
        let heads = self.heads.clone();
        let plan = self.plan(&heads.lock().unwrap_or_else(PoisonError::into_inner), group);
        if plan.batch.is_empty() {
            return Ok(());
        }
        let rows = match self.store(&plan) {
            Ok(rows) => rows,
            Err(source) => {
                let path = self.path.display().to_string();
                self.reopen()?;
                return Err(SeriesError::File { path, source: Arc::new(source) });
            }
        };
        let mut heads = heads.lock().unwrap_or_else(PoisonError::into_inner);
        plan.names.iter().for_each(|name| heads.add(*name));
        let sealed: Vec<u32> = plan.due.iter().map(|(series, _)| *series).collect();
        heads.sealed(&sealed);
        heads.append(rows, &plan.batch);
        self.row = rows;
        self.low = heads.low(rows);
        self.counters.written.fetch_add(plan.batch.len() as u64, Relaxed);
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), SeriesError> {
        let (path, heads, counters) =
            (self.path.clone(), self.heads.clone(), self.counters.clone());
        let (floor_ms, cursor) = (self.floor_ms, self.cursor);
        *self = Self { floor_ms, cursor, ..Self::open(path, heads, counters)? };
        Ok(())
    }

    fn plan(&self, heads: &Heads, group: &[Vec<Point>]) -> Plan {
        let mut plan = Plan::default();
        let mut fresh: HashMap<Name, u32> = HashMap::new();
        for point in group.iter().flatten() {
            if point.at_ms < self.floor_ms || !(0..AT_LIMIT).contains(&point.at_ms) {
                plan.refused += 1;
                continue;
            }
            let quantity = point.quantity.number();
            let name = Name { home: point.home, device: point.device, quantity };
            let series = heads.find(&name).unwrap_or_else(|| {
                *fresh.entry(name).or_insert_with(|| {
                    plan.names.push(name);
                    heads.len() + u32::try_from(plan.names.len()).unwrap_or(u32::MAX)
                })
            });
            plan.batch.push((series, Slot::new(point.at_ms, point.value)));
        }
        if plan.refused > 0 {
            self.counters.lost.fetch_add(plan.refused, Relaxed);
            let (count, floor_ms) = (plan.refused, self.floor_ms);
            tracing::warn!(
                count,
                floor_ms,
                "points are older than raw points are kept, or in no year of ours"
            );
        }
        let due = heads.due(plan.batch.len());
        plan.due = due.into_iter().map(|s| (s, heads.points(s).to_vec())).collect();
        plan
    }

    /// Writes a plan; answers the log row of the batch.
    fn store(&mut self, plan: &Plan) -> Result<i64, rusqlite::Error> {
        let (mut row, low) = (self.row, self.low);
        let tx = self.connection.transaction()?;
        for name in &plan.names {
            let ids = (number(name.home.get()), number(name.device.get()), name.quantity);
            tx.prepare_cached("INSERT INTO name(home, device, quantity) VALUES (?1, ?2, ?3)")?
                .execute(ids)?;
        }
        for (series, points) in &plan.due {
            store_chunks(&tx, *series, points, true)?;
        }
        let mut log = tx.prepare_cached("INSERT INTO log(id, data) VALUES (?1, ?2)")?;
        if !plan.due.is_empty() {
            row += 1;
            let sealed: Vec<u32> = plan.due.iter().map(|(series, _)| *series).collect();
            log.execute(params![row, pack_seal(&sealed)])?;
        }
        row += 1;
        log.execute(params![row, pack_batch(&plan.batch)])?;
        drop(log);
        self.refused.forget_log(&tx, low)?;
        tx.commit()?;
        Ok(row)
    }
}

/// What one commit will do.
#[derive(Default)]
struct Plan {
    names: Vec<Name>,
    batch: Vec<(u32, Slot)>,
    due: Vec<(u32, Vec<Slot>)>,
    refused: u64,
}

/// Ids are below 2^50, so they keep their order in a signed column.
pub(super) const fn number(id: u64) -> i64 {
    id.cast_signed()
}

/// Stores points of one series as chunks, none longer than a day or [`CHUNK_MAX`].
pub(super) fn store_chunks(
    tx: &Transaction<'_>,
    series: u32,
    points: &[Slot],
    loose: bool,
) -> Result<(), rusqlite::Error> {
    let mut points = points.to_vec();
    points.sort_by_key(Slot::at_ms);
    let mut insert = tx.prepare_cached(
        "INSERT INTO chunk(series, day, loose, first, last, crc, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for day in points.chunk_by(|a, b| day_of(a.at_ms()) == day_of(b.at_ms())) {
        for part in day.chunks(CHUNK_MAX) {
            let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
            let data = seal(part).map_err(|Damaged| rusqlite::Error::InvalidQuery)?;
            let day = day_of(first.at_ms());
            let start = day_start(day);
            let (first, last) = (first.at_ms() - start, last.at_ms() - start);
            insert.execute(params![series, day, loose, first, last, checksum(&data), data])?;
        }
    }
    Ok(())
}

/// Builds the heads from the dictionary and the log; answers them and the newest row.
fn replay(connection: &Connection, counters: &Counters) -> Result<(Heads, i64), rusqlite::Error> {
    let mut heads = Heads::default();
    let mut names = connection.prepare("SELECT home, device, quantity FROM name ORDER BY id")?;
    let rows = names.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, u8>(2)?))
    })?;
    for row in rows {
        let (home, device, quantity) = row?;
        let home = HomeId::new(home.cast_unsigned());
        let device = DeviceId::new(device.cast_unsigned());
        let (Some(home), Some(device)) = (home, device) else {
            return Err(rusqlite::Error::IntegralValueOutOfRange(0, 0));
        };
        heads.add(Name { home, device, quantity });
    }
    let mut newest = 0;
    let mut log = connection.prepare("SELECT id, data FROM log ORDER BY id")?;
    let mut rows = log.query([])?;
    while let Some(row) = rows.next()? {
        newest = row.get(0)?;
        match unpack(row.get_ref(1)?.as_blob()?) {
            Ok(Row::Batch(points)) => heads.append(newest, &points),
            Ok(Row::Seal(series)) => heads.sealed(&series),
            Err(Damaged) => {
                counters.damaged.fetch_add(1, Relaxed);
                tracing::error!(
                    row = newest,
                    "a log row of the series file is damaged, its points are lost"
                );
            }
        }
    }
    Ok((heads, newest))
}
