//! Who may be inside, which tree is theirs, take-over and revocation.
//!
//! Topics follow from the identity that the gate found, never from the client id. A *seat* is what
//! one session holds: an identity and a lane. Whoever comes again takes the seat over; strangers,
//! who have proved nothing, hold no seat and push nobody out. Not here: proofs (the gate).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proto::frame::Lane;
use proto::topic::Topic;
use proto::{EMERGENCY_MAX, FRAME_MAX, RELAY_MAX};

use crate::line::{Hangup, Line};
use crate::{Pass, Who};

/// Revocations remembered for sessions that were being admitted meanwhile.
const CUTS_REMEMBERED: usize = 1_024;

/// Whether `pass` may publish to `topic`.
pub(crate) fn may_publish(pass: &Pass, topic: Topic) -> bool {
    let in_lane = |lane| pass.lane.is_none_or(|own| own == lane);
    match (pass.who, topic) {
        (Who::Device(own), Topic::DeviceUp(device, lane)) => own == device && in_lane(lane),
        (Who::Gateway(own), Topic::GatewayUp(gateway, lane)) => own == gateway && in_lane(lane),
        (Who::Stranger(own), Topic::StrangerUp(device)) => own == device,
        (Who::Watchdog, Topic::Watchdog) => true,
        (
            Who::Device(_) | Who::Gateway(_) | Who::Stranger(_) | Who::Local(_) | Who::Watchdog,
            _,
        ) => false,
    }
}

/// The one topic that `who` may subscribe to.
pub(crate) fn down(who: Who) -> Option<Topic> {
    match who {
        Who::Device(device) => Some(Topic::DeviceDown(device)),
        Who::Gateway(gateway) => Some(Topic::GatewayDown(gateway)),
        Who::Stranger(_) | Who::Local(_) | Who::Watchdog => None,
    }
}

/// Lane of a topic that goes up, and its largest payload in bytes.
pub(crate) fn room(topic: Topic) -> Option<(Lane, usize)> {
    match topic {
        Topic::DeviceUp(_, Lane::Emergency) | Topic::StrangerUp(_) => {
            Some((Lane::Emergency, EMERGENCY_MAX))
        }
        Topic::DeviceUp(_, lane @ Lane::Telemetry) => Some((lane, FRAME_MAX)),
        Topic::GatewayUp(_, lane) => Some((lane, RELAY_MAX)),
        // It proves the way of an emergency, so it takes that way.
        Topic::Watchdog => Some((Lane::Emergency, EMERGENCY_MAX)),
        Topic::DeviceDown(_)
        | Topic::GatewayDown(_)
        | Topic::BusState(..)
        | Topic::BusReceipt(..)
        | Topic::BusAlarm(_)
        | Topic::BusCall => None,
    }
}

/// How every topic of the agreement begins: what two of them that differ at once have in common.
pub(crate) fn reserved_prefix() -> String {
    let watchdog = Topic::Watchdog.to_string();
    let Some(home) = proto::id::HomeId::new(0) else { return watchdog };
    let other = Topic::BusAlarm(home).to_string();
    watchdog.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

/// Whether a text belongs to the agreement, so that programs on the local bus may only read it.
pub(crate) fn reserved(topic: &str) -> bool {
    topic.starts_with(&reserved_prefix())
}

type Seat = (Who, Option<Lane>);

struct Holder {
    connection: u64,
    line: Arc<Line>,
}

#[derive(Default)]
struct Seats {
    held: BTreeMap<Seat, Holder>,
    strangers: HashMap<u64, Arc<Line>>,
    cut_number: u64,
    cuts: VecDeque<(u64, Who)>,
}

/// All sessions that are inside.
#[derive(Default)]
pub(crate) struct Roster(Mutex<Seats>);

/// Revoked while it was being admitted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cut;

impl Roster {
    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be read before the gate is asked: a revocation in between is then not missed.
    pub(crate) fn cut_number(&self) -> u64 {
        self.lock().cut_number
    }

    /// Gives a seat; whoever held it is hung up. True if somebody did.
    pub(crate) fn enter(
        &self,
        pass: Pass,
        connection: u64,
        line: &Arc<Line>,
        cut_number: u64,
    ) -> Result<bool, Cut> {
        let mut seats = self.lock();
        if seats.cut_since(cut_number, pass.who) {
            return Err(Cut);
        }
        let holder = Holder { connection, line: Arc::clone(line) };
        let former = seats.held.insert((pass.who, pass.lane), holder);
        drop(seats);
        if let Some(former) = &former {
            former.line.hang_up(Hangup::TakenOver);
        }
        Ok(former.is_some())
    }

    /// Lets a stranger in beside all others.
    pub(crate) fn enter_stranger(&self, connection: u64, line: &Arc<Line>) {
        self.lock().strangers.insert(connection, Arc::clone(line));
    }

    /// The connection that holds the seat now.
    pub(crate) fn holder(&self, pass: Pass) -> Option<u64> {
        self.lock().held.get(&(pass.who, pass.lane)).map(|holder| holder.connection)
    }

    /// Gives up what the connection held. True if that was the last session of its identity.
    pub(crate) fn leave(&self, pass: Pass, connection: u64) -> bool {
        let mut seats = self.lock();
        if seats.strangers.remove(&connection).is_some() {
            return true;
        }
        let seat = (pass.who, pass.lane);
        let own = seats.held.get(&seat).is_some_and(|holder| holder.connection == connection);
        if own {
            seats.held.remove(&seat);
        }
        own && seats.of(pass.who).next().is_none()
    }

    /// Lines of all sessions of an identity, the emergency lane first.
    pub(crate) fn lines(&self, who: Who) -> Vec<Arc<Line>> {
        self.lock().of(who).map(|holder| Arc::clone(&holder.line)).collect()
    }

    /// Hangs up all sessions of an identity, also one that is being admitted.
    pub(crate) fn cut(&self, who: Who) {
        let mut seats = self.lock();
        seats.cut_number += 1;
        let number = seats.cut_number;
        seats.cuts.push_back((number, who));
        if seats.cuts.len() > CUTS_REMEMBERED {
            seats.cuts.pop_front();
        }
        let lines: Vec<_> = seats.of(who).map(|holder| Arc::clone(&holder.line)).collect();
        drop(seats);
        for line in lines {
            line.hang_up(Hangup::Cut);
        }
    }

    /// Hangs up everybody.
    pub(crate) fn close(&self) {
        let seats = self.lock();
        for line in seats.held.values().map(|holder| &holder.line).chain(seats.strangers.values()) {
            line.hang_up(Hangup::Shutdown);
        }
    }
}

impl Seats {
    fn of(&self, who: Who) -> impl Iterator<Item = &Holder> {
        let lanes = [None, Some(Lane::Emergency), Some(Lane::Telemetry)];
        lanes.into_iter().filter_map(move |lane| self.held.get(&(who, lane)))
    }

    fn cut_since(&self, number: u64, who: Who) -> bool {
        let forgotten = self.cuts.front().is_some_and(|(oldest, _)| number + 1 < *oldest);
        forgotten || self.cuts.iter().any(|(at, cut)| *at > number && *cut == who)
    }
}
