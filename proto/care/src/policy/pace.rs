//! The numbers by which a home's stillness is judged: what is usual before anything is learned, and two settings.
//!
//! Spans are *steps*: 32 to each doubling, the first at a quarter of an hour, so that a night and a noon are
//! measured alike. Hours of the day are eight thirds of a watch of 3 h each, by when the stillness began. Not
//! here: how a home learns its own (`detect::habits`).

use minicbor::{Decode, Encode};
use proto::unit::Millis;

/// How readily a home's stillness is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(index_only)]
pub enum Watch {
    /// Seldom, for homes that others look after too.
    #[default]
    #[n(0)]
    Calm,
    /// Soon, for a person who is frail and alone.
    #[n(1)]
    Alert,
}

impl Watch {
    /// The numbers of this setting.
    pub const fn pace(self) -> &'static Pace {
        match self {
            Self::Calm => &CALM,
            Self::Alert => &ALERT,
        }
    }
}

/// How far beyond the usual a stillness must last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Of the home's own spread beyond its mean, in hundredths: inside, away.
    pub spread: [i32; 2],
    /// Steps more: by night (from 21 to 3 h), in the morning (to 9 h), by day, and away.
    pub more: [i32; 4],
    /// Steps beyond the longest that the home has shown: inside, away.
    pub record: [i32; 2],
    /// Steps more while nothing is learned; shared by the days that are.
    pub young: i32,
    /// Never sooner than this and [`crate::policy::Rules::still_min`]: inside, away.
    pub least: [Millis; 2],
    /// Never later than this and [`crate::policy::Rules::still_max`], which is for inside: inside, away.
    pub most: [Millis; 2],
}

/// Few false alarms; an absence is not told before [`super::AWAY_MAX`]. Source: TIHM, searched on 34 homes for the
/// soonest alarm at no more than 0.02 false ones a home-day: 0.018 at 10.9 h from a random cut. Searched on each half
/// and judged on the other: 0.031 at 11.0 h.
pub const CALM: Pace = Pace {
    spread: [238, 303],
    more: [-24, -51, 50, 24],
    record: [32, -60],
    young: 23,
    least: [Millis::minutes(66), super::AWAY_MAX],
    most: [Millis::minutes(932), super::AWAY_MAX],
};

/// Soon, also of an absence that is long for this home. Source: as for [`CALM`], at no more than
/// 0.09: 0.090 at 5.3 h; by halves 0.108 at 5.7 h.
pub const ALERT: Pace = Pace {
    spread: [185, 164],
    more: [-3, 1, 38, 15],
    record: [14, -26],
    young: 22,
    least: [Millis::minutes(60), Millis::minutes(60)],
    most: [Millis::minutes(664), Millis::minutes(830)],
};

/// Mean and spread, in steps, of the longest stillness of a day that began in each 3 h of it: eight inside, eight away.
pub type Usual = [(u8, u8); 16];

/// What is usual before anything is learned. Source: TIHM, 34 homes of people over 70, made by `habits`.
pub const USUAL_STILL: Usual = [
    (93, 25),
    (76, 27),
    (37, 27),
    (24, 25),
    (29, 28),
    (32, 26),
    (44, 29),
    (79, 37),
    (88, 24),
    (91, 22),
    (69, 30),
    (85, 37),
    (80, 32),
    (71, 28),
    (76, 27),
    (83, 23),
];
/// What is usual weighs like so many days of watching. Source: TIHM, searched.
pub const PRIOR_DAYS: u16 = 8;
/// A new day never weighs less than one of so many. Source: TIHM, searched.
pub const HABIT_DAYS: u16 = 20;
/// The longest stillness that a home has shown is forgotten by so many 256ths of a step a day. Source: TIHM, searched.
pub const RECORD_FADES: u16 = 47;
/// A shorter absence is none, and teaches nothing. Source: choice, taking out the bins.
pub const AWAY_LEARNED: Millis = Millis::minutes(30);
/// What was told as too long is learned as no more than this many steps beyond the limit: one true emergency must not
/// make the next one late. Source: choice, a quarter longer.
pub const TOLD_LEARNED: u8 = 10;

const STEPS_FROM_MS: u64 = 15 * 60_000;
const STEPS_DOUBLE: u64 = 32;

/// Steps of a span: 32 to each doubling beyond a quarter of an hour, straight in between; at most 255.
pub fn steps(span: Millis) -> u8 {
    let quarters = (span.get() / STEPS_FROM_MS).max(1);
    let doublings = quarters.ilog2();
    let rest =
        span.get().max(STEPS_FROM_MS) * STEPS_DOUBLE / (STEPS_FROM_MS << doublings) - STEPS_DOUBLE;
    u8::try_from(u64::from(doublings) * STEPS_DOUBLE + rest).unwrap_or(u8::MAX)
}

/// The span of so many steps; none is a quarter of an hour.
pub fn span(steps: i32) -> Millis {
    let steps = u64::try_from(steps).unwrap_or(0).min(u64::from(u8::MAX));
    let (doublings, rest) = (steps / STEPS_DOUBLE, steps % STEPS_DOUBLE);
    Millis::new((STEPS_FROM_MS << doublings) * (STEPS_DOUBLE + rest) / STEPS_DOUBLE)
}
