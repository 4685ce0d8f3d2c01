//! One arrival as a row: under its name, or by a mark where it has none or shares it.
//!
//! A name (device, boot, number) with the same bytes is a copy. With other bytes it is a frame of its own, kept
//! beside the first: two devices can share a name by mistake, and neither may be swallowed for it.
//! Not here: what is done when the disk refuses (`arrivals`).

use proto::down::Rung;
use proto::frame::Lane;
use proto::relay::RelayKind;
use proto::unit::Mono;
use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use super::kind_number;
use crate::spool::room::SENT;
use crate::spool::schema::{LANE_DOUBTFUL, LANE_EMERGENCY, LANE_TELEMETRY, signed};
use crate::spool::swept::sweep;
use crate::spool::{Entry, Fate, Place, receipts};

/// A press that its device repeats this long after the server acknowledged it, ms, goes up again:
/// the device is asking for an answer that was lost on its way down.
const ASK_AGAIN_AFTER: u64 = 2_000;
/// Most rows of strangers and unreadable emergencies, all devices together.
const DOUBTFUL_MAX: i64 = 4096;
/// Most of them from one device, so that none can fill the store for all.
const DOUBTFUL_DEVICE_MAX: i64 = 64;

/// Device, boot and number of a frame as columns hold them.
type Name = (i64, i64, u32);

pub(super) fn put(t: &Transaction<'_>, now: Mono, entry: &Entry<'_>) -> rusqlite::Result<Fate> {
    match (entry.place, entry.kind, entry.lane) {
        (Place::Raw, ..) => put_raw(t, now, entry),
        (Place::Up, RelayKind::Open, lane) => put_open(t, now, entry, lane),
        (
            Place::Up,
            RelayKind::Stranger | RelayKind::Unreadable | RelayKind::Petition | RelayKind::Kept,
            lane,
        ) => put_doubtful(t, now, entry, lane),
    }
}

fn put_raw(t: &Transaction<'_>, now: Mono, entry: &Entry<'_>) -> rusqlite::Result<Fate> {
    let sql = "INSERT INTO raw(device, boot, seq, bytes, stored) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT DO NOTHING";
    let (device, boot, seq) = name(entry);
    let new = t.prepare_cached(sql)?.execute(params![
        device,
        boot,
        seq,
        entry.bytes,
        signed(now.millis()),
    ])?;
    if new == 1 {
        return Ok(Fate::New);
    }
    let sql = "SELECT 1 FROM raw WHERE device = ? AND boot = ? AND seq = ? AND bytes = ?";
    if t.prepare_cached(sql)?.exists(params![device, boot, seq, entry.bytes])? {
        return Ok(Fate::Again(None));
    }
    // There is one place a name among raw readings; a second voice goes to the server, which must hear of it.
    put_open(t, now, entry, Lane::Telemetry)
}

fn put_open(
    t: &Transaction<'_>,
    now: Mono,
    entry: &Entry<'_>,
    lane: Lane,
) -> rusqlite::Result<Fate> {
    let row = match lane {
        Lane::Emergency => LANE_EMERGENCY,
        Lane::Telemetry => LANE_TELEMETRY,
    };
    let copied = put_named(t, now, entry, row)?;
    if lane == Lane::Telemetry {
        return Ok(if copied.is_none() { Fate::New } else { Fate::Again(None) });
    }
    let Some(mark) = copied else {
        receipts::begin(t, now, entry.id)?;
        return Ok(Fate::New);
    };
    let rung = receipts::rung(t, entry.id)?;
    if rung.is_none_or(|rung| rung < Rung::Received) {
        let (device, boot, seq) = name(entry);
        let late = signed(now.millis().saturating_sub(ASK_AGAIN_AFTER));
        let sql = "UPDATE up SET acked = NULL
                   WHERE device = ? AND boot = ? AND seq = ? AND mark = ? AND acked < ?";
        t.prepare_cached(sql)?.execute(params![device, boot, seq, mark, late])?;
    }
    Ok(Fate::Again(rung.or(Some(Rung::Stored))))
}

/// Keeps a frame under its name; gives the mark of the row that it is a copy of, if it is one.
fn put_named(
    t: &Transaction<'_>,
    now: Mono,
    entry: &Entry<'_>,
    lane: i64,
) -> rusqlite::Result<Option<i64>> {
    let name = name(entry);
    if insert(t, now, entry, (lane, name, 0))? {
        return Ok(None);
    }
    let (device, boot, seq) = name;
    let sql = "SELECT mark FROM up WHERE device = ? AND boot = ? AND seq = ? AND bytes = ?";
    let same = params![device, boot, seq, entry.bytes];
    if let Some(mark) = t.prepare_cached(sql)?.query_row(same, |row| row.get(0)).optional()? {
        return Ok(Some(mark));
    }
    tracing::warn!(device = %entry.id.device, seq, "a name is used by other bytes: both are kept");
    let mark = fingerprint(entry.bytes);
    Ok(if insert(t, now, entry, (lane, name, mark))? { None } else { Some(mark) })
}

/// A frame's name as columns hold it.
fn name(entry: &Entry<'_>) -> Name {
    let id = entry.id;
    (signed(id.device.get()), signed(id.boot.get()), id.seq.get())
}

fn put_doubtful(
    t: &Transaction<'_>,
    now: Mono,
    entry: &Entry<'_>,
    lane: Lane,
) -> rusqlite::Result<Fate> {
    let mark = fingerprint(entry.bytes);
    let nameless = (signed(entry.id.device.get()), 0, 0);
    if lane == Lane::Telemetry {
        let new = insert(t, now, entry, (LANE_TELEMETRY, nameless, mark))?;
        return Ok(if new { Fate::New } else { Fate::Again(None) });
    }
    if known(t, entry, mark)? {
        return Ok(Fate::Again(None));
    }
    make_place(t)?;
    let sql = "SELECT count(*) FROM up
               WHERE device = ? AND boot = 0 AND seq = 0 AND mark != 0 AND acked IS NULL";
    let waiting: i64 =
        t.prepare_cached(sql)?.query_row([signed(entry.id.device.get())], |row| row.get(0))?;
    if waiting >= DOUBTFUL_DEVICE_MAX || doubtful(t)? >= DOUBTFUL_MAX {
        return Ok(Fate::Refused);
    }
    insert(t, now, entry, (LANE_DOUBTFUL, nameless, mark))?;
    Ok(Fate::New)
}

fn known(t: &Transaction<'_>, entry: &Entry<'_>, mark: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM up WHERE device = ? AND boot = 0 AND seq = 0 AND mark = ?";
    t.prepare_cached(sql)?
        .query_row(params![signed(entry.id.device.get()), mark], |_| Ok(()))
        .optional()
        .map(|found| found.is_some())
}

fn doubtful(t: &Transaction<'_>) -> rusqlite::Result<i64> {
    let sql = "SELECT count(*) FROM up WHERE lane = ? AND acked IS NULL";
    t.prepare_cached(sql)?.query_row([LANE_DOUBTFUL], |row| row.get(0))
}

/// What the server already has of this lane is the first to go when the lane is full.
fn make_place(t: &Transaction<'_>) -> rusqlite::Result<()> {
    let sql = "SELECT count(*) FROM up WHERE acked IS NOT NULL AND lane = ?";
    let sent: i64 = t.prepare_cached(sql)?.query_row([LANE_DOUBTFUL], |row| row.get(0))?;
    match usize::try_from(sent - DOUBTFUL_MAX) {
        Ok(over) if over > 0 => sweep(t, &SENT, LANE_DOUBTFUL, over).map(|_| ()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Puts a row in a lane under a name and mark; false: there is one.
fn insert(
    t: &Transaction<'_>,
    now: Mono,
    entry: &Entry<'_>,
    (lane, (device, boot, seq), mark): (i64, Name, i64),
) -> rusqlite::Result<bool> {
    let sql = "INSERT INTO up(lane, kind, device, boot, seq, mark, bytes, stored)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
    let new = t.prepare_cached(sql)?.execute(params![
        lane,
        kind_number(entry.kind),
        device,
        boot,
        seq,
        mark,
        entry.bytes,
        signed(now.millis()),
    ])?;
    Ok(new == 1)
}

/// Tells one message from another where a name does not; never zero, which marks the first frame of a name.
fn fingerprint(bytes: &[u8]) -> i64 {
    let digest = Sha256::digest(bytes);
    let mut mark = [0; 8];
    mark.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(mark) | 1
}
