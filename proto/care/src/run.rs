//! Runs: for how long a source tells of life without a pause, and so how far it is believed.
//!
//! A person pauses: sits, sleeps, is in another room. What never does is a curtain, a heater or a stuck contact. A run
//! that is longer than the source's sheet allows is no sign of life until there is a pause; one with short pauses for
//! a day and a night is none when nothing else lives beside it. Words that come late change no run. Not here: breath and heart, which have no pauses ([`crate::detect::rates`]).

use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};

use crate::policy::life::{PRESENCE_MOST, PRESENCE_REST, STUCK, STUCK_ALONE, VOUCHED};
use crate::policy::{ALWAYS_ON, MOTION_REST};

const MINUTE_MS: u64 = 60_000;

/// What one source told, in minutes of the caller's clock; 0 = never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
pub(crate) struct Run {
    /// When it last told something.
    #[n(0)]
    pub(crate) last: u32,
    /// Since when without an hour's pause.
    #[n(1)]
    pub(crate) day: u32,
    /// Since when without any pause.
    #[n(2)]
    pub(crate) presence: u32,
}

/// What a word did to its source's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    /// Whether it is a sign of life by itself.
    pub(crate) believed: bool,
    /// Whether it is one because another source says so too.
    pub(crate) vouched: bool,
    /// Whether it came after an hour's pause.
    pub(crate) rested: bool,
    /// Whether it was told before something that is known already.
    pub(crate) late: bool,
    /// How long it has been telling without an hour's pause.
    pub(crate) lasts: Millis,
}

impl Run {
    /// The source tells of life at `at`. It may do so for `most` without a pause; `other`: when another source was last
    /// believed.
    pub(crate) fn tells(&mut self, at: Mono, most: Millis, other: u32) -> Told {
        let now = minute(at);
        let late = now < self.last;
        let pause = span(self.last, now);
        let rested = !late && (self.day == 0 || pause >= MOTION_REST);
        if rested {
            self.day = now;
        }
        if !late && (self.presence == 0 || pause >= PRESENCE_REST) {
            self.presence = now;
        }
        self.last = self.last.max(now);
        let lasts = span(self.day, now);
        let alone = span(other, now) >= STUCK_ALONE;
        let stuck = lasts >= STUCK || lasts >= ALWAYS_ON && alone;
        let presence = span(self.presence, self.last);
        let believed = presence < most && !stuck;
        let beside = span(other, now) <= VOUCHED && presence < PRESENCE_MOST && !stuck;
        Told { believed, vouched: !believed && beside, rested, late, lasts }
    }

    /// How long it has told of life without an hour's pause.
    pub(crate) fn lasts(&self) -> Millis {
        span(self.day, self.last)
    }

    /// The source itself says that it sticks: it is not believed before it has paused.
    pub(crate) fn sticks(&mut self, at: Mono, most: Millis) {
        self.last = self.last.max(minute(at));
        let most = u32::try_from(most.get() / MINUTE_MS).unwrap_or(u32::MAX);
        self.presence = self.last.saturating_sub(most).max(1);
    }
}

/// Which sources were believed lately, so that each can be asked whether it is the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Company {
    /// The last source, and when it was last believed, in minutes.
    #[n(0)]
    device: Option<DeviceId>,
    #[cbor(n(1), default)]
    last: u32,
    /// When any other was.
    #[cbor(n(2), default)]
    other: u32,
}

impl Company {
    /// A source was believed at `at`.
    pub(crate) fn joins(&mut self, device: DeviceId, at: Mono) {
        if self.device != Some(device) {
            (self.device, self.other) = (Some(device), self.last);
        }
        self.last = self.last.max(minute(at));
    }

    /// When any source was last believed.
    pub(crate) const fn last(&self) -> Mono {
        Mono::from_millis(self.last as u64 * MINUTE_MS)
    }

    /// When another source than this was last believed; 0 = never.
    pub(crate) fn beside(&self, device: DeviceId) -> u32 {
        if self.device == Some(device) { self.other } else { self.last }
    }
}

/// Whole minutes of the caller's clock.
pub(crate) fn minute(at: Mono) -> u32 {
    u32::try_from(at.millis() / MINUTE_MS).unwrap_or(u32::MAX)
}

/// From one minute to another; none if that was before.
pub(crate) fn span(from: u32, to: u32) -> Millis {
    Millis::minutes(to.saturating_sub(from).into())
}
