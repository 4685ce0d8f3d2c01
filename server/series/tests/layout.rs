//! How points lie in a real InfluxDB 2: by its conventions, few when they are old, with their reasons, as configured.
//!
//! Each test has a server of its own. Not here: what both stores promise (`contract`), refusals (`influx`).
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

#[path = "influxd/fixture.rs"]
#[expect(dead_code, reason = "the contract starts one again")]
mod fixture;

use fixture::Influxd;
use influxdb2::api::buckets::ListBucketsRequest;
use influxdb2::api::task::{CreateTaskRequest, ListTasksRequest};
use influxdb2::api::write::TimestampPrecision;
use influxdb2::models::{PostBucketRequest, Query};
use proto::id::{DeviceId, HomeId};
use proto::unit::NoData;
use proto::up::Quantity;
use series::influx::setup::{IMPORT, roll_up, setup};
use series::influx::{Influx, InfluxConfig, proof};
use series::{Point, Retention, Sampled, Series, Window};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const KEEP: Retention = Retention { raw_days: 30, minute_days: 730, hour_days: 3_650 };

struct Scene {
    client: influxdb2::Client,
    config: InfluxConfig,
    now: i64,
    _influxd: Influxd,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn open() -> Option<Self> {
        let influxd = tokio::task::spawn_blocking(Influxd::start).await.unwrap()?;
        let folder = tempfile::tempdir().unwrap();
        let dead = folder.path().join("dead.lp");
        let token = influxd.token.clone();
        let client = influxdb2::Client::new(influxd.url(), "home", &token);
        let config = InfluxConfig::new(influxd.url(), "home", "beds", token, dead);
        let now = jiff::Timestamp::now().as_millisecond() / HOUR * HOUR;
        Some(Self { client, config, now, _influxd: influxd, _folder: folder })
    }

    fn store(&self, keep: Option<Retention>) -> Influx {
        Influx::open(InfluxConfig { keep, ..self.config.clone() }).unwrap()
    }

    async fn lines(&self, bucket: &str, lines: &str) {
        let precision = TimestampPrecision::Milliseconds;
        let lines = lines.to_owned();
        let written =
            self.client.write_line_protocol_with_precision("home", bucket, lines, precision);
        written.await.unwrap();
    }

    async fn roll_up(&self) {
        for every in ["15m", "1h"] {
            let text = IMPORT.to_owned() + &roll_up(&self.config, every, "80h");
            self.client.query_raw(Some(Query::new(text))).await.unwrap();
        }
    }

    /// Rows of a bucket with this field.
    async fn rows(&self, bucket: &str, field: &str) -> usize {
        let text = format!(
            "from(bucket: \"{bucket}\") |> range(start: -80h) |> filter(fn: (r) => r._field == \"{field}\") \
             |> group() |> keep(columns: [\"_time\"])"
        );
        self.client.query_raw(Some(Query::new(text))).await.unwrap().len()
    }

    /// Days that each bucket keeps points, in the order of their names.
    async fn kept(&self) -> Vec<(String, i32)> {
        let known = self.client.list_buckets(Some(ListBucketsRequest::default())).await.unwrap();
        let mut kept: Vec<_> = known
            .buckets
            .into_iter()
            .filter(|bucket| bucket.name.starts_with("beds"))
            .map(|bucket| {
                let days = bucket.retention_rules.first().map_or(0, |r| r.every_seconds / 86_400);
                (bucket.name, days)
            })
            .collect();
        kept.sort();
        kept
    }
}

fn home() -> HomeId {
    HomeId::new(3).unwrap()
}

fn device() -> DeviceId {
    DeviceId::new(4).unwrap()
}

fn point(quantity: Quantity, at_ms: i64, value: Result<f32, NoData>) -> Point {
    Point { home: home(), device: device(), quantity, at_ms, value }
}

fn window(from_ms: i64, to_ms: i64, max_points: u32) -> Window {
    Window { home: home(), device: None, quantity: Quantity::Heart, from_ms, to_ms, max_points }
}

fn plain(found: &[Sampled]) -> Vec<(i64, i64, Result<f32, NoData>)> {
    found.iter().map(|one| (one.at_ms, one.span_ms, one.value)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_a_bed_is_a_fifteenth_of_its_rows_when_it_is_rolled_up() {
    let Some(scene) = Scene::open().await else { return };
    setup(&scene.config, &KEEP).await.unwrap();
    let store = scene.store(None);
    let told = 7;
    for quantity in Quantity::ALL.into_iter().take(told) {
        let at = |minute: i64| scene.now - DAY - 2 * HOUR + minute * MINUTE;
        let day = (0..1_440).map(|minute| point(quantity, at(minute), Ok((minute % 60) as f32)));
        store.write(day.collect()).await.unwrap();
    }
    scene.roll_up().await;
    assert_eq!(scene.rows("beds", "value").await, told * 1_440);
    for field in ["mean", "low", "high", "count"] {
        assert_eq!(scene.rows("beds_15m", field).await, told * 96, "{field}");
        assert_eq!(scene.rows("beds_1h", field).await, told * 24, "{field}");
    }
    // The hourly task and the daily one write the same rows, not more of them.
    scene.roll_up().await;
    assert_eq!(scene.rows("beds_15m", "mean").await, told * 96);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_stays_when_its_points_are_rolled_up() {
    let Some(scene) = Scene::open().await else { return };
    setup(&scene.config, &KEEP).await.unwrap();
    let (store, from) = (scene.store(None), scene.now - 4 * HOUR);
    let value = |minute: i64| match minute {
        0..60 => Err(NoData::Fault),
        60..70 => Err(NoData::Stale),
        _ => Ok(61.0),
    };
    let points = (0..120).map(|m| point(Quantity::Heart, from + m * MINUTE, value(m)));
    store.write(points.collect()).await.unwrap();
    scene.roll_up().await;
    let day = store.read(window(scene.now - DAY, scene.now, 96)).await.unwrap();
    let quarter = 15 * MINUTE;
    let expected = [0, 1, 2, 3, 4, 5, 6, 7]
        .map(|n| (from + n * quarter, quarter, if n < 4 { Err(NoData::Fault) } else { Ok(61.0) }));
    assert_eq!(plain(&day), expected, "{day:?}");
    assert_eq!((day[4].count, day[5].count), (5, 15));
    let month = store.read(window(scene.now - 30 * DAY, scene.now, 100)).await.unwrap();
    assert_eq!(plain(&month), [(from, HOUR, Err(NoData::Fault)), (from + HOUR, HOUR, Ok(61.0))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_measurement_is_a_quantity_with_a_unit_and_ids_are_as_the_console_writes_them() {
    let Some(scene) = Scene::open().await else { return };
    setup(&scene.config, &KEEP).await.unwrap();
    let store = scene.store(None);
    // Their check characters are those to which a line gives a meaning.
    let odd = |end: char| (1..200).filter_map(DeviceId::new).find(|d| d.to_string().ends_with(end));
    let devices = ['=', '$', '*', '~', 'U'].map(|end| odd(end).unwrap());
    let at = scene.now - HOUR;
    let of = |device| Point { device, ..point(Quantity::Heart, at, Ok(61.0)) };
    store.write(devices.into_iter().map(of).collect()).await.unwrap();
    store.write(vec![point(Quantity::InBed, at, Err(NoData::Off))]).await.unwrap();
    let names = scene.client.list_measurements("beds", Some("-2h"), None).await.unwrap();
    assert_eq!(names, ["heart", "in_bed"]);
    let values = async |measurement: &str, tag: &str| {
        let asked =
            scene.client.list_measurement_tag_values("beds", measurement, tag, Some("-2h"), None);
        asked.await.unwrap()
    };
    assert_eq!(values("heart", "unit").await, ["1/min"]);
    assert_eq!(values("in_bed", "unit").await, ["%"]);
    assert_eq!(values("heart", "home").await, [home().to_string()]);
    let mut ids = devices.map(|device| device.to_string()).to_vec();
    ids.sort();
    assert_eq!(values("heart", "device").await, ids);
    let found = store.read(window(at, at + 1, 10)).await.unwrap();
    assert_eq!(found.len(), devices.len());
    for device in devices {
        let one = Window { device: Some(device), ..window(at, at + 1, 10) };
        assert_eq!(store.read(one).await.unwrap(), [Sampled::single(device, at, Ok(61.0))]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn points_of_an_earlier_layout_are_read_as_before() {
    let Some(scene) = Scene::open().await else { return };
    setup(&scene.config, &KEEP).await.unwrap();
    let orgs = scene.client.list_organizations(Default::default()).await.unwrap();
    let org = orgs.orgs.into_iter().find_map(|org| org.id).unwrap();
    let minutes = PostBucketRequest::new(org, "beds_1m".to_owned());
    scene.client.create_bucket(Some(minutes)).await.unwrap();
    let (raw, rolled) = (scene.now - 3 * HOUR, scene.now - 40 * DAY);
    let line = |at: i64, fields: &str| format!("bed,d=4,h=3,q=1 {fields} {at}\n");
    scene.lines("beds", &(line(raw, "v=61") + &line(raw + MINUTE, "g=3"))).await;
    scene.lines("beds_1m", &line(rolled, "v=62,low=60,high=64,n=6")).await;
    let store = scene.store(Some(KEEP));
    let new = point(Quantity::Heart, raw + 2 * MINUTE, Ok(63.0));
    store.write(vec![new]).await.unwrap();
    let found = store.read(window(scene.now - 50 * DAY, scene.now, 100_000)).await.unwrap();
    let expected = [
        (rolled, MINUTE, Ok(62.0)),
        (raw, 0, Ok(61.0)),
        (raw + MINUTE, 0, Err(NoData::Fault)),
        (raw + 2 * MINUTE, 0, Ok(63.0)),
    ];
    assert_eq!(plain(&found), expected);
    assert_eq!((found[0].low, found[0].high, found[0].count), (60.0, 64.0, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_ten_years_is_answered_from_hours_and_from_what_came_since() {
    let Some(scene) = Scene::open().await else { return };
    setup(&scene.config, &Retention { hour_days: 4_000, ..KEEP }).await.unwrap();
    let store = scene.store(None);
    let tags = format!("heart,device={},home={},unit=1/min", device(), home());
    let hours: String = (0..9)
        .map(|years| scene.now - years * 365 * DAY - 3 * HOUR)
        .map(|at| format!("{tags} mean=60,low=50,high=70,count=60 {at}\n"))
        .collect();
    scene.lines("beds_1h", &hours).await;
    store.write(vec![point(Quantity::Heart, scene.now - MINUTE, Ok(66.0))]).await.unwrap();
    let found = store.read(window(scene.now - 3_650 * DAY, scene.now, 1_440)).await.unwrap();
    assert_eq!(found.iter().map(|one| one.count).sum::<u32>(), 9 * 60 + 1);
    assert_eq!(found.last().unwrap().value, Ok(66.0));
    assert!(found[0].at_ms < scene.now - 2_900 * DAY, "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_retention_in_the_configuration_changes_the_buckets_at_the_start() {
    let Some(scene) = Scene::open().await else { return };
    assert!(proof::ask(&scene.config).await.is_err(), "there is nothing yet");
    setup(&scene.config, &KEEP).await.unwrap();
    let days = |kept: &[(String, i32)]| kept.iter().map(|(_, days)| *days).collect::<Vec<_>>();
    assert_eq!(days(&scene.kept().await), [30, 730, 3_650]);
    let checked = async |keep| {
        let config = InfluxConfig { keep: Some(keep), ..scene.config.clone() };
        proof::ask(&config).await.map_err(|error| error.to_string())
    };
    assert_eq!(checked(KEEP).await, Ok(()));
    let other = Retention { raw_days: 14, minute_days: 365, hour_days: 3_000 };
    assert!(checked(other).await.unwrap_err().contains("30 days and not for 14"));
    let store = scene.store(Some(other));
    assert!(!store.tend(scene.now).await.unwrap());
    assert_eq!(days(&scene.kept().await), [14, 365, 3_000]);
    assert_eq!(setup(&scene.config, &other).await.unwrap(), Vec::<String>::new());
    // A server that is started without ever having been set up makes what it needs by itself.
    let fresh = InfluxConfig { bucket: "bedside".into(), keep: Some(KEEP), ..scene.config.clone() };
    Influx::open(fresh).unwrap().tend(scene.now).await.unwrap();
    assert_eq!(scene.kept().await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_of_an_earlier_layout_end_and_those_of_now_take_their_place() {
    let Some(scene) = Scene::open().await else { return };
    let orgs = scene.client.list_organizations(Default::default()).await.unwrap();
    let org = orgs.orgs.into_iter().find_map(|org| org.id).unwrap();
    for name in ["beds", "beds_1m"] {
        let bucket = PostBucketRequest::new(org.clone(), name.to_owned());
        scene.client.create_bucket(Some(bucket)).await.unwrap();
    }
    scene.lines("beds", &format!("bed,d=4,h=3,q=1 v=61 {}\n", scene.now - 2 * HOUR)).await;
    for name in ["beds 1m every 1h", "beds 1h every 24h"] {
        let flux = format!(
            "option task = {{name: \"{name}\", every: 1h}}\nfrom(bucket: \"beds\") |> range(start: -3h) \
             |> filter(fn: (r) => r._measurement == \"bed\") |> to(bucket: \"beds_1m\", org: \"home\")"
        );
        let request =
            CreateTaskRequest { org_id: Some(org.clone()), ..CreateTaskRequest::new(flux) };
        scene.client.create_task(request).await.unwrap();
    }
    assert_eq!(scene.rows("beds_1m", "v").await, 0);
    scene.store(Some(KEEP)).tend(scene.now).await.unwrap();
    assert_eq!(scene.rows("beds_1m", "v").await, 1, "they have rolled up what they had not yet");
    let tasks = scene.client.list_tasks(ListTasksRequest::default()).await.unwrap().tasks;
    let mut names: Vec<_> = tasks.iter().map(|task| task.name.as_str()).collect();
    names.sort_unstable();
    let expected =
        ["beds 15m every 1h", "beds 15m every 24h", "beds 1h every 1h", "beds 1h every 24h"];
    assert_eq!(names, expected);
    assert!(tasks.iter().all(|task| task.flux.contains("no_data")), "{tasks:?}");
}
