//! The silence of one gateway: one root cause for all the homes and devices behind it.
//!
//! The caller says when it has heard the gateway, asks again at the next deadline, and tells the homes
//! of the gateway what comes out. Not here: which homes those are, and the alert's row (`server`).

use proto::unit::Mono;

use crate::finding::Severity;
use crate::policy::GATEWAY_SILENT;

/// How grave a silent gateway is: equipment, whatever the number of homes.
pub const SEVERITY: Severity = Severity::Fault;

/// Whether one gateway speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayWatch {
    heard: Mono,
    up: bool,
    told: bool,
}

impl GatewayWatch {
    /// Starts to listen: the gateway has its whole time to speak, whatever happened while nobody listened.
    pub const fn new(now: Mono) -> Self {
        Self { heard: now, up: true, told: true }
    }

    /// Continues with a gateway that was down when the caller last knew.
    pub const fn down(now: Mono) -> Self {
        Self { heard: now, up: false, told: false }
    }

    /// It said something, by whichever of its sessions.
    pub fn heard(&mut self, now: Mono) {
        self.heard = self.heard.max(now);
        self.up = true;
    }

    /// Applies time. `Some(false)`: it has gone silent; `Some(true)`: it is back. Each is said once.
    pub fn step(&mut self, now: Mono) -> Option<bool> {
        if self.up && now >= self.heard.after(GATEWAY_SILENT) {
            self.up = false;
        }
        let changed = self.up != self.told;
        self.told = self.up;
        changed.then_some(self.up)
    }

    /// When to call [`GatewayWatch::step`] next: at once if it is back, never while it is down.
    pub fn next_deadline(&self) -> Option<Mono> {
        if self.up != self.told {
            return Some(self.heard);
        }
        self.up.then(|| self.heard.after(GATEWAY_SILENT))
    }

    /// Whether it speaks, as last told by [`GatewayWatch::step`].
    pub const fn is_up(&self) -> bool {
        self.told
    }
}
