//! A fall, as a worn accelerometer feels it: an impact, and stillness after it.
//!
//! *Suspected*: after an impact nothing moves. *Confirmed*: it stays so. *Recovered*: the wearer moves again.
//! Not here: chips, and what the home makes of it (`help`).

use proto::unit::Millis;

/// Force of an impact, thousandths of g, squared. Source: choice, 2.5 g; walking stays below 2 g.
const IMPACT_MG2: i64 = 2_500 * 2_500;
/// Around one g within this nothing moves, thousandths of g. Source: choice.
const STILL_MG: i64 = 150;
/// Stillness that makes a fall suspected. Source: choice.
const SUSPECT: Millis = Millis::secs(2);
/// After an impact without stillness within this there was no fall. Source: choice.
const GIVE_UP: Millis = Millis::secs(6);
/// Suspected for so long, a fall is confirmed. Source: choice.
const CONFIRM: Millis = Millis::secs(20);
/// Movement that shows that the wearer is up. Source: choice.
const RECOVER: Millis = Millis::secs(3);

/// Where it is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worn {
    /// At waist or chest.
    Body,
    /// At the wrist.
    Wrist,
}

/// What the detector says; `ago` is the time since the impact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fell {
    /// Somebody fell, perhaps.
    Suspected {
        /// Time since the impact.
        ago: Millis,
    },
    /// Somebody fell and lies still.
    Confirmed {
        /// Time since the impact.
        ago: Millis,
    },
    /// The one who was suspected to lie there moves again.
    Recovered {
        /// Time since the impact.
        ago: Millis,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Upright,
    Impact,
    Suspected,
}

/// The detector of one wearer.
#[derive(Debug, Clone)]
pub struct Fall {
    rate_hz: u16,
    stage: Stage,
    since_impact: u32,
    still: u32,
    moved: u32,
}

impl Fall {
    /// A detector for samples at this rate, 20 to 200 a second.
    pub const fn new(_worn: Worn, rate_hz: u16) -> Self {
        Self { rate_hz, stage: Stage::Upright, since_impact: 0, still: 0, moved: 0 }
    }

    /// One sample, thousandths of g for each axis; at most one word.
    pub fn push(&mut self, mg: [i16; 3]) -> Option<Fell> {
        let force2: i64 = mg.iter().map(|axis| i64::from(*axis) * i64::from(*axis)).sum();
        let (low, high) = (1_000 - STILL_MG, 1_000 + STILL_MG);
        let still = (low * low..=high * high).contains(&force2);
        self.since_impact += 1;
        self.still = if still { self.still + 1 } else { 0 };
        self.moved += u32::from(!still);
        let ago = self.span(self.since_impact);
        match self.stage {
            Stage::Upright | Stage::Impact if force2 >= IMPACT_MG2 => {
                (self.stage, self.since_impact, self.still) = (Stage::Impact, 0, 0);
                None
            }
            Stage::Impact if self.span(self.still) >= SUSPECT => {
                (self.stage, self.moved) = (Stage::Suspected, 0);
                Some(Fell::Suspected { ago })
            }
            Stage::Impact if ago >= GIVE_UP => {
                self.gap();
                None
            }
            Stage::Suspected if self.span(self.moved) >= RECOVER => {
                self.gap();
                Some(Fell::Recovered { ago })
            }
            Stage::Suspected if ago >= CONFIRM => {
                self.gap();
                Some(Fell::Confirmed { ago })
            }
            Stage::Upright | Stage::Impact | Stage::Suspected => None,
        }
    }

    /// Samples were lost: what was being judged starts anew.
    pub const fn gap(&mut self) {
        *self = Self::new(Worn::Body, self.rate_hz);
    }

    fn span(&self, samples: u32) -> Millis {
        Millis::new(u64::from(samples) * 1000 / u64::from(self.rate_hz.max(1)))
    }
}
