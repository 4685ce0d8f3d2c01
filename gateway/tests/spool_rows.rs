//! A row of the spool that cannot be read is left out: the box starts, and what else waits goes on its way.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

use gateway::spool::{Bounds, Spool};
use proto::unit::Millis;
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
