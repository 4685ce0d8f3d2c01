//! Messages down to the client, as fast as it takes them.
//!
//! What comes from the bus has its packet id from there, where it also waits. Not here: who tells
//! them (`door`, `bus`), or the bound of the line they wait on (`line`).

use bytes::Bytes;

use super::{Down, OUTPUT_HIGH, Session, Version, v4, v5};
use crate::bus::Parcel;

/// First byte and packet id of a PUBLISH to the client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sending {
    /// 0 stands for QoS 0.
    pub(crate) packet_id: u16,
    pub(crate) repeated: bool,
    pub(crate) retain: bool,
}

/// Fixed header, lengths, packet id and topic alias of a PUBLISH take no more than this.
const HEAD_MAX: usize = 24;

impl Sending {
    const fn first_of(packet_id: u16) -> Self {
        Self { packet_id, repeated: false, retain: false }
    }

    pub(crate) fn first_byte(self) -> u8 {
        0x30 | u8::from(self.repeated) << 3
            | u8::from(self.packet_id != 0) << 1
            | u8::from(self.retain)
    }
}

impl Session {
    /// A message for the client; it waits for room in flight.
    pub fn handle_down(&mut self, down: Down) {
        self.down_waiting.push_back(down);
        self.send_down();
    }

    /// All output has been sent: there is room for more.
    pub fn handle_sent(&mut self) {
        self.send_down();
    }

    pub(super) fn send_down(&mut self) {
        while self.output.len() < OUTPUT_HIGH {
            let Some(next) = self.down_waiting.front() else { break };
            // Fixed header, topic length, packet id, property length: 10 bytes at most.
            let size = next.topic.len() + next.payload.len() + 10;
            let awaited = self.down_qos.is_some_and(|qos| qos > 0);
            if awaited && !self.down.has_room() {
                break;
            }
            let Some(Down { topic, payload }) = self.down_waiting.pop_front() else { break };
            if size > self.packet_maximum {
                continue;
            }
            let packet_id = if awaited { self.down.open().unwrap_or(0) } else { 0 };
            self.write(Sending::first_of(packet_id), &topic, &[], &payload);
        }
        if self.down_waiting.is_empty() {
            self.down_waiting.shrink_to(0);
        }
    }

    /// Sends what the bus has for it.
    pub(crate) fn handle_parcel(&mut self, parcel: &Parcel) {
        let Parcel { letter, packet_id, repeated, expiry } = parcel;
        let message = &letter.mail.message;
        let mut properties = match self.version {
            Version::V4 => Vec::new(),
            Version::V5 => v5::carry(&message.properties, *expiry, &letter.ids),
        };
        let mut topic = message.topic.as_str();
        // Its number makes a packet longer the first time, and must not make it too long.
        let size = topic.len() + properties.len() + message.payload.len() + HEAD_MAX;
        if self.version == Version::V5 && size <= self.packet_maximum {
            let (spelled, alias) = self.aliases.spell(topic);
            topic = spelled;
            alias.into_iter().for_each(|alias| v5::put_alias(&mut properties, alias));
        }
        let (packet_id, repeated) = (*packet_id, *repeated);
        let sending = Sending { packet_id, repeated, retain: letter.retain };
        self.write(sending, topic, &properties, &message.payload);
    }

    fn write(&mut self, sending: Sending, topic: &str, properties: &[u8], payload: &Bytes) {
        let out = &mut self.output;
        match self.version {
            Version::V4 => v4::publish_down(out, sending, topic, payload),
            Version::V5 => v5::publish_down(out, sending, topic, properties, payload),
        }
    }
}
