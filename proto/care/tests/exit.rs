//! Leaving the bed, told by a worn accelerometer that is heard now and then.
//!
//! Each case is a film of postures with the seconds that they last, read at some pace by a bed antenna (strong) or one
//! in the room (weak). Not here: recordings of people, which the judge reads.

use care::exit::{Exits, Heard, Sample};
use care::policy::EXIT_DELAY;
use proto::unit::Mono;

/// What somebody does, with seconds of it.
#[derive(Clone, Copy)]
enum Scene {
    Lie(u64),
    /// On the side, with the weight across the body.
    Turned(u64),
    Walk(u64),
    /// Nothing is heard.
    Silent(u64),
}

/// Plays scenes at `pace_ms` between readings; times of told exits in seconds.
fn told(scenes: &[Scene], pace_ms: u64) -> Vec<u64> {
    let mut exits = Exits::default();
    let (mut now, mut told) = (0, Vec::new());
    let mut ask = |exits: &mut Exits, now: Mono| {
        while let Some(turn) = exits.poll(now) {
            assert!(now.since(turn.at) >= EXIT_DELAY, "told before its delay");
            if turn.out {
                told.push(turn.at.millis() / 1000);
            }
        }
    };
    for scene in scenes {
        let (posture, antenna, dbm, seconds) = match *scene {
            Scene::Lie(seconds) => (Some([980, 60, 120]), 1, -56, seconds),
            Scene::Turned(seconds) => (Some([250, 80, 950]), 1, -58, seconds),
            Scene::Walk(seconds) => (Some([180, 970, 60]), 3, -66, seconds),
            Scene::Silent(seconds) => (None, 0, 0, seconds),
        };
        let end = now + seconds * 1000;
        while now < end {
            let at = Mono::from_millis(now);
            if let Some([frontal, vertical, lateral]) = posture {
                // A body is never quite at rest.
                let sway = i16::try_from(now / pace_ms % 5).unwrap() * 12;
                let vertical = vertical + sway;
                let heard = Some(Heard { antenna, dbm });
                exits.hear(&Sample { at, frontal, vertical, lateral, heard });
            }
            ask(&mut exits, at);
            now += pace_ms;
        }
    }
    ask(&mut exits, Mono::from_millis(now).after(EXIT_DELAY));
    told
}

#[test]
fn lying_then_walking_is_one_exit() {
    let told = told(&[Scene::Lie(120), Scene::Walk(60)], 500);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].abs_diff(120) <= 10, "{told:?}");
}

#[test]
fn turning_in_bed_is_no_exit() {
    let scenes = [Scene::Lie(60), Scene::Turned(30), Scene::Lie(30), Scene::Turned(60)];
    assert_eq!(told(&scenes, 500), Vec::<u64>::new());
}

#[test]
fn exit_is_told_from_sparse_readings() {
    let told = told(&[Scene::Lie(120), Scene::Walk(60)], 3_000);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].abs_diff(120) <= 10, "{told:?}");
}

#[test]
fn silence_between_two_spells_of_lying_is_no_exit() {
    let scenes = [Scene::Lie(60), Scene::Silent(300), Scene::Lie(60)];
    assert_eq!(told(&scenes, 500), Vec::<u64>::new());
}
