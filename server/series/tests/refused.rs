//! Values that the embedded store refuses to roll up or let go keep no others, old or new.
//!
//! A trigger is the refusal. Not here: damage, and what becomes of old days (`embedded`).
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::path::Path;

use proto::id::{DeviceId, HomeId};
use proto::up::Quantity;
use series::embedded::Embedded;
use series::{Point, Retention, Sampled, Series, Window};

const MINUTE: i64 = 60_000;
const DAY: i64 = 1440 * MINUTE;
const START: i64 = 20_000 * DAY;
const KEEP: Retention = Retention { raw_days: 2, minute_days: 10, hour_days: 100 };
/// Devices, each with a series of its own.
const MANY: u64 = 3;

fn place(device: u64) -> (HomeId, DeviceId) {
    (HomeId::new(5).unwrap(), DeviceId::new(device).unwrap())
}

/// A store that has had this many minutes of each device.
async fn filled(path: &Path, minutes: i64) -> Embedded {
    let store = Embedded::open(path, KEEP).unwrap();
    let points: Vec<i64> = (0..minutes).collect();
    for part in points.chunks(100) {
        let of = |n: &i64, device| {
            let ((home, device), at_ms) = (place(device), START + n * MINUTE);
            Point { home, device, quantity: Quantity::Load, at_ms, value: Ok(*n as f32) }
        };
        let batch = part.iter().flat_map(|n| (1..=MANY).map(move |device| of(n, device))).collect();
        store.write(batch).await.unwrap();
    }
    store
}

fn refuse(path: &Path, what: &str, when: &str) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    let name = what.replace(' ', "_");
    file.execute_batch(&format!(
        "CREATE TRIGGER no_{name} BEFORE {what} WHEN {when} BEGIN SELECT RAISE(ABORT, 'no'); END"
    ))
    .unwrap();
}

async fn read(store: &Embedded, device: u64, day: i64) -> Vec<Sampled> {
    let (home, device) = place(device);
    let (from_ms, to_ms) = (START + day * DAY, START + (day + 1) * DAY);
    let quantity = Quantity::Load;
    let window =
        Window { home, device: Some(device), quantity, from_ms, to_ms, max_points: 100_000 };
    store.read(window).await.unwrap()
}

async fn settle(store: &Embedded, now_ms: i64) {
    while store.tend(now_ms).await.unwrap() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_refused_keeps_no_other_day_and_no_other_series_from_growing_old() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("series.db");
    let store = filled(&path, 3 * 1440).await;
    let first = START.div_euclid(DAY);
    refuse(&path, "DELETE ON chunk", &format!("OLD.series = 1 AND OLD.day = {first}"));
    settle(&store, START + 6 * DAY).await;
    let span = |found: &[Sampled]| found.iter().map(|s| s.span_ms).max();
    assert_eq!(span(&read(&store, 1, 0).await), Some(0), "it stays as it is");
    for (device, day) in [(1, 1), (2, 0), (2, 1), (MANY, 0)] {
        let found = read(&store, device, day).await;
        assert_eq!(span(&found), Some(MINUTE), "device {device}, day {day}");
    }
    refuse(&path, "DELETE ON minute", &format!("OLD.series = 2 AND OLD.day = {first}"));
    settle(&store, START + 20 * DAY).await;
    assert_eq!(span(&read(&store, 2, 0).await), Some(MINUTE), "it stays as it is");
    assert_eq!(span(&read(&store, MANY, 0).await), Some(60 * MINUTE));
    refuse(&path, "DELETE ON hour", "OLD.series = 2");
    settle(&store, START + 200 * DAY).await;
    assert_eq!(read(&store, MANY, 0).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_the_log_that_is_refused_keeps_no_new_value_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("series.db");
    let store = filled(&path, 100).await;
    refuse(&path, "DELETE ON log", "OLD.id = 1");
    store.close().await.unwrap();
    let store = filled(&path, 3 * 1440).await;
    assert_eq!(read(&store, 1, 1).await.len(), 1440);
    let file = rusqlite::Connection::open(&path).unwrap();
    let old: i64 =
        file.query_row("SELECT count(*) FROM log WHERE id < 5", [], |row| row.get(0)).unwrap();
    assert_eq!(old, 1, "the others have gone");
    store.close().await.unwrap();
    let again = Embedded::open(&path, KEEP).unwrap();
    assert_eq!(read(&again, 1, 0).await.len(), 1440, "and nothing counts twice");
}
