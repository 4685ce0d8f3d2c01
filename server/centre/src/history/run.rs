//! One thing that a home said, once or again and again at one pace, in a dozen bytes.
//!
//! A reading is kept as the judgement hears it: in bed, out or between; moved or not; a valid breath or heart or
//! none. So a rule over such words can be rehearsed, and one over the numbers themselves cannot: not a limit of a
//! rate, and not that a rate never changed.
//! Not here: which runs a home has ([`super::Stretch`]).

use minicbor::{Decode, Encode};
use proto::id::HomeId;
use proto::unit::{Millis, Percent};
use proto::up::{Event, EventKind, Health, Quantity, Reading, Role, Up, Value};

/// Words of one run are at most this far apart, ms: two periods of the slowest that repeats.
const PACE_MAX_MS: u32 = 2 * 60 * 60 * 1_000;
/// A word may be this much off the pace of its run, per cent.
const OFF_PACE: u32 = 25;

/// What was said, as far as the judgement hears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Said {
    /// An event.
    #[n(0)]
    Event {
        /// Which.
        #[n(0)]
        kind: EventKind,
    },
    /// A reading.
    #[n(1)]
    Reading {
        /// Its span in seconds.
        #[n(0)]
        period_s: u64,
        /// Two bits a quantity: none, low, between or high.
        #[n(1)]
        words: u16,
    },
    /// A health frame.
    #[n(2)]
    Health {
        /// Seconds until the next.
        #[n(0)]
        period_s: u64,
        /// Battery in steps of five per cent; none on mains.
        #[n(1)]
        battery: Option<u8>,
    },
    /// The gateway of the home went silent or came back.
    #[n(3)]
    Gateway {
        /// Whether it speaks.
        #[n(0)]
        up: bool,
    },
}

/// Quantities that the judgement hears, each with what stands for none, low, between and high.
const WORDS: [(Quantity, [f32; 3]); 6] = [
    (Quantity::InBed, [0.0, 30.0, 100.0]),
    (Quantity::Motion, [0.0, 1.0, 1.0]),
    (Quantity::Door, [0.0, 1.0, 1.0]),
    (Quantity::Restless, [0.0, 10.0, 10.0]),
    (Quantity::Heart, [0.0, 70.0, 70.0]),
    (Quantity::Breath, [0.0, 14.0, 14.0]),
];

/// Those of them that no body repeats.
const RATES: [Quantity; 3] = [Quantity::Restless, Quantity::Heart, Quantity::Breath];

fn word(value: &Value, period_s: u64) -> u16 {
    let Ok(number) = care::reading::number(value, period_s) else { return 0 };
    // At its clip limit it is nobody's.
    if RATES.contains(&value.quantity) && !care::reading::is_told(value.quantity, number) {
        return 1;
    }
    let (low, high) = if value.quantity == Quantity::InBed {
        (care::policy::OUT_OF_BED_SHARE, care::policy::IN_BED_SHARE)
    } else {
        (0.0, f32::MIN_POSITIVE)
    };
    if number >= high {
        3
    } else if number <= low {
        1
    } else {
        2
    }
}

impl Said {
    /// What is kept of a word; none = nothing that is judged.
    pub fn of(up: &Up) -> Option<Self> {
        match up {
            Up::Event(event) => Some(Self::Event { kind: event.kind }),
            Up::Reading(reading) => {
                let place = |value: &Value| WORDS.iter().position(|(q, _)| *q == value.quantity);
                let words = reading.values.iter().fold(0, |words, value| match place(value) {
                    Some(place) => words | word(value, reading.period_s) << (2 * place),
                    None => words,
                });
                Some(Self::Reading { period_s: reading.period_s, words })
            }
            Up::Health(health) => {
                // What was told and is no share still says that there is a battery.
                let battery = health.battery.map(|told| told.get().min(100) / 5);
                Some(Self::Health { period_s: health.period_s, battery })
            }
            Up::Loss(_) | Up::Update(_) => None,
        }
    }

    /// Whether the same again means no more than that it lasts.
    pub(crate) const fn repeats(&self) -> bool {
        matches!(self, Self::Reading { .. } | Self::Health { .. })
    }

    /// The word that the judgement hears again; none for the gateway. `home`: set if a gateway said it. Numbers of a
    /// body differ from `turn` to turn, since what never changed would be no body's.
    pub fn up(&self, home: Option<HomeId>, turn: bool) -> Option<Up> {
        let uptime = Millis::default();
        Some(match *self {
            Self::Event { kind } => Up::Event(Event { kind, uptime, count: None }),
            Self::Reading { period_s, words } => {
                let values = WORDS.iter().enumerate().filter_map(|(place, (quantity, means))| {
                    let word = usize::from(words >> (2 * place) & 3).checked_sub(1)?;
                    let body = word > 0 && turn && RATES.contains(quantity);
                    let value = Some(means[word] + if body { 1.0 } else { 0.0 });
                    Some(Value { quantity: *quantity, value, no_data: None, age_s: 0 })
                });
                let values = values.collect();
                Up::Reading(Reading { uptime, period_s, values, home })
            }
            Self::Health { period_s, battery } => {
                let battery = battery.and_then(|steps| Percent::new(steps * 5));
                let (signal, firmware, tested, role) = (None, 0, None, Role::HelpButton);
                Up::Health(Health { uptime, period_s, battery, signal, firmware, tested, role })
            }
            Self::Gateway { .. } => return None,
        })
    }
}

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Run {
    /// When its first word came, ms after the stretch began.
    #[n(0)]
    pub at: u32,
    /// How old that word was, ms.
    #[n(1)]
    pub age_ms: u32,
    /// Whose, by place.
    #[n(2)]
    pub voice: u8,
    /// What.
    #[n(3)]
    pub said: Said,
    /// How often more.
    #[n(4)]
    pub more: u16,
    /// How far apart, ms.
    #[n(5)]
    pub pace: u32,
}

impl Run {
    /// One word.
    pub const fn new(at: u32, age_ms: u32, voice: u8, said: Said) -> Self {
        Self { at, age_ms, voice, said, more: 0, pace: 0 }
    }

    /// When its last word came.
    const fn last(&self) -> u32 {
        self.at.saturating_add(self.pace.saturating_mul(self.more as u32))
    }

    /// Takes the same word again, if it keeps the pace; says whether it did.
    pub fn goes_on(&mut self, at: u32, age_ms: u32, said: &Said) -> bool {
        let step = at.saturating_sub(self.last());
        let late = age_ms > 60_000 || self.age_ms > 60_000;
        if self.said != *said || late || step == 0 || step > PACE_MAX_MS || self.more == u16::MAX {
            return false;
        }
        if self.more == 0 {
            (self.more, self.pace) = (1, step);
            return true;
        }
        if step.abs_diff(self.pace) > self.pace * OFF_PACE / 100 {
            return false;
        }
        self.more += 1;
        self.pace = at.saturating_sub(self.at) / u32::from(self.more);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(in_bed: f32, moved: f32) -> Up {
        let value =
            |quantity, number| Value { quantity, value: Some(number), no_data: None, age_s: 0 };
        let values = [value(Quantity::InBed, in_bed), value(Quantity::Motion, moved)];
        let values = values.into_iter().collect();
        Up::Reading(Reading { uptime: Millis::default(), period_s: 60, values, home: None })
    }

    #[test]
    fn a_reading_comes_back_as_the_judgement_hears_it() {
        for (in_bed, moved) in [(100.0, 0.0), (0.0, 3.0), (30.0, 0.0)] {
            let said = Said::of(&reading(in_bed, moved)).unwrap();
            let again = said.up(None, false).unwrap();
            assert_eq!(Said::of(&again), Some(said), "{again:?}");
        }
    }

    #[test]
    fn a_night_of_summaries_is_one_run_and_a_change_begins_another() {
        let asleep = Said::of(&reading(97.0, 0.0)).unwrap();
        let mut run = Run::new(0, 0, 0, asleep);
        for minute in 1..480u32 {
            let said = Said::of(&reading(90.0, 0.0)).unwrap();
            assert!(run.goes_on(minute * 60_000 + minute % 7 * 100, 0, &said));
        }
        assert_eq!(run.more, 479);
        let up = Said::of(&reading(0.0, 1.0)).unwrap();
        assert!(!run.goes_on(480 * 60_000, 0, &up));
        assert!(!run.goes_on(500 * 60_000, 0, &asleep), "a gap is not a pace");
    }
}
