//! How a device gets another image without ever being without one: two slots, a ledger, a trial.
//!
//! - the *ledger* says which *slot* holds the image that has proved itself, and what is under way; two copies, so
//!   that one is always whole;
//! - the *bank* fills the other slot in small steps and reads it back; [`check`] believes a manifest or not;
//! - a [`stamp`] in the image says what it is; [`slots`] is what a boot stage asks which slot to start. An image that
//!   is started for the first times is on *trial*: it proves itself (`device::update`) or the one before comes back.
//!
//! Not here: when to ask, to wait, to restart (`device::update`), who is offered what (`server`), jumps (`board`).

pub mod bank;
pub mod check;
pub mod ledger;
pub mod slots;
pub mod stamp;

use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use proto::unit::Millis;
use proto::update::{CHUNK_MAX, Hardware};

/// Boots that an image on trial gets before the one before it comes back. Source: choice, one may be the person who
/// pulls the plug, one the watchdog.
pub const TRIAL_BOOTS: u8 = 3;
/// Downloads of one image before it is given up. Source: choice, what differs twice is not the radio's fault.
pub(crate) const FETCHES: u8 = 2;

/// One of the two places for an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The first; a factory fills this one.
    A,
    /// The second.
    B,
}

impl Slot {
    /// The one that this is not.
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// Where slots and ledger lie in flash: whole pages that nothing else uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// The two pages of the ledger.
    pub ledger: Range<u32>,
    /// Slot A and slot B.
    pub slots: [Range<u32>; 2],
}

impl Partition {
    /// Whether this is possible on a flash: whole pages, apart, two for the ledger, one copy of it fits a page, and
    /// chunks fill pages.
    pub fn fits<F: NorFlash>(&self, flash: &F) -> bool {
        let page = page::<F>();
        let [a, b] = &self.slots;
        let all = [&self.ledger, a, b];
        let whole = |range: &&Range<u32>| {
            range.start < range.end
                && range.start.is_multiple_of(page)
                && range.end.is_multiple_of(page)
                && range.end as usize <= flash.capacity()
        };
        let apart = |x: &Range<u32>, y: &Range<u32>| x.end <= y.start || y.end <= x.start;
        all.iter().all(whole)
            && apart(a, b)
            && apart(a, &self.ledger)
            && apart(b, &self.ledger)
            && self.ledger.end - self.ledger.start == 2 * page
            && F::ERASE_SIZE >= ledger::COPY_MAX
            && F::ERASE_SIZE.is_multiple_of(CHUNK_MAX)
            && CHUNK_MAX.is_multiple_of(F::WRITE_SIZE)
            && CHUNK_MAX.is_multiple_of(F::READ_SIZE)
    }

    /// Where a slot lies.
    pub fn slot(&self, slot: Slot) -> Range<u32> {
        let [a, b] = &self.slots;
        match slot {
            Slot::A => a.clone(),
            Slot::B => b.clone(),
        }
    }

    /// Largest image that both slots take, bytes.
    pub fn room(&self) -> u32 {
        let [a, b] = &self.slots;
        (a.end - a.start).min(b.end - b.start)
    }
}

/// What an image knows of itself: its maker builds it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// The board it is for.
    pub hardware: Hardware,
    /// Its version, `major << 16 | minor << 8 | patch`; its manifest says the same.
    pub version: u32,
    /// The firm's public Ed25519 key: only what it has signed follows this image.
    pub key: [u8; 32],
}

/// How patient an update is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Nobody has asked for help for this long before a device restarts into another image. Source: choice; a second
    /// call often follows the first, and the light that says who has it would go out.
    pub quiet: Millis,
    /// An image on trial proves itself within this time of its start. Source: choice, ten times the longest pause
    /// between two attempts to connect.
    pub trial: Millis,
}

impl Default for Terms {
    fn default() -> Self {
        Self { quiet: Millis::minutes(10), trial: Millis::minutes(5) }
    }
}

/// Page size in bytes; flashes of a microcontroller have pages of a few KiB.
#[expect(clippy::cast_possible_truncation, reason = "a page is far below 4 GiB")]
pub(crate) const fn page<F: NorFlash>() -> u32 {
    F::ERASE_SIZE as u32
}
