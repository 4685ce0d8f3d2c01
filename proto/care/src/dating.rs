//! When something was said, by the uptime of its speaker: the clock of one boot as it is heard.
//!
//! Each frame tells an uptime and is heard at some time, at once or later. Those that fit a prompt speaker are
//! *points*; between points uptime and time run together, whatever the rate of the device's clock, and what was said
//! between or before them is dated along that line. A point that turns out to have been late is given up, and who has
//! dated by it must date anew. A counter of 32 bits that wraps goes on. Pure; not here: which boot a word is of.

use proto::unit::{Millis, Mono};

use crate::policy::uptime::{CLOCK_MOVES, CLOCK_OFF, PROMPT, RATE_LATELY, RATE_OVER};

/// What a frame was to a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It fits a speaker who was heard at once.
    Prompt,
    /// It was on its way for long, or tells no uptime; it moves nothing.
    Late,
    /// It was said before those that were taken for prompt could have been: they were late, and dates by them are wrong.
    Before,
}

/// An uptime, and when it was. Uptimes below zero are from before a counter wrapped that was first heard after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Point {
    uptime: i64,
    at: i64,
}

/// Bytes of a clock in a row: three points and whether it is wide.
pub const CLOCK_BYTES: usize = 3 * 16 + 1;

/// The clock of one boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    first: Point,
    mid: Point,
    last: Point,
    /// It has told an uptime that no counter of 32 bits holds.
    wide: bool,
}

impl Clock {
    /// A clock of which one frame is heard, at once as far as anybody knows; none if that tells no uptime.
    pub fn new(uptime: Millis, at: Mono) -> Option<Self> {
        let point = Point { uptime: number(uptime.get()), at: number(at.millis()) };
        let wide = is_wide(uptime);
        (uptime != Millis::UNTOLD).then_some(Self { first: point, mid: point, last: point, wide })
    }

    /// Takes what a frame tells that was heard at `at`.
    pub fn hear(&mut self, uptime: Millis, at: Mono) -> Heard {
        self.take(uptime, at, self.whole(uptime, at))
    }

    /// The same of what is said at once and kept for days at most: a counter that is far below the last one has wrapped
    /// since, and whatever was heard of it before was not said as late as it was heard.
    pub fn hear_kept(&mut self, uptime: Millis, at: Mono) -> Heard {
        let whole = self.whole(uptime, at);
        let behind = self.last.uptime.saturating_sub(whole);
        let wraps = !self.wide && !is_wide(uptime) && behind > LAP / 2;
        self.take(uptime, at, if wraps { whole.saturating_add(LAP) } else { whole })
    }

    fn take(&mut self, uptime: Millis, at: Mono, whole: i64) -> Heard {
        if uptime == Millis::UNTOLD {
            return Heard::Late;
        }
        if is_wide(uptime) && !self.wide {
            // What was counted on as wraps was none.
            self.wide = true;
            self.begin_anew(Point { uptime: number(uptime.get()), at: number(at.millis()) });
            return Heard::Prompt;
        }
        let point = Point { uptime: whole, at: number(at.millis()) };
        let gone = point.uptime.saturating_sub(self.last.uptime);
        let (rate, off) = self.rate();
        let slack = part(gone.saturating_abs(), off).saturating_add(number(PROMPT.get()));
        let due = self.last.at.saturating_add(scaled(gone, rate));
        if point.at < due.saturating_sub(slack) {
            self.begin_anew(point);
            return Heard::Before;
        }
        if gone < 0 || point.at > due.saturating_add(slack) || self.is_too_slow(point) {
            return Heard::Late;
        }
        self.last = point;
        if point.uptime.saturating_sub(self.mid.uptime) >= number(RATE_LATELY.get()) {
            (self.first, self.mid) = (self.mid, point);
        }
        Heard::Prompt
    }

    /// When that was which is told to have been at `uptime`, and was heard at `at`.
    pub fn date(&self, uptime: Millis, at: Mono) -> Mono {
        if uptime == Millis::UNTOLD {
            return at;
        }
        let said = self.moment(self.whole(uptime, at)).min(number(at.millis()));
        Mono::from_millis(said.max(0).unsigned_abs())
    }

    /// Whether something as late as this was heard at once, so that its moment lies between moments that are known.
    pub fn covers(&self, uptime: Millis, at: Mono) -> bool {
        self.whole(uptime, at) <= self.last.uptime
    }

    /// As bytes for a row.
    pub fn to_bytes(&self) -> [u8; CLOCK_BYTES] {
        let mut bytes = [0; CLOCK_BYTES];
        let points = [self.first, self.mid, self.last].into_iter().flat_map(|p| [p.uptime, p.at]);
        for (place, number) in bytes.chunks_exact_mut(8).zip(points) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes[CLOCK_BYTES - 1] = u8::from(self.wide);
        bytes
    }

    /// Reads what [`Clock::to_bytes`] wrote; none if those are no points of a clock.
    pub fn from_bytes(bytes: &[u8; CLOCK_BYTES]) -> Option<Self> {
        let mut numbers = bytes.chunks_exact(8).map(|eight| {
            let eight: [u8; 8] = eight.try_into().unwrap_or_default();
            i64::from_le_bytes(eight)
        });
        let mut point = || Some(Point { uptime: numbers.next()?, at: numbers.next()? });
        let (first, mid, last) = (point()?, point()?, point()?);
        let wide = bytes[CLOCK_BYTES - 1] == 1;
        let in_order = |one: Point, other: Point| one.uptime <= other.uptime && one.at <= other.at;
        (in_order(first, mid) && in_order(mid, last)).then_some(Self { first, mid, last, wide })
    }

    /// When the boot began, or its counter wrapped first.
    pub fn began(&self) -> Mono {
        Mono::from_millis(self.moment(0).max(0).unsigned_abs())
    }

    fn moment(&self, then: i64) -> i64 {
        let Self { first, mid, last, .. } = *self;
        let rate = self.rate().0;
        if then >= last.uptime {
            last.at.saturating_add(scaled(then.saturating_sub(last.uptime), rate))
        } else if then >= mid.uptime {
            between(mid, last, then)
        } else if then >= first.uptime {
            between(first, mid, then)
        } else {
            first.at.saturating_sub(scaled(first.uptime.saturating_sub(then), rate))
        }
    }

    const fn begin_anew(&mut self, point: Point) {
        (self.first, self.mid, self.last) = (point, point, point);
    }

    /// Whether a clock that had this point would lose more than any does: frames that come ever later are no slow clock.
    fn is_too_slow(&self, point: Point) -> bool {
        let gone = point.uptime.saturating_sub(self.first.uptime);
        let most = scaled(gone, SLOWEST).saturating_add(number(PROMPT.get()));
        point.at.saturating_sub(self.first.at) > most
    }

    /// Milliseconds that pass in a million of the device's, and by how much that may be wrong, per mille.
    fn rate(&self) -> (i64, i64) {
        let gone = self.last.uptime.saturating_sub(self.first.uptime);
        if gone < number(RATE_OVER.get()) {
            return (MILLION, AHEAD);
        }
        let passed = i128::from(self.last.at.saturating_sub(self.first.at));
        let measured = i64::try_from(passed * i128::from(MILLION) / i128::from(gone));
        (measured.unwrap_or(MILLION).clamp(FASTEST, SLOWEST), CLOCK_MOVES)
    }

    /// An uptime that does not wrap: the latest that a counter of 32 bits can mean by it when it is heard at `at`.
    fn whole(&self, uptime: Millis, at: Mono) -> i64 {
        let told = number(uptime.get());
        if self.wide || is_wide(uptime) {
            return told;
        }
        let passed = number(at.millis()).saturating_sub(self.last.at).max(0);
        let most = passed.saturating_add(part(passed, AHEAD)).saturating_add(number(PROMPT.get()));
        let most = self.last.uptime.saturating_add(most);
        match most.saturating_sub(told) {
            // Half a round ahead of all that can be: it is of the round before.
            ahead if ahead < -(LAP / 2) => told - LAP,
            behind => told + behind.max(0) / LAP * LAP,
        }
    }
}

const MILLION: i64 = 1_000_000;
/// Time that passes in a million ms of a clock that is as fast, or as slow, as one may be: whoever counts 92 of 100 needs
/// more than 108 for 100.
const FASTEST: i64 = MILLION * 1_000 / (1_000 + CLOCK_OFF);
const SLOWEST: i64 = MILLION * 1_000 / (1_000 - CLOCK_OFF) + 1;
/// How far those are from a right one, per mille, at most.
const AHEAD: i64 = (SLOWEST - MILLION) / 1_000 + 1;
/// A counter of 32 bits begins anew after this.
const LAP: i64 = 1 << 32;

/// Times are far below the half of what 64 bits hold; what is not means nothing.
fn number(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

const fn is_wide(uptime: Millis) -> bool {
    uptime.get() > u32::MAX as u64
}

/// A span of the device in time that passes.
fn scaled(span: i64, rate: i64) -> i64 {
    i64::try_from(i128::from(span) * i128::from(rate) / i128::from(MILLION)).unwrap_or(i64::MAX)
}

/// So many thousandths of a span.
const fn part(span: i64, per_mille: i64) -> i64 {
    span / 1_000 * per_mille + span % 1_000 * per_mille / 1_000
}

/// A moment between two points.
fn between(one: Point, other: Point, then: i64) -> i64 {
    let gone = i128::from(then.saturating_sub(one.uptime));
    let all = i128::from(other.uptime.saturating_sub(one.uptime)).max(1);
    let passed = i128::from(other.at.saturating_sub(one.at));
    one.at.saturating_add(i64::try_from(passed * gone / all).unwrap_or(0))
}
