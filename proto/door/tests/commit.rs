//! The commit thread by itself: who goes first, what is answered, how it ends.
//!
//! Not here: sessions and their PUBACKs (`seats`).

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

mod front;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use door::{Arrival, CommitLimits, Keep, Verdict, Who, committer};
use front::device;
use proto::frame::Lane;
use proto::topic::Topic;

fn arrival(lane: Lane, payload: &'static str) -> Arrival {
    Arrival {
        who: Who::Device(device(1)),
        topic: Topic::DeviceUp(device(1), lane),
        lane,
        payload: Bytes::from_static(payload.as_bytes()),
    }
}

/// A disk that says when it is asked, and answers when it is told to.
struct SlowDisk {
    asked: Sender<Vec<Bytes>>,
    go: Receiver<()>,
}

impl Keep for SlowDisk {
    fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
        self.asked.send(group.iter().map(|arrival| arrival.payload.clone()).collect()).unwrap();
        self.go.recv().unwrap();
        verdicts.extend(group.iter().map(|_| Verdict::Kept));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_one_group_and_emergencies_lead_it() {
    let (asked, groups) = channel();
    let (tell, go) = channel();
    let (commit, thread) = committer(SlowDisk { asked, go }, CommitLimits::default());
    let keep = |lane, payload| {
        let commit = commit.clone();
        tokio::spawn(async move { commit.keep(arrival(lane, payload)).await })
    };
    let mut waiting = vec![keep(Lane::Telemetry, "first")];
    assert_eq!(groups.recv().unwrap(), ["first"]);
    for payload in ["t1", "t2", "t3"] {
        waiting.push(keep(Lane::Telemetry, payload));
    }
    waiting.push(keep(Lane::Emergency, "press"));
    // All four are in line once the queue holds no more room than it should.
    while commit.waiting() < 4 {
        tokio::task::yield_now().await;
    }
    tell.send(()).unwrap();
    let mut group = groups.recv().unwrap();
    assert_eq!(group.remove(0), "press");
    group.sort();
    assert_eq!(group, ["t1", "t2", "t3"]);
    tell.send(()).unwrap();
    for one in waiting {
        assert_eq!(one.await.unwrap(), Verdict::Kept);
    }
    assert_eq!((commit.groups(), commit.messages()), (2, 5));
    drop(commit);
    thread.join().expect("it ends with its last handle");
}

#[tokio::test]
async fn too_few_verdicts_are_refusals_and_a_panic_is_the_end() {
    struct Careless;
    impl Keep for Careless {
        fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
            if group[0].payload == "panic" {
                verdicts.push(Verdict::Kept);
                panic!("planted");
            }
        }
    }
    let (commit, _thread) = committer(Careless, CommitLimits::default());
    assert_eq!(commit.keep(arrival(Lane::Telemetry, "x")).await, Verdict::Refused);
    assert!(commit.healthy());
    assert_eq!(commit.keep(arrival(Lane::Telemetry, "panic")).await, Verdict::Refused);
    assert!(!commit.healthy());
    assert_eq!(commit.keep(arrival(Lane::Emergency, "y")).await, Verdict::Refused);
}

/// Keeps what it is told, falls over "poison", and stands up again.
struct Clumsy {
    kept: Arc<Mutex<Vec<Bytes>>>,
    half_done: bool,
    asked: Sender<()>,
    go: Receiver<()>,
}

impl Keep for Clumsy {
    fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
        if group[0].payload == "first" {
            self.asked.send(()).unwrap();
            self.go.recv().unwrap();
        }
        assert!(!self.half_done, "it goes on with what it left half done");
        for arrival in group {
            self.half_done = true;
            verdicts.push(Verdict::Kept);
            assert!(arrival.payload != "poison", "planted");
        }
        self.half_done = false;
        self.kept.lock().unwrap().extend(group.iter().map(|arrival| arrival.payload.clone()));
    }

    fn anew(&mut self) -> bool {
        self.half_done = false;
        true
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_panic_the_keep_goes_on_and_only_what_it_fell_over_is_refused() {
    let ((asked, first), (tell, go)) = (channel(), channel());
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = Clumsy { kept: Arc::clone(&kept), half_done: false, asked, go };
    let (commit, _thread) = committer(keep, CommitLimits::default());
    let keep = |payload: &'static str| {
        let commit = commit.clone();
        tokio::spawn(async move { commit.keep(arrival(Lane::Emergency, payload)).await })
    };
    let one = keep("first");
    first.recv().unwrap();
    let others = ["a", "poison", "b"].map(&keep);
    while commit.waiting() < 3 {
        tokio::task::yield_now().await;
    }
    tell.send(()).unwrap();
    assert_eq!(one.await.unwrap(), Verdict::Kept);
    let [a, poison, b] = others;
    assert_eq!(poison.await.unwrap(), Verdict::Refused, "what was pushed before is not believed");
    for other in [a, b, keep("after")] {
        assert_eq!(other.await.unwrap(), Verdict::Kept);
    }
    let mut kept: Vec<_> = kept.lock().unwrap().clone();
    kept.sort();
    assert_eq!(kept, ["a", "after", "b", "first"], "acknowledged is kept, once");
    assert!(commit.healthy(), "and it goes on");
    let [worker] = commit.workers().roll_call().try_into().unwrap();
    assert_eq!(
        (worker.name.as_str(), worker.restarts),
        ("commit", 2),
        "each fall is in the roll-call"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_bounded_and_a_flood_of_presses_leaves_room_for_telemetry() {
    let limits = CommitLimits { group: 8, ..CommitLimits::default() };
    let (asked, groups) = channel();
    let (tell, go) = channel();
    let (commit, _thread) = committer(SlowDisk { asked, go }, limits);
    let waiting = Arc::new(Mutex::new(Vec::new()));
    let keep = |lane, payload| {
        let commit = commit.clone();
        let one = tokio::spawn(async move { commit.keep(arrival(lane, payload)).await });
        waiting.lock().unwrap().push(one);
    };
    keep(Lane::Telemetry, "first");
    assert_eq!(groups.recv().unwrap().len(), 1);
    for _ in 0..20 {
        keep(Lane::Emergency, "press");
    }
    keep(Lane::Telemetry, "reading");
    while commit.waiting() < 21 {
        tokio::task::yield_now().await;
    }
    tell.send(()).unwrap();
    let group = groups.recv().unwrap();
    assert!(group.len() <= 8 && group.contains(&Bytes::from_static(b"reading")), "{group:?}");
    for _ in 0..30 {
        let _ = tell.send(());
    }
    let all = std::mem::take(&mut *waiting.lock().unwrap());
    for one in all {
        assert_eq!(one.await.unwrap(), Verdict::Kept);
    }
}
