//! A store of measured values that hangs or refuses holds no press, no deadline and no page; its points come later.
#![expect(clippy::disallowed_methods, reason = "waits for a condition, and ends")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "apart/room.rs"]
mod room;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use care::Severity;
use centre::clock::Clock;
use centre::desk::protection;
use centre::inbox::{self, InboxLimits};
use door::{Arrival, Keep, Who};
use proto::frame::Lane;
use proto::id::GatewayId;
use proto::unit::Millis;
use proto::up::{EventKind, Quantity, Reading, Up, Value};
use room::Room;
use series::{Answer, Facts, Point, Sampled, Series, Window};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Longest that a press may take, from its row to its alert.
const AT_ONCE: Duration = Duration::from_millis(1_500);
const EMERGENCY: Severity = Severity::Emergency;

/// A store that stands still until it is let go.
#[derive(Default)]
struct Stalled {
    open: AtomicBool,
    points: Mutex<Vec<Point>>,
}

impl Stalled {
    async fn wait(&self) {
        while !self.open.load(Ordering::Acquire) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Series for Stalled {
    fn write(&self, points: Vec<Point>) -> Answer<'_, ()> {
        Box::pin(async move {
            self.wait().await;
            self.points.lock().unwrap().extend(points);
            Ok(())
        })
    }

    fn read(&self, _: Window) -> Answer<'_, Vec<Sampled>> {
        Box::pin(async move {
            self.wait().await;
            Ok(Vec::new())
        })
    }

    fn tend(&self, _: i64) -> Answer<'_, bool> {
        Box::pin(async move {
            self.wait().await;
            Ok(false)
        })
    }

    fn facts(&self) -> Facts {
        Facts { healthy: true, ..Facts::default() }
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

fn reading(load: f32) -> Up {
    let value = Value { quantity: Quantity::Load, value: Some(load), no_data: None, age_s: 0 };
    let values = heapless::Vec::from_slice(&[value]).unwrap();
    Up::Reading(Reading { uptime: Millis::new(60_000), period_s: 60, values, home: None })
}

/// Readings, a press, and a fall that rises by time alone: none of it waits.
async fn goes_on(room: &mut Room) {
    for seq in 1..=20u32 {
        let up = reading(f32::from(u8::try_from(seq).unwrap()));
        let frame = room.places[0].says(seq, &up);
        let row = room.row(0, u64::from(seq) * 1_000, &frame);
        let since = Instant::now();
        room.take(Lane::Telemetry, vec![row]).await;
        assert!(since.elapsed() < AT_ONCE, "telemetry is judged after {:?}", since.elapsed());
    }
    let frame = room.places[1].event(1, EventKind::FallSuspected);
    let row = room.row(1, care::policy::FALL_RISE.get() - 900, &frame);
    room.take(Lane::Emergency, vec![row]).await;
    let since = Instant::now();
    room.press(0, 100).await;
    assert!(since.elapsed() < AT_ONCE, "the press took {:?}", since.elapsed());
    assert_eq!(room.calls(0).await.1.len(), 1);
    room.ticks_until("the fall rises in its time", async |room| {
        room.calls(1).await.0.iter().any(|alert| alert.severity == EMERGENCY)
    })
    .await;
    let since = Instant::now();
    let day = protection::day(&room.app.days, room.places[0].number(), 3_600_000).await.unwrap();
    assert!(day.missing && since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    room.until("it is told", async |room| {
        room.told(0, "points_refused").await && !room.app.points.healthy()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_that_stands_still_holds_nothing_and_its_points_are_complete_afterwards() {
    let series = Arc::new(Stalled::default());
    let mut room = Room::on(2, series.clone()).await;
    goes_on(&mut room).await;
    assert!(series.points.lock().unwrap().is_empty());
    series.open.store(true, Ordering::Release);
    room.until("all points are there", async |_| {
        let points = series.points.lock().unwrap();
        let all: std::collections::BTreeSet<i64> = points.iter().map(|p| p.at_ms).collect();
        all.len() == 20
    })
    .await;
    room.until("it is over", async |room| room.app.points.healthy()).await;
    assert!(!room.app.faults.words().contains(&"points_refused"));
}

/// A socket in the place of InfluxDB: accepts, and says this or nothing.
async fn socket(says: Option<&'static str>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let Some(says) = says else {
                open.push(stream);
                continue;
            };
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4_096]).await;
                let _ = stream.write_all(says.as_bytes()).await;
            });
        }
    });
    address.to_string()
}

async fn beside(address: &str) {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "secret").unwrap();
    let config = format!(
        "data = {:?}\n[gateways]\nbind = '127.0.0.1:0'\n[series]\nstore = 'influx'\n[series.influx]\n\
         url = 'http://{address}'\norg = 'home'\nbucket = 'beds'\ntoken_file = {token:?}\n",
        folder.path()
    );
    let mut room = Room::of(2, folder, &config).await;
    goes_on(&mut room).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_influxdb_that_never_answers_holds_no_press_no_deadline_and_no_page() {
    beside(&socket(None).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_influxdb_that_says_401_holds_no_press_no_deadline_and_no_page() {
    let says = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    beside(&socket(Some(says)).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_influxdb_that_refuses_connections_holds_no_press_no_deadline_and_no_page() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    drop(taken);
    beside(&address).await;
}

#[test]
fn rows_leave_the_inbox_when_judged_and_written_and_what_is_given_up_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let limits = InboxLimits { telemetry: 100, emergencies: 100, reserve: 0 };
    let clock = Arc::new(Clock::resume(None));
    let (inbox, mut keep) = inbox::open(&dir.path().join("inbox.db"), clock, limits).unwrap();
    let mut say = |count: usize| {
        let gateway = GatewayId::new(7).unwrap();
        let arrival = Arrival {
            who: Who::Gateway(gateway),
            topic: proto::topic::Topic::GatewayUp(gateway, Lane::Telemetry),
            lane: Lane::Telemetry,
            payload: bytes::Bytes::from_static(b"word"),
        };
        let mut verdicts = Vec::new();
        keep.keep(&vec![arrival; count], &mut verdicts);
        assert!(verdicts.iter().all(|verdict| *verdict == door::Verdict::Kept), "{verdicts:?}");
    };
    let rows = |after| inbox.next(Lane::Telemetry, after, 1_000).unwrap().len();
    say(50);
    inbox.done(Lane::Telemetry, 50);
    say(1);
    assert_eq!(rows(0), 51, "judged, and its values are not written yet");
    inbox.pointed_through(20);
    say(1);
    assert_eq!((rows(0), inbox.points_lost()), (32, 0));
    // The series stands still: what is judged goes on, and no more rows are kept than may wait at all.
    for _ in 0..20 {
        say(10);
        inbox.done(Lane::Telemetry, 1_000);
    }
    say(1);
    assert!(rows(0) <= 121, "{} rows", rows(0));
    assert_eq!(inbox.points_lost(), u64::try_from(inbox.pointed() - 20).unwrap());
    assert!(inbox.points_lost() > 100, "{}", inbox.points_lost());
}
