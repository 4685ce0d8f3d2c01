//! What a device says that can wait: events, readings, health, and what it had to drop.
//!
//! Telemetry lives in memory, in the outbox that all sides share; one frame is on its way at a time, so that an
//! emergency never waits behind more. What was shed is told in a loss record, repeated as the same bytes.
//! Not here: emergencies (`press`), and what is measured (`bed`, `passing`).

use proto::frame::Lane;
use proto::id::{PressId, Seq};
use proto::outbox::{Number, Outbox};
use proto::unit::{Millis, Mono};
use proto::up::{Loss, Up};

use super::Token;
use super::voice::{OwnFrame, Voice};

/// How much telemetry waits at most: 20 min of readings while the gateway is away.
const WAITING: usize = 20;
/// The outbox wants room for emergencies, which a device holds elsewhere.
const RESERVE: usize = 1;

/// Telemetry on its way.
#[derive(Debug, Clone)]
enum Flight {
    Entry(Number),
    Loss,
}

/// The telemetry of one device.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    outbox: Outbox<OwnFrame, { WAITING + RESERVE }, RESERVE>,
    in_flight: Option<(Token, Mono, Flight)>,
    /// A loss record that is being told, sealed once.
    loss: Option<(Loss, OwnFrame)>,
    /// Emergencies that found no place anywhere: they are told as lost too.
    unheld: Option<Loss>,
    /// Samples that were lost before anybody judged them.
    missed: Option<Loss>,
}

impl Report {
    /// Takes in a sealed utterance.
    pub(crate) fn push(&mut self, uptime: Millis, id: PressId, frame: OwnFrame) {
        // Telemetry always finds room by shedding older telemetry, and the outbox keeps count of it.
        let _ = self.outbox.push(Lane::Telemetry, Some(id.seq), uptime, frame);
    }

    /// An emergency found no place.
    pub(crate) fn lose(&mut self, uptime: Millis, seq: Seq) {
        let first = Loss { count: 0, since: Some(seq), uptime, home: None };
        let lost = self.unheld.get_or_insert(first);
        lost.count = lost.count.saturating_add(1);
    }

    /// Samples of a stream were lost.
    pub(crate) fn miss(&mut self, uptime: Millis, count: u32) {
        let first = Loss { count: 0, since: None, uptime, home: None };
        let missed = self.missed.get_or_insert(first);
        missed.count = missed.count.saturating_add(count.into());
    }

    /// The next frame to publish, if nothing is on its way.
    pub(crate) fn next_to_send(
        &mut self,
        token: Token,
        now: Mono,
        voice: &mut Voice,
    ) -> Option<OwnFrame> {
        if self.in_flight.is_some() {
            return None;
        }
        if let Some(frame) = self.loss_record(voice) {
            self.in_flight = Some((token, now, Flight::Loss));
            return Some(frame);
        }
        let entry = self.outbox.send(1)?;
        self.in_flight = Some((token, now, Flight::Entry(entry.number)));
        Some(entry.item.clone())
    }

    /// The gateway's PUBACK; true if it was for telemetry.
    pub(crate) fn acked(&mut self, token: Token) -> bool {
        match self.in_flight.take() {
            Some((sent, _, Flight::Entry(number))) if sent == token => {
                self.outbox.acknowledge(number);
                true
            }
            Some((sent, _, Flight::Loss)) if sent == token => {
                self.loss = None;
                true
            }
            other => {
                self.in_flight = other;
                false
            }
        }
    }

    /// The link is gone.
    pub(crate) fn link_lost(&mut self) {
        self.in_flight = None;
        self.outbox.link_lost();
    }

    /// Since when something is on its way.
    pub(crate) fn in_flight_since(&self) -> Option<Mono> {
        self.in_flight.as_ref().map(|(_, since, _)| *since)
    }

    fn loss_record(&mut self, voice: &mut Voice) -> Option<OwnFrame> {
        if self.loss.is_none() {
            let own = self.unheld.as_ref().or(self.missed.as_ref());
            let loss = own.or(self.outbox.lost()).copied()?;
            let (_, frame) = voice.say(&Up::Loss(loss))?;
            // From here on this record tells of it; what is lost later makes the next one.
            if self.unheld.take().or_else(|| self.missed.take()).is_none() {
                self.outbox.told(&loss);
            }
            self.loss = Some((loss, frame));
        }
        self.loss.as_ref().map(|(_, frame)| frame.clone())
    }
}
