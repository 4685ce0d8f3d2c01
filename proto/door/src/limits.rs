//! What a door allows, as one structure with defaults that fit a server of 10,000 gateways.
//!
//! Everything here is a technical bound: how much memory or time a caller may take before it is
//! refused. Not here: rules of care (`care::policy`), or room for messages on disk (the keep).

use std::time::Duration;

use crate::admission::{CLOSING_MAX, Rules};
use crate::clock::span;

/// Bounds of one door. Build it with `..Limits::default()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Sessions at one time. More are told "busy", unless they may bring an emergency.
    pub connections: usize,
    /// Sessions above [`Limits::connections`] for whoever may bring an emergency, and strangers.
    pub reserve: usize,
    /// Connections that have not been admitted yet, beside all sessions. When there are more, the oldest
    /// of the address that holds most is closed: who comes later is not refused for it.
    pub porch: usize,
    /// Of these, what one address holds safely. Sessions are bound to an identity and count nowhere
    /// here, so a village behind one address is not locked out.
    pub share: usize,
    /// Time that each connection has to be admitted, however many come.
    pub grace: Duration,
    /// Largest packet in bytes; a CONNECT may have 4 KiB at most in any case.
    pub packet: usize,
    /// Unacknowledged PUBLISHes of one session, 1 to 256: version 5 is told so, version 3.1.1 is not read.
    pub in_flight: u16,
    /// Down messages sent and not yet acknowledged by one session.
    pub down_in_flight: u16,
    /// Down messages that wait for room in flight; one more closes the session.
    pub down_waiting: usize,
    /// Time for the TLS handshake.
    pub handshake: Duration,
    /// Time from the open connection to a complete CONNECT.
    pub connect: Duration,
    /// Longest keep-alive in seconds, also for clients that ask for none.
    pub keep_alive: u16,
    /// How long a peer may refuse to take bytes before it is dropped.
    pub stall: Duration,
    /// Stranger sessions at one time.
    pub strangers: usize,
    /// Stranger sessions of one address that may publish in a minute.
    pub strangers_per_minute: u32,
    /// Messages that one stranger session may publish.
    pub stranger_messages: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            reserve: 1_000,
            porch: 12_000,
            share: 3_000,
            grace: Duration::from_secs(2),
            packet: 4_096,
            in_flight: 256,
            down_in_flight: 16,
            down_waiting: 256,
            handshake: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            keep_alive: 600,
            stall: Duration::from_secs(20),
            strangers: 64,
            strangers_per_minute: 10,
            stranger_messages: 16,
        }
    }
}

impl Limits {
    /// For a door in front of the local bus: messages of 256 KiB, and more of them under way.
    pub fn household() -> Self {
        Self { packet: HOUSEHOLD_PACKET, down_in_flight: 64, ..Self::default() }
    }

    /// File handles that a door with these bounds takes at most, its watchdog among them.
    pub const fn handles(&self) -> usize {
        self.connections
            .saturating_add(self.reserve)
            .saturating_add(self.porch)
            .saturating_add(CLOSING_MAX + OWN)
    }

    /// The same, lowered until it takes no more than so many handles: sessions have three fifths, the
    /// reserve a tenth, the porch the rest.
    #[must_use]
    pub fn fit(self, handles: usize) -> Self {
        if self.handles() <= handles {
            return self;
        }
        let left = handles.saturating_sub(CLOSING_MAX + OWN);
        let reserve = self.reserve.min(left / 10);
        let porch = self.porch.min(left * 3 / 10).max(1);
        let connections = left.saturating_sub(reserve + porch).min(self.connections).max(1);
        let share = self.share.min(porch.div_ceil(4));
        Self { connections, reserve, porch, share, ..self }
    }

    pub(crate) fn rules(&self) -> Rules {
        Rules {
            porch: self.porch,
            share: self.share,
            grace: span(self.grace),
            inside: self.connections,
            reserve: self.reserve,
            strangers: self.strangers,
            strangers_per_minute: self.strangers_per_minute,
        }
    }
}

/// A message of 256 KiB with its topic and properties.
const HOUSEHOLD_PACKET: usize = 256 * 1024 + 8 * 1024;
/// Handles of a door beside its connections: it listens, holds one caller who waits, and calls itself.
const OWN: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_that_do_not_fit_the_handles_are_lowered_until_they_do() {
        for handles in [64, 200, 700, 1_024, 4_096, 20_000, 40_000, 1_000_000] {
            let fit = Limits::default().fit(handles);
            assert!(fit.handles() <= handles, "{handles}: {fit:?}");
            assert!(fit.connections > 0 && fit.porch > 0 && fit.share > 0);
        }
        let all = Limits::default();
        assert_eq!(all.clone().fit(all.handles()), all, "what fits stays as it is");
    }
}
