//! When a worker waits, stands still, or needs a new process: told by a clock that the test sets.
//!
//! Not here: workers on a runtime (`tests/workers.rs`).

use super::*;
use crate::workers::{Worker, Workers};

const TURN: Duration = Duration::from_secs(1);

fn worker(rhythm: Rhythm) -> Worker {
    Workers::default().enter("reader", rhythm)
}

fn at(s: u64) -> Mono {
    Mono::from_millis(s * 1_000)
}

#[test]
fn pauses_double_while_it_falls_soon_and_are_short_again_after_it_has_run() {
    let worker = worker(Rhythm::Waits);
    let mut now = 10;
    let mut pauses = Vec::new();
    for _ in 0..7 {
        let pause = worker.row.pause(at(now)).as_secs();
        pauses.push(pause);
        now += pause + 1;
        worker.row.begins(at(now));
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
    assert!(worker.row.turnout("reader", at(now)).restarting);
    assert!(!worker.row.turnout("reader", at(now + 400)).restarting, "it has run since");
    assert_eq!(worker.row.pause(at(now + 400)).as_secs(), 1);
}

#[test]
fn what_does_not_turn_stands_still_and_a_vital_one_needs_a_new_process() {
    for (rhythm, vital) in [(Rhythm::Turns(TURN), false), (Rhythm::Vital(TURN), true)] {
        let worker = worker(rhythm);
        worker.row.turn(at(100), false);
        let told = |s: u64| {
            let turnout = worker.row.turnout("reader", at(100 + s));
            (turnout.still, turnout.dead)
        };
        assert_eq!([told(21), told(22)], [(false, false), (true, false)]);
        assert_eq!([told(81), told(82)], [(true, false), (true, vital)]);
        worker.row.turn(at(200), false);
        assert_eq!(told(101), (false, false), "it turns again");
    }
}

#[test]
fn one_that_waits_for_others_stands_still_only_in_a_turn_that_does_not_come_back() {
    let worker = worker(Rhythm::Waits);
    worker.row.turn(at(100), false);
    assert!(!worker.row.turnout("reader", at(9_000)).still);
    worker.row.turn(at(9_000), true);
    assert!(worker.row.turnout("reader", at(9_040)).still);
}

#[test]
fn one_that_waits_to_begin_anew_does_not_stand_still() {
    let worker = worker(Rhythm::Vital(TURN));
    worker.row.turn(at(100), false);
    worker.row.paused.store(true, Ordering::Relaxed);
    assert!(!worker.row.turnout("reader", at(900)).still);
}

#[test]
fn a_thread_stands_still_only_in_a_piece_of_work() {
    let worker = worker(Rhythm::Waits);
    let later = || worker.clock.now().after(Millis::secs(40));
    assert!(!worker.row.turnout("reader", later()).still);
    let busy = worker.busy();
    assert!(worker.row.turnout("reader", later()).still);
    drop(busy);
    assert!(!worker.row.turnout("reader", later()).still);
    let fallen = worker.attempt(|| {
        let _busy = worker.busy();
        assert!(worker.name.is_empty(), "as planned");
    });
    assert_eq!(fallen, Err("as planned".to_owned()));
    assert!(!worker.row.turnout("reader", later()).still, "it has let go");
}
