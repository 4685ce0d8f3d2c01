//! A receiver of notices that was away for long: used within the promised time after its return, whatever ran meanwhile.
//!
//! The server's clock is the test's own, so an outage of an hour takes no time. Not here: what is sent (`webhook`).
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use care::policy::RECEIVER_BACK;
use centre::clock::{Clock, Now};
use centre::notify::webhook::Webhook;
use centre::notify::{Look, Message, Outbox, Pace, put};
use proto::unit::Millis;
use records::Records;
use records::notify::due;

const SECRET: &[u8] = b"a secret of this test only";

#[derive(Default)]
struct Receiver {
    back: AtomicBool,
    refused: AtomicUsize,
    taken: AtomicUsize,
}

async fn hear(State(receiver): State<Arc<Receiver>>) -> StatusCode {
    if receiver.back.load(SeqCst) {
        receiver.taken.fetch_add(1, SeqCst);
        return StatusCode::OK;
    }
    receiver.refused.fetch_add(1, SeqCst);
    StatusCode::SERVICE_UNAVAILABLE
}

struct Scene {
    records: Records,
    receiver: Arc<Receiver>,
    url: String,
    clock: Arc<Clock>,
    ahead_ms: Arc<AtomicU64>,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn open() -> Self {
        let receiver = Arc::new(Receiver::default());
        let app = Router::new().route("/hook", post(hear)).with_state(Arc::clone(&receiver));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let folder = tempfile::tempdir().unwrap();
        let records = Records::open(folder.path()).await.unwrap();
        let (clock, ahead_ms) = (Arc::new(Clock::resume(None)), Arc::default());
        Self { records, receiver, url, clock, ahead_ms, _folder: folder }
    }

    /// The worker as it runs in a server, with the pauses that are shipped.
    fn start(&self) -> Outbox {
        let (clock, ahead_ms) = (Arc::clone(&self.clock), Arc::clone(&self.ahead_ms));
        let look: Look = Arc::new(move || {
            let now = clock.now();
            Now { mono: now.mono.after(Millis::new(ahead_ms.load(SeqCst))), ..now }
        });
        let hook = Webhook::new(&self.url, SECRET).unwrap();
        Outbox::start(self.records.clone(), look, hook, Pace::default())
    }

    async fn tell(&self) {
        let (reason, urgent) = ("unclaimed", true);
        let message =
            Message { alert: "a", kind: care::Kind::Help, home: 77, reason, round: 0, urgent };
        let now = self.clock.now();
        let now = (i64::try_from(now.mono.millis()).unwrap(), now.wall_ms);
        let mut writer = self.records.begin().await.unwrap();
        put(&mut writer, &message, "webhook", now).await.unwrap();
        writer.commit().await.unwrap();
    }

    /// An outage in which the notice is tried so often, each time when it is due again.
    async fn outage(&self, outbox: &Outbox, tries: usize) {
        while self.receiver.refused.load(SeqCst) < tries {
            let before = self.receiver.refused.load(SeqCst);
            self.passes(outbox, Millis::minutes(5));
            until("tried again", || self.receiver.refused.load(SeqCst) > before).await;
            self.noted(before + 1).await;
        }
    }

    /// Until the refusal is in the row as well: a clock that goes on before would be the time of the refusal.
    async fn noted(&self, tries: usize) {
        for _ in 0..150 {
            let mut reader = self.records.reader().await.unwrap();
            let rows = due(&mut reader, "webhook", (i64::MAX, 1), |_| false).await.unwrap();
            if rows.iter().any(|row| usize::try_from(row.tries).is_ok_and(|noted| noted >= tries)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not within three seconds: the refusal is noted");
    }

    fn passes(&self, outbox: &Outbox, span: Millis) {
        self.ahead_ms.fetch_add(span.get(), SeqCst);
        outbox.wake();
    }

    async fn is_used(&self, outbox: &Outbox) {
        self.receiver.back.store(true, SeqCst);
        self.passes(outbox, RECEIVER_BACK);
        until("the notice is taken", || self.receiver.taken.load(SeqCst) == 1).await;
    }
}

async fn until(what: &str, mut so: impl FnMut() -> bool) {
    // Far below the shortest pause of a notice.
    for _ in 0..150 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not within three seconds: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_back_after_an_hour_is_used_within_thirty_seconds() {
    let scene = Scene::open().await;
    let outbox = scene.start();
    scene.tell().await;
    scene.outage(&outbox, 12).await;
    scene.is_used(&outbox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_so_too_if_the_server_was_started_anew_during_the_outage() {
    let scene = Scene::open().await;
    let outbox = scene.start();
    scene.tell().await;
    scene.outage(&outbox, 12).await;
    outbox.stop();
    let outbox = scene.start();
    scene.is_used(&outbox).await;
}
