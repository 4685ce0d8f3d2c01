//! Workers on a runtime: one that falls is back and counted, one whose turn does not come back is seen in it.
//!
//! Not here: how long each may be quiet (`workers`), and how a program tells of it.
#![allow(clippy::unwrap_used, reason = "a test may fall")]
#![allow(clippy::disallowed_methods, reason = "waits for a condition, and ends")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use door::workers::{End, Rhythm, Workers};

const TURN: Duration = Duration::from_millis(20);

async fn turn_for_ever() {
    loop {
        tokio::time::sleep(TURN).await;
    }
}

/// Waits for a condition, 20 s at most.
async fn until(what: &str, is: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(TURN).await;
    }
}

#[tokio::test]
async fn a_worker_that_panics_is_back_and_counted() {
    let workers = Workers::default();
    let (lives, begun) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (life, second) = (Arc::clone(&lives), Arc::clone(&begun));
    workers.keep("reader", Rhythm::Turns(TURN), move || {
        let (life, second) = (life.fetch_add(1, Ordering::Relaxed), Arc::clone(&second));
        async move {
            assert!(life != 0, "the first life falls");
            second.fetch_add(1, Ordering::Relaxed);
            turn_for_ever().await;
        }
    });
    until("it is back", || begun.load(Ordering::Relaxed) == 1).await;
    let roll = workers.roll_call();
    assert_eq!((roll.len(), roll[0].restarts, lives.load(Ordering::Relaxed)), (1, 1, 2));
    assert!(!roll[0].restarting && !roll[0].still && !roll[0].dead, "{roll:?}");
}

#[tokio::test]
async fn a_worker_that_ends_by_itself_is_back_and_one_that_was_told_to_is_gone() {
    let workers = Workers::default();
    let lives = Arc::new(AtomicU32::new(0));
    let begun = Arc::clone(&lives);
    workers.keep("reader", Rhythm::Turns(TURN), move || {
        let life = begun.fetch_add(1, Ordering::Relaxed);
        async move { if life == 0 { End::Unasked } else { End::Asked } }
    });
    until("it has left", || workers.roll_call().is_empty() && lives.load(Ordering::Relaxed) == 2)
        .await;
}

#[tokio::test]
async fn a_worker_whose_task_is_ended_leaves_the_roll_call() {
    let workers = Workers::default();
    let task = workers.keep("reader", Rhythm::Turns(TURN), turn_for_ever);
    until("it is there", || workers.roll_call().len() == 1).await;
    task.abort();
    let _ = task.await;
    assert!(workers.roll_call().is_empty());
}

#[tokio::test]
async fn an_owner_that_drives_a_worker_itself_hears_of_its_fall() {
    let workers = Workers::default();
    let worker = workers.enter("loop", Rhythm::Vital(TURN));
    let mut kept = vec![1];
    let fallen = worker.live(async {
        kept.push(2);
        assert!(kept.is_empty(), "as planned");
    });
    let why = fallen.await.unwrap_err();
    assert_eq!((why.as_str(), kept.len()), ("as planned", 2));
    worker.again(&why).await;
    assert_eq!(workers.roll_call()[0].restarts, 1);
}
