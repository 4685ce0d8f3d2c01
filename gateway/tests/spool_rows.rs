//! A row of the spool that cannot be read is left out: the box starts, and what else waits goes on its way.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

use gateway::clock::Clock;
use gateway::spool::{Bounds, Entry, Place, Reached, RowId, Spool};
use proto::frame::Lane;
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::relay::RelayKind;
use proto::unit::{Millis, Mono};
use rusqlite::Connection;

#[test]
fn one_damaged_row_stops_neither_the_start_nor_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let all_day = Millis::secs(86_400);
    let bounds = Bounds {
        spool_bytes: 64 << 20,
        reserve_bytes: 1 << 20,
        raw_for: all_day,
        sent_for: all_day,
    };
    let spool = Spool::open(dir.path(), bounds).unwrap();
    let file = Connection::open(dir.path().join("spool.db")).unwrap();
    for (device, key) in [(5, "zeroblob(32)"), (6, "x'0102'"), (7, "zeroblob(32)")] {
        let sql =
            format!("INSERT INTO roster VALUES ({device}, 9, 0, 1, {key}, 0, NULL, NULL, x'')");
        file.execute_batch(&sql).unwrap();
    }
    let roster = spool.roster().unwrap();
    assert_eq!(roster.iter().map(|row| row.device.get()).collect::<Vec<_>>(), [5, 7]);
    for (device, seq) in [(5, "1"), (6, "99999999999"), (7, "2")] {
        file.execute_batch(&format!("INSERT INTO rung VALUES ({device}, 1, {seq}, 1, 5, NULL)"))
            .unwrap();
    }
    assert_eq!(spool.not_received(10).unwrap().len(), 2);
}

#[test]
fn a_damaged_row_goes_up_as_unreadable_and_neither_it_nor_a_hundred_of_it_keep_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let day = Millis::secs(86_400);
    let bounds =
        Bounds { spool_bytes: 64 << 20, reserve_bytes: 1 << 20, raw_for: day, sent_for: day };
    let spool = Spool::open(dir.path(), bounds).unwrap();
    spool.begin(Clock::resume(spool.time_mark().unwrap().as_ref()), 7).unwrap();
    for seq in 0..101 {
        let id = PressId {
            device: DeviceId::new(5).unwrap(),
            boot: BootId::new(1, 1),
            seq: Seq::new(seq),
        };
        let (place, kind, bytes) = (Place::Up, RelayKind::Open, &seq.to_be_bytes());
        let entry = Entry { lane: Lane::Telemetry, place, kind, id, bytes };
        spool.keep(Mono::from_millis(10), &[entry], &mut Vec::new());
    }
    let file = Connection::open(dir.path().join("spool.db")).unwrap();
    // What a flipped byte of a row's head does: another sort of value than the table takes.
    let version: i64 = file.query_row("PRAGMA schema_version", [], |row| row.get(0)).unwrap();
    file.execute_batch(&format!(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'up';
         PRAGMA schema_version = {};",
        version + 1
    ))
    .unwrap();
    drop(file);
    let file = Connection::open(dir.path().join("spool.db")).unwrap();
    let last: i64 = file.query_row("SELECT MAX(id) FROM up", [], |row| row.get(0)).unwrap();
    file.execute(
        "UPDATE up SET kind = 'open', stored = 'noon', bytes = 'text' WHERE id < ?",
        [last],
    )
    .unwrap();
    let waiting = |after| spool.reader().unwrap().waiting(Lane::Telemetry, after, 100).unwrap();
    let first = waiting(RowId::START);
    assert_eq!(first.len(), 100);
    assert!(first.iter().all(|row| row.kind == RelayKind::Unreadable && row.bytes == b"text"));
    let rest = waiting(first[99].row);
    assert_eq!(rest.len(), 1);
    assert_eq!(
        (rest[0].kind, rest[0].bytes.as_slice()),
        (RelayKind::Open, [0, 0, 0, 100].as_slice())
    );
    file.execute("UPDATE up SET acked = 50", []).unwrap();
    let lost = Reached { line: 3, spool: 99, through: 0, restored: true };
    spool.reached(Mono::from_millis(60), Lane::Telemetry, &lost).unwrap();
    let again = spool.reader().unwrap().again(Lane::Telemetry, 200).unwrap();
    assert_eq!(again.len(), 101, "and what is asked for again");
}
