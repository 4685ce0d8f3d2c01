//! What is asked of a full house, and what it answers.
//!
//! Not here: who has a place (`admission`).

use proto::unit::{Millis, Mono};

/// Bounds of a house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Callers at one time who have not proved who they are; at least one is let in.
    pub porch: usize,
    /// Places on the porch that one address holds safely; what it holds above goes first.
    pub share: usize,
    /// How long a newcomer within its share may say nothing, however full the porch is.
    pub grace: Millis,
    /// Places inside for anybody.
    pub inside: usize,
    /// Places inside above them, for whoever may bring an emergency.
    pub reserve: usize,
    /// Strangers at one time, within these places.
    pub strangers: usize,
    /// Strangers of one address that may speak in a minute.
    pub strangers_per_minute: u32,
}

/// What somebody has turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// Proved, and may bring an emergency.
    Urgent,
    /// Proved, and brings telemetry only.
    Ordinary,
    /// A program of this machine: let in, and kept once it has said or asked for something.
    Local,
    /// Has proved nothing and may bring an emergency.
    Stranger,
}

/// What a newcomer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// It has the place `id`; whoever is in `evict` must go.
    Admit {
        /// Its place.
        id: u64,
        /// Whose place it takes.
        evict: Option<u64>,
    },
    /// It waits before the door: until then at most, or until somebody has gone.
    Wait(Option<Mono>),
}

/// What somebody is told who says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It stays; whoever is named must go.
    Stay(Option<u64>),
    /// All places of its rank are taken by those who go before it.
    Full,
    /// Its place has been given away.
    Gone,
}
