//! A contact that a person closes: debounce, the long hold, and the contact that is broken.
//!
//! An *activation* is a closure that has lasted [`DEBOUNCE`]. A *chattering* contact makes too many of them: it is
//! told once, and then speaks for a person only once a [`CHATTER_WINDOW`], never not at all.
//! Not here: what an activation is called and how it is sent (`device`).

use care::policy::{CANCEL_HOLD, CHATTER_COUNT, CHATTER_QUIET, CHATTER_WINDOW, STUCK_HOLD};
use proto::unit::{Millis, Mono};

/// A change must last this long to count. Source: technical, contacts bounce for 1 to 10 ms and fingers press for
/// 50 ms at least.
pub const DEBOUNCE: Millis = Millis::new(20);

/// What a contact says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    /// Activated: somebody wants help.
    Activated,
    /// Activated by a chattering contact that has just spoken: counted only.
    Chattered,
    /// Held for 3 s.
    Held,
    /// Chatters, or does not come back.
    Stuck,
}

/// One contact.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    raw: bool,
    raw_since: Mono,
    closed: bool,
    closed_since: Mono,
    held_told: bool,
    stuck_told: bool,
    /// Activations since boot.
    pub(crate) count: u32,
    window_since: Mono,
    in_window: u8,
    chattering: bool,
    last_activation: Mono,
    last_spoken: Mono,
}

impl Contact {
    pub(crate) const fn new(now: Mono) -> Self {
        Self {
            raw: false,
            raw_since: now,
            closed: false,
            closed_since: now,
            held_told: false,
            stuck_told: false,
            count: 0,
            window_since: now,
            in_window: 0,
            chattering: false,
            last_activation: now,
            last_spoken: now,
        }
    }

    /// The contact is seen open or closed.
    pub(crate) fn see(&mut self, now: Mono, closed: bool) {
        if self.raw != closed {
            self.raw = closed;
            self.raw_since = now;
        }
    }

    /// What has come of it by now; ask until there is nothing more.
    pub(crate) fn touch(&mut self, now: Mono) -> Option<Touch> {
        if self.raw != self.closed && now.since(self.raw_since) >= DEBOUNCE {
            self.closed = self.raw;
            self.closed_since = self.raw_since;
            self.held_told = false;
            self.stuck_told = false;
            if self.closed {
                return Some(self.activate(now));
            }
        }
        if self.chattering && self.in_window == CHATTER_COUNT {
            self.in_window += 1;
            return Some(Touch::Stuck);
        }
        if !self.closed {
            return None;
        }
        let held = now.since(self.closed_since);
        if held >= CANCEL_HOLD && !self.held_told {
            self.held_told = true;
            return Some(Touch::Held);
        }
        if held >= STUCK_HOLD && !self.stuck_told {
            self.stuck_told = true;
            return Some(Touch::Stuck);
        }
        None
    }

    /// When the contact has more to say if nobody touches it.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        if self.raw != self.closed {
            return Some(self.raw_since.after(DEBOUNCE));
        }
        match (self.closed, self.held_told, self.stuck_told) {
            (true, false, _) => Some(self.closed_since.after(CANCEL_HOLD)),
            (true, true, false) => Some(self.closed_since.after(STUCK_HOLD)),
            (true, true, true) | (false, _, _) => None,
        }
    }

    fn activate(&mut self, now: Mono) -> Touch {
        self.count = self.count.saturating_add(1);
        if self.chattering && now.since(self.last_activation) >= CHATTER_QUIET {
            self.chattering = false;
            self.in_window = 0;
        }
        self.last_activation = now;
        if self.chattering {
            if now.since(self.last_spoken) < CHATTER_WINDOW {
                return Touch::Chattered;
            }
        } else {
            if self.in_window == 0 || now.since(self.window_since) >= CHATTER_WINDOW {
                self.window_since = now;
                self.in_window = 0;
            }
            self.in_window += 1;
            self.chattering = self.in_window >= CHATTER_COUNT;
        }
        self.last_spoken = now;
        Touch::Activated
    }
}
