//! PUBLISH from the client: whose topic it is, and its acknowledgement once it is on disk.
//!
//! Not here: the form of the packet (`v4`, `v5`), what a program says to the bus (`household`), or what
//! durable means (the keep).

use bytes::BufMut;
use proto::topic::Topic;

use super::{Action, Ending, Fault, Phase, Publish, Session, Version};
use crate::{Arrival, Verdict, Who, identity};

impl Session {
    pub(super) fn handle_publish(&mut self, publish: Publish) -> Result<(), Fault> {
        let Some(pass) = self.pass else { return Err(Fault::Protocol) };
        let awaited = publish.packet_id != 0;
        if awaited && self.version == Version::V5 && self.unacknowledged >= self.in_flight() {
            return Err(Fault::ReceiveMaximum);
        }
        if let Who::Local(_) = pass.who {
            return self.handle_household(publish);
        }
        if publish.alias.is_some() {
            return Err(Fault::TopicAlias);
        }
        let topic: Topic = publish.topic.parse().map_err(|_| Fault::NotAuthorized)?;
        if !identity::may_publish(&pass, topic) {
            return Err(Fault::NotAuthorized);
        }
        if publish.retain && self.version == Version::V5 {
            return Err(Fault::Retain);
        }
        let (lane, limit) = identity::room(topic).ok_or(Fault::NotAuthorized)?;
        if publish.payload.len() > limit {
            return Err(Fault::TooLarge);
        }
        self.messages_left = self.messages_left.checked_sub(1).ok_or(Fault::Quota)?;
        self.up.push(publish.packet_id);
        self.unacknowledged += u16::from(awaited);
        let payload = publish.payload;
        self.actions.push_back(Action::Keep(Arrival { who: pass.who, topic, lane, payload }));
        Ok(())
    }

    /// Writes a PUBACK; both versions spell success alike.
    fn acknowledge(&mut self, packet_id: u16) {
        if packet_id != 0 {
            self.output.put_slice(&[0x40, 2]);
            self.output.put_u16(packet_id);
        }
    }

    /// The verdict of arrivals `first..first + len`, by number in order of asking.
    pub fn handle_verdicts(&mut self, first: u64, len: u64, verdict: Verdict) {
        self.up.settle(first, len, verdict);
        while let Some((packet_id, verdict)) = self.up.pop() {
            if let Phase::Over(_) = self.phase {
                return;
            }
            match verdict {
                Verdict::Kept | Verdict::Shed => {
                    self.acknowledge(packet_id);
                    if packet_id != 0 {
                        self.unacknowledged = self.unacknowledged.saturating_sub(1);
                        // These are counted as messages on disk.
                        self.acknowledged += u64::from(!self.is_local());
                    }
                }
                Verdict::Refused => self.end(Ending::Refused, 0x97),
            }
        }
    }
}
