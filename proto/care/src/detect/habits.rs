//! Habits: how long a home is usually still, by the hour at which a stillness begins.
//!
//! A day is eight parts of three hours. For each the longest stillness of a day that began in it is learned, with
//! its spread and its record, inside and away apart. They begin as those of a population and become the
//! home's own within days. Limits between two parts are drawn straight, and never fall faster than time goes
//! on: so whoever was seen later is never missed earlier. Not here: what counts as a stillness.

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use proto::unit::{Millis, Mono};

use crate::detect::LocalTime;
use crate::policy::pace::{span, steps};
use crate::policy::{
    AWAY_LEARNED, HABIT_DAYS, PRIOR_DAYS, Pace, RECORD_FADES, TOLD_LEARNED, USUAL_STILL, Usual,
};

const PARTS: usize = 8;
const PART_MS: u64 = 24 * 60 * 60_000 / 8;
/// Bytes of one part: mean and record in 256ths of a step, square of the spread, days.
const BYTES: usize = 7;

/// Where a stillness happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    Inside,
    Away,
}

/// One part of the day.
#[derive(Debug, Clone, Copy)]
struct Part {
    mean: u16,
    square: u16,
    record: u16,
    days: u8,
}

/// The longest stillness so far that began in the present part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Today {
    #[n(0)]
    part: u8,
    #[n(1)]
    steps: u8,
}

/// What is usual in a home.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Habits {
    /// Keys 0 and 1 were those of an older rule. Eight parts inside, then eight away.
    #[cbor(n(2), default)]
    parts: Parts,
    #[n(3)]
    inside: Option<Today>,
    #[n(4)]
    away: Option<Today>,
}

impl Default for Habits {
    fn default() -> Self {
        Self::with_usual(&USUAL_STILL)
    }
}

/// Sixteen parts in a row of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
struct Parts(ByteArray<112>);

impl Default for Parts {
    fn default() -> Self {
        Habits::default().parts
    }
}

impl Habits {
    /// Habits of a home of which nothing is known but what is usual elsewhere.
    pub(crate) fn with_usual(usual: &Usual) -> Self {
        let mut habits = Self { parts: Parts([0; 112].into()), inside: None, away: None };
        for (slot, (mean, spread)) in usual.iter().enumerate() {
            let (mean, spread) = (u16::from(*mean), u16::from(*spread));
            habits
                .put(slot, Part { mean: mean * 256, square: spread * spread, record: 0, days: 0 });
        }
        habits
    }

    fn part(&self, slot: usize) -> Part {
        let b = &self.parts.0[slot * BYTES..(slot + 1) * BYTES];
        let two = |at: usize| u16::from_be_bytes([b[at], b[at + 1]]);
        Part { mean: two(0), square: two(2), record: two(4), days: b[6] }
    }

    fn put(&mut self, slot: usize, part: Part) {
        let b = &mut self.parts.0[slot * BYTES..(slot + 1) * BYTES];
        b[..2].copy_from_slice(&part.mean.to_be_bytes());
        b[2..4].copy_from_slice(&part.square.to_be_bytes());
        b[4..6].copy_from_slice(&part.record.to_be_bytes());
        b[6] = part.days;
    }

    /// How long a stillness that began at `from` may last.
    pub(crate) fn limit(&self, from: Mono, place: Where, clock: &LocalTime, pace: &Pace) -> Millis {
        let mut knots: [u64; PARTS] = core::array::from_fn(|part| {
            let steps = self.part(slot(part, place)).limit(part, place, pace);
            let (least, most) = (pace.least[index(place)], pace.most[index(place)]);
            span(steps).clamp(least, least.max(most)).get()
        });
        for part in 0..2 * PARTS {
            let before = knots[part % PARTS].saturating_sub(PART_MS);
            let next = &mut knots[(part + 1) % PARTS];
            *next = before.max(*next);
        }
        Millis::new(between(&knots, clock.day_ms(from)))
    }

    /// The longest stillness that is usual for one that began at `from`.
    pub(crate) fn usual(&self, from: Mono, place: Where, clock: &LocalTime) -> Millis {
        let part = part_of(clock, from);
        span(i32::from(self.part(slot(part, place)).mean / 256))
    }

    /// A stillness from `from` to `at` has ended, after it was told at a limit or not; says whether a part of the day
    /// is over by that and has become habit.
    pub(crate) fn learn(
        &mut self,
        (from, at): (Mono, Mono),
        place: Where,
        told: Option<Millis>,
        clock: &LocalTime,
    ) -> bool {
        let lasted = at.since(from);
        let began = part_of(clock, from);
        let mut changed = false;
        if place == Where::Inside || lasted >= AWAY_LEARNED {
            let most = told.map_or(u8::MAX, |limit| steps(limit).saturating_add(TOLD_LEARNED));
            changed |= self.note(began, steps(lasted).min(most), place);
        }
        let now = u8::try_from(part_of(clock, at)).unwrap_or(0);
        for place in [Where::Inside, Where::Away] {
            let over = self.today(place).is_some_and(|today| today.part != now);
            changed |= over && self.close(place);
        }
        changed
    }

    fn today(&mut self, place: Where) -> &mut Option<Today> {
        match place {
            Where::Inside => &mut self.inside,
            Where::Away => &mut self.away,
        }
    }

    fn note(&mut self, part: usize, steps: u8, place: Where) -> bool {
        let part = u8::try_from(part).unwrap_or(0);
        let other = self.today(place).is_some_and(|today| today.part != part);
        let changed = other && self.close(place);
        let today = self.today(place).get_or_insert(Today { part, steps });
        today.steps = today.steps.max(steps);
        changed
    }

    /// The longest of a part becomes habit.
    fn close(&mut self, place: Where) -> bool {
        let Some(today) = self.today(place).take() else { return false };
        let slot = slot(usize::from(today.part), place);
        let part = self.part(slot).after(today.steps);
        self.put(slot, part);
        true
    }
}

impl Part {
    /// How many steps a stillness of this part may have.
    fn limit(self, part: usize, place: Where, pace: &Pace) -> i32 {
        let time = match (place, part) {
            (Where::Inside, 0 | 7) => 0,
            (Where::Inside, 1 | 2) => 1,
            (Where::Inside, _) => 2,
            (Where::Away, _) => 3,
        };
        let spread = i32::from(self.square.isqrt()) * pace.spread[index(place)] / 100;
        let usual = i32::from(self.mean / 256) + spread + pace.more[time];
        let record = i32::from(self.record / 256) + pace.record[index(place)];
        usual.max(record) + pace.young / (1 + i32::from(self.days))
    }

    /// After one more day.
    fn after(self, steps: u8) -> Self {
        let weight = i32::from((PRIOR_DAYS + 1 + u16::from(self.days)).min(HABIT_DAYS));
        let (seen, mean) = (i32::from(steps) * 256, i32::from(self.mean));
        let off = (seen - mean) / 256;
        let square = i32::from(self.square);
        let take = |number: i32| u16::try_from(number.max(0)).unwrap_or(u16::MAX);
        Self {
            mean: take(mean + (seen - mean) / weight),
            square: take(square + (off * off - square) / weight),
            record: self.record.saturating_sub(RECORD_FADES).max(u16::from(steps) * 256),
            days: self.days.saturating_add(1),
        }
    }
}

const fn index(place: Where) -> usize {
    match place {
        Where::Inside => 0,
        Where::Away => 1,
    }
}

const fn slot(part: usize, place: Where) -> usize {
    part % PARTS + PARTS * index(place)
}

fn part_of(clock: &LocalTime, at: Mono) -> usize {
    usize::try_from(clock.day_ms(at) / PART_MS).unwrap_or(0) % PARTS
}

/// Straight between the middles of the parts of the day.
fn between(knots: &[u64; PARTS], day_ms: u64) -> u64 {
    let from_middle = day_ms + PART_MS * PARTS as u64 - PART_MS / 2;
    let part = usize::try_from(from_middle / PART_MS).unwrap_or(0);
    let (before, after) = (knots[part % PARTS], knots[(part + 1) % PARTS]);
    let rest = from_middle % PART_MS;
    (before * (PART_MS - rest) + after * rest) / PART_MS
}
