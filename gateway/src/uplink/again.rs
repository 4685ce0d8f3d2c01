//! What a session sends beside what is new: frames that the server may have lost, and marks.
//!
//! Nothing of it happens before the server has said over this link what it has, and each link begins
//! anew. Which frames they are the spool knows. Not here: how new rows are sent (`uplink`).

use proto::frame::Lane;
use proto::unit::{Millis, Mono};

use super::{Action, Session};
use crate::spool::{Again, RowId};

/// Emergencies sent again and not yet acknowledged, so that a new one never waits behind many.
const WINDOW_AGAIN: usize = 8;
/// Between two looks for emergencies to send again, and for telemetry that is still in hand.
const AGAIN_EVERY: Millis = Millis::new(100);
/// Telemetry waits so long for the server to say what it has.
const HOLD: Millis = Millis::secs(5);
/// Between two marks, at least: of emergencies almost each is marked, of telemetry what a minute brings.
const MARK_EMERGENCY: Millis = Millis::secs(1);
const MARK_TELEMETRY: Millis = Millis::secs(60);

impl Session {
    /// The link is up to a server that has said before what it has, and will say it again.
    pub fn handle_expecting(&mut self, now: Mono) {
        if self.lane == Lane::Telemetry && self.is_up() && !self.told {
            self.held = Some(now.after(HOLD));
            // Nothing is sent yet: what `handle_connected` has ordered is taken back.
            self.actions.clear();
            (self.reading, self.more) = (false, true);
        }
    }

    /// The server has said what it has; the spool knows what goes up again.
    pub fn handle_told(&mut self, now: Mono) {
        if self.is_up() {
            (self.told, self.unmarked, self.held) = (true, true, None);
            (self.again, self.mark_at) = (Some(now), now);
            self.rest(now);
        }
    }

    /// What the server has said counts no longer.
    pub fn handle_untold(&mut self) {
        (self.told, self.again, self.held) = (false, None, None);
    }

    /// Rows that [`Action::ReadAgain`] asked for.
    pub fn handle_again(&mut self, now: Mono, rows: Vec<Again>) {
        if !self.reading {
            return;
        }
        self.reading = false;
        let (mut found, before) = (false, self.sent.len());
        for again in rows {
            let row = again.waiting.row;
            if self.sent.contains(&row) || self.acked.contains(&row) {
                found = true;
                continue;
            }
            if self.sent.len() >= self.window_again() {
                found = true;
                break;
            }
            if self.sent.is_empty() {
                self.last_progress = now;
            }
            found = true;
            self.sent.push_back(row);
            self.actions.push_back(Action::SendAgain(again));
        }
        let fresh = self.sent.len() > before && self.lane == Lane::Telemetry;
        self.again = found.then(|| if fresh { now } else { now.after(AGAIN_EVERY) });
        if !found {
            self.actions.push_back(Action::AgainDone);
        }
        self.take();
        self.rest(now);
    }

    const fn window_again(&self) -> usize {
        match self.lane {
            Lane::Emergency => WINDOW_AGAIN,
            Lane::Telemetry => self.window,
        }
    }

    /// What is done beside what is new: send again, or say how far the server has everything.
    pub(super) fn rest(&mut self, now: Mono) {
        let urgent = self.lane == Lane::Emergency && self.more;
        if !self.is_up() || !self.told || self.reading || urgent {
            return;
        }
        let window = self.window_again();
        let free = window.saturating_sub(self.sent.len());
        let enough = if self.lane == Lane::Emergency { 1 } else { window / 2 };
        match self.again {
            Some(at) if now >= at && free >= enough => {
                self.reading = true;
                // Those in hand are read again and skipped.
                self.actions.push_back(Action::ReadAgain(window + self.acked.len()));
            }
            None if self.unmarked && now >= self.mark_at => {
                self.unmarked = false;
                self.mark_at = now.after(match self.lane {
                    Lane::Emergency => MARK_EMERGENCY,
                    Lane::Telemetry => MARK_TELEMETRY,
                });
                if self.sent.is_empty() {
                    self.last_progress = now;
                }
                self.sent.push_back(RowId::START);
                self.actions.push_back(Action::Mark);
            }
            Some(_) | None => {}
        }
    }
}
