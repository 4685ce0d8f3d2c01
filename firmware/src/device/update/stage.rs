//! The states of an update as a device lives through them, and how it asks for the next piece.
//!
//! Not here: what moves it from one to the next (`update`).

use proto::unit::{Millis, Mono};
use proto::update::{CHUNK_MAX, Refusal, Release};

use crate::link::{Backoff, Jitter};

/// Chunks asked for at once. Source: technical, two pages of radio time and a quarter of a page of flash.
const CHUNKS: u8 = 4;
/// Shortest pause before what did not come is asked for again. Source: technical, ten times an ordinary round.
const ASK_MIN: Millis = Millis::secs(4);
/// Longest pause. Source: choice, a server that is away is asked twelve times an hour.
const ASK_MAX: Millis = Millis::minutes(5);

/// A chunk's length as an offset.
#[expect(clippy::cast_possible_truncation, reason = "a chunk has 512 bytes")]
pub(super) const CHUNK: u32 = CHUNK_MAX as u32;

/// Where an update is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing is under way.
    Rest,
    /// The bank works, step after step.
    Work(Work),
    /// The image is there up to `next`, and the rest is asked for.
    Fetch { next: u32, asking: Asking },
    /// Whole and read back; waits until nobody needs help.
    Ready,
    /// The image that runs must prove itself until then.
    Trial { release: Release, until: Mono, heard: bool, say: Mono },
    /// A restart is due; into another image if `swap`.
    Leave { swap: bool },
}

/// What the bank does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Accept,
    Prepare,
    Verify,
    Drop(Refusal),
    Swap,
    Confirm,
    RollBack,
}

impl State {
    /// Too late for another offer.
    pub(super) const fn is_closing(&self) -> bool {
        match self {
            Self::Trial { .. } | Self::Leave { .. } => true,
            Self::Work(work) => {
                matches!(work, Work::Swap | Work::Confirm | Work::RollBack | Work::Drop(_))
            }
            Self::Rest | Self::Fetch { .. } | Self::Ready => false,
        }
    }
}

/// How the next piece is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asking {
    /// Ask at this time; none = at once.
    at: Option<Mono>,
    /// What was asked for ends here.
    until: u32,
    backoff: Backoff,
}

impl Default for Asking {
    fn default() -> Self {
        Self { at: None, until: 0, backoff: Backoff::from_to(ASK_MIN, ASK_MAX) }
    }
}

impl Asking {
    /// How many chunks to ask for now, from `next`; none if the last ones may still come.
    pub(super) fn ask(&mut self, now: Mono, next: u32, size: u32, j: &mut Jitter) -> Option<u8> {
        if self.at.is_some_and(|at| now < at) {
            return None;
        }
        self.at = Some(now.after(self.backoff.pause(j)));
        let left = size.saturating_sub(next).div_ceil(CHUNK);
        let chunks = u8::try_from(left).unwrap_or(u8::MAX).min(CHUNKS);
        self.until = next.saturating_add(u32::from(chunks) * CHUNK);
        Some(chunks)
    }

    /// A chunk has come and is in flash up to there.
    pub(super) const fn came(&mut self, there: u32) {
        self.backoff.reset();
        if there >= self.until {
            self.at = None;
        }
    }

    /// Nothing more comes of what was asked for.
    pub(super) const fn again_at_once(&mut self) {
        self.at = None;
    }

    /// When to ask.
    pub(super) fn due(&self, now: Mono) -> Option<Mono> {
        Some(self.at.unwrap_or(now))
    }
}
