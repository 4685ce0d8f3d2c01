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
use centre::clock::Clock;
use centre::notify::webhook::{Webhook, signature};
use centre::notify::{Message, Outbox, Pace, put};
use records::{Records, notify};

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
        self.tell_of(alert, 0, ("webhook", true)).await
    }

    async fn tell_of(&self, alert: &str, round: i64, (to, urgent): (&str, bool)) -> bool {
        let message =
            Message { alert, kind: care::Kind::Help, home: 77, reason: "unclaimed", round, urgent };
        let now = self.clock.now();
        let now = (i64::try_from(now.mono.millis()).unwrap(), now.wall_ms);
        let mut writer = self.records.begin().await.unwrap();
        let new = put(&mut writer, &message, to, now).await.unwrap();
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

const QUICK: Pace = Pace { first_ms: 10, most_ms: 50, life_ms: 60_000, probe_ms: 50 };

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
    let outbox = room.start(&url, Pace { life_ms: 300, ..QUICK });
    room.tell("alert-2").await;
    outbox.wake();
    room.until(|(_, dead)| dead == 1).await;
    let facts = outbox.facts();
    assert_eq!(facts.failed, seen.calls.load(SeqCst) as u64, "each try is counted");
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
    let outbox = room.start(&url, QUICK);
    room.until(|(waiting, dead)| waiting == 0 && dead == 0).await;
    assert_eq!(seen.ids.lock().unwrap().len(), 3);
    assert_eq!(outbox.facts().delivered, 3);
}

/// A receiver that keeps a call for ever if its alert says so, and answers any other.
async fn hanging() -> (String, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let hear = |State(seen): State<Arc<Seen>>, headers: HeaderMap, body: String| async move {
        let id = headers.get("x-hearthline-id").unwrap().to_str().unwrap().to_owned();
        let hangs = body.contains("hangs");
        seen.bodies.lock().unwrap().push(body);
        seen.calls.fetch_add(1, SeqCst);
        if hangs {
            std::future::pending::<()>().await;
        }
        seen.ids.lock().unwrap().insert(id);
        "noted"
    };
    let app = Router::new().route("/hook", post(hear)).with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_emergency_waits_for_no_notice_that_hangs_and_no_receiver_for_another() {
    let (url, seen) = hanging().await;
    let (fine, other) = receiver(0).await;
    let room = room().await;
    for n in 0..40 {
        room.tell_of(&format!("hangs-{n}"), 0, ("webhook", false)).await;
    }
    let outbox = room.start(&url, QUICK);
    let clock = room.clock.clone();
    let look: centre::notify::Look = Arc::new(move || clock.now());
    let hook = Webhook::new(&fine, SECRET).unwrap();
    outbox.receiver(&room.records, &look, ("other", hook), QUICK);
    wait("calls hang", || seen.calls.load(SeqCst) >= 8).await;
    room.tell("new").await;
    room.tell_of("new", 0, ("other", true)).await;
    outbox.wake();
    wait("told while others hang", || {
        let told = seen.bodies.lock().unwrap().iter().any(|body| body.contains("\"new\""));
        told && seen.ids.lock().unwrap().len() == 1 && other.calls.load(SeqCst) == 1
    })
    .await;
    assert!(seen.calls.load(SeqCst) < 40, "what hangs is bounded");
    outbox.stop();
}

async fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    // Far below the 10 s of one call.
    for _ in 0..250 {
        if holds() {
            return;
        }
        let pause = Duration::from_millis(20);
        tokio::time::timeout(pause, std::future::pending::<()>()).await.ok();
    }
    panic!("not within five seconds: {what}");
}

#[test]
fn a_server_that_ends_in_the_middle_of_a_call_sends_the_same_id_again() {
    let outer = tokio::runtime::Runtime::new().unwrap();
    let (room, (slow, first)) = outer.block_on(async { (room().await, hanging().await) });
    outer.block_on(room.tell("hangs"));
    let life = tokio::runtime::Runtime::new().unwrap();
    life.block_on(async {
        room.start(&slow, QUICK);
        wait("called", || first.calls.load(SeqCst) == 1).await;
    });
    // The call is out, its answer never comes into the rows.
    life.shutdown_background();
    outer.block_on(async {
        let (url, second) = receiver(0).await;
        room.start(&url, QUICK);
        room.until(|(waiting, dead)| (waiting, dead) == (0, 0)).await;
        let sent: serde_json::Value =
            serde_json::from_str(&first.bodies.lock().unwrap()[0]).unwrap();
        let ids: Vec<String> = second.ids.lock().unwrap().iter().cloned().collect();
        assert_eq!(ids, [sent["id"].as_str().unwrap()]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_alert_only_the_newest_round_waits_and_its_copies_are_none() {
    let room = room().await;
    assert!(room.tell_of("a", 0, ("webhook", true)).await);
    assert!(!room.tell_of("a", 0, ("webhook", true)).await);
    assert!(room.tell_of("a", 1, ("webhook", true)).await);
    assert_eq!(room.counts().await, (1, 0));
    let (url, seen) = receiver(0).await;
    let outbox = room.start(&url, QUICK);
    room.until(|(waiting, _)| waiting == 0).await;
    assert_eq!((seen.calls.load(SeqCst), outbox.facts().delivered), (1, 1));
}
