//! What only the embedded series store can show: crashes, damage, roll-ups, bounds.
//!
//! The crash test runs this same program as a child that writes until it is killed.
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use proto::id::{DeviceId, HomeId};
use proto::unit::NoData;
use proto::up::Quantity;
use series::embedded::Embedded;
use series::{Point, Retention, Sampled, Series, SeriesError, Window};

const MINUTE: i64 = 60_000;
const DAY: i64 = 1440 * MINUTE;
const START: i64 = 20_000 * DAY;
const CHILD: &str = "HEARTHLINE_SERIES_CHILD";

fn point(device: u64, at_ms: i64, value: Result<f32, NoData>) -> Point {
    let (home, device) = (HomeId::new(5).unwrap(), DeviceId::new(device).unwrap());
    Point { home, device, quantity: Quantity::Load, at_ms, value }
}

fn window(device: u64, from_ms: i64, to_ms: i64) -> Window {
    let (home, device) = (HomeId::new(5).unwrap(), DeviceId::new(device));
    Window { home, device, quantity: Quantity::Load, from_ms, to_ms, max_points: 100_000 }
}

fn open(path: &Path) -> Embedded {
    Embedded::open(path, Retention::default()).unwrap()
}

async fn settle(store: &Embedded, now_ms: i64) {
    while store.tend(now_ms).await.unwrap() {}
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child of the crash test"]
async fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = open(Path::new(&path));
    let known = store.read(window(1, START, START + DAY)).await.unwrap().len() as i64;
    for n in known.. {
        // 40 series, so that chunks are sealed all the time.
        let batch = (1..=40).map(|d| point(d, START + n * 1000, Ok(n as f32))).collect();
        store.write(batch).await.unwrap();
        println!("acknowledged {n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let seed = std::process::id() as usize;
    println!("seed {seed}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("series.db");
    for round in 0..10usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child_that_writes_until_it_is_killed", "--ignored", "--nocapture", "--exact"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut acknowledged = None;
        let enough = 20 + (seed * 31 + round * 137) % 150;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            if let Some((_, n)) = line.rsplit_once("acknowledged ") {
                let first = *acknowledged.get_or_insert(n.parse::<usize>().unwrap());
                if n.parse::<usize>().unwrap() >= first + enough {
                    acknowledged = n.parse().ok();
                    child.kill().unwrap();
                    break;
                }
            }
        }
        child.wait().unwrap();
        let last = acknowledged.expect("the child acknowledged nothing");
        let store = open(&path);
        for device in [1, 17, 40] {
            let found = store.read(window(device, START, START + DAY)).await.unwrap();
            let values: Vec<usize> =
                found.iter().map(|s| s.value.unwrap().to_string().parse().unwrap()).collect();
            assert!(values.len() > last, "seed {seed} round {round}: {} of {last}", values.len());
            assert!(values.iter().enumerate().all(|(n, v)| n == *v), "seed {seed} round {round}");
        }
        store.close().await.unwrap();
    }
}

async fn filled(path: &Path, points: i64) -> Embedded {
    let store = open(path);
    for n in 0..points {
        store.write(vec![point(1, START + n * MINUTE, Ok(n as f32))]).await.unwrap();
    }
    store
}

fn damage(path: &Path, sql: &str) -> usize {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute(sql, []).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_chunk_is_told_and_costs_only_its_own_span() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("series.db");
    filled(&path, 1400).await.close().await.unwrap();
    let sql = "UPDATE chunk SET data = zeroblob(length(data)) WHERE id = 2";
    assert_eq!(damage(&path, sql), 1);
    let store = open(&path);
    for _ in 0..2 {
        let found = store.read(window(1, START, START + DAY)).await.unwrap();
        let gaps: Vec<&Sampled> = found.iter().filter(|s| s.value.is_err()).collect();
        assert_eq!(gaps.len(), 1);
        assert_eq!(gaps[0].value, Err(NoData::Fault));
        let missing = 1400 - (found.len() - 1);
        assert!((300..=360).contains(&missing), "{missing} points are gone");
        assert_eq!(gaps[0].span_ms, (missing as i64 - 1) * MINUTE);
        assert_eq!(store.facts().damaged, 1, "told once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_log_row_is_told_and_the_rest_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("series.db");
    filled(&path, 50).await.close().await.unwrap();
    let sql = "UPDATE log SET data = zeroblob(length(data)) WHERE id = 20";
    assert_eq!(damage(&path, sql), 1);
    let store = open(&path);
    assert_eq!(store.facts().damaged, 1);
    assert_eq!(store.read(window(1, START, START + DAY)).await.unwrap().len(), 49);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_newer_server_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("series.db");
    filled(&path, 1).await.close().await.unwrap();
    damage(&path, "PRAGMA user_version = 99");
    let told = Embedded::open(&path, Retention::default()).err().unwrap();
    assert!(matches!(told, SeriesError::Newer { found: 99, .. }), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_over_is_merged_and_reads_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("series.db");
    let store = filled(&path, 1440).await;
    store.write(vec![point(1, START + 30_000, Err(NoData::Off))]).await.unwrap();
    store.close().await.unwrap();
    let store = open(&path);
    let before = store.read(window(1, START, START + DAY)).await.unwrap();
    settle(&store, START + 2 * DAY).await;
    assert_eq!(store.read(window(1, START, START + DAY)).await.unwrap(), before);
    let file = rusqlite::Connection::open(&path).unwrap();
    let loose: i64 =
        file.query_row("SELECT count(*) FROM chunk WHERE loose = 1", [], |row| row.get(0)).unwrap();
    assert_eq!(loose, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_days_become_minutes_then_hours_and_then_go() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("series.db");
    let keep = Retention { raw_days: 2, minute_days: 10, hour_days: 100 };
    let store = Embedded::open(&path, keep).unwrap();
    let day: Vec<Point> =
        (0..8640).map(|n| point(1, START + n * 10_000, Ok((n % 6) as f32))).collect();
    for part in day.chunks(300) {
        store.write(part.to_vec()).await.unwrap();
    }
    // Fills the head beyond its length, so that the whole first day is in chunks.
    let next: Vec<Point> = (0..1000).map(|n| point(1, START + DAY + n * 10_000, Ok(1.0))).collect();
    for part in next.chunks(100) {
        store.write(part.to_vec()).await.unwrap();
    }
    settle(&store, START + 4 * DAY).await;
    let minutes = store.read(window(1, START, START + DAY)).await.unwrap();
    assert_eq!((minutes.len(), minutes[0].span_ms), (1440, MINUTE));
    assert!(minutes.iter().all(|s| (s.low, s.high, s.count) == (0.0, 5.0, 6)));
    assert!(minutes.iter().all(|s| s.value == Ok(2.5)));

    settle(&store, START + 20 * DAY).await;
    let hours = store.read(window(1, START, START + DAY)).await.unwrap();
    assert_eq!((hours.len(), hours[0].span_ms), (24, 60 * MINUTE));
    assert!(hours.iter().all(|s| (s.low, s.high, s.count) == (0.0, 5.0, 360)));

    settle(&store, START + 140 * DAY).await;
    assert_eq!(store.read(window(1, START, START + DAY)).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_older_than_raw_points_are_kept_is_refused_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("series.db"));
    settle(&store, START).await;
    let batch = vec![point(1, START - 40 * DAY, Ok(1.0)), point(1, START - 3 * DAY, Ok(2.0))];
    store.write(batch).await.unwrap();
    let facts = store.facts();
    assert_eq!((facts.written, facts.lost), (1, 1));
    assert_eq!(store.read(window(1, 0, START)).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_ten_years_is_answered_from_what_was_rolled_up_and_reasons_stay() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("series.db"));
    let now = START + 3_650 * DAY;
    // Before the day is a minute, before two years an hour; a day of faults is a fault in each.
    for (n, ago) in [1, 20, 100, 700, 1_000, 3_600].into_iter().enumerate() {
        let at = |minute: i64| now - ago * DAY + minute * MINUTE;
        let value = |minute: i64| if minute < 60 { Err(NoData::Fault) } else { Ok(n as f32) };
        let day: Vec<Point> = (0..1_440).map(|m| point(1, at(m), value(m))).collect();
        for part in day.chunks(100) {
            store.write(part.to_vec()).await.unwrap();
        }
    }
    // Fills the head beyond its length, so that all of them are in chunks.
    let next: Vec<Point> = (0..1_000).map(|m| point(1, now + m * MINUTE, Ok(9.0))).collect();
    for part in next.chunks(100) {
        store.write(part.to_vec()).await.unwrap();
    }
    // To minutes, and those that are older still to hours.
    settle(&store, now).await;
    settle(&store, now).await;
    let wide = Window { max_points: 500, ..window(1, now - 3_650 * DAY, now) };
    let found = store.read(wide).await.unwrap();
    assert!(found.len() <= 500, "{}", found.len());
    let mut values: Vec<f32> = found.iter().filter_map(|one| one.value.ok()).collect();
    values.dedup();
    assert_eq!(values, [5.0, 4.0, 3.0, 2.0, 1.0, 0.0], "oldest first, nothing is left out");
    let counted: u32 = found.iter().map(|one| one.count).sum();
    assert_eq!(counted, 6 * 1_380, "each value counts once");
    // Several who ask for years get in turn what one gets, and who asks for a day waits for none of them.
    let day = window(1, now - DAY, now);
    let (a, b, c, d) =
        tokio::join!(store.read(wide), store.read(wide), store.read(wide), store.read(day));
    assert!([a, b, c].into_iter().all(|answer| answer.unwrap() == found));
    assert_eq!(d.unwrap().len(), 1_440);
    let found = store.read(window(1, now - 1_000 * DAY, now - 999 * DAY)).await.unwrap();
    let told: Vec<_> = found.iter().map(|one| (one.span_ms, one.value)).collect();
    assert_eq!(told.len(), 24);
    assert_eq!(told[..2], [(60 * MINUTE, Err(NoData::Fault)), (60 * MINUTE, Ok(4.0))]);
}
