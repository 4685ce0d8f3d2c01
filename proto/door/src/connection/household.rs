//! The side of a connection that belongs to the local bus: what its program says, and what it is told.
//!
//! What has no room at a subscriber is *held*: until it is said nothing more is read from the program
//! that said it, while all that waits for that program is still sent. A call for help comes to the keep
//! too, which alone acknowledges it. Not here: who waits for whom (`bus`), what a call is (the gate).

use std::sync::Arc;

use proto::frame::Lane;
use proto::topic::Topic;
use proto::unit::Mono;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep_until;

use super::Connection;
use crate::bus::{Call, Message, Said, Shown};
use crate::commit::Answer;
use crate::line::Hangup;
use crate::session::{Action, Ask, Ending, Fault};
use crate::{Arrival, Saying};

/// Bytes taken from the bus at once.
const TAKE: usize = 65_536;

/// A message that waits for a subscriber.
pub(super) struct Held {
    number: u64,
    message: Message,
    /// Whether it is a call for help, which the keep acknowledges.
    call: bool,
    /// When it is to be said again, if nobody rings before.
    pub(super) until: Mono,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Hands what is a call for help to the keep, as soon as that has room. Gives whether it is one.
    async fn keep_call(&mut self, ask: &Ask) -> bool {
        let (Ask::Publish { number, packet, message }, Some(pass)) = (ask, self.session.pass())
        else {
            return false;
        };
        let inside = Arc::clone(&self.inside);
        let ((packet_id, repeated), who) = (*packet, pass.who);
        let (topic, payload, retain) =
            (message.topic.as_str(), &message.payload[..], message.retain);
        if !inside.gate.calls(&Saying { who, topic, payload, retain, repeated }) {
            return false;
        }
        let client = self.member.as_ref().map(|member| member.client());
        let seat = (client, self.session.seat_number());
        let mark = (packet_id > 0).then(|| Call::mark(seat, packet_id, (topic, payload)));
        let payload = Call { mark, repeated }.to_bytes();
        let Some(room) = inside.commit.reserve(Lane::Emergency, 1).await else {
            self.session.handle_hangup(Hangup::Shutdown);
            return true;
        };
        let lane = Lane::Emergency;
        let call = Arrival { who, topic: Topic::BusCall, lane, payload };
        let answer = Answer::Session { line: Arc::clone(&self.line), first: *number };
        inside.commit.submit(vec![call], lane, answer, room);
        true
    }

    /// Does what the session asks of the bus; false if it must wait, and all behind it.
    pub(super) async fn on_bus(&mut self, ask: Ask) -> bool {
        self.ticket.spoke();
        let call = self.keep_call(&ask).await;
        let Some(member) = &self.member else { return true };
        match ask {
            Ask::Publish { number, message, .. } => {
                return self.say(Held { number, message, call, until: Mono::default() });
            }
            Ask::Subscribe { packet_id, filters } => {
                let granted: Vec<_> = filters
                    .into_iter()
                    .map(|wanted| wanted.and_then(|(path, wish)| member.subscribe(&path, wish)))
                    .collect();
                self.session.handle_subscribed(packet_id, &granted);
            }
            Ask::Unsubscribe { packet_id, filters } => {
                let existed: Vec<_> = filters.iter().map(|path| member.unsubscribe(path)).collect();
                self.session.handle_unsubscribed(packet_id, &existed);
            }
        }
        // What it has sent behind its question is here already.
        self.stirred = true;
        true
    }

    fn say(&mut self, held: Held) -> bool {
        let Held { number, message, call, .. } = held;
        let Some(member) = &self.member else { return true };
        let now = self.inside.clock.now();
        let said = member.publish(message);
        self.session.hold(now, matches!(said, Said::Wait(..)));
        match said {
            Said::Done if call => {}
            Said::Done => self.session.handle_said(number),
            Said::Wait(message, span) => {
                let until = now.after(span);
                self.held = Some(Held { number, message, call, until });
                return false;
            }
            Said::Lost => self.session.handle_hangup(Hangup::BusLost),
        }
        self.stirred = true;
        true
    }

    /// Says again what is held; false if it must wait on. What is acknowledged waits for nothing.
    pub(super) fn say_held(&mut self) -> bool {
        let taken = self.session.take_taken();
        if let Some(member) = self.member.as_ref().filter(|_| !taken.is_empty()) {
            member.acknowledge(&taken);
        }
        self.held.take().is_none_or(|held| self.say(held))
    }

    /// Takes what waits at the bus, as much as the session has room for.
    pub(super) fn take_mail(&mut self) {
        let Some(member) = &self.member else { return };
        while self.session.takes_down() && self.session.ending().is_none() {
            let taken = member.take(TAKE);
            taken.parcels.iter().for_each(|parcel| self.session.handle_parcel(parcel));
            if !taken.more {
                return;
            }
            if taken.parcels.is_empty() {
                // It has looked at much and found nothing: others first.
                return self.line.ring();
            }
        }
    }

    /// Says what it had said before its goodbye and what still waits; each wait has its end.
    async fn say_rest(&mut self) {
        loop {
            if self.say_held() {
                match self.session.next_action() {
                    Some(Action::Bus(ask)) => drop(self.on_bus(ask).await),
                    Some(_) => {}
                    None => return,
                }
            } else if let Some(held) = &self.held {
                let until = self.inside.clock.instant(held.until);
                tokio::select! {
                    () = sleep_until(until) => {}
                    () = self.line.rung() => {}
                }
            }
        }
    }

    /// Gives its seat at the bus up.
    pub(super) async fn leave_bus(&mut self, ending: Option<Ending>) {
        self.say_rest().await;
        let Some(member) = self.member.take() else { return };
        if let Some(Ending::Fault(fault)) = ending {
            // Version 3.1.1 has no word for why: here it is for whoever looks.
            let client = Shown(member.client());
            if fault == Fault::Qos {
                tracing::warn!(%client, "a program used QoS 2, which the bus does not offer: set it to QoS 1");
            } else {
                tracing::warn!(%client, ?fault, "a program on the bus is shown out");
            }
        }
        member.leave(self.session.farewell());
    }
}
