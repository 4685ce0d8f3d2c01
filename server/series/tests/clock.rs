//! The embedded series store and time: a clock that ran ahead, bounds of retention to the day, sums that do not fit.
//!
//! Not here: crashes and roll-ups as such (`series_embedded.rs`).
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

fn point(at_ms: i64, value: f32) -> Point {
    let (home, device) = (HomeId::new(5).unwrap(), DeviceId::new(1).unwrap());
    Point { home, device, quantity: Quantity::Load, at_ms, value: Ok(value) }
}

async fn read(store: &Embedded, from_ms: i64, to_ms: i64) -> Vec<Sampled> {
    let home = HomeId::new(5).unwrap();
    let window = Window {
        home,
        device: None,
        quantity: Quantity::Load,
        from_ms,
        to_ms,
        max_points: 100_000,
    };
    store.read(window).await.unwrap()
}

fn count(samples: &[Sampled]) -> u32 {
    samples.iter().map(|sample| sample.count).sum()
}

async fn settle(store: &Embedded, now_ms: i64) {
    while store.tend(now_ms).await.unwrap() {}
}

/// A minute's values of one day, one by one or every so many, so that all of it is in chunks.
async fn fill(store: &Embedded, day: i64, from: i64) {
    let points: Vec<Point> =
        (from..1440).step_by(2).map(|n| point(START + day * DAY + n * MINUTE, 2.0)).collect();
    for part in points.chunks(100) {
        store.write(part.to_vec()).await.unwrap();
    }
    // Many values of another moment fill the head, so that what came before is sealed.
    let more: Vec<Point> = (0..1_200).map(|n| point(START + 50 * DAY + n, 1.0)).collect();
    for part in more.chunks(100) {
        store.write(part.to_vec()).await.unwrap();
    }
}

fn open(path: &Path) -> Embedded {
    Embedded::open(path, KEEP).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_measured_after_a_clock_ran_ahead_is_kept_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("series.db"));
    settle(&store, START + 40 * DAY).await;
    assert!(store.write(vec![point(START, 1.0)]).await.is_ok());
    assert_eq!(store.facts().lost, 1, "so far it is older than everything kept");
    settle(&store, START + DAY).await;
    store.write(vec![point(START + MINUTE, 1.0)]).await.unwrap();
    assert_eq!((store.facts().lost, count(&read(&store, START, START + DAY).await)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_was_rolled_up_too_soon_takes_what_comes_later_and_forgets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("series.db"));
    fill(&store, 0, 0).await;
    settle(&store, START + 4 * DAY).await;
    assert_eq!(count(&read(&store, START, START + DAY).await), 720);
    settle(&store, START + DAY).await;
    fill(&store, 0, 1).await;
    for later in [1, 4, 20] {
        settle(&store, START + later * DAY).await;
        let day = read(&store, START, START + DAY).await;
        assert_eq!(count(&day), 1440, "after {later} days");
        assert!(day.iter().all(|sample| sample.value == Ok(2.0)));
    }
    // Hours that were made too soon take minutes that come later.
    settle(&store, START + DAY).await;
    fill(&store, 0, 0).await;
    settle(&store, START + 20 * DAY).await;
    let day = read(&store, START, START + DAY).await;
    assert_eq!((day.len(), count(&day)), (24, 2160));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_resolution_is_kept_to_the_day() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("series.db"));
    fill(&store, 0, 0).await;
    let span = async |now: i64| {
        settle(&store, now).await;
        read(&store, START, START + DAY).await.first().map(|sample| sample.span_ms)
    };
    let (raw, minute) = (i64::from(KEEP.raw_days), i64::from(KEEP.minute_days));
    assert_eq!(span(START + (raw + 1) * DAY - 1).await, Some(0), "raw on its last day");
    assert_eq!(span(START + (raw + 1) * DAY).await, Some(MINUTE), "minutes on the next");
    assert_eq!(span(START + (minute + 1) * DAY - 1).await, Some(MINUTE));
    assert_eq!(span(START + (minute + 1) * DAY).await, Some(60 * MINUTE));
    // Hours lie in spans of 32 days and go when the last day of theirs is too old: this one ends with day 20,031.
    let last = (20_000_i64.div_euclid(32) + 1) * 32 - 1;
    let end = (last + i64::from(KEEP.hour_days) + 1) * DAY;
    assert_eq!(span(end - 1).await, Some(60 * MINUTE));
    assert_eq!(span(end).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_whose_sum_does_not_fit_is_a_gap_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("series.db");
    let store = open(&path);
    fill(&store, 0, 0).await;
    store.close().await.unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    // The bytes can be read, but they are not those that were written.
    let broken = file.execute("UPDATE chunk SET crc = crc + 1 WHERE day = 20000", []).unwrap();
    assert!(broken > 0);
    drop(file);
    let store = open(&path);
    let day = read(&store, START, START + DAY).await;
    assert_eq!((count(&day), store.facts().damaged), (0, broken as u64), "{day:?}");
    assert!(day.iter().all(|sample| sample.value.is_err()));
}
