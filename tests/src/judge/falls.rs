//! Judges the worn-fall detector: every trial of every set streamed through it as it ships.
//!
//! With folds, each person is judged by a forest that has learned from other people only; with one fold by
//! the forest that ships. Not here: reading ([`recording`]), streaming ([`stream`]), sums ([`score`]).

pub mod folds;
pub mod recording;
pub mod score;
mod sisfall;
mod smartfallmm;
pub mod stream;
mod umafall;
mod weda;

use std::path::Path;

use care::fall::{Fall, Worn};

use self::folds::Profile;
use self::recording::Recording;
use self::score::Judged;
use super::{Plan, Section};
use crate::clock::Watch;

/// Judges the detector over the sets below a path.
pub fn judge(data: &Path, plan: Plan) -> Option<Section> {
    let all = recording::all(data);
    if all.is_empty() {
        return None;
    }
    let mut judged = Vec::new();
    let (mut us, mut samples) = (0, 0);
    for worn in [Worn::Body, Worn::Wrist] {
        if plan.folds > 1 {
            let profile = Profile::new(&all, worn, plan);
            for (recording, forest) in profile.recordings.iter().zip(profile.unseen(plan)) {
                judged.push(Judged { recording, outcome: stream::stream(recording, forest) });
            }
        }
        let watch = Watch::start();
        for recording in all.iter().filter(|recording| recording.place.worn() == worn) {
            let outcome = shipped(recording);
            samples += recording.samples.len();
            if plan.folds == 1 {
                judged.push(Judged { recording, outcome });
            }
        }
        us += watch.us();
    }
    #[expect(clippy::cast_precision_loss, reason = "a ratio for a table")]
    let ns = us as f64 * 1000.0 / samples.max(1) as f64;
    Some(score::section(&judged, plan, ns))
}

fn shipped(recording: &Recording) -> stream::Outcome {
    let worn = recording.place.worn();
    stream::stream(recording, Fall::new(worn, recording.rate_hz).forest())
}
