//! A row that the spool refuses to let go, or to take, keeps no other: neither the old ones nor a press.
//!
//! A trigger is the refusal. Not here: rows that cannot be read (`spool_rows`), a disk that fails or is full (`disk`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

use gateway::clock::Clock;
use gateway::spool::{Bounds, Entry, Fate, Place, Spool};
use proto::frame::Lane;
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::relay::RelayKind;
use proto::unit::{Millis, Mono};
use rusqlite::Connection;

const DAY: u64 = 86_400_000;
const BOUNDS: Bounds = Bounds {
    spool_bytes: 64 << 20,
    reserve_bytes: 1 << 20,
    raw_for: Millis::secs(86_400),
    sent_for: Millis::secs(86_400),
};

fn open(dir: &tempfile::TempDir, bounds: Bounds) -> Spool {
    let spool = Spool::open(dir.path(), bounds).unwrap();
    spool.begin(Clock::resume(spool.time_mark().unwrap().as_ref()), 7).unwrap();
    spool
}

fn file(dir: &tempfile::TempDir) -> Connection {
    let file = Connection::open(dir.path().join("spool.db")).unwrap();
    file.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    file
}

/// Refuses every `what` (such as `DELETE ON up`) for which `when` holds.
fn refuse(file: &Connection, what: &str, when: &str) {
    let name = what.replace(' ', "_");
    file.execute_batch(&format!(
        "CREATE TRIGGER no_{name} BEFORE {what} WHEN {when} BEGIN SELECT RAISE(ABORT, 'no'); END"
    ))
    .unwrap();
}

fn count(file: &Connection, table: &str) -> i64 {
    file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

/// Frames of a device, numbered from 1.
fn keep(
    spool: &Spool,
    lane: Lane,
    place: Place,
    device: u64,
    many: u32,
    payload: &[u8],
) -> Vec<Fate> {
    let entry = |seq| Entry {
        lane,
        place,
        kind: RelayKind::Open,
        id: PressId {
            device: DeviceId::new(device).unwrap(),
            boot: BootId::new(1, 1),
            seq: Seq::new(seq),
        },
        bytes: payload,
    };
    let entries: Vec<_> = (1..=many).map(entry).collect();
    let mut fates = Vec::new();
    spool.keep(Mono::from_millis(10), &entries, &mut fates);
    fates
}

#[test]
fn one_old_row_that_is_refused_keeps_no_other_of_its_table_nor_another_table() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&dir, BOUNDS);
    keep(&spool, Lane::Telemetry, Place::Raw, 5, 20, b"raw");
    keep(&spool, Lane::Telemetry, Place::Up, 6, 20, b"sent");
    keep(&spool, Lane::Emergency, Place::Up, 7, 20, b"press");
    let file = file(&dir);
    for n in 1..=20 {
        file.execute_batch(&format!(
            "INSERT INTO ended VALUES (1, {n}); INSERT INTO accepted VALUES (9, 1, {n}, {n})"
        ))
        .unwrap();
    }
    file.execute("UPDATE up SET acked = 20 + seq", []).unwrap();
    for (table, row) in [
        ("raw", "seq"),
        ("up", "device = 6 AND OLD.seq"),
        ("rung", "seq"),
        ("ended", "at"),
        ("accepted", "seq"),
    ] {
        refuse(&file, &format!("DELETE ON {table}"), &format!("OLD.{row} IN (1, 9)"));
    }
    spool.tidy(Mono::from_millis(40 * DAY)).unwrap();
    for table in ["raw", "up", "rung", "ended", "accepted"] {
        assert_eq!(count(&file, table), 2, "{table}");
    }
    assert_eq!(spool.usage().unwrap().failures, 0, "the disk has not failed");
}

#[test]
fn more_refused_rows_than_one_tidying_takes_keep_no_other_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&dir, BOUNDS);
    keep(&spool, Lane::Telemetry, Place::Raw, 5, 1_300, b"raw");
    let file = file(&dir);
    refuse(&file, "DELETE ON raw", "OLD.seq <= 1100");
    spool.tidy(Mono::from_millis(3 * DAY)).unwrap();
    assert_eq!(count(&file, "raw"), 1_100);
}

#[test]
fn an_old_row_that_is_refused_keeps_no_press_out_of_a_full_spool() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&dir, Bounds { spool_bytes: 1 << 20, ..BOUNDS });
    let file = file(&dir);
    keep(&spool, Lane::Telemetry, Place::Raw, 5, 50, &[0; 1_000]);
    refuse(&file, "DELETE ON raw", "OLD.seq IN (1, 9)");
    for device in 100..120 {
        keep(&spool, Lane::Telemetry, Place::Raw, device, 50, &[0; 1_000]);
    }
    let kept = keep(&spool, Lane::Emergency, Place::Up, 7, 1, b"help");
    assert_eq!(kept, [Fate::New]);
    assert!(spool.usage().unwrap().reserve, "room is made, and the reserve is left alone");
    assert_eq!(spool.usage().unwrap().failures, 0);
}

#[test]
fn an_entry_that_is_refused_keeps_no_other_of_its_group() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&dir, BOUNDS);
    let file = file(&dir);
    refuse(&file, "INSERT ON up", "NEW.seq = 5");
    let fates = keep(&spool, Lane::Emergency, Place::Up, 7, 9, b"help");
    for (seq, fate) in (1..).zip(&fates) {
        assert_eq!(*fate, if seq == 5 { Fate::Refused } else { Fate::New }, "{seq}");
    }
    assert_eq!((fates.len(), count(&file, "up")), (9, 8));
    assert_eq!(spool.usage().unwrap().failures, 0, "the disk has not failed");
}

#[test]
fn a_frame_that_cannot_be_marked_as_sent_keeps_no_other_from_it() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&dir, BOUNDS);
    keep(&spool, Lane::Telemetry, Place::Up, 6, 9, b"up");
    let file = file(&dir);
    refuse(&file, "UPDATE ON up", "NEW.seq = 5");
    let waiting = |spool: &Spool| {
        let mut rows = spool.reader().unwrap();
        rows.waiting(Lane::Telemetry, gateway::spool::RowId::START, 100).unwrap()
    };
    let rows: Vec<_> = waiting(&spool).iter().map(|row| row.row).collect();
    spool.mark_sent(Mono::from_millis(50), &rows).unwrap();
    assert_eq!(waiting(&spool).len(), 1);
}
