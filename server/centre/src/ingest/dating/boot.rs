//! One boot of a device: its clock, whether that is believed, and its presses whose date is not known for good.
//!
//! Not here: which boot followed which (`dating`), and the line that a clock is (`care::dating`).

use care::dating::{CLOCK_BYTES, Clock};
use care::policy::LATE_AFTER;
use proto::frame::TAG_LEN;
use proto::id::{BootId, PressId};
use proto::unit::{Millis, Mono};

use super::{Anew, Dated, OPEN, Told, What};

/// A press as it was dated, until its date is known for good.
#[derive(Debug, Clone, Copy)]
pub struct Open {
    /// Its name.
    pub press: PressId,
    /// Its end tag.
    pub tag: [u8; TAG_LEN],
    /// The uptime that it tells.
    pub uptime: Millis,
    /// When a gateway had it.
    pub handed: Mono,
    /// When it was said, as far as is known.
    pub dated: Dated,
    /// Whether moments before and after it are known.
    pub settled: bool,
}

/// Bytes of what is remembered of a boot in a row: its clock and two signs.
const MARK: usize = CLOCK_BYTES + 1;
const PROVED: u8 = 1;
const DOUBTED: u8 = 2;

/// What is known of one boot.
#[derive(Debug)]
pub(super) struct Boot {
    pub(super) id: BootId,
    /// None: two voices speak as this boot, or nothing tells its time.
    pub(super) clock: Option<Clock>,
    pub(super) doubted: bool,
    /// Whether it has said how it is: a device says so at once, and holds only what happened.
    pub(super) proved: bool,
    pub(super) open: Vec<Open>,
}

impl Boot {
    pub(super) const fn new(id: BootId) -> Self {
        Self { id, clock: None, doubted: false, proved: false, open: Vec::new() }
    }

    /// Takes what its row says; damage says nothing.
    pub(super) fn read(&mut self, mark: &[u8]) {
        let Ok(mark) = <&[u8; MARK]>::try_from(mark) else { return };
        let signs = mark[CLOCK_BYTES];
        (self.doubted, self.proved) = (signs & DOUBTED != 0, signs & PROVED != 0);
        let clock = mark.first_chunk().and_then(Clock::from_bytes);
        self.clock = clock.filter(|_| !self.doubted);
    }

    /// What its row is to say; none if nothing is known of it.
    pub(super) fn mark(&self) -> Option<Vec<u8>> {
        let mut mark = vec![0; MARK];
        match self.clock {
            Some(clock) => mark[..CLOCK_BYTES].copy_from_slice(&clock.to_bytes()),
            None if self.doubted => {}
            None => return None,
        }
        mark[CLOCK_BYTES] |= if self.proved { PROVED } else { 0 };
        mark[CLOCK_BYTES] |= if self.doubted { DOUBTED } else { 0 };
        Some(mark)
    }

    /// When a word of this boot was said.
    pub(super) fn hear(&mut self, told: &Told, follower: Option<Mono>) -> Dated {
        let (uptime, handed) = (told.uptime, told.handed);
        if self.doubted {
            return Dated { at: handed, late: false };
        }
        if let Some(followed) = follower.filter(|_| !self.proved) {
            // When it began nobody has heard: all that is known is what came after it.
            return Dated { at: followed.min(handed), late: true };
        }
        match &mut self.clock {
            Some(clock) if told.what == What::Health => drop(clock.hear_kept(uptime, handed)),
            Some(clock) => drop(clock.hear(uptime, handed)),
            None => self.clock = Clock::new(uptime, handed),
        }
        self.proved |= told.what == What::Health;
        let at = self.clock.as_ref().map_or(handed, |clock| clock.date(uptime, handed));
        Dated { at, late: false }
    }

    pub(super) fn holds(&mut self, told: &Told, dated: Dated) {
        let &Told { id: press, tag, uptime, handed, .. } = told;
        if self.open.iter().all(|open| (open.press, open.tag) != (press, tag)) {
            self.open.truncate(OPEN - 1);
            self.open.insert(0, Open { press, tag, uptime, handed, dated, settled: false });
        }
    }

    /// Dates its presses by what the clock knows now.
    pub(super) fn date_anew(&mut self) -> Vec<Anew> {
        let Some(clock) = self.clock else { return Vec::new() };
        let anew = |open: &mut Open| {
            let at = clock.date(open.uptime, open.handed);
            // What lies between known moments is dated for good; only that it was held can still turn out.
            let at = if open.settled { at.min(open.dated.at) } else { at };
            open.settled |= clock.covers(open.uptime, open.handed);
            open.date_anew(at, false)
        };
        self.open.iter_mut().filter_map(anew).collect()
    }
}

impl Open {
    /// Its date, if that is another one than was told; `late`: it is, whatever the date.
    pub(super) fn date_anew(&mut self, at: Mono, late: bool) -> Option<Anew> {
        let late = late || self.handed.since(at) > LATE_AFTER;
        let moves = self.dated.at.since(at).max(at.since(self.dated.at)) > LATE_AFTER;
        if !moves && (!late || self.dated.late) {
            return None;
        }
        self.dated = Dated { at, late };
        Some(Anew { press: self.press, tag: self.tag, at, late })
    }
}

/// Whether a boot came after another one of the same life.
pub(super) fn follows(later: BootId, earlier: BootId) -> bool {
    later.get() >> 32 == earlier.get() >> 32 && later.counter() > earlier.counter()
}
