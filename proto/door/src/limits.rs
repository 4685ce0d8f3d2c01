//! What a door allows, as one structure with defaults that fit a server of 10,000 gateways.
//!
//! Everything here is a technical bound: how much memory or time a caller may take before it is
//! refused. Not here: rules of care (`care::policy`), or room for messages on disk (the keep).

use std::time::Duration;

/// Bounds of one door. Build it with `..Limits::default()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections at one time. More are told "busy", unless they are for emergencies.
    pub connections: usize,
    /// Connections above [`Limits::connections`] for sessions of the emergency lane and strangers.
    /// When these are full too, a new connection is closed before it has said anything.
    pub reserve: usize,
    /// Connections of one address that have not been admitted yet. Admitted ones are bound to an
    /// identity and count once each, so a village behind one address is not locked out.
    pub unadmitted_per_address: usize,
    /// Largest packet in bytes; a CONNECT may have 4 KiB at most in any case.
    pub packet: usize,
    /// Unacknowledged PUBLISHes of one session, 1 to 512: version 5 is told so, version 3.1.1 is not read.
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
    /// Stranger sessions that one address may open in a minute.
    pub strangers_per_minute: u32,
    /// Messages that one stranger session may publish.
    pub stranger_messages: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            reserve: 1_000,
            unadmitted_per_address: 12_000,
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
