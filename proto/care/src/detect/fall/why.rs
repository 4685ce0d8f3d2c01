//! Why a blow was taken for a fall, in numbers that an operator can picture.
//!
//! Not here: the words for people.

use proto::unit::Millis;

use super::features::{Features, cosine};
use super::grid::BINS_HZ;
use super::trace::{BEFORE, Trace};
use crate::policy::{FALL_BLOW_MG, FALL_DESCENT_CM_S, FALL_STILL, FALL_TURN_DEG};

/// What a suspected fall was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Why {
    /// Size of the blow, milli-g.
    pub blow_mg: u16,
    /// Smallest acceleration in the second before it, milli-g; near zero = free fall.
    pub lightest_mg: u16,
    /// Speed that being lighter in that second adds up to, cm/s.
    pub descent_cm_s: u16,
    /// Angle between where down was before and is after, degrees.
    pub turned_deg: u8,
    /// How long it has been still since, whole seconds.
    pub still: Millis,
    /// Whether nobody got up in time, or stillness confirmed it.
    pub confirmed: bool,
    /// How far above the alarm the votes of the forest were.
    pub margin: i32,
}

impl Why {
    /// Nothing was suspected yet.
    pub(super) const NOTHING: Self = Self {
        blow_mg: 0,
        lightest_mg: 0,
        descent_cm_s: 0,
        turned_deg: 0,
        still: Millis::new(0),
        confirmed: false,
        margin: 0,
    };

    pub(super) fn of(trace: &Trace, features: &Features, margin: i32) -> Self {
        let second = || trace.span(BEFORE - usize::from(BINS_HZ), BEFORE).map(|bin| bin.size);
        let light: u32 = second().map(|size| u32::from(1000_u16.saturating_sub(size))).sum();
        // A second with 1 milli-g less is 0.98 cm/s.
        let speed = light / u32::from(BINS_HZ) * 98 / 100;
        Self {
            blow_mg: trace.span(BEFORE - 10, BEFORE + 11).map(|bin| bin.peak).max().unwrap_or(0),
            lightest_mg: second().min().unwrap_or(0),
            descent_cm_s: u16::try_from(speed).unwrap_or(u16::MAX),
            turned_deg: degrees(cosine(features.before(), features.after())),
            margin,
            ..Self::NOTHING
        }
    }

    pub(super) fn go_on(&mut self, still: Millis, confirmed: bool) {
        self.still = self.still.max(still);
        self.confirmed = confirmed;
    }

    /// Whether the body went down quickly before the blow.
    pub const fn descended(&self) -> bool {
        self.descent_cm_s >= FALL_DESCENT_CM_S
    }

    /// Whether the blow was harder than daily life.
    pub const fn struck(&self) -> bool {
        self.blow_mg >= FALL_BLOW_MG
    }

    /// Whether the person ended in another posture.
    pub const fn turned(&self) -> bool {
        self.turned_deg >= FALL_TURN_DEG
    }

    /// Whether the person then lay still.
    pub const fn lay_still(&self) -> bool {
        self.still.get() >= FALL_STILL.get()
    }
}

/// Cosines of 0, 10 .. 180 degrees, 1/1024.
const COSINES: [i32; 19] = [
    1024, 1008, 962, 887, 784, 658, 512, 350, 178, 0, -178, -350, -512, -658, -784, -887, -962,
    -1008, -1024,
];

/// The angle of a cosine, straight between tens of degrees.
fn degrees(cosine: i32) -> u8 {
    let ten = COSINES.iter().skip(1).take_while(|c| **c > cosine).count().min(17);
    let (from, until) = (COSINES[ten], COSINES[ten + 1]);
    let part = (from - cosine) * 10 / (from - until).max(1);
    u8::try_from(i32::try_from(ten).unwrap_or(0) * 10 + part.clamp(0, 10)).unwrap_or(180)
}
