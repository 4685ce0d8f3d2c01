//! What only a program of the household has: a seat at the bus, topic aliases, a message that waits.
//!
//! What it says is acknowledged once it is on its way to all who want it, which is no promise of a disk.
//! Not here: its subscriptions (`subscribe`), or what waits for it (`bus`).

use bytes::{BufMut, Bytes};
use proto::unit::Mono;

use super::{ALIAS_MAX, Action, Ask, Ending, Fault, Publish, Session, Version};
use crate::bus::{Farewell, Joined, Message};
use crate::{Verdict, identity};

/// Reason of a PUBACK: this door has its own grounds, which its log tells.
const NOT_KEPT: u8 = 0x83;

impl Session {
    /// Its seat at the bus, to be told with the gate's answer.
    pub(crate) fn handle_seat(&mut self, joined: &Joined) {
        self.seat = Some(*joined);
    }

    /// A program of the household publishes.
    pub(super) fn handle_household(&mut self, publish: Publish) -> Result<(), Fault> {
        let Publish { packet_id, retain, topic, alias, payload, properties, expiry } = publish;
        let topic = self.unalias(topic, alias)?;
        if identity::reserved(&topic) {
            return Err(Fault::NotAuthorized);
        }
        let number = self.up.push(packet_id);
        self.unacknowledged += u16::from(packet_id != 0);
        // A copy of its own: a few bytes that are kept must not keep the whole read buffer.
        let payload = Bytes::copy_from_slice(&payload);
        let qos = u8::from(packet_id != 0);
        let message = Message { topic, payload, qos, retain, properties, expiry };
        self.actions.push_back(Action::Bus(Ask::Publish { number, message }));
        Ok(())
    }

    /// The topic that is meant; an alias holds for this connection.
    fn unalias(&mut self, topic: String, alias: Option<u16>) -> Result<String, Fault> {
        let Some(alias) = alias else { return Ok(topic) };
        if !(1..=ALIAS_MAX).contains(&alias) {
            return Err(Fault::TopicAlias);
        }
        if topic.is_empty() {
            return self.aliases.get(&alias).cloned().ok_or(Fault::Protocol);
        }
        self.aliases.insert(alias, topic.clone());
        Ok(topic)
    }

    /// A message is on its way to all on the bus who want it.
    pub fn handle_said(&mut self, number: u64) {
        self.handle_verdicts(number, 1, Verdict::Kept);
    }

    /// The same, and it must not be acknowledged as if it were kept: version 5 is told so, 3.1.1 is told
    /// nothing, so that its client does not take it for done.
    pub fn handle_unkept(&mut self, number: u64) {
        let packet_id = self.up.release(number);
        if packet_id != 0 {
            self.unacknowledged = self.unacknowledged.saturating_sub(1);
            if self.version == Version::V5 {
                self.output.put_slice(&[0x40, 3]);
                self.output.put_u16(packet_id);
                self.output.put_u8(NOT_KEPT);
            }
        }
        self.handle_said(number);
    }

    /// How it leaves its seat at the bus, now that it is over or its connection is lost.
    pub fn farewell(&self) -> Farewell {
        match self.ending() {
            Some(Ending::Goodbye) => Farewell::Goodbye(self.expiry),
            Some(Ending::GoodbyeWithWill) => Farewell::WithWill(self.expiry),
            Some(_) | None => Farewell::Lost,
        }
    }

    /// Something it has said waits for room at the bus, or does not any more: it is not read, nor
    /// blamed for its silence, until then.
    pub fn hold(&mut self, now: Mono, held: bool) {
        if std::mem::replace(&mut self.held, held) && !held {
            self.heard = now;
        }
    }

    /// What it has acknowledged of the bus since the last call.
    pub fn take_taken(&mut self) -> Vec<u16> {
        std::mem::take(&mut self.taken)
    }
}
