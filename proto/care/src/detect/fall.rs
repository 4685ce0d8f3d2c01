//! A fall, told by the acceleration of what a person wears, on the device itself.
//!
//! Its stages: a quick *descent*, a *blow*, a *turn* of where down is, then *stillness* or no getting up. A blow
//! is looked at two seconds after it: its numbers go through a learned forest, and above a margin the fall
//! is [`Fell::Suspected`]: that is what the device sends as its alarm. It is `Confirmed` by stillness or by
//! nobody getting up, and `Recovered` when somebody does. No axis has a meaning, so the device may be
//! worn any way round. Not here: what a home does with it (`triage`), and pressing.

mod course;
mod features;
mod forest;
mod grid;
mod table;
mod trace;
mod why;

use proto::unit::Millis;

pub use self::features::FEATURES;
pub use self::forest::{DEPTH, Forest, TREE_BYTES};
pub use self::why::Why;
pub use crate::detect::forest::FIRST;

use self::course::{Course, Turn};
use self::features::Features;
use self::grid::Grid;
use self::trace::{AFTER, BEFORE, Trace};
use crate::policy::{FALL_DROPPED, FALL_IMPLAUSIBLE_MG};

/// Where the sensor is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worn {
    /// Waist, chest or trouser pocket: moves with the trunk.
    Body,
    /// Wrist: moves with the arm.
    Wrist,
}

/// What is said of a fall; `ago` is since the blow, in steps of 40 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fell {
    /// It looks like a fall: alarm.
    Suspected {
        /// Since the blow.
        ago: Millis,
    },
    /// The person lies still or did not get up.
    Confirmed {
        /// Since the blow.
        ago: Millis,
    },
    /// The person is up again: the alarm may be taken back.
    Recovered {
        /// Since the blow.
        ago: Millis,
    },
}

/// A blow, measured: what learning needs and the detector judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blow(Features);

impl Blow {
    /// The numbers that a forest asks for.
    pub const fn features(&self) -> &[i16; FEATURES] {
        self.0.values()
    }

    /// What made it the blow of its second, milli-g.
    pub const fn force_mg(&self) -> u16 {
        self.0.force()
    }
}

/// The detector: one sample in, at times a word out.
///
/// Give every sample in order at the rate that was told; call [`Fall::gap`] where some are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fall {
    worn: Worn,
    rate_hz: u16,
    forest: Forest,
    grid: Grid,
    trace: Trace,
    course: Option<Course>,
    why: Why,
}

impl Fall {
    /// A detector for one place and rate; a rate outside 20..=200 Hz counts as the nearer end.
    pub const fn new(worn: Worn, rate_hz: u16) -> Self {
        let forest = match worn {
            Worn::Body => table::BODY,
            Worn::Wrist => table::WRIST,
        };
        Self::with(worn, rate_hz, forest)
    }

    /// A detector that asks another forest.
    pub const fn with(worn: Worn, rate_hz: u16, forest: Forest) -> Self {
        let rate_hz = match rate_hz {
            0..20 => 20,
            20..=200 => rate_hz,
            201.. => 200,
        };
        let (grid, trace) = (Grid::new(rate_hz), Trace::new());
        Self { worn, rate_hz, forest, grid, trace, course: None, why: Why::NOTHING }
    }

    /// Takes one sample, milli-g by axis. What no sensor of 16 g can say counts as lost.
    pub fn push(&mut self, mg: [i16; 3]) -> Option<Fell> {
        let mut said = None;
        self.take(mg, |fall, blow| {
            if let Some(blow) = blow {
                said = said.or(fall.judge(&blow));
            }
            said = said.or(fall.follow());
        });
        said
    }

    /// Takes one sample and only measures; for learning.
    pub fn measure(&mut self, mg: [i16; 3]) -> Option<Blow> {
        let mut seen = None;
        self.take(mg, |_, blow| seen = seen.or(blow));
        seen
    }

    /// Samples were lost: what was before says nothing of what comes.
    pub fn gap(&mut self) {
        *self = Self { why: self.why, ..Self::with(self.worn, self.rate_hz, self.forest) };
    }

    /// The forest that it asks.
    pub const fn forest(&self) -> Forest {
        self.forest
    }

    /// What the last suspected fall was made of.
    pub const fn why(&self) -> Why {
        self.why
    }

    fn take(&mut self, mg: [i16; 3], mut each: impl FnMut(&mut Self, Option<Blow>)) {
        if mg.iter().any(|value| value.unsigned_abs() > FALL_IMPLAUSIBLE_MG) {
            self.gap();
            return;
        }
        self.grid.put(mg);
        while let Some(bin) = self.grid.pull() {
            self.trace.push(bin);
            let blow =
                self.trace.has_blow(self.worn).then(|| Blow(Features::of(&self.trace, self.worn)));
            each(self, blow);
        }
    }

    fn judge(&mut self, blow: &Blow) -> Option<Fell> {
        if self.course.is_some() || grid::span(self.trace.free()) >= FALL_DROPPED {
            return None;
        }
        let margin = self.forest.margin(self.forest.votes(blow.features()));
        if margin <= 0 {
            return None;
        }
        self.why = Why::of(&self.trace, &blow.0, margin);
        let course = Course::new(blow.0.before());
        self.course = Some(course);
        Some(Fell::Suspected { ago: course.ago() })
    }

    /// The time after a suspected fall.
    fn follow(&mut self) -> Option<Fell> {
        let mut course = self.course?;
        let turn = course.go_on(self.trace.at(BEFORE + AFTER), self.worn);
        self.why.go_on(course.still(), course.confirmed());
        self.course = Some(course);
        let ago = course.ago();
        match turn? {
            Turn::Confirmed => Some(Fell::Confirmed { ago }),
            Turn::Recovered => {
                self.course = None;
                Some(Fell::Recovered { ago })
            }
            Turn::Over => {
                self.course = None;
                None
            }
        }
    }
}
