//! What every task of a door shares: gate, seats, bounds, counters, and who may come in by the edge alone.
//!
//! Not here: who makes it and holds the door (`door`), or what a task does with it (`listener`, `connection`).

use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;

use crate::Gate;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::commit::CommitHandle;
use crate::entrance::Entrance;
use crate::identity::Roster;
use crate::limits::Limits;
use crate::pulse::Pulse;
use crate::workers::Workers;

/// How callers reach the door.
#[derive(Debug, Clone)]
pub enum Edge {
    /// TCP. The address must be loopback, unless the door is for the home's own network: then
    /// anybody else than devices and strangers, who bring sealed frames, is refused.
    Plain {
        /// Whether an address that is not loopback is allowed.
        open_to_home: bool,
    },
    /// TLS 1.3 with client certificates, see [`crate::tls::server_config`].
    Tls(Arc<ServerConfig>),
    /// For programs of the household, which its gate knows by a password: from another machine nobody
    /// else comes in, and nobody without one. TCP, or TLS as in [`crate::tls::household_config`].
    Household(Option<Arc<ServerConfig>>),
}

/// What has happened at a door since it opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Connections accepted from the network.
    pub accepted: u64,
    /// Connections closed because their place was needed by somebody who goes before them.
    pub turned_away: u64,
    /// Times that the system had no file handle for a connection.
    pub accept_failures: u64,
    /// Callers refused by the gate or by a limit, with a CONNACK.
    pub denied: u64,
    /// Sessions admitted.
    pub admitted: u64,
    /// Connections open now, those of nobody yet among them.
    pub open: u64,
    /// Sessions open now.
    pub sessions: u64,
    /// Sessions ended because the same identity came again.
    pub taken_over: u64,
    /// Sessions ended for a breach of the protocol or of their topic rules.
    pub breaches: u64,
    /// Panics of the packet parser, each caught and answered by closing that connection.
    pub parser_panics: u64,
    /// PUBLISHes handed to the keep.
    pub arrivals: u64,
    /// PUBACKs sent: each of them is on disk.
    pub acknowledged: u64,
    /// PUBLISHes that the keep refused.
    pub refused: u64,
    /// Down messages sent.
    pub told: u64,
    /// Sessions ended because they did not take their down messages.
    pub overflows: u64,
    /// Rounds of the watchdog that came back.
    pub watchdog_rounds: u64,
    /// Rounds of the watchdog that did not.
    pub watchdog_misses: u64,
}

/// Who may come in, by the edge alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Whoever the gate admits: only this machine can reach it.
    Own,
    /// Who brings sealed frames: others can read what is said here.
    Sealed,
    /// Who shows a certificate.
    Certified,
    /// Programs of the household, with a password.
    Household,
}

/// What every task of a door shares.
pub(crate) struct Inside {
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) commit: CommitHandle,
    pub(crate) bus: Option<Bus>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) clock: Clock,
    pub(crate) roster: Roster,
    pub(crate) entrance: Arc<Entrance>,
    pub(crate) pulse: Pulse,
    pub(crate) workers: Workers,
    /// Who may come in here beside what the gate says.
    pub(crate) rule: Rule,
    /// Callers speak TLS.
    pub(crate) encrypted: bool,
    pub(crate) counters: Mutex<Counters>,
}

impl Inside {
    /// Changes the counters.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.counters.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
