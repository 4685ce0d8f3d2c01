//! What happened lately, for whoever opens a device in the field: a ring of marks, and counters.
//!
//! A *mark* is one moment worth knowing; the ring keeps the newest [`MARKS`]. Counters only rise until the next
//! boot. Not here: personal data, keys, or anything that travels by itself.

use heapless::{Deque, Vec};
use proto::unit::Mono;

/// How many marks the ring keeps.
pub const MARKS: usize = 16;

/// Moments worth knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// An emergency was made.
    Pressed,
    /// An emergency found no place in flash, or flash did not answer.
    NotKept,
    /// An emergency found no place at all.
    NotHeld,
    /// Nobody confirmed an emergency in time.
    NotStored,
    /// The link came up.
    LinkUp,
    /// The link went down.
    LinkDown,
    /// The gateway does not know this device; the code of its CONNACK.
    Refused(u8),
    /// The link was up, but nobody answered.
    LinkDead,
    /// A down frame that is not for us, or not from whom it claims.
    WrongSeal,
    /// Settings older than those in force.
    OldSettings,
    /// A sample that this kind of device does not have.
    StraySample,
    /// Samples of a stream were overwritten before anybody looked.
    SamplesLost,
    /// A contact chatters or stays closed.
    Stuck,
}

/// Counters of one boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Emergencies made.
    pub presses: u32,
    /// Activations of a chattering contact that made no emergency of their own.
    pub chatter: u32,
    /// Emergencies that are in memory only, since flash took none.
    pub not_kept: u32,
    /// Emergencies that could not even be held in memory.
    pub not_held: u32,
    /// Frames published, repeats included.
    pub published: u32,
    /// Down frames ignored: wrong seal, wrong sealer, or unreadable.
    pub wrong_seal: u32,
    /// Times the link came up.
    pub links: u32,
    /// Times the gateway refused us.
    pub refused: u32,
    /// Samples of a kind that this device does not have.
    pub stray_samples: u32,
}

/// The ring and the counters.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    marks: Deque<(Mono, Mark), MARKS>,
    /// Counters of this boot.
    pub counters: Counters,
}

impl Trace {
    /// Notes a mark; the oldest makes room.
    pub fn mark(&mut self, now: Mono, mark: Mark) {
        if self.marks.is_full() {
            self.marks.pop_front();
        }
        // There is room: the oldest has just left.
        let _ = self.marks.push_back((now, mark));
    }

    /// The marks, oldest first.
    pub fn marks(&self) -> Vec<(Mono, Mark), MARKS> {
        self.marks.iter().copied().collect()
    }
}
