//! Words between the spool and who uses it: its bounds, what is to be kept and where, and what became of it.
//!
//! Not here: how they are kept.

use proto::down::Rung;
use proto::frame::Lane;
use proto::id::PressId;
use proto::relay::RelayKind;
use proto::unit::Millis;

/// Bounds of the spool.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Most bytes of data before telemetry is shed.
    pub spool_bytes: u64,
    /// Bytes set aside for emergencies.
    pub reserve_bytes: u64,
    /// How long raw readings stay.
    pub raw_for: Millis,
    /// How long acknowledged rows stay.
    pub sent_for: Millis,
}

/// Where an entry is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Goes to the server.
    Up,
    /// Stays here.
    Raw,
}

/// One thing to keep.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its lane.
    pub lane: Lane,
    /// Where it is kept.
    pub place: Place,
    /// What the bytes are.
    pub kind: RelayKind,
    /// Its name; for what is not an open frame only the device counts.
    pub id: PressId,
    /// What goes up.
    pub bytes: &'a [u8],
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// On disk, for the first time.
    New,
    /// Was on disk before; for a press, how far it has come.
    Again(Option<Rung>),
    /// Dropped for want of room, and counted on disk.
    Shed,
    /// Not on disk.
    Refused,
}

/// What the box remembers of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnBoot {
    /// Drawn at random for this start: an older copy of the files does not bring a name back.
    pub life: u32,
    /// Rises with every start.
    pub counter: u32,
}
