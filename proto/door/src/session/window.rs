//! What is under way in each direction of one session.
//!
//! Up: PUBLISHes handed to the keep, in the order of receipt, so that PUBACKs leave in that order
//! whatever the order of the verdicts. Down: packet ids of messages the client has not acknowledged;
//! it may acknowledge in any order. Not here: the messages themselves.

use std::collections::VecDeque;

use crate::Verdict;

/// Capacity that an idle window may keep.
const IDLE_CAPACITY: usize = 16;

/// PUBLISHes that await their verdict.
#[derive(Debug, Default)]
pub struct UpWindow {
    /// Number of the first pending arrival.
    base: u64,
    pending: VecDeque<(u16, Option<Verdict>)>,
}

impl UpWindow {
    /// Notes an arrival; its packet id is 0 if it awaits no acknowledgement. Gives its number.
    pub fn push(&mut self, packet_id: u16) -> u64 {
        self.pending.push_back((packet_id, None));
        self.base + self.pending.len() as u64 - 1
    }

    /// Number that the next arrival will have.
    pub fn next_number(&self) -> u64 {
        self.base + self.pending.len() as u64
    }

    /// Arrivals without a verdict, or behind one without.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Notes the verdict of arrivals `first..first + len`; what is not pending is ignored.
    pub fn settle(&mut self, first: u64, len: u64, verdict: Verdict) {
        let from = usize::try_from(first.saturating_sub(self.base)).unwrap_or(usize::MAX);
        let count = usize::try_from(len).unwrap_or(usize::MAX);
        for (_, slot) in self.pending.iter_mut().skip(from).take(count) {
            *slot = Some(verdict);
        }
    }

    /// Takes the first arrival if its verdict is known.
    pub fn pop(&mut self) -> Option<(u16, Verdict)> {
        let (packet_id, verdict) = *self.pending.front()?;
        let verdict = verdict?;
        self.pending.pop_front();
        self.base += 1;
        if self.pending.is_empty() {
            self.pending.shrink_to(IDLE_CAPACITY);
        }
        Some((packet_id, verdict))
    }
}

/// Down messages that the client has not acknowledged.
#[derive(Debug)]
pub struct DownWindow {
    limit: usize,
    last: u16,
    in_flight: Vec<u16>,
}

impl DownWindow {
    /// A window of at most `limit` messages, at least one.
    pub fn new(limit: u16) -> Self {
        Self { limit: usize::from(limit.max(1)), last: 0, in_flight: Vec::new() }
    }

    /// Whether one more fits.
    pub fn has_room(&self) -> bool {
        self.in_flight.len() < self.limit
    }

    /// Takes a packet id for one more message; none if the window is full.
    pub fn open(&mut self) -> Option<u16> {
        if !self.has_room() {
            return None;
        }
        // The window is far smaller than the space of ids, so a free one is near.
        loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            if !self.in_flight.contains(&self.last) {
                self.in_flight.push(self.last);
                return Some(self.last);
            }
        }
    }

    /// The client has acknowledged a packet id; false if it was not in flight.
    pub fn close(&mut self, packet_id: u16) -> bool {
        let place = self.in_flight.iter().position(|id| *id == packet_id);
        place.map(|place| self.in_flight.remove(place)).is_some()
    }
}
