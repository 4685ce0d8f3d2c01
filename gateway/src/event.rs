//! One closed list of what can happen to the box, for who tells it and for the loop that hears it.
//!
//! Not here: what follows (`event_loop`), how a frame is made durable (`devices`).

use bytes::Bytes;
use proto::frame::Lane;
use proto::id::{HomeId, PressId};
use proto::up::Up;

use crate::spool::Fate;

/// What can happen.
#[derive(Debug)]
pub enum Event {
    /// Frames are on disk.
    Stored(Vec<Stored>),
    /// Devices came or went at the gate.
    Gate,
    /// The server said something.
    Told(Bytes),
    /// A session with the server came up or went down.
    Uplink(Lane, bool),
    /// A deadline may have come.
    Tick,
    /// It is time to tidy the store.
    Tidy,
    /// The box stops.
    Stop,
}

/// A frame that has just been made durable, or had been before.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its name.
    pub id: PressId,
    /// Its home, if its device is on the roster; none of a call on the bus of a box that serves several.
    pub home: Option<HomeId>,
    /// Its lane.
    pub lane: Lane,
    /// Whether no key here has verified it.
    pub doubtful: bool,
    /// What it says, if this build can read it.
    pub up: Option<Up>,
    /// What became of it: new, or here before.
    pub fate: Fate,
}
