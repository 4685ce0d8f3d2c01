//! One set of promises, kept by both series stores: the embedded file and a real InfluxDB 2.
//!
//! Each promise is a function over `dyn Series`; each store runs all of them. What only one store
//! can show (crash, damage, roll-up, refusals) is in `embedded.rs` and `influx.rs`.
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

#[path = "influxd/fixture.rs"]
mod fixture;

use std::sync::Arc;

use fixture::Influxd;
use proto::id::{DeviceId, HomeId};
use proto::unit::NoData;
use proto::up::Quantity;
use series::embedded::Embedded;
use series::influx::setup::{IMPORT, roll_up, setup};
use series::influx::{Influx, InfluxConfig};
use series::{Point, Retention, Sampled, Series, Window};

const MINUTE: i64 = 60_000;

fn home(n: u64) -> HomeId {
    HomeId::new(n).unwrap()
}

fn device(n: u64) -> DeviceId {
    DeviceId::new(n).unwrap()
}

/// A full hour some hours ago, so that no store finds it too old.
fn start() -> i64 {
    (jiff::Timestamp::now().as_millisecond() / 3_600_000 - 30) * 3_600_000
}

fn point(home_id: u64, device_id: u64, at_ms: i64, value: Result<f32, NoData>) -> Point {
    let quantity = Quantity::Heart;
    Point { home: home(home_id), device: device(device_id), quantity, at_ms, value }
}

fn window(home_id: u64, from_ms: i64, to_ms: i64) -> Window {
    let quantity = Quantity::Heart;
    Window { home: home(home_id), device: None, quantity, from_ms, to_ms, max_points: 100_000 }
}

fn plain(samples: &[Sampled]) -> Vec<(u64, i64, Result<f32, NoData>)> {
    samples.iter().map(|s| (s.device.get(), s.at_ms, s.value)).collect()
}

async fn what_is_acknowledged_is_read_back_in_order(store: &dyn Series) {
    let t = start();
    let points = vec![
        point(1, 11, t, Ok(61.5)),
        point(1, 11, t + MINUTE, Err(NoData::NotPresent)),
        point(1, 11, t + 2 * MINUTE, Ok(-0.25)),
    ];
    store.write(points).await.unwrap();
    let found = store.read(window(1, t, t + 3 * MINUTE)).await.unwrap();
    let expected = [
        (11, t, Ok(61.5)),
        (11, t + MINUTE, Err(NoData::NotPresent)),
        (11, t + 2 * MINUTE, Ok(-0.25)),
    ];
    assert_eq!(plain(&found), expected);
    assert!(found.iter().all(|s| s.span_ms == 0));
}

async fn a_window_takes_its_first_moment_and_not_its_last(store: &dyn Series) {
    let t = start();
    store.write((0..4).map(|n| point(2, 21, t + n, Ok(n as f32))).collect()).await.unwrap();
    let found = store.read(window(2, t + 1, t + 3)).await.unwrap();
    assert_eq!(plain(&found), [(21, t + 1, Ok(1.0)), (21, t + 2, Ok(2.0))]);
}

async fn a_point_written_twice_counts_once_and_the_last_value_stays(store: &dyn Series) {
    let t = start();
    store.write(vec![point(3, 31, t, Ok(50.0)), point(3, 31, t, Ok(50.0))]).await.unwrap();
    store.write(vec![point(3, 31, t, Ok(55.0))]).await.unwrap();
    let found = store.read(window(3, t, t + MINUTE)).await.unwrap();
    assert_eq!(plain(&found), [(31, t, Ok(55.0))]);
}

async fn at_one_moment_a_value_beats_a_gap(store: &dyn Series) {
    let t = start();
    store.write(vec![point(4, 41, t, Err(NoData::Timeout))]).await.unwrap();
    store.write(vec![point(4, 41, t, Ok(70.0))]).await.unwrap();
    store.write(vec![point(4, 41, t, Err(NoData::Stale))]).await.unwrap();
    let found = store.read(window(4, t, t + MINUTE)).await.unwrap();
    assert_eq!(plain(&found), [(41, t, Ok(70.0))]);
}

async fn late_points_take_their_place(store: &dyn Series) {
    let t = start();
    let minutes = [5i64, 3, 9, 0, 7];
    for n in minutes {
        store.write(vec![point(5, 51, t + n * MINUTE, Ok(n as f32))]).await.unwrap();
    }
    store.write(vec![point(5, 51, t - 50 * 60 * MINUTE, Ok(-1.0))]).await.unwrap();
    let found = store.read(window(5, t - 60 * 60 * MINUTE, t + 60 * MINUTE)).await.unwrap();
    let values: Vec<f32> = found.iter().map(|s| s.value.unwrap()).collect();
    assert_eq!(values, [-1.0, 0.0, 3.0, 5.0, 7.0, 9.0]);
}

async fn homes_devices_and_quantities_are_apart(store: &dyn Series) {
    let t = start();
    let breath = Point { quantity: Quantity::Breath, ..point(6, 61, t, Ok(16.0)) };
    let points =
        vec![point(6, 62, t, Ok(2.0)), point(6, 61, t, Ok(1.0)), breath, point(7, 61, t, Ok(3.0))];
    store.write(points).await.unwrap();
    let of_home = store.read(window(6, t, t + 1)).await.unwrap();
    assert_eq!(plain(&of_home), [(61, t, Ok(1.0)), (62, t, Ok(2.0))]);
    let one = Window { device: Some(device(62)), ..window(6, t, t + 1) };
    assert_eq!(plain(&store.read(one).await.unwrap()), [(62, t, Ok(2.0))]);
    assert_eq!(plain(&store.read(window(7, t, t + 1)).await.unwrap()), [(61, t, Ok(3.0))]);
}

async fn an_empty_window_is_an_empty_answer(store: &dyn Series) {
    let t = start();
    assert_eq!(store.read(window(8, t, t + MINUTE)).await.unwrap(), []);
    assert_eq!(store.read(window(8, t, t)).await.unwrap(), []);
    assert_eq!(store.read(window(8, t + 5, t)).await.unwrap(), []);
    store.write(Vec::new()).await.unwrap();
}

async fn a_thinned_answer_keeps_the_spike(store: &dyn Series) {
    let t = start();
    let value = |n: i64| if n == 777 { 180.0 } else { 60.0 };
    store
        .write((0..1440).map(|n| point(9, 91, t + n * MINUTE, Ok(value(n)))).collect())
        .await
        .unwrap();
    let day = Window { max_points: 100, ..window(9, t, t + 1440 * MINUTE) };
    let found = store.read(day).await.unwrap();
    assert!(found.len() <= 100, "{} samples", found.len());
    assert_eq!(found.iter().map(|s| s.count).sum::<u32>(), 1440);
    let spike = found.iter().find(|s| s.high == 180.0).unwrap();
    assert!((spike.at_ms..spike.at_ms + spike.span_ms).contains(&(t + 777 * MINUTE)));
    assert_eq!(spike.low, 60.0);
}

async fn each_reason_is_read_back_as_it_was_written(store: &dyn Series) {
    let t = start();
    let told = || (t..).zip(NoData::ALL);
    store.write(told().map(|(at, why)| point(14, 141, at, Err(why))).collect()).await.unwrap();
    let found = store.read(window(14, t, t + 100)).await.unwrap();
    let expected: Vec<_> = told().map(|(at, why)| (141, at, Err(why))).collect();
    assert_eq!(plain(&found), expected);
}

async fn a_value_that_is_no_number_is_a_gap_that_says_so(store: &dyn Series) {
    let t = start();
    store
        .write(vec![point(10, 101, t, Ok(f32::NAN)), point(10, 101, t + 1, Ok(f32::INFINITY))])
        .await
        .unwrap();
    let found = store.read(window(10, t, t + 2)).await.unwrap();
    let never = Err(NoData::Implausible);
    assert_eq!(plain(&found), [(101, t, never), (101, t + 1, never)]);
}

async fn many_writers_at_once_are_all_answered(store: Arc<dyn Series>) {
    let t = start();
    let writers: Vec<_> = (0..50u64)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(
                async move { store.write(vec![point(12, 1200 + n, t, Ok(n as f32))]).await },
            )
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(store.read(window(12, t, t + 1)).await.unwrap().len(), 50);
    assert!(store.facts().healthy);
}

async fn all(store: Arc<dyn Series>) {
    what_is_acknowledged_is_read_back_in_order(&*store).await;
    a_window_takes_its_first_moment_and_not_its_last(&*store).await;
    a_point_written_twice_counts_once_and_the_last_value_stays(&*store).await;
    at_one_moment_a_value_beats_a_gap(&*store).await;
    late_points_take_their_place(&*store).await;
    homes_devices_and_quantities_are_apart(&*store).await;
    an_empty_window_is_an_empty_answer(&*store).await;
    a_thinned_answer_keeps_the_spike(&*store).await;
    a_value_that_is_no_number_is_a_gap_that_says_so(&*store).await;
    each_reason_is_read_back_as_it_was_written(&*store).await;
    many_writers_at_once_are_all_answered(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store_keeps_every_promise_and_after_a_restart_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("series.db");
    let store = Arc::new(Embedded::open(&path, Retention::default()).unwrap());
    all(store.clone()).await;
    let t = start();
    let before = store.read(window(9, t, t + 1440 * MINUTE)).await.unwrap();
    assert_eq!(before.len(), 1440);
    store.close().await.unwrap();
    drop(store);
    let store = Embedded::open(&path, Retention::default()).unwrap();
    assert_eq!(store.read(window(9, t, t + 1440 * MINUTE)).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_influxdb_keeps_every_promise_and_after_a_restart_too() {
    let Some(mut influxd) = tokio::task::spawn_blocking(Influxd::start).await.unwrap() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let dead = dir.path().join("dead.lp");
    let config = InfluxConfig::new(influxd.url(), "home", "beds", influxd.token.clone(), &dead);
    let made = setup(&config, &Retention::default()).await.unwrap();
    assert_eq!(made.len(), 7, "{made:?}");
    assert_eq!(setup(&config, &Retention::default()).await.unwrap(), Vec::<String>::new());
    let store = Arc::new(Influx::open(config.clone()).unwrap());
    all(store.clone()).await;
    assert_eq!(store.facts().lost, 0);
    let t = start();
    let before = store.read(window(9, t, t + 1440 * MINUTE)).await.unwrap();
    let influxd = tokio::task::spawn_blocking(move || {
        influxd.restart();
        influxd
    });
    let _influxd = influxd.await.unwrap();
    assert_eq!(store.read(window(9, t, t + 1440 * MINUTE)).await.unwrap(), before);
    rolled_up_spans_are_read_where_raw_points_are_gone(&config, &*store).await;
}

/// Runs the text of the hourly task now and reads the minutes it made from a bucket without raw points.
async fn rolled_up_spans_are_read_where_raw_points_are_gone(
    config: &InfluxConfig,
    store: &dyn Series,
) {
    let now = jiff::Timestamp::now().as_millisecond();
    let quarter = 15 * MINUTE;
    let t = now / quarter * quarter - 6 * quarter;
    let seconds = (0..1_800).map(|n| point(13, 131, t + n * 1000, Ok((n % 3) as f32))).collect();
    store.write(seconds).await.unwrap();
    let client = influxdb2::Client::new(&*config.url, &*config.org, &*config.token);
    let text = IMPORT.to_owned() + &roll_up(config, "15m", "3h");
    client.query_raw(Some(influxdb2::models::Query::new(text))).await.unwrap();
    let elsewhere = InfluxConfig { bucket: "beds_raw_gone".into(), ..config.clone() };
    setup(&elsewhere, &Retention::default()).await.unwrap();
    let copy = "from(bucket: \"beds_15m\") |> range(start: -4h) |> to(bucket: \"beds_raw_gone_15m\", org: \"home\")";
    client.query_raw(Some(influxdb2::models::Query::new(copy.into()))).await.unwrap();
    let store = Influx::open(elsewhere).unwrap();
    let wide = window(13, t - 120 * MINUTE, t + 60 * MINUTE);
    let found = store.read(wide).await.unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    let first = found[0];
    assert_eq!((first.at_ms, first.span_ms, first.count), (t, quarter, 900));
    assert_eq!((first.low, first.high, first.value), (0.0, 2.0, Ok(1.0)));
}
