//! Patience: how long a device waits before it tries again, as pure numbers.
//!
//! The *jitter* keeps a street of devices from knocking together after a power cut. Its generator is seeded by
//! the caller and is for timing only, never for keys or nonces.
//! Not here: sockets, MQTT, or when a link counts as dead (`device::session`).

use care::policy::{BACKOFF_MAX, BACKOFF_MIN};
use proto::backoff;
use proto::unit::Millis;

/// Pseudo-random numbers for jitter; the same seed gives the same row.
#[derive(Debug, Clone)]
pub struct Jitter(u64);

impl Jitter {
    /// Starts a row.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`; zero if the limit is.
    pub const fn below(&mut self, limit: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        if limit == 0 { 0 } else { z % limit }
    }
}

/// Pauses that double from a shortest up to a longest one, each between half of itself and the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backoff {
    tries: u8,
    shortest: Millis,
    longest: Millis,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::from_to(BACKOFF_MIN, BACKOFF_MAX)
    }
}

impl Backoff {
    /// Starts with the shortest pause; none is longer than `longest`.
    pub const fn from_to(shortest: Millis, longest: Millis) -> Self {
        Self { tries: 0, shortest, longest }
    }

    /// The next pause.
    pub fn pause(&mut self, jitter: &mut Jitter) -> Millis {
        let whole = backoff::doubled(self.shortest, self.longest, self.tries.into());
        self.tries = self.tries.saturating_add(1);
        backoff::upper_half(whole, jitter.below(whole.get() / 2 + 1))
    }

    /// It worked, or it has become urgent: begin with the shortest pause again.
    pub const fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pause_is_longer_than_promised_and_none_is_nothing() {
        let (mut backoff, mut jitter) = (Backoff::default(), Jitter::new(7));
        for _ in 0..1000 {
            let pause = backoff.pause(&mut jitter).get();
            assert!((BACKOFF_MIN.get() / 2..=BACKOFF_MAX.get()).contains(&pause));
        }
    }
}
