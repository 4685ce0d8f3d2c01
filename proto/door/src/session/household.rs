//! What only a program of the household has: a seat at the bus, a message that waits.
//!
//! What it says is acknowledged once it is on its way to all who want it, which is no promise of a disk; a call
//! for help by the keep's verdict.
//! Not here: its subscriptions (`subscribe`), its topic aliases (`aliases`), or what waits for it (`bus`).

use bytes::Bytes;
use proto::unit::Mono;

use super::{Action, Ask, Ending, Fault, Publish, Session};
use crate::bus::{Farewell, Joined, Message};
use crate::{Verdict, identity};

impl Session {
    /// Its seat at the bus, to be told with the gate's answer.
    pub(crate) fn handle_seat(&mut self, joined: &Joined) {
        self.seat = Some(*joined);
    }

    /// A program of the household publishes.
    pub(super) fn handle_household(&mut self, publish: Publish) -> Result<(), Fault> {
        let Publish { packet_id, repeated, retain, topic, alias, payload, properties, expiry } =
            publish;
        let topic = self.aliases.meant(topic, alias)?;
        if identity::reserved(&topic) {
            return Err(Fault::NotAuthorized);
        }
        let number = self.up.push(packet_id);
        self.unacknowledged += u16::from(packet_id != 0);
        // A copy of its own: a few bytes that are kept must not keep the whole read buffer.
        let payload = Bytes::copy_from_slice(&payload);
        let qos = u8::from(packet_id != 0);
        let message = Message { topic, payload, qos, retain, properties, expiry };
        let packet = (packet_id, repeated);
        self.actions.push_back(Action::Bus(Ask::Publish { number, packet, message }));
        Ok(())
    }

    /// A message is on its way to all on the bus who want it.
    pub fn handle_said(&mut self, number: u64) {
        self.handle_verdicts(number, 1, Verdict::Kept);
    }

    /// Number of its session at the bus, which may be older than its connection.
    pub(crate) fn seat_number(&self) -> Option<u64> {
        self.seat.map(|seat| seat.key.seat)
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
