//! The outbox against a real receiver that fails first: every message is confirmed, with one id.
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use server::clock::Clock;
use server::notify::webhook::{Webhook, signature};
use server::notify::{Message, Outbox, Pace, put};
use server::records::{Records, notify};

const SECRET: &[u8] = b"a secret of this test only";

#[derive(Default)]
struct Seen {
    calls: AtomicUsize,
    failing: AtomicUsize,
    ids: Mutex<BTreeSet<String>>,
    bodies: Mutex<Vec<String>>,
}

async fn receive(
    State(seen): State<Arc<Seen>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, &'static str) {
    let told = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
    let id = told("x-hearthline-id");
    let signed = signature(SECRET, &id, &told("x-hearthline-time"), &body);
    assert_eq!(told("x-hearthline-signature"), signed);
    seen.ids.lock().unwrap().insert(id);
    seen.bodies.lock().unwrap().push(body);
    seen.calls.fetch_add(1, SeqCst);
    let failing = seen.failing.load(SeqCst);
    if failing > 0 {
        seen.failing.store(failing - 1, SeqCst);
        return (StatusCode::SERVICE_UNAVAILABLE, "later");
    }
    (StatusCode::OK, "noted as 17")
}

async fn receiver(failing: usize) -> (String, Arc<Seen>) {
    let seen = Arc::new(Seen { failing: failing.into(), ..Seen::default() });
    let app = Router::new().route("/hook", post(receive)).with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, seen)
}

struct Room {
    _dir: tempfile::TempDir,
    records: Records,
    clock: Arc<Clock>,
}

async fn room() -> Room {
    let dir = tempfile::tempdir().unwrap();
    let records = Records::open(dir.path()).await.unwrap();
    Room { records, _dir: dir, clock: Arc::new(Clock::resume(None)) }
}

impl Room {
    fn start(&self, url: &str, pace: Pace) -> Outbox {
        let clock = self.clock.clone();
        let look = Arc::new(move || clock.now());
        Outbox::start(self.records.clone(), look, Webhook::new(url, SECRET).unwrap(), pace)
    }

    async fn tell(&self, alert: &str) -> bool {
        let message = Message { alert, kind: 0, home: 77, reason: "unclaimed" };
        let mut writer = self.records.begin().await.unwrap();
        let new = put(&mut writer, &message, self.clock.now().wall_ms).await.unwrap();
        writer.commit().await.unwrap();
        new
    }

    async fn counts(&self) -> (i64, i64) {
        notify::counts(&mut self.records.reader().await.unwrap()).await.unwrap()
    }

    async fn until(&self, what: impl Fn((i64, i64)) -> bool) {
        for _ in 0..500 {
            if what(self.counts().await) {
                return;
            }
            tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>())
                .await
                .ok();
        }
        panic!("still {:?}", self.counts().await);
    }
}

const QUICK: Pace = Pace { first_ms: 10, most_ms: 50, tries: 6 };

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_twice_gets_the_same_message_and_gives_one_receipt() {
    let (url, seen) = receiver(2).await;
    let room = room().await;
    let outbox = room.start(&url, QUICK);
    assert!(room.tell("alert-1").await);
    assert!(!room.tell("alert-1").await, "asked for twice, told once");
    outbox.wake();
    room.until(|(waiting, _)| waiting == 0).await;
    assert_eq!(seen.calls.load(SeqCst), 3);
    let ids: Vec<String> = seen.ids.lock().unwrap().iter().cloned().collect();
    assert_eq!(ids.len(), 1, "one id on each try");
    let facts = outbox.facts();
    assert_eq!((facts.delivered, facts.failed, facts.dead, facts.healthy), (1, 2, 0, true));
    let receipt =
        notify::receipt(&mut room.records.reader().await.unwrap(), &ids[0]).await.unwrap();
    assert_eq!(receipt.as_deref(), Some("200 OK noted as 17"));
    let body = seen.bodies.lock().unwrap()[0].clone();
    let told: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(told["kind"], "help");
    let keys: Vec<&String> = told.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["alert", "home", "id", "kind", "reason"],
        "ids and a kind, nothing of a person"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_takes_is_given_up_and_told() {
    let (url, seen) = receiver(usize::MAX).await;
    let room = room().await;
    let outbox = room.start(&url, QUICK);
    room.tell("alert-2").await;
    outbox.wake();
    room.until(|(_, dead)| dead == 1).await;
    assert_eq!(seen.calls.load(SeqCst), 6);
    let facts = outbox.facts();
    assert_eq!((facts.delivered, facts.dead, facts.healthy), (0, 1, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_sent_after_a_restart_and_one_bad_message_holds_up_no_other() {
    let room = room().await;
    let nobody = room.start("http://127.0.0.1:9/hook", QUICK);
    for n in 0..3 {
        room.tell(&format!("alert-{n}")).await;
    }
    nobody.stop();
    let (url, seen) = receiver(1).await;
    let outbox = room.start(&url, Pace { tries: 100, ..QUICK });
    room.until(|(waiting, dead)| waiting == 0 && dead == 0).await;
    assert_eq!(seen.ids.lock().unwrap().len(), 3);
    assert_eq!(outbox.facts().delivered, 3);
}
