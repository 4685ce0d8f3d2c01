//! The numbers of one moment: itself, and four windows before and after it.
//!
//! A window without a moment speaks of the moment itself. All numbers are integers, so that every machine sees
//! the same. Not here: what they mean (`forest`).

use heapless::Deque;
use proto::unit::{Millis, Mono};

use super::moment::Moment;
use super::{MOMENTS, reach};

/// Numbers of the moment itself.
const OWN: usize = 21;
/// Numbers of a window.
const OF_WINDOW: usize = 14;
/// How many numbers a moment has.
pub const FEATURES: usize = OWN + 4 * OF_WINDOW;

/// Short windows.
const SHORT: Millis = Millis::secs(5);
/// The stretch around a moment in which the act of getting up falls.
const ACT: Millis = Millis::secs(2);
/// Lying this near to a moment, it is one in bed. Source: choice, nobody walks away within three seconds of lying.
const NEAR: Millis = Millis::secs(3);

/// What the forest sees of a moment.
#[derive(Debug, Clone, Copy)]
pub struct Features {
    /// The numbers.
    pub values: [i16; FEATURES],
    /// Whether the wearer lies.
    pub lying: bool,
}

/// Sums over a window.
#[derive(Clone, Copy)]
struct Window {
    count: i16,
    lean: Spread,
    away: Spread,
    bed: Spread,
    antenna: Spread,
    change: Spread,
    jolt: Spread,
    lying: i16,
}

#[derive(Clone, Copy)]
struct Spread {
    low: i16,
    high: i16,
    sum: i32,
}

impl Default for Spread {
    fn default() -> Self {
        Self { low: i16::MAX, high: i16::MIN, sum: 0 }
    }
}

impl Spread {
    fn add(&mut self, value: i16) {
        self.low = self.low.min(value);
        self.high = self.high.max(value);
        self.sum += i32::from(value);
    }

    fn mean(&self, count: i16) -> i16 {
        i16::try_from(self.sum / i32::from(count.max(1))).unwrap_or(0)
    }
}

impl Window {
    fn of<'a>(moments: impl Iterator<Item = &'a Moment>, own: &'a Moment) -> Self {
        let empty = Spread::default();
        let mut window = Self {
            count: 0,
            lean: empty,
            away: empty,
            bed: empty,
            antenna: empty,
            change: empty,
            jolt: empty,
            lying: 0,
        };
        moments.for_each(|moment| window.add(moment));
        if window.count == 0 {
            window.add(own);
            window.count = 0;
        }
        window
    }

    fn add(&mut self, moment: &Moment) {
        self.count += 1;
        self.lean.add(moment.lean);
        self.away.add(moment.away);
        self.bed.add(moment.bed);
        self.antenna.add(moment.antenna);
        self.change.add(moment.change);
        self.jolt.add(jolt(moment));
        self.lying += i16::from(moment.lying);
    }

    fn numbers(&self) -> [i16; OF_WINDOW] {
        let mean = |of: &Spread| of.mean(self.count);
        [
            self.count,
            self.lean.low,
            self.lean.high,
            mean(&self.lean),
            self.away.low,
            self.away.high,
            mean(&self.away),
            self.bed.low,
            mean(&self.bed),
            self.antenna.low,
            mean(&self.antenna),
            self.change.high,
            self.jolt.high,
            self.lying * 100 / self.count.max(1),
        ]
    }
}

/// How far the size of the acceleration is from rest, milli-g.
const fn jolt(moment: &Moment) -> i16 {
    (moment.size - 1_030).saturating_abs()
}

/// The numbers of moment `n`.
pub(super) fn look(moments: &Deque<Moment, MOMENTS>, n: usize) -> Features {
    let Some(own) = moments.iter().nth(n) else {
        return Features { values: [0; FEATURES], lying: false };
    };
    let before = |span: Millis| {
        let inside = move |m: &&Moment| own.at.since(m.at) <= span;
        Window::of(moments.iter().take(n + 1).filter(inside), own)
    };
    let after = |span: Millis| {
        let inside = move |m: &&Moment| m.at.since(own.at) <= span;
        Window::of(moments.iter().skip(n + 1).filter(inside), own)
    };
    let around = Window::of(moments.iter().filter(|m| apart(m.at, own.at) <= ACT), own);
    let mut values = [0; FEATURES];
    let windows = [before(SHORT), before(reach()), after(SHORT), after(reach())];
    let gap = |other: Option<&Moment>| {
        let ds = other.map_or(600, |other| apart(other.at, own.at).get() / 100);
        i16::try_from(ds.min(600)).unwrap_or(600)
    };
    let next = gap(moments.iter().nth(n + 1)).min(110);
    let last = gap(n.checked_sub(1).and_then(|n| moments.iter().nth(n)));
    let own_numbers = own_numbers(own, next, last, &around);
    let all = own_numbers.into_iter().chain(windows.iter().flat_map(Window::numbers));
    values.iter_mut().zip(all).for_each(|(value, number)| *value = number);
    Features { values, lying: own.lying }
}

fn own_numbers(own: &Moment, next: i16, last: i16, around: &Window) -> [i16; OWN] {
    [
        own.lean,
        own.size,
        own.front,
        own.up,
        own.side,
        own.away,
        own.bed,
        own.antenna,
        own.change,
        own.lying_lean,
        own.lean.saturating_sub(own.lying_lean),
        own.upright_lean,
        own.lean.saturating_sub(own.upright_lean),
        own.since_lying,
        own.since_upright,
        own.uprights,
        i16::from(own.ever_lay),
        next,
        last,
        around.lean.high.saturating_sub(around.lean.low),
        around.jolt.high,
    ]
}

/// Whether the wearer lies within seconds of `at`.
pub(super) fn lies_near(moments: &Deque<Moment, MOMENTS>, at: Mono) -> bool {
    moments.iter().any(|moment| moment.lying && apart(moment.at, at) <= NEAR)
}

const fn apart(a: Mono, b: Mono) -> Millis {
    if a.millis() < b.millis() { b.since(a) } else { a.since(b) }
}
