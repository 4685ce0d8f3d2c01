//! What a home box and the server's own machine say of themselves is one word in `/health` and one row at the desk.
//!
//! A box speaks as it does in a home; files are short because they are open. Not here: when a sounder fails
//! (`gateway`), how handles are divided (`handles`).
#![expect(clippy::disallowed_methods, reason = "waits for a condition, and ends")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "apart/room.rs"]
mod room;

use std::fs::File;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use centre::handles::OWN;
use centre::provision::Minted;
use centre::workers::keep;
use door::workers::Rhythm;
use proto::frame::{Header, Lane, seal_end};
use proto::id::{BootId, PressId, Seq};
use proto::unit::Millis;
use proto::up::{Event, EventKind, Up};
use room::{Room, WALL};
use serde_json::Value;
use server::router::router;
use tokio::sync::Notify;
use tower::ServiceExt;

const CLOSED: records::desk::AlertState = records::desk::AlertState::Closed;
/// File handles of a process in which few open files are too many.
const FEW: usize = 1_024;

async fn health(room: &Room) -> Value {
    let request = Request::get("/health").body(Body::empty()).unwrap();
    let answer = router(Arc::clone(&room.app)).oneshot(request).await.unwrap();
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

async fn says(room: &Room, word: &str) -> bool {
    health(room).await["faults"].as_array().unwrap().iter().any(|said| said == word)
}

/// Boxes under which an alert of this cause stands; none is of the server itself.
async fn standing(room: &Room, word: &str) -> Vec<Option<i64>> {
    let mut alerts = room.alerts().await;
    alerts.retain(|alert| {
        let evidence = String::from_utf8(alert.evidence.clone().unwrap_or_default()).unwrap();
        alert.state != CLOSED && evidence.contains(word)
    });
    alerts.iter().map(|alert| alert.gateway.map(|id| id.get().cast_signed())).collect()
}

/// A word of this speaker of its sounder.
fn frame(of: &Minted, seq: u32, kind: EventKind) -> Vec<u8> {
    let up = Up::Event(Event { kind, uptime: Millis::new(1_000), count: None });
    let (device, boot) = (of.device, BootId::new(7, 1));
    let id = PressId { device, boot, seq: Seq::new(seq) };
    let header = Header { class: up.class(), epoch: of.epoch, id };
    let seal = of.key.end(of.epoch).boot(boot);
    seal_end(&header, &up.to_body().unwrap(), &seal).unwrap().to_vec()
}

async fn hear(room: &mut Room, frame: &[u8]) {
    let row = room.row(0, 0, frame);
    room.take(Lane::Telemetry, vec![row]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sounder_that_fails_is_told_under_its_box_until_that_box_says_that_it_works() {
    let mut room = Room::open(1).await;
    let organisation = room.app.provision.create_organisation("演示机构", WALL).await.unwrap();
    let one = room.app.provision.create_gateway(&organisation, "one", WALL).await.unwrap();
    let other = room.app.provision.create_gateway(&organisation, "other", WALL).await.unwrap();
    let number = |of: &Minted| Some(of.device.get().cast_signed());
    hear(&mut room, &frame(&one, 1, EventKind::SounderWorks)).await;
    assert!(!says(&room, "sounder_failed").await);
    for (seq, of) in [(2, &one), (3, &other), (4, &other)] {
        hear(&mut room, &frame(of, seq, EventKind::SounderFailed)).await;
    }
    assert!(says(&room, "sounder_failed").await, "{}", health(&room).await);
    let mut both = [number(&one), number(&other)];
    both.sort_unstable();
    room.until("each has its row", async |room| {
        let mut standing = standing(room, "sounder_failed").await;
        standing.sort_unstable();
        standing == both
    })
    .await;
    hear(&mut room, &frame(&one, 5, EventKind::SounderWorks)).await;
    assert!(says(&room, "sounder_failed").await, "the other one still fails");
    room.until("one row is over", async |room| {
        standing(room, "sounder_failed").await == [number(&other)]
    })
    .await;
    hear(&mut room, &frame(&other, 6, EventKind::SounderWorks)).await;
    assert!(!says(&room, "sounder_failed").await);
    room.until("both are over", async |room| standing(room, "sounder_failed").await.is_empty())
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_sounder_only_a_verified_box_is_believed() {
    let mut room = Room::open(1).await;
    let organisation = room.app.provision.create_organisation("演示机构", WALL).await.unwrap();
    let hall = room.app.provision.create_gateway(&organisation, "hall", WALL).await.unwrap();
    let button = room.places[0].event(1, EventKind::SounderFailed);
    hear(&mut room, &button).await;
    let mut forged = frame(&hall, 2, EventKind::SounderFailed);
    *forged.last_mut().unwrap() ^= 1;
    hear(&mut room, &forged).await;
    assert!(!says(&room, "sounder_failed").await, "{}", health(&room).await);
}

#[test]
fn file_handles_that_run_short_are_told_until_there_are_enough_again() {
    if door::handles::raise() > FEW {
        let own = std::env::current_exe().unwrap();
        let name = "file_handles_that_run_short_are_told_until_there_are_enough_again";
        let line = format!("ulimit -n {FEW} && exec \"$0\" --exact {name} --nocapture");
        let again = Command::new("sh").args(["-c", &line]).arg(own).status().unwrap();
        assert!(again.success(), "under a limit of {FEW} files");
        return;
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let room = Room::open(1).await;
        assert!(!says(&room, "handles_short").await);
        let mut open = Vec::new();
        while !door::handles::short(FEW, OWN / 2) {
            open.push(File::open("/dev/null").unwrap());
        }
        room.until("it is told", async |room| {
            let health = health(room).await;
            health["handles"] == false && health["healthy"] == false
        })
        .await;
        assert!(says(&room, "handles_short").await, "{}", health(&room).await);
        room.until("it has its row", async |room| standing(room, "handles_short").await == [None])
            .await;
        drop(open);
        room.until("it is over", async |room| {
            health(room).await["handles"] == true && !says(room, "handles_short").await
        })
        .await;
        room.until("its row is over", async |room| {
            standing(room, "handles_short").await.is_empty()
        })
        .await;
    });
}

/// The figure of one worker.
async fn figure(room: &Room, name: &str, worker: &str) -> Option<String> {
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = router(Arc::clone(&room.app)).oneshot(request).await.unwrap();
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let row = format!("hearthline_{name}{{worker=\"{worker}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&row).map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_panics_is_back_and_is_told_by_word_row_and_figure() {
    let room = Room::open(1).await;
    let lives = Arc::new(AtomicU32::new(0));
    let begun = Arc::clone(&lives);
    keep(&room.app.workers, &room.app, "fragile", Rhythm::Waits, move |_| {
        let life = begun.fetch_add(1, Ordering::Relaxed);
        async move {
            assert!(life > 2, "falls three times");
            std::future::pending::<()>().await;
        }
    });
    room.until("it is told", async |room| says(room, "loop_restarted").await).await;
    room.until("it has its row", async |room| standing(room, "loop_restarted").await == [None])
        .await;
    room.until("again and again is told", async |room| says(room, "worker_restarts").await).await;
    room.until("it is back", async |room| {
        lives.load(Ordering::Relaxed) == 4
            && figure(room, "worker_restarts_total", "fragile").await.as_deref() == Some("3")
    })
    .await;
    let health = health(&room).await;
    assert_eq!((&health["alive"], &health["healthy"]), (&true.into(), &false.into()), "{health}");
}

async fn turn() {
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        tick.tick().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stands_still_is_told_until_it_goes_on() {
    let room = Room::open(1).await;
    let bell = Arc::new(Notify::new());
    let rung = Arc::clone(&bell);
    let turns = Rhythm::Turns(Duration::ZERO);
    keep(&room.app.workers, &room.app, "stuck", turns, move |_| {
        let rung = Arc::clone(&rung);
        async move {
            rung.notified().await;
            turn().await;
        }
    });
    // It may be quiet for 20 s before that is told.
    let since = Instant::now();
    while !says(&room, "worker_still").await {
        assert!(since.elapsed() < Duration::from_secs(60), "never told");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(figure(&room, "worker_still", "stuck").await.as_deref(), Some("1"));
    let told = health(&room).await;
    assert_eq!((&told["alive"], &told["healthy"]), (&true.into(), &false.into()), "{told}");
    room.until("it has its row", async |room| standing(room, "worker_still").await == [None]).await;
    bell.notify_one();
    room.until("it goes on", async |room| {
        health(room).await["healthy"] == true && !says(room, "worker_still").await
    })
    .await;
}
