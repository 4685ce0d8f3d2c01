//! What can happen at one moment, in which class it travels, and the one list of all of it.
//!
//! Whoever goes through all kinds goes through [`EventKind::ALL`]. Not here: what follows for a person (`care`).

use minicbor::{Decode, Encode};

use crate::frame::Class;

/// What can happen; numbers are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum EventKind {
    /// Help button pressed, debounced.
    #[n(0)]
    Press,
    /// Pull-cord pulled, debounced.
    #[n(1)]
    Pull,
    /// Fall suspected by a worn device, not yet confirmed by stillness.
    #[n(2)]
    FallSuspected,
    /// Fall confirmed by the device.
    #[n(3)]
    FallConfirmed,
    /// Held for 3 s: "it is nothing". Annotates, never closes.
    #[n(4)]
    Cancel,
    /// After a suspected fall the wearer moves as one who is up. Annotates, never closes.
    #[n(5)]
    FallRecovered,
    /// Somebody lies down.
    #[n(10)]
    BedIn,
    /// Nobody in bed any more.
    #[n(11)]
    BedOut,
    /// Movement seen.
    #[n(12)]
    Motion,
    /// Door opened.
    #[n(13)]
    DoorOpen,
    /// Door closed.
    #[n(14)]
    DoorClosed,
    /// Cover opened or device moved.
    #[n(20)]
    Tamper,
    /// Battery will last days, not weeks.
    #[n(21)]
    BatteryLow,
    /// A contact that does not come back: stuck button or cord.
    #[n(22)]
    Stuck,
    /// Mains power lost; runs on battery.
    #[n(23)]
    PowerLost,
    /// Mains power is back.
    #[n(24)]
    PowerBack,
    /// The gateway's sounder does not do as it is told.
    #[n(30)]
    SounderFailed,
    /// The gateway's sounder works, perhaps again.
    #[n(31)]
    SounderWorks,
    /// The gateway's local bus has lost messages; the count is how many since the last such word.
    #[n(32)]
    BusLost,
    /// The gateway's disk is full: what is left of it is for emergencies.
    #[n(33)]
    DiskFull,
    /// The gateway's disk has room, perhaps again.
    #[n(34)]
    DiskRoom,
}

impl EventKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 21] = [
        Self::Press,
        Self::Pull,
        Self::FallSuspected,
        Self::FallConfirmed,
        Self::Cancel,
        Self::FallRecovered,
        Self::BedIn,
        Self::BedOut,
        Self::Motion,
        Self::DoorOpen,
        Self::DoorClosed,
        Self::Tamper,
        Self::BatteryLow,
        Self::Stuck,
        Self::PowerLost,
        Self::PowerBack,
        Self::SounderFailed,
        Self::SounderWorks,
        Self::BusLost,
        Self::DiskFull,
        Self::DiskRoom,
    ];

    /// Whether a sensor felt a fall, suspected or confirmed.
    pub const fn is_fall(self) -> bool {
        matches!(self, Self::FallSuspected | Self::FallConfirmed)
    }

    /// The class in which this kind travels.
    pub const fn class(self) -> Class {
        match self {
            Self::Press | Self::Pull | Self::FallSuspected | Self::FallConfirmed => {
                Class::Emergency
            }
            Self::Cancel
            | Self::FallRecovered
            | Self::BedIn
            | Self::BedOut
            | Self::Motion
            | Self::DoorOpen
            | Self::DoorClosed
            | Self::Tamper
            | Self::BatteryLow
            | Self::Stuck
            | Self::PowerLost
            | Self::PowerBack
            | Self::SounderFailed
            | Self::SounderWorks
            | Self::BusLost
            | Self::DiskFull
            | Self::DiskRoom => Class::Event,
        }
    }
}
