//! What a worn device feels of its wearer: standing, walking, a fall, lying on the floor, getting up.
//!
//! Accelerations in thousandths of g, fifty a second, by posture and seed; a rough body and no recording of anybody.
//! Not here: what looks like a fall, which the device's own detector decides.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use firmware::device::SAMPLE_HZ;

use crate::seed::Seed;

/// How long a fall takes from the last step to lying, seconds.
const FALL_S: f64 = 1.2;
/// How long it takes to get up, seconds.
const GET_UP_S: f64 = 2.5;
/// How long a walk through the room takes, seconds.
const WALK_S: f64 = 6.0;
/// The hardest blow of a fall on the floor, g.
const BLOW_G: f64 = 4.5;
/// Noise of the sensor and of a body that breathes, thousandths of g.
const NOISE_MG: u64 = 12;

/// What the wearer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// Stands or sits.
    Rest,
    /// Walks through the room, and rests again.
    Walk,
    /// Falls, and lies there.
    Fall,
    /// Lies on the floor.
    Lie,
    /// Gets up, and walks.
    GetUp,
}

/// One wearer's body.
#[derive(Debug, Clone)]
pub struct Gait {
    motion: Motion,
    samples: u32,
    seed: Seed,
}

impl Gait {
    /// Somebody who stands.
    pub fn new(seed: Seed) -> Self {
        Self { motion: Motion::Rest, samples: 0, seed }
    }

    /// What the wearer does from now on. Who lies on the floor only gets up.
    pub fn begin(&mut self, motion: Motion) {
        let lies = matches!(self.motion, Motion::Fall | Motion::Lie);
        if !lies || motion == Motion::GetUp {
            (self.motion, self.samples) = (motion, 0);
        }
    }

    /// The next sample, thousandths of g by axis.
    pub fn sample(&mut self) -> [i16; 3] {
        let t = f64::from(self.samples) / f64::from(SAMPLE_HZ);
        self.samples = self.samples.saturating_add(1);
        let felt = felt(self.motion, t);
        let (length, next) = match self.motion {
            Motion::Rest | Motion::Lie => (f64::INFINITY, self.motion),
            Motion::Walk => (WALK_S, Motion::Rest),
            Motion::Fall => (FALL_S, Motion::Lie),
            Motion::GetUp => (GET_UP_S, Motion::Walk),
        };
        if t >= length {
            (self.motion, self.samples) = (next, 0);
        }
        felt.map(|g| milli(g).saturating_add(self.noise()))
    }

    fn noise(&mut self) -> i16 {
        let draw = i16::try_from(self.seed.below(2 * NOISE_MG + 1)).unwrap_or(0);
        draw - i16::try_from(NOISE_MG).unwrap_or(0)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded to what a sensor of 16 g can say")]
fn milli(g: f64) -> i16 {
    (g * 1000.0).clamp(-16_000.0, 16_000.0) as i16
}

/// Half a wave of height one from `from` on, `width` seconds long.
fn bump(t: f64, from: f64, width: f64) -> f64 {
    let x = (t - from) / width;
    if (0.0..1.0).contains(&x) { (x * PI).sin() } else { 0.0 }
}

/// Acceleration in g; upright is (0, 1, 0) and lying (1, 0, 0.2).
fn felt(motion: Motion, t: f64) -> [f64; 3] {
    let wave = |hz: f64| (t * hz * TAU).sin();
    match motion {
        Motion::Rest => [0.0, 1.0, 0.0],
        Motion::Lie => [0.98, 0.005 * wave(0.3), 0.2],
        Motion::Walk => [0.1 * wave(0.9), 1.0 + 0.25 * wave(1.8), 0.12 * wave(1.8)],
        Motion::Fall => {
            // Over in 0.7 s, most of it with little under the feet, then the floor, and a bounce.
            let turned = (t / 0.7).clamp(0.0, 1.0) * FRAC_PI_2;
            let carried = 1.0 - 0.7 * bump(t, 0.1, 0.6);
            let blow = BLOW_G * bump(t, 0.68, 0.09) + 0.8 * bump(t, 0.85, 0.15);
            [turned.sin() * carried + 0.9 * blow, turned.cos() * carried + 0.4 * blow, 0.2 * blow]
        }
        Motion::GetUp => {
            let turned = (t / 2.0).clamp(0.0, 1.0) * FRAC_PI_2;
            let (down, up) = (turned.cos(), turned.sin());
            [down + 0.1 * wave(1.3), up + 0.15 * wave(1.7), 0.1 * wave(0.8)]
        }
    }
}

#[cfg(test)]
mod tests {
    use care::fall::{Fall, Fell, Worn};

    use super::*;

    /// What the shipped detector says of some seconds of this.
    fn told(gait: &mut Gait, fall: &mut Fall, seconds: u32) -> Vec<Fell> {
        (0..seconds * u32::from(SAMPLE_HZ)).filter_map(|_| fall.push(gait.sample())).collect()
    }

    #[test]
    fn a_fall_is_told_confirmed_and_an_ordinary_hour_is_not() {
        for seed in [1, 7, 42] {
            let mut gait = Gait::new(Seed::new(seed));
            let mut fall = Fall::new(Worn::Body, SAMPLE_HZ);
            for _ in 0..60 {
                gait.begin(Motion::Walk);
                assert_eq!(told(&mut gait, &mut fall, 60), [], "seed {seed}");
            }
            gait.begin(Motion::Fall);
            let said = told(&mut gait, &mut fall, 40);
            assert!(
                matches!(said[..], [Fell::Suspected { .. }, Fell::Confirmed { .. }]),
                "seed {seed}: {said:?}"
            );
        }
    }

    #[test]
    fn who_gets_up_at_once_takes_it_back() {
        let mut gait = Gait::new(Seed::new(3));
        let mut fall = Fall::new(Worn::Body, SAMPLE_HZ);
        told(&mut gait, &mut fall, 5);
        gait.begin(Motion::Fall);
        let mut said = told(&mut gait, &mut fall, 5);
        gait.begin(Motion::Walk);
        gait.begin(Motion::GetUp);
        said.extend(told(&mut gait, &mut fall, 20));
        assert!(matches!(said[..], [Fell::Suspected { .. }, Fell::Recovered { .. }]), "{said:?}");
    }
}
