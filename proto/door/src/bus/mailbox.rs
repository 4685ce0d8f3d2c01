//! What waits for one subscriber, and what it has been sent and not yet acknowledged.
//!
//! Packet ids are given here, since they outlive a connection: what was under way when it ended is
//! sent again with the same id to who comes back. Bounded in number and bytes; whoever fills it asks
//! first. Not here: who asks, and what is done when there is no room (`fanout`).

use std::collections::VecDeque;
use std::sync::Arc;

use proto::unit::Mono;

use super::message::{Mail, Message};

/// Messages that a mailbox holds, under way ones among them.
const LETTERS_MAX: usize = 4_096;
/// Bytes above which it takes no more; the last message may reach beyond.
const BYTES_MAX: usize = 2 * 1024 * 1024;

/// A message on its way to one subscriber.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) mail: Arc<Mail>,
    /// 0 or 1.
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    /// Identifiers of the subscriptions that it comes for.
    pub(crate) ids: Vec<u32>,
}

/// A letter as it is to be sent now.
#[derive(Debug, Clone)]
pub struct Parcel {
    pub(crate) letter: Letter,
    pub(crate) packet_id: u16,
    pub(crate) repeated: bool,
    /// Seconds that are left to it, if it expires.
    pub(crate) expiry: Option<u32>,
}

impl Parcel {
    /// The message.
    pub fn message(&self) -> &Message {
        &self.letter.mail.message
    }

    /// 0 stands for QoS 0.
    pub const fn packet_id(&self) -> u16 {
        self.packet_id
    }

    /// Whether it was sent before, on an earlier connection.
    pub const fn repeated(&self) -> bool {
        self.repeated
    }

    /// Whether it comes as a retained one.
    pub const fn retain(&self) -> bool {
        self.letter.retain
    }

    /// Identifiers of the subscriptions that it comes for.
    pub fn ids(&self) -> &[u32] {
        &self.letter.ids
    }
}

#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    waiting: VecDeque<Letter>,
    /// Sent and not acknowledged, in order of sending.
    flight: VecDeque<(u16, Letter)>,
    /// So many of `flight`, counted from its front, have been sent on this connection.
    sent: usize,
    bytes: usize,
    last_id: u16,
}

impl Mailbox {
    /// Whether one more fits.
    pub(crate) fn has_room(&self) -> bool {
        self.len() < LETTERS_MAX && self.bytes < BYTES_MAX
    }

    /// Whether at least half of it is free.
    pub(crate) fn is_light(&self) -> bool {
        self.len() <= LETTERS_MAX / 2 && self.bytes <= BYTES_MAX / 2
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len() + self.flight.len()
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lays a letter in; the caller has asked for room.
    pub(crate) fn push(&mut self, letter: Letter) {
        self.bytes += letter.mail.message.cost();
        self.waiting.push_back(letter);
    }

    /// The next that may be sent, with so many under way at most.
    pub(crate) fn next(&mut self, now: Mono, window: usize) -> Option<Parcel> {
        if let Some((packet_id, letter)) = self.flight.get(self.sent) {
            if self.sent >= window {
                return None;
            }
            self.sent += 1;
            let expiry = letter.mail.expiry_left(now);
            let (packet_id, letter) = (*packet_id, letter.clone());
            return Some(Parcel { letter, packet_id, repeated: true, expiry });
        }
        loop {
            if self.waiting.front()?.qos > 0 && !self.open(window) {
                return None;
            }
            let letter = self.waiting.pop_front()?;
            self.bytes -= letter.mail.message.cost();
            if letter.mail.expired(now) {
                continue;
            }
            return Some(self.send(letter, now));
        }
    }

    /// Whether nothing of an earlier connection is still to be sent again.
    pub(crate) fn is_current(&self) -> bool {
        self.sent == self.flight.len()
    }

    /// Whether one more may be under way; what was under way before comes first.
    pub(crate) fn open(&self, window: usize) -> bool {
        self.is_current() && self.flight.len() < window
    }

    /// Sends a letter past those that wait.
    pub(crate) fn send(&mut self, letter: Letter, now: Mono) -> Parcel {
        let expiry = letter.mail.expiry_left(now);
        let packet_id = if letter.qos == 0 { 0 } else { self.free_id() };
        if packet_id != 0 {
            self.bytes += letter.mail.message.cost();
            self.flight.push_back((packet_id, letter.clone()));
            self.sent += 1;
        }
        Parcel { letter, packet_id, repeated: false, expiry }
    }

    fn free_id(&mut self) -> u16 {
        // The window is far smaller than the space of ids, so a free one is near.
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if self.flight.iter().all(|(id, _)| *id != self.last_id) {
                return self.last_id;
            }
        }
    }

    /// The subscriber has it; false if this was not under way.
    pub(crate) fn acknowledge(&mut self, packet_id: u16) -> bool {
        let sent = self.flight.iter().take(self.sent);
        let Some(place) = sent.map(|(id, _)| *id).position(|id| id == packet_id) else {
            return false;
        };
        if let Some((_, letter)) = self.flight.remove(place) {
            self.sent -= 1;
            self.bytes -= letter.mail.message.cost();
        }
        true
    }

    /// The connection has ended: what is not acknowledged stays, the rest does not.
    pub(crate) fn part(&mut self) {
        self.sent = 0;
        self.waiting.retain(|letter| letter.qos > 0);
        let letters = self.waiting.iter().chain(self.flight.iter().map(|(_, letter)| letter));
        self.bytes = letters.map(|letter| letter.mail.message.cost()).sum();
    }
}
