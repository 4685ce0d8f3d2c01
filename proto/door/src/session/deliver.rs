//! Messages down to the client, as fast as it takes them.
//!
//! Not here: who tells them (`door`, `bus`), or the bound of the line they wait on (`line`).

use super::{Down, OUTPUT_HIGH, Session, Version, v4, v5};

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
            let awaited = next.acknowledged && self.down_qos.is_some_and(|qos| qos > 0);
            if awaited && !self.down.has_room() {
                break;
            }
            let Some(Down { topic, payload, retain, .. }) = self.down_waiting.pop_front() else {
                break;
            };
            // Fixed header, topic length, packet id, property length: 10 bytes at most.
            if topic.len() + payload.len() + 10 > self.packet_maximum {
                continue;
            }
            let packet_id = if awaited { self.down.open().unwrap_or(0) } else { 0 };
            match self.version {
                Version::V4 => {
                    v4::publish_down(&mut self.output, &topic, payload, packet_id, retain);
                }
                Version::V5 => {
                    v5::publish_down(&mut self.output, &topic, payload, packet_id, retain);
                }
            }
        }
        if self.down_waiting.is_empty() {
            self.down_waiting.shrink_to(0);
        }
    }
}
