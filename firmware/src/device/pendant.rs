//! The worn device: its button, and the falls that its accelerometer feels.
//!
//! A suspected fall is dated to its impact. A hole in the samples starts the judgement anew and is told as a loss, as is a
//! sensor that has no values. The reading says for how many seconds the wearer moved; nothing that moves is "nobody
//! there", never "still". Not here: what a fall looks like (`care::fall`), and the chip (`sensor::accelerometer`).

use care::fall::{Fall, Fell, Worn};
use proto::unit::{Millis, Mono, NoData};
use proto::up::{EventKind, Quantity, Value};

use super::burst::Burst;
use super::contact::Contact;

/// Samples that a board must give, a second. Source: technical, half of this is above every movement of a body, and
/// the cell lasts twice as long as at 100.
pub const SAMPLE_HZ: u16 = 50;
/// How many falls are held at once; the other places are for the hand. Source: choice, half of what flash holds.
pub const FALLS_HELD_MAX: usize = 6;
/// A second in which an axis changes by more than this is one of movement, thousandths of g. Source: choice, ten
/// times the noise of the sensor and half of an arm that is raised.
const MOVED_MG: i16 = 100;
const SAMPLE_MS: u64 = 1000 / SAMPLE_HZ as u64;

/// A word of the fall detector, and when its impact was.
pub(crate) type Fallen = (EventKind, Mono);

/// The watch over one wearer.
#[derive(Debug, Clone)]
pub(crate) struct PendantWatch {
    pub(crate) contact: Contact,
    fall: Fall,
    /// Falls suspected since boot.
    pub(crate) falls: u32,
    silence: NoData,
    last: Option<Mono>,
    second: Second,
    moved_s: u16,
    felt_s: u16,
}

/// Lowest and highest value of each axis within the present second.
#[derive(Debug, Clone, Default)]
struct Second {
    samples: u16,
    low: [i16; 3],
    high: [i16; 3],
}

impl PendantWatch {
    pub(crate) const fn new(now: Mono, worn: Worn) -> Self {
        Self {
            contact: Contact::new(now),
            fall: Fall::new(worn, SAMPLE_HZ),
            falls: 0,
            silence: NoData::Timeout,
            last: None,
            second: Second { samples: 0, low: [0; 3], high: [0; 3] },
            moved_s: 0,
            felt_s: 0,
        }
    }

    /// Takes a burst whose last sample is of now.
    pub(crate) fn feel(&mut self, now: Mono, burst: &Burst) -> heapless::Vec<Fallen, 4> {
        if burst.lost() > 0 {
            self.hole();
        }
        let mut words = heapless::Vec::new();
        let mut behind = burst.samples().len() as u64;
        for mg in burst.samples() {
            behind -= 1;
            self.last = Some(now);
            if let Some(moved) = self.second.feel(*mg) {
                self.felt_s = self.felt_s.saturating_add(1);
                self.moved_s = self.moved_s.saturating_add(u16::from(moved));
            }
            let Some(fell) = self.fall.push(*mg) else { continue };
            let (kind, ago) = match fell {
                Fell::Suspected { ago } => (EventKind::FallSuspected, ago),
                Fell::Confirmed { .. } => (EventKind::FallConfirmed, Millis::default()),
                Fell::Recovered { .. } => (EventKind::FallRecovered, Millis::default()),
            };
            self.falls = self.falls.saturating_add(u32::from(kind == EventKind::FallSuspected));
            let past = ago.plus(Millis::new(behind * SAMPLE_MS)).get();
            let at = Mono::from_millis(now.millis().saturating_sub(past));
            // A burst is shorter than any two words of one fall are apart.
            let _ = words.push((kind, at));
        }
        words
    }

    /// The sensor has no values, and says why.
    pub(crate) fn silent(&mut self, reason: NoData) {
        self.hole();
        self.silence = reason;
        self.last = None;
    }

    /// Seconds with movement in the period that ends now; a new one begins.
    pub(crate) fn read(&mut self, now: Mono) -> Value {
        let moved_s = core::mem::take(&mut self.moved_s);
        let felt_s = core::mem::take(&mut self.felt_s);
        let age = self.last.map_or(Millis::default(), |at| now.since(at));
        let no_data = match self.last {
            None => Some(self.silence),
            Some(_) if felt_s == 0 => Some(NoData::Stale),
            // Asleep, or on the bedside table: nobody knows.
            Some(_) if moved_s == 0 => Some(NoData::NotPresent),
            Some(_) => None,
        };
        Value {
            quantity: Quantity::Motion,
            value: no_data.is_none().then_some(f32::from(moved_s)),
            no_data,
            age_s: age.get() / 1000,
        }
    }

    fn hole(&mut self) {
        self.fall.gap();
        self.second = Second::default();
    }
}

impl Second {
    /// Takes a sample; at the end of a second, whether there was movement in it.
    fn feel(&mut self, mg: [i16; 3]) -> Option<bool> {
        if self.samples == 0 {
            (self.low, self.high) = (mg, mg);
        }
        for ((low, high), axis) in self.low.iter_mut().zip(&mut self.high).zip(mg) {
            (*low, *high) = ((*low).min(axis), (*high).max(axis));
        }
        self.samples += 1;
        if self.samples < SAMPLE_HZ {
            return None;
        }
        self.samples = 0;
        let swing = |(low, high): (i16, i16)| high.saturating_sub(low) > MOVED_MG;
        Some(self.low.into_iter().zip(self.high).any(swing))
    }
}
