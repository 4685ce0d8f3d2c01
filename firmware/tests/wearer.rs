//! Somebody who wears a pendant: walks, falls, lies and gets up, as acceleration 50 times a second.
//!
//! Standing is (0, 1, 0) g, lying on the side (1, 0, 0.2) g. Not here: other rates, other ways of wearing it, and what is
//! no fall, which are the detector's own cases.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use firmware::device::SAMPLE_HZ;

/// One sample, thousandths of g.
pub(crate) type Felt = [i16; 3];

/// Plays a movement of so many seconds; `at` gives g at a moment of it.
fn play(seconds: f64, at: impl Fn(f64) -> [f64; 3]) -> Vec<Felt> {
    let rate = f64::from(SAMPLE_HZ);
    let moments = (0..).map(|n: u32| f64::from(n) / rate).take_while(|t| *t < seconds);
    #[expect(clippy::cast_possible_truncation, reason = "some thousand at most")]
    moments.map(|t| at(t).map(|g| (g * 1000.0).round() as i16)).collect()
}

fn wave(t: f64, hz: f64) -> f64 {
    (t * hz * TAU).sin()
}

/// A swing that begins at `from` and is over after `width` seconds.
fn swing(t: f64, from: f64, width: f64) -> f64 {
    let part = (t - from) / width;
    if (0.0..1.0).contains(&part) { (part * PI).sin() } else { 0.0 }
}

pub(crate) fn stand(seconds: f64) -> Vec<Felt> {
    play(seconds, |_| [0.0, 1.0, 0.0])
}

pub(crate) fn walk(seconds: f64) -> Vec<Felt> {
    play(seconds, |t| [0.1 * wave(t, 0.9), 1.0 + 0.25 * wave(t, 1.8), 0.12 * wave(t, 1.8)])
}

pub(crate) fn lie(seconds: f64) -> Vec<Felt> {
    play(seconds, |t| [0.98, 0.005 * wave(t, 0.3), 0.2])
}

/// On the way and down to the floor; the blow is at [`BLOW_S`].
pub(crate) fn fall() -> Vec<Felt> {
    let mut film = walk(6.0);
    film.extend(stand(1.0));
    film.extend(play(1.2, |t| {
        let turned = (t / 0.7).clamp(0.0, 1.0) * FRAC_PI_2;
        let carried = 1.0 - 0.7 * swing(t, 0.1, 0.6);
        let blow = 4.0 * swing(t, 0.68, 0.09) + 0.8 * swing(t, 0.85, 0.15);
        [turned.sin() * carried + 0.9 * blow, turned.cos() * carried + 0.4 * blow, 0.2 * blow]
    }));
    film
}

/// When the blow of [`fall`] comes, seconds from its start.
pub(crate) const BLOW_S: f64 = 7.72;

pub(crate) fn get_up() -> Vec<Felt> {
    play(2.5, |t| {
        let turned = (t / 2.0).clamp(0.0, 1.0) * FRAC_PI_2;
        let arm = [0.1 * wave(t, 1.3), 0.15 * wave(t, 1.7), 0.1 * wave(t, 0.8)];
        [turned.cos() + arm[0], turned.sin() + arm[1], arm[2]]
    })
}
