//! The gate's answer to CONNECT, told in the words of its version.
//!
//! Not here: the question (`connect`), or what the edge adds to the gate's rules (`admission`).

use std::sync::Arc;

use proto::topic::Topic;
use proto::unit::Millis;

use super::aliases::Aliases;
use super::{Connect, DownWindow, IN_FLIGHT_MAX, Offer, Phase, Refusal, Session, Version, v4, v5};
use crate::{Deny, Pass, Who, identity};

impl Session {
    /// The gate's answer. `assigned` is the client id to give to a client that brought none.
    pub fn handle_admission(&mut self, answer: Result<Pass, Deny>, assigned: &str) {
        let Phase::Admitting(connect) = std::mem::replace(&mut self.phase, Phase::Open) else {
            return;
        };
        match answer.map_err(deny_codes).and_then(|pass| self.check_will(pass, &connect)) {
            Ok(pass) => self.open(pass, *connect, assigned),
            Err((old, new)) => self.refuse(match self.version {
                Version::V4 => Refusal::V4(old),
                Version::V5 => Refusal::V5(new),
            }),
        }
    }

    /// Whether the will is one that its owner may have: who comes to the bus is asked before it has a seat.
    pub(crate) fn may_will(&self, pass: Pass, connect: &Connect) -> bool {
        self.check_will(pass, connect).is_ok()
    }

    /// A will must be something that its owner may publish.
    fn check_will(&self, pass: Pass, connect: &Connect) -> Result<Pass, (u8, u8)> {
        let Some(will) = &connect.will else { return Ok(pass) };
        let local = matches!(pass.who, Who::Local(_));
        let will = &will.message;
        let own = match will.topic.parse::<Topic>() {
            Ok(topic) => identity::may_publish(&pass, topic),
            Err(_) => local && !identity::reserved(&will.topic),
        };
        let new = match self.version {
            Version::V5 if will.qos > 1 => 0x9B,
            Version::V5 if will.retain && !local => 0x9A,
            _ if !own => 0x87,
            Version::V4 | Version::V5 => return Ok(pass),
        };
        Err((5, new))
    }

    fn open(&mut self, pass: Pass, connect: Connect, assigned: &str) {
        let limits = Arc::clone(&self.limits);
        let local = matches!(pass.who, Who::Local(_));
        let wanted = connect.keep_alive;
        let granted =
            if (1..=limits.keep_alive).contains(&wanted) { wanted } else { limits.keep_alive };
        // A program of version 3.1.1 cannot be told another keep-alive, and may have none.
        let silence = if local && self.version == Version::V4 { wanted } else { granted };
        self.patience = (silence > 0).then(|| Millis::new(u64::from(silence) * 1_500));
        self.packet_maximum = connect.packet_maximum;
        self.aliases = Aliases::new(connect.alias_maximum);
        let in_flight = limits.down_in_flight.min(connect.receive_maximum);
        self.down = DownWindow::new(in_flight.min(IN_FLIGHT_MAX));
        if let Who::Stranger(_) = pass.who {
            self.messages_left = limits.stranger_messages;
        }
        let offer = Offer {
            receive_maximum: self.in_flight(),
            packet_maximum: limits.packet,
            free_topics: local,
            session_expiry: self.seat.map_or(0, |seat| seat.expiry),
            present: self.seat.is_some_and(|seat| seat.present),
            lost: self.seat.map_or(0, |seat| seat.lost),
            keep_alive: (granted != wanted).then_some(granted),
            assigned: connect.client_id.is_empty().then(|| assigned.to_owned()),
        };
        match self.version {
            Version::V4 => v4::connack(&mut self.output, 0, offer.present),
            Version::V5 => v5::connack(&mut self.output, &offer),
        }
        self.pass = Some(pass);
        self.phase = Phase::Open;
    }
}

const fn deny_codes(deny: Deny) -> (u8, u8) {
    match deny {
        Deny::ClientId => (2, 0x85),
        Deny::Credentials => (4, 0x86),
        Deny::NotAuthorized => (5, 0x87),
        Deny::Busy => (3, 0x97),
    }
}
