//! Whether the values can be true: the chip's own push at start, and what no living wearer can do.
//!
//! The *push* moves all three axes by a known force; an axis that does not follow is stuck. In use, gravity must be
//! there, no axis may stay at its limit, and none may stand still while the others swing.
//! Not here: registers (`chip`).

/// Smallest answer to the push, thousandths of g. Source: data sheet, 17 steps of 4.
const PUSH_MIN_MG: i32 = 68;
/// Largest answer to the push, thousandths of g. Source: data sheet, 360 steps of 4.
const PUSH_MAX_MG: i32 = 1_440;
/// Below this nothing holds the wearer, squared. Source: choice, 0.3 g; a worn sensor at rest feels 1 g.
const WEIGHTLESS_MG2: i32 = 300 * 300;
/// Longest weightlessness or stay at a limit, seconds. Source: choice, two seconds of free fall are 20 m.
const IMPOSSIBLE_S: u16 = 2;
/// Span in which an axis that stands still is looked for, seconds. Source: choice.
const STUCK_SPAN_S: u16 = 10;
/// What another axis must swing by meanwhile. Source: choice, a turn by a right angle swings by 1,000.
const SWING_MG: i32 = 800;

/// Whether all axes answered the push.
pub(super) fn answered(rest: [i32; 3], pushed: [i32; 3]) -> bool {
    let answer = |(rest, pushed): (i32, i32)| (pushed - rest).abs();
    rest.into_iter().zip(pushed).map(answer).all(|mg| (PUSH_MIN_MG..=PUSH_MAX_MG).contains(&mg))
}

/// The mean of each axis; zero of nothing.
pub(super) fn mean(samples: &[[i16; 3]]) -> [i32; 3] {
    let count = i32::try_from(samples.len()).unwrap_or(i32::MAX).max(1);
    [0, 1, 2].map(|axis| samples.iter().map(|sample| i32::from(sample[axis])).sum::<i32>() / count)
}

/// The watch over values in use.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    rate_hz: u16,
    limit_mg: i32,
    weightless: u16,
    clipped: [u16; 3],
    seen: u16,
    low: [i32; 3],
    high: [i32; 3],
}

impl Watch {
    pub(super) const fn new(rate_hz: u16, limit_mg: i32) -> Self {
        let (low, high) = ([i32::MAX; 3], [i32::MIN; 3]);
        Self { rate_hz, limit_mg, weightless: 0, clipped: [0; 3], seen: 0, low, high }
    }

    /// Takes a sample; false if a sound sensor on a person cannot give such values.
    pub(super) fn possible(&mut self, mg: [i16; 3]) -> bool {
        let mg = mg.map(i32::from);
        let long = IMPOSSIBLE_S * self.rate_hz;
        let force2 = mg.iter().map(|axis| axis.saturating_mul(*axis)).fold(0, i32::saturating_add);
        self.weightless = if force2 < WEIGHTLESS_MG2 { self.weightless + 1 } else { 0 };
        for ((count, axis), (low, high)) in
            self.clipped.iter_mut().zip(mg).zip(self.low.iter_mut().zip(&mut self.high))
        {
            *count = if axis.abs() >= self.limit_mg { *count + 1 } else { 0 };
            (*low, *high) = ((*low).min(axis), (*high).max(axis));
        }
        self.seen += 1;
        let stuck = self.seen >= STUCK_SPAN_S * self.rate_hz && self.one_stands_still();
        self.weightless < long && self.clipped.iter().all(|count| *count < long) && !stuck
    }

    /// Looks at a span that is over; a new one begins.
    fn one_stands_still(&mut self) -> bool {
        let swings = [0, 1, 2].map(|axis| self.high[axis] - self.low[axis]);
        (self.seen, self.low, self.high) = (0, [i32::MAX; 3], [i32::MIN; 3]);
        swings.contains(&0) && swings.iter().any(|swing| *swing >= SWING_MG)
    }
}
