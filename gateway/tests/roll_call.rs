//! The roll-call of the box: a worker that falls is back and told, one that stands still is told; both by word and figure.
//!
//! The page is asked as it is, behind doors of its own. Not here: the box as a program (`bus_and_health.rs`).
#![allow(clippy::unwrap_used, reason = "a test may fall")]
#![allow(clippy::disallowed_methods, reason = "waits for a condition, and ends")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use door::workers::{Rhythm, Workers};
use door::{
    Arrival, Bus, BusLimits, CommitLimits, Deny, DoorConfig, Edge, Gate, Hello, Keep, Limits, Pass,
    Verdict, committer,
};
use gateway::clock::Clock;
use gateway::health::{HealthPage, Pulse};
use gateway::spool::Usage;
use tokio::sync::watch;

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// A disk that does not come back.
const HANGS: u32 = 2;

struct Nobody;

impl Gate for Nobody {
    fn admit(&self, _: &Hello<'_>) -> Result<Pass, Deny> {
        Err(Deny::Credentials)
    }
}

/// Keeps everything; falls when it is told to.
struct Spool {
    falls: Arc<AtomicU32>,
}

impl Keep for Spool {
    fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
        while self.falls.load(Ordering::Relaxed) == HANGS {
            std::thread::park_timeout(Duration::from_millis(50));
        }
        assert_eq!(self.falls.load(Ordering::Relaxed), 0, "as planned");
        verdicts.extend(group.iter().map(|_| Verdict::Kept));
    }
}

async fn page() -> (HealthPage, watch::Sender<Pulse>, Arc<AtomicU32>) {
    let falls = Arc::new(AtomicU32::new(0));
    let keep = Spool { falls: Arc::clone(&falls) };
    let (commit, _thread) = committer(keep, CommitLimits::default());
    let clock = Clock::resume(None);
    let fanout = Bus::start(BusLimits::default());
    let of = |edge| DoorConfig { bind: ANY, edge, limits: Limits::default() };
    let devices = of(Edge::Plain { open_to_home: true });
    let door = door::open(devices, Arc::new(Nobody), commit.clone(), None).await.unwrap();
    let household = of(Edge::Household(None));
    let bus = door::open(household, Arc::new(Nobody), commit, Some(fanout.clone())).await.unwrap();
    let usage = Usage { reserve: true, ..Usage::default() };
    let well = Pulse {
        loop_at: clock.now(),
        uplink_emergency: true,
        uplink_telemetry: true,
        store: true,
        sounder: true,
        handles: true,
        usage,
        ..Pulse::default()
    };
    let (pulse_in, pulse) = watch::channel(well);
    let workers = Workers::default();
    let page = HealthPage { pulse, clock, door, wallet: None, bus, fanout, workers };
    (page, pulse_in, falls)
}

/// Waits for a condition, a minute at most, while the loop of the box turns.
async fn until(page: &HealthPage, turns: &watch::Sender<Pulse>, what: &str, is: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is() {
        assert!(Instant::now() < end, "{what}: {:?}", page.report());
        turns.send_modify(|pulse| pulse.loop_at = page.clock.now());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn figure(page: &HealthPage, name: &str, worker: &str) -> Option<String> {
    let row = format!("hearthline_gateway_{name}{{worker=\"{worker}\"}} ");
    page.metrics().lines().find_map(|line| line.strip_prefix(&row).map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_panics_is_back_and_is_told_by_word_and_figure() {
    let (page, turns, _) = page().await;
    until(&page, &turns, "well at first", || page.report().healthy).await;
    let lives = Arc::new(AtomicU32::new(0));
    let begun = Arc::clone(&lives);
    page.workers.keep("fragile", Rhythm::Waits, move || {
        let life = begun.fetch_add(1, Ordering::Relaxed);
        async move {
            assert!(life > 2, "falls three times");
            std::future::pending::<()>().await;
        }
    });
    until(&page, &turns, "it is told", || page.report().faults.contains(&"worker_restarts")).await;
    until(&page, &turns, "it is back", || lives.load(Ordering::Relaxed) == 4).await;
    let report = page.report();
    assert!(report.alive && report.ok && !report.healthy, "{report:?}");
    assert_eq!(figure(&page, "worker_restarts_total", "fragile").as_deref(), Some("3"));
}

async fn turn() {
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stands_still_is_told_until_it_goes_on() {
    let (page, turns, _) = page().await;
    let bell = Arc::new(tokio::sync::Notify::new());
    let rung = Arc::clone(&bell);
    page.workers.keep("stuck", Rhythm::Turns(Duration::ZERO), move || {
        let rung = Arc::clone(&rung);
        async move {
            rung.notified().await;
            turn().await;
        }
    });
    let still = || page.report().faults.contains(&"worker_still");
    until(&page, &turns, "it is told", still).await;
    let report = page.report();
    assert!(report.alive && !report.healthy, "{report:?}");
    assert_eq!(figure(&page, "worker_still", "stuck").as_deref(), Some("1"));
    bell.notify_one();
    until(&page, &turns, "it goes on", || page.report().healthy && !still()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_that_can_keep_nothing_any_more_asks_to_be_started_again() {
    let (page, turns, falls) = page().await;
    until(&page, &turns, "well at first", || page.report().healthy).await;
    falls.store(1, Ordering::Relaxed);
    until(&page, &turns, "it is not alive", || !page.report().alive).await;
    until(&page, &turns, "its door fails", || page.report().faults.contains(&"door_fails")).await;
    let report = page.report();
    assert!(!report.ok && !report.healthy, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_does_not_come_back_is_told_and_is_no_reason_to_begin_anew() {
    let (page, turns, falls) = page().await;
    until(&page, &turns, "well at first", || page.report().healthy).await;
    falls.store(HANGS, Ordering::Relaxed);
    until(&page, &turns, "it is told", || {
        let report = page.report();
        report.faults.contains(&"worker_still") && report.faults.contains(&"door_fails")
    })
    .await;
    assert_eq!(figure(&page, "worker_still", "commit").as_deref(), Some("1"));
    assert!(page.report().alive);
    falls.store(0, Ordering::Relaxed);
    until(&page, &turns, "well again", || page.report().healthy).await;
}
