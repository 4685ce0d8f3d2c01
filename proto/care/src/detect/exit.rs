//! Bed exit from a body-worn accelerometer that is heard only now and then.
//!
//! - A *moment* is one reading that counts: posture, and how strongly which antenna heard it. Readings may be
//!   seconds or minutes apart; that none comes is itself a sign, as who leaves is no longer heard.
//! - Each moment is judged [`EXIT_DELAY`] later, by what came before it and after it: that is the declared delay.
//! - The [`Room`] is what lying in bed sounds like here, learned while the detector runs: no antenna is known
//!   beforehand, and posture alone says who lies. It outlives the wearer.
//!
//! Memory is fixed (about 12 KB); past 128 moments in 20 s the newest are dropped. Not here: what an empty bed
//! means at night (`bed`), and how the forest is grown.

mod forest;
mod look;
mod moment;
mod room;
mod table;

use heapless::Deque;
use proto::unit::{Millis, Mono};

pub use self::forest::{DEPTH, Forest, TREE_BYTES};
pub use self::look::{FEATURES, Features};
use self::moment::{Course, Moment};
pub use self::room::Room;
pub use crate::detect::forest::FIRST;
use crate::policy::{EXIT_BACK, EXIT_DELAY, EXIT_OUT};

/// Most moments that are held, of [`EXIT_DELAY`] before and after the one that is judged.
const MOMENTS: usize = 128;
/// A belief is at most so many votes, so that one moment can turn it.
const SURE: i32 = 192;

/// How one antenna heard the sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Which antenna; numbers mean nothing but that they differ.
    pub antenna: u8,
    /// Strength, dBm.
    pub dbm: i8,
}

/// One reading of the sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When, on the caller's clock; never before the last one.
    pub at: Mono,
    /// Acceleration out of the chest, milli-g: about 1000 when lying on the back.
    pub frontal: i16,
    /// Acceleration along the body, milli-g: about 1000 when upright.
    pub vertical: i16,
    /// Acceleration to the side, milli-g.
    pub lateral: i16,
    /// Who heard it; none if the sensor has one receiver.
    pub heard: Option<Heard>,
}

/// In bed became out of bed, or the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Whether the person has left the bed.
    pub out: bool,
    /// When, on the caller's clock: at least [`EXIT_DELAY`] before it is told.
    pub at: Mono,
}

/// The watch over one wearer.
#[derive(Debug, Clone)]
pub struct Exits {
    forest: Forest,
    room: Room,
    course: Course,
    moments: Deque<Moment, MOMENTS>,
    /// How many of the moments are judged.
    judged: usize,
    /// Votes for "out" by now.
    belief: i32,
    out: Option<bool>,
}

impl Default for Exits {
    fn default() -> Self {
        Self::with(Room::default(), table::FOREST)
    }
}

impl Exits {
    /// A watch in a room that is known or new, by a forest.
    pub fn with(room: Room, forest: Forest) -> Self {
        Self {
            forest,
            room,
            course: Course::default(),
            moments: Deque::new(),
            judged: 0,
            belief: 0,
            out: None,
        }
    }

    /// Somebody else wears it, or it was off: only the room is still known.
    pub fn begin(&mut self) {
        *self = Self::with(self.room.clone(), self.forest);
    }

    /// Takes a reading. One that is no posture (free fall, blow, silence of all axes), or of an antenna that
    /// spoke within a fifth of a second, is passed over.
    pub fn hear(&mut self, sample: &Sample) {
        if let Some(moment) = self.course.take(sample, &self.room) {
            // What does not fit is newer than what is still to be judged.
            let _ = self.moments.push_back(moment);
        }
    }

    /// The next change that is certain by now; ask until there is none.
    pub fn poll(&mut self, now: Mono) -> Option<Turn> {
        while let Some((at, features)) = self.look(now) {
            let votes = self.forest.votes(&features.values).clamp(-SURE, SURE);
            self.belief = if self.out.is_none() || features.lying {
                votes
            } else {
                (3 * self.belief + 7 * votes) / 10
            };
            let out = match self.out {
                Some(false) | None => self.belief > EXIT_OUT,
                Some(true) => self.belief >= EXIT_BACK,
            };
            let was = self.out.replace(out);
            if was.is_some_and(|was| was != out) {
                return Some(Turn { out, at });
            }
        }
        None
    }

    /// The numbers of the next moment that is [`EXIT_DELAY`] old: what the forest sees, and what it learns from.
    pub fn look(&mut self, now: Mono) -> Option<(Mono, Features)> {
        let moment = *self.moments.iter().nth(self.judged)?;
        if now.since(moment.at) < EXIT_DELAY {
            return None;
        }
        let features = look::look(&self.moments, self.judged);
        self.room.learn(&moment, look::lies_near(&self.moments, moment.at));
        self.judged += 1;
        while self.moments.front().is_some_and(|old| moment.at.since(old.at) > EXIT_DELAY) {
            self.moments.pop_front();
            self.judged -= 1;
        }
        Some((moment.at, features))
    }

    /// What it judges by.
    pub const fn forest(&self) -> Forest {
        self.forest
    }

    /// What is known of the room.
    pub const fn room(&self) -> &Room {
        &self.room
    }

    /// When a moment will next be judged.
    pub fn next_deadline(&self) -> Option<Mono> {
        let next = self.moments.iter().nth(self.judged)?;
        Some(next.at.after(EXIT_DELAY))
    }
}

/// The span before and after a moment that it is judged by.
const fn reach() -> Millis {
    EXIT_DELAY
}
