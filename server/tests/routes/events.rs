//! Events of alerts at a real receiver: what is told, in which order, how often, and signed as the description says.
//!
//! The example of the description is held against what is really sent, and its recipe is run on it. Not here: the
//! ladder's own notices (`server/tests/webhook.rs`).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use centre::notify::Pace;
use centre::notify::events::{Events, Follows, Open};
use centre::notify::webhook::{Webhook, signature};
use records::event;
use records::notify::OutboxRow;
use serde_json::{Value, json};

use crate::room::{Room, SECRET};

const GUIDE: &str = include_str!("../../API.md");
const SHARED: &str = "a secret of this test only";
const QUICK: Pace = Pace { first_ms: 10, most_ms: 50, life_ms: 600_000, probe_ms: 50 };

/// One call as it came in.
#[derive(Clone)]
struct Call {
    headers: BTreeMap<String, String>,
    body: String,
    taken: bool,
}

impl Call {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A receiver; it refuses what its rule says.
struct Receiver {
    calls: Mutex<Vec<Call>>,
    refuses: Box<dyn Fn(&Value, usize) -> bool + Send + Sync>,
}

impl Receiver {
    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Events that were confirmed, in the order in which they came.
    fn taken(&self) -> Vec<Value> {
        self.calls().iter().filter(|call| call.taken).map(Call::json).collect()
    }
}

async fn hear(
    State(receiver): State<Arc<Receiver>>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let headers = headers.iter().map(|(k, v)| (k.to_string(), v.to_str().unwrap().to_owned()));
    let headers: BTreeMap<String, String> = headers.collect();
    let told: Value = serde_json::from_str(&body).unwrap();
    let mut calls = receiver.calls.lock().unwrap();
    let before = calls.iter().filter(|call| call.json()["id"] == told["id"]).count();
    let taken = !(receiver.refuses)(&told, before);
    calls.push(Call { headers, body, taken });
    if taken { StatusCode::NO_CONTENT } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// A receiver at an address; the rule is asked with an event and how often it has come before.
async fn receiver(
    refuses: impl Fn(&Value, usize) -> bool + Send + Sync + 'static,
) -> (String, Arc<Receiver>) {
    let receiver = Arc::new(Receiver { calls: Mutex::default(), refuses: Box::new(refuses) });
    let app = Router::new().route("/hook", post(hear)).with_state(receiver.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, receiver)
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        let pause = Duration::from_millis(20);
        tokio::time::timeout(pause, std::future::pending::<()>()).await.ok();
    }
    panic!("not within ten seconds: {what}");
}

fn worker(room: &Room, url: &str, follows: &Arc<Follows>) -> Events {
    let (clock, url) = (Arc::clone(&room.app.clock), url.to_owned());
    let open: Open = Arc::new(move || Ok(Webhook::new(&url, SHARED.as_bytes()).unwrap()));
    let look = Arc::new(move || clock.now());
    Events::new(room.app.records.clone(), look, ("follower", open), QUICK, Arc::clone(follows))
}

async fn followed(room: &Room) {
    let mut writer = room.app.records.begin().await.unwrap();
    event::follow(&mut writer, &["follower".to_owned()]).await.unwrap();
    writer.commit().await.unwrap();
}

async fn waiting(room: &Room) -> (i64, i64) {
    let mut c = room.app.records.reader().await.unwrap();
    let (waiting, lost, _) = event::counts(&mut c, "follower").await.unwrap();
    (waiting, lost)
}

/// Takes, acts on and ends an alert.
async fn work(room: &Room, cookie: &str, id: &str) {
    let at = |what: &str| format!("/api/alerts/{id}/{what}");
    let claim = room.post(&at("claim"), cookie, json!({})).await.json();
    let call = json!({ "fence": claim["fence"], "kind": "call_resident", "result": "connected" });
    assert_eq!(room.post(&at("actions"), cookie, call).await.status, StatusCode::CREATED);
    let end = json!({ "fence": claim["fence"], "cursor": claim["cursor"], "outcome": 4 });
    let done = room.post(&at("close"), cookie, end).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text);
}

/// The last step of the ladder has a receipt.
async fn told(room: &Room, id: &str) {
    let row = OutboxRow {
        id: "notice".into(),
        channel: "webhook".into(),
        alert: id.to_owned(),
        reason: "unclaimed".into(),
        round: 0,
        urgent: true,
        body: String::new(),
        tries: 0,
        due_mono: 0,
        created_mono: 0,
    };
    let mut writer = room.app.records.begin().await.unwrap();
    let now = room.app.clock.now();
    centre::alert::told::ended(&mut writer, &row, None, now).await.unwrap();
    writer.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_hears_what_is_raised_told_claimed_and_closed_as_the_description_says() {
    let (url, receiver) = receiver(|_, _| false).await;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("events.secret");
    std::fs::write(&secret, format!("{SHARED}\n")).unwrap();
    let config = format!("\n[[notify.events]]\nurl = '{url}'\nsecret_file = {secret:?}\n");
    let room = Room::told(&config).await;
    let body =
        json!({ "token": room.setup, "name": "1000", "password": SECRET, "display": "管理员" });
    assert_eq!(room.post("/api/setup", "", body).await.status, StatusCode::NO_CONTENT);
    let admin = room.login("1000").await;
    let id = room.raise(0, 1).await.remove(0);
    told(&room, &id).await;
    work(&room, &admin, &id).await;
    until("four events", || receiver.taken().len() == 4).await;
    let heard = receiver.taken();
    let words: Vec<&str> = heard.iter().map(|one| one["event"].as_str().unwrap()).collect();
    assert_eq!(words, ["raised", "told", "claimed", "closed"]);
    for (n, one) in (1..).zip(&heard) {
        assert_eq!((&one["order"], &one["after"]), (&json!(n), &json!(n - 1)), "{one}");
        assert_eq!(one["alert"], id.as_str());
        assert_eq!(one["by"].is_string(), n > 2, "{one}");
        assert_eq!(one["outcome"], if n == 4 { json!(4) } else { Value::Null }, "{one}");
    }
    let (headers, body) = example();
    for call in receiver.calls() {
        let own = |name: &&String| name.starts_with("x-hearthline") || *name == "idempotency-key";
        let told: Vec<&String> = call.headers.keys().filter(own).collect();
        assert_eq!(told, headers.keys().filter(own).collect::<Vec<_>>());
        assert_eq!(call.headers["content-type"], headers["content-type"]);
        // As text: also the order of the fields is as it is written there.
        assert_eq!(keys(&call.body), keys(&body), "the fields are those of the example");
        assert_eq!(call.headers["idempotency-key"], call.json()["id"].as_str().unwrap());
        assert!(verified(SHARED, &call.headers, &call.body), "the recipe of the description");
        let other = call.body.replace("\"order\":", "\"order\":1");
        assert!(!verified(SHARED, &call.headers, &other), "what was changed on the way");
        assert!(!verified("another secret of nobody", &call.headers, &call.body));
    }
    let document = room.get("/openapi.json", "").await.json();
    let schema = &document["components"]["schemas"]["EventBody"]["properties"];
    let described: Vec<&String> = schema.as_object().unwrap().keys().collect();
    let mut sent = keys(&body);
    sent.sort();
    assert_eq!(described, sent.iter().collect::<Vec<_>>());
}

/// The keys of an object of plain values, in their order.
fn keys(body: &str) -> Vec<String> {
    let parts = body.trim_matches(['{', '}']).split(',');
    parts.map(|part| part.split(':').next().unwrap().trim_matches('"').to_owned()).collect()
}

/// Headers and body of the example.
fn example() -> (BTreeMap<String, String>, String) {
    let part = GUIDE.split("```http\n").nth(1).unwrap().split("\n```").next().unwrap();
    let (head, body) = part.split_once("\n\n").unwrap();
    let headers = head.lines().skip(1).map(|line| line.split_once(": ").unwrap());
    (headers.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(), body.to_owned())
}

#[test]
fn the_example_of_the_description_is_signed_as_it_says() {
    let (headers, body) = example();
    let secret = GUIDE.split("with the secret `").nth(1).unwrap().split('`').next().unwrap();
    let (id, time) = (&headers["x-hearthline-id"], &headers["x-hearthline-time"]);
    let right = signature(secret.as_bytes(), id, time, &body);
    assert_eq!(headers["x-hearthline-signature"], right);
    assert_eq!(&serde_json::from_str::<Value>(&body).unwrap()["id"], id.as_str());
    assert!(verified(secret, &headers, &body));
}

/// Runs the recipe of the description, as it is printed there, at the time of the call.
fn verified(secret: &str, headers: &BTreeMap<String, String>, body: &str) -> bool {
    let recipe = GUIDE.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let ask = "\nimport json, sys\nask = json.load(sys.stdin)\nnow = int(ask['headers']['x-hearthline-time']) + 3\n\
               told = (ask['secret'].encode(), ask['headers'], ask['body'].encode())\n\
               assert not verified(*told, now + 400), 'old'\nprint(verified(*told, now))\n";
    let python = Command::new("python3")
        .args(["-c", &format!("{recipe}{ask}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut python) = python else {
        crate::missing::missing("python3 is missing: the recipe is not run as it is printed");
        let (id, time) = (&headers["x-hearthline-id"], &headers["x-hearthline-time"]);
        return headers["x-hearthline-signature"] == signature(secret.as_bytes(), id, time, body);
    };
    let told = json!({ "secret": secret, "headers": headers, "body": body }).to_string();
    python.stdin.take().unwrap().write_all(told.as_bytes()).unwrap();
    let out = python.wait_with_output().unwrap();
    assert!(out.status.success(), "{out:?}");
    String::from_utf8_lossy(&out.stdout).trim() == "True"
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_home_keep_their_order_when_one_fails_and_no_other_home_waits() {
    let (room, admin) = Room::staffed().await;
    followed(&room).await;
    let (a, b) = (room.raise(0, 1).await.remove(0), room.raise(1, 1).await.remove(0));
    let held = a.clone();
    // What was raised in one home fails three times; all of the other home is taken meanwhile.
    let refuses = move |one: &Value, before: usize| {
        one["alert"] == held.as_str() && one["event"] == "raised" && before < 3
    };
    let (url, receiver) = receiver(refuses).await;
    work(&room, &admin, &a).await;
    work(&room, &admin, &b).await;
    let follows = Arc::new(Follows::default());
    let task = tokio::spawn(worker(&room, &url, &follows).run());
    until("all six", || receiver.taken().len() == 6).await;
    for alert in [&a, &b] {
        let own = |one: &&Value| one["alert"] == alert.as_str();
        let heard = receiver.taken();
        let orders: Vec<_> = heard.iter().filter(own).map(|one| one["order"].clone()).collect();
        assert_eq!(orders, [1, 2, 3]);
    }
    let calls = receiver.calls();
    let first: Vec<_> = calls.iter().filter(|c| c.json()["alert"] == a.as_str()).take(4).collect();
    assert!(
        first.iter().all(|call| call.json()["id"] == first[0].json()["id"]),
        "one id, each try"
    );
    assert!(first[..3].iter().all(|call| !call.taken));
    let other = calls.iter().position(|c| c.taken && c.json()["alert"] == b.as_str()).unwrap();
    let mine = calls.iter().position(|c| c.taken && c.json()["alert"] == a.as_str()).unwrap();
    assert!(other < mine, "a home does not wait for another");
    // What was taken is confirmed when its answer is in the rows.
    until("all six are confirmed", || follows.confirmed.load(Relaxed) == 6).await;
    assert_eq!(follows.failed.load(Relaxed), 3);
    assert_eq!(waiting(&room).await, (0, 0));
    task.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_told_after_a_restart_and_what_has_no_room_is_lost_counted_and_a_gap() {
    let (room, admin) = Room::staffed().await;
    followed(&room).await;
    let id = room.raise(0, 1).await.remove(0);
    let follows = Arc::new(Follows::default());
    let nobody = tokio::spawn(worker(&room, "http://127.0.0.1:9/hook", &follows).run());
    until("it was tried", || follows.failed.load(Relaxed) > 0).await;
    nobody.abort();
    let _ = nobody.await;
    let (url, receiver) = receiver(|_, _| false).await;
    let task = tokio::spawn(worker(&room, &url, &follows).run());
    // What was taken and is not in the rows yet would be told again, as it must be.
    until("told and confirmed", || follows.confirmed.load(Relaxed) == 1).await;
    assert_eq!(receiver.taken().len(), 1);
    task.abort();
    let _ = task.await;
    // Nobody listens while three things happen, and there is room for one.
    work(&room, &admin, &id).await;
    told(&room, &id).await;
    assert_eq!(waiting(&room).await, (3, 0));
    let full = tokio::spawn(worker(&room, &url, &follows).with_room(1).run());
    until("lost", || follows.lost.load(Relaxed) == 2).await;
    until("told what is left", || follows.confirmed.load(Relaxed) == 2).await;
    assert_eq!(receiver.taken().len(), 2);
    assert_eq!(waiting(&room).await, (0, 2));
    let last = receiver.taken().remove(1);
    assert_eq!((&last["order"], &last["after"]), (&json!(4), &json!(1)), "two are missing: {last}");
    until("a fault of the desk", || follows.trouble() == Some(true)).await;
    full.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_long_pause_of_the_run_before_is_told_at_once_after_a_start() {
    let (room, _) = Room::staffed().await;
    followed(&room).await;
    room.raise(0, 1).await;
    if !room.app.records.engine().is_file() {
        return;
    }
    let file = rusqlite::Connection::open(room.app.config.data.join("records.db")).unwrap();
    let late = "UPDATE event_out SET due_mono = 4000000000000, tries = 9";
    assert!(file.execute(late, []).unwrap() > 0);
    drop(file);
    let (url, receiver) = receiver(|_, _| false).await;
    let task = tokio::spawn(worker(&room, &url, &Arc::new(Follows::default())).run());
    until("told", || receiver.taken().len() == 1).await;
    task.abort();
}

#[tokio::test]
async fn without_a_follower_nothing_is_written_and_who_is_configured_no_more_is_forgotten() {
    let (room, _) = Room::staffed().await;
    room.raise(0, 3).await;
    assert_eq!(waiting(&room).await, (0, 0));
    followed(&room).await;
    room.raise(3, 2).await;
    assert_eq!(waiting(&room).await, (2, 0));
    let mut writer = room.app.records.begin().await.unwrap();
    assert_eq!(event::follow(&mut writer, &[]).await.unwrap(), 2);
    writer.commit().await.unwrap();
    assert_eq!(waiting(&room).await, (0, 0));
}
