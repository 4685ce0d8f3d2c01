//! The write path to InfluxDB against a double that answers all that a real one can, and against silence.
//!
//! The double counts requests and keeps bodies; the real server is in `series_contract.rs`.
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use proto::id::{DeviceId, HomeId};
use proto::unit::NoData;
use proto::up::Quantity;
use series::influx::{Influx, InfluxConfig};
use series::{Point, Series, SeriesError, Window};

#[derive(Clone, Copy)]
enum Say {
    Status(u16, &'static str),
    Hang,
}

#[derive(Default)]
struct Double {
    script: Mutex<Vec<Say>>,
    bodies: Mutex<Vec<String>>,
}

async fn write(State(double): State<Arc<Double>>, body: String) -> (StatusCode, &'static str) {
    double.bodies.lock().unwrap().push(body);
    let say = double.script.lock().unwrap().pop().unwrap_or(Say::Status(204, ""));
    match say {
        Say::Status(code, text) => (StatusCode::from_u16(code).unwrap(), text),
        Say::Hang => std::future::pending().await,
    }
}

struct Room {
    double: Arc<Double>,
    store: Influx,
    dir: tempfile::TempDir,
}

/// A store that speaks to a double which says `script` in order, and 204 after it.
async fn room(script: &[Say]) -> Room {
    let double = Arc::new(Double::default());
    double.script.lock().unwrap().extend(script.iter().rev());
    let app = Router::new().route("/api/v2/write", post(write)).with_state(double.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let dir = tempfile::tempdir().unwrap();
    let mut config = InfluxConfig::new(url, "home", "beds", "token", dir.path().join("dead.lp"));
    config.patience = Duration::from_millis(500);
    config.tries = 2;
    Room { double, store: Influx::open(config).unwrap(), dir }
}

impl Room {
    async fn write(&self, count: i64) -> Result<(), SeriesError> {
        let point = |at_ms| Point {
            home: HomeId::new(3).unwrap(),
            device: DeviceId::new(4).unwrap(),
            quantity: Quantity::Load,
            at_ms,
            value: if at_ms == 0 { Err(NoData::Timeout) } else { Ok(1.5) },
        };
        self.store.write((0..count).map(point).collect()).await
    }

    fn requests(&self) -> usize {
        self.double.bodies.lock().unwrap().len()
    }

    fn dead(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("dead.lp")).unwrap_or_default()
    }
}

#[tokio::test]
async fn points_go_as_lines_with_their_unit_and_a_gap_with_its_reason() {
    let room = room(&[]).await;
    room.write(2).await.unwrap();
    let body = room.double.bodies.lock().unwrap()[0].clone();
    let tags = "load,device=00000000044,home=00000000033,unit=kg";
    assert_eq!(body, format!("{tags} no_data=\"timeout\" 0\n{tags} value=1.5 1\n"));
    assert_eq!(room.store.facts().written, 2);
}

#[tokio::test]
async fn an_answer_that_may_get_better_is_tried_again_with_the_same_batch() {
    for say in [
        Say::Status(429, "slow down"),
        Say::Status(503, "starting"),
        Say::Status(401, "unauthorized"),
        Say::Status(500, "internal"),
        Say::Hang,
    ] {
        let room = room(&[say]).await;
        room.write(3).await.unwrap();
        assert_eq!(room.requests(), 2);
        let bodies = room.double.bodies.lock().unwrap();
        assert_eq!(bodies[0], bodies[1]);
        assert!(room.store.facts().healthy && room.dead().is_empty());
    }
}

#[tokio::test]
async fn when_all_tries_fail_the_caller_keeps_its_points_and_is_told_why() {
    let room = room(&[Say::Status(401, "unauthorized access"), Say::Hang]).await;
    let told = room.write(3).await.err().unwrap();
    assert!(
        matches!(&told, SeriesError::Influx { reason, .. } if reason.contains("in time")),
        "{told}"
    );
    let facts = room.store.facts();
    assert_eq!((facts.written, facts.lost, facts.waiting, facts.healthy), (0, 0, 0, false));
    assert!(room.dead().is_empty());
    room.write(3).await.unwrap();
    assert!(room.store.facts().healthy, "it heals by itself");
}

#[tokio::test]
async fn a_batch_that_will_never_be_taken_is_put_aside_and_told() {
    let room = room(&[Say::Status(400, "unable to parse\nline 1")]).await;
    room.write(5).await.unwrap();
    assert_eq!(room.requests(), 1, "no second try");
    let facts = room.store.facts();
    assert_eq!((facts.written, facts.lost), (0, 5));
    assert!(room.dead().starts_with("# 400"));
    assert_eq!(room.dead().lines().count(), 6);
}

#[tokio::test]
async fn a_partial_refusal_counts_only_what_was_dropped() {
    let answer = "{\"message\":\"partial write: field type conflict dropped=2\"}";
    let room = room(&[Say::Status(422, answer)]).await;
    room.write(5).await.unwrap();
    let facts = room.store.facts();
    assert_eq!((facts.written, facts.lost), (3, 2));
    assert!(room.dead().contains("dropped=2"));
}

#[tokio::test]
async fn a_full_queue_is_said_at_once() {
    let room = room(&[Say::Hang, Say::Hang]).await;
    let mut waiting = Vec::new();
    let point = Point {
        home: HomeId::new(3).unwrap(),
        device: DeviceId::new(4).unwrap(),
        quantity: Quantity::Load,
        at_ms: 1,
        value: Ok(1.0),
    };
    for _ in 0..300 {
        waiting.push(room.store.write(vec![point; 5_000]));
    }
    let last = waiting.pop().unwrap().await;
    assert!(matches!(last, Err(SeriesError::Busy { .. })), "{last:?}");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_an_error_and_no_panic() {
    let room = room(&[]).await;
    let window = Window {
        home: HomeId::new(3).unwrap(),
        device: None,
        quantity: Quantity::Load,
        from_ms: 0,
        to_ms: 10,
        max_points: 10,
    };
    assert!(room.store.read(window).await.is_err());
}

#[tokio::test]
async fn an_address_or_name_that_cannot_be_right_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let open = |url: &str, bucket: &str, token: &str| {
        Influx::open(InfluxConfig::new(url, "home", bucket, token, dir.path().join("dead.lp")))
    };
    for url in ["host:8086", "http://", "http://host:8086/path", "http://user@host"] {
        assert!(open(url, "beds", "token").is_err(), "{url}");
    }
    assert!(open("http://host:8086", "be\"ds", "token").is_err());
    assert!(open("http://host:8086", "beds", "to\nken").is_err());
}
