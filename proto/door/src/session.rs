//! One client's MQTT session as a pure core: bytes and time in, bytes and actions out.
//!
//! Words: a *fault* ends a session with its reason; the *window* holds what is under way; a *down*
//! message goes to the client. What outlives a connection is not here: whoever owns the state of a
//! device or gateway sends it again when that listens again (CONNACK says that no session is kept),
//! and a program of the household has its seat at the bus, with its subscriptions, what waits for
//! it, packet ids and will. The will of a device or gateway may only name its own tree and is then
//! ignored, since the gate hears of the end anyway.
//! Not here: sockets and tasks (`listener`), identities (`identity`), the disk (`commit`).

mod action;
mod admit;
mod aliases;
mod connect;
mod deliver;
mod household;
mod property;
mod publish;
mod subscribe;
mod v4;
mod v5;
mod window;
mod wire;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use proto::unit::{Millis, Mono};

pub use action::{Action, Ask, Ending};
pub use connect::{Connect, Version};
pub use window::{DownWindow, UpWindow};
pub use wire::Fault;

use crate::Pass;
use crate::bus::Joined;
use crate::limits::Limits;
pub use crate::line::{Down, Hangup};
use aliases::Aliases;
use connect::Refusal;

/// Largest CONNECT in bytes: nobody is known yet.
const CONNECT_MAX: usize = 4_096;
/// Unsent bytes above which nothing more is read or told.
const OUTPUT_HIGH: usize = 16_384;
/// Most messages of one session in one group.
const IN_FLIGHT_MAX: u16 = 256;

/// A packet of either version after CONNECT.
#[derive(Debug)]
pub(crate) enum Packet {
    Publish(Publish),
    PubAck(u16),
    Subscribe { packet_id: u16, filters: Vec<Filter>, id: Option<u32> },
    Unsubscribe { packet_id: u16, filters: Vec<String> },
    Ping,
    Disconnect { with_will: bool, expiry: Option<u32> },
}

/// A PUBLISH; packet id 0 stands for QoS 0.
#[derive(Debug)]
pub(crate) struct Publish {
    packet_id: u16,
    /// It may have come before.
    repeated: bool,
    retain: bool,
    /// Perhaps empty where there is an alias.
    topic: String,
    alias: Option<u16>,
    payload: Bytes,
    /// What is carried on to subscribers, encoded.
    properties: Bytes,
    expiry: Option<u32>,
}

/// One filter of a SUBSCRIBE.
#[derive(Debug)]
pub(crate) struct Filter {
    path: String,
    qos: u8,
    /// How a program on the bus wants its messages; retain handling is 0 to 2.
    no_local: bool,
    as_published: bool,
    retain_handling: u8,
}

/// What CONNACK of version 5 says of this door.
#[derive(Debug)]
pub(crate) struct Offer {
    receive_maximum: u16,
    packet_maximum: usize,
    free_topics: bool,
    session_expiry: u32,
    present: bool,
    lost: u64,
    keep_alive: Option<u16>,
    assigned: Option<String>,
}

#[derive(Debug)]
enum Phase {
    Arriving { until: Mono },
    Admitting(Box<Connect>),
    Open,
    Over(Ending),
}

/// One client's session.
///
/// Calling contract: after each `handle_*` take all [`Session::next_action`] and send what is in
/// [`Session::output`]; call [`Session::handle_timeout`] at [`Session::poll_timeout`]. Read from the
/// socket only while [`Session::wants_bytes`]; bytes that were not consumed stay in the buffer and
/// are offered again. Once [`Session::ending`] is set, send the output and close. Time never goes back.
#[derive(Debug)]
pub struct Session {
    limits: Arc<Limits>,
    phase: Phase,
    version: Version,
    pass: Option<Pass>,
    /// Its seat at the bus, if it is a program of the household.
    seat: Option<Joined>,
    heard: Mono,
    /// Silence after which the client is taken for gone, if it is at all.
    patience: Option<Millis>,
    /// Something it has said waits for room at the bus.
    held: bool,
    /// It has asked the bus and is to be answered before more of it is read.
    asking: bool,
    /// How long its session is to be kept, if its goodbye says so.
    expiry: Option<u32>,
    packet_maximum: usize,
    up: UpWindow,
    unacknowledged: u16,
    down: DownWindow,
    down_waiting: VecDeque<Down>,
    /// Granted quality of service of its own down tree.
    down_qos: Option<u8>,
    aliases: Aliases,
    /// What it has acknowledged of the bus.
    taken: Vec<u16>,
    messages_left: u32,
    output: BytesMut,
    actions: VecDeque<Action>,
    acknowledged: u64,
}

impl Session {
    /// A connection that has just been opened.
    pub fn new(limits: Arc<Limits>, now: Mono) -> Self {
        let connect = Millis::new(u64::try_from(limits.connect.as_millis()).unwrap_or(u64::MAX));
        let down = DownWindow::new(1);
        Self {
            phase: Phase::Arriving { until: now.after(connect) },
            version: Version::V4,
            pass: None,
            seat: None,
            heard: now,
            patience: Some(connect),
            held: false,
            asking: false,
            expiry: None,
            packet_maximum: usize::MAX,
            up: UpWindow::default(),
            unacknowledged: 0,
            down,
            down_waiting: VecDeque::new(),
            down_qos: None,
            aliases: Aliases::default(),
            taken: Vec::new(),
            messages_left: u32::MAX,
            output: BytesMut::new(),
            actions: VecDeque::new(),
            acknowledged: 0,
            limits,
        }
    }

    /// Takes what it can of the bytes that came.
    pub fn handle_bytes(&mut self, now: Mono, buffer: &mut BytesMut) {
        while self.wants_bytes() {
            let (limit, minimal) = match self.phase {
                Phase::Arriving { .. } => (CONNECT_MAX, false),
                Phase::Admitting(_) | Phase::Open | Phase::Over(_) => {
                    (self.limits.packet, self.version == Version::V5)
                }
            };
            if matches!(self.phase, Phase::Arriving { .. })
                && buffer.first().is_some_and(|first| *first != wire::kind::CONNECT << 4)
            {
                return self.fail(Fault::Protocol);
            }
            match wire::split(buffer, limit, minimal) {
                Ok(None) => return,
                Ok(Some(frame)) => {
                    self.heard = now;
                    self.handle_frame(frame);
                }
                Err(fault) => return self.fail(fault),
            }
        }
    }

    fn handle_frame(&mut self, frame: wire::Frame) {
        let version = self.version;
        if let Phase::Arriving { .. } = self.phase {
            return match caught(|| connect::read(&frame)) {
                Ok(Ok(connect)) => self.arrive(Box::new(connect)),
                Ok(Err(refusal)) => self.refuse(refusal),
                Err(fault) => self.fail(fault),
            };
        }
        let read = caught(|| match version {
            Version::V4 => v4::read(frame),
            Version::V5 => v5::read(frame),
        });
        match read.and_then(|packet| packet) {
            Ok(packet) => {
                if let Err(fault) = self.handle_packet(packet) {
                    self.fail(fault);
                }
            }
            Err(fault) => self.fail(fault),
        }
    }

    fn handle_packet(&mut self, packet: Packet) -> Result<(), Fault> {
        match packet {
            Packet::Publish(publish) => self.handle_publish(publish)?,
            Packet::PubAck(packet_id) if self.is_local() => self.taken.push(packet_id),
            Packet::PubAck(packet_id) => {
                self.down.close(packet_id);
                self.send_down();
            }
            Packet::Subscribe { packet_id, filters, id } => {
                self.handle_subscribe(packet_id, filters, id)?;
            }
            Packet::Unsubscribe { packet_id, filters } => {
                self.handle_unsubscribe(packet_id, filters);
            }
            Packet::Ping => self.output.put_slice(&[0xD0, 0]),
            Packet::Disconnect { with_will, expiry } => {
                if self.seat.is_some_and(|seat| seat.expiry == 0) && expiry.unwrap_or(0) > 0 {
                    return Err(Fault::Protocol);
                }
                self.expiry = expiry;
                let ending = if with_will { Ending::GoodbyeWithWill } else { Ending::Goodbye };
                self.phase = Phase::Over(ending);
            }
        }
        Ok(())
    }

    fn arrive(&mut self, connect: Box<Connect>) {
        self.version = connect.version;
        self.actions.push_back(Action::Admit(connect.clone()));
        self.phase = Phase::Admitting(connect);
    }

    fn refuse(&mut self, refusal: Refusal) {
        match refusal {
            Refusal::V4(code) => v4::connack(&mut self.output, code, false),
            Refusal::V5(code) => v5::refuse(&mut self.output, code),
            Refusal::Silent => {}
        }
        self.phase = Phase::Over(match refusal {
            Refusal::V4(_) | Refusal::V5(_) => Ending::Denied,
            Refusal::Silent => Ending::Fault(Fault::Malformed),
        });
    }

    fn in_flight(&self) -> u16 {
        self.limits.in_flight.clamp(1, IN_FLIGHT_MAX)
    }

    /// Time has come, see [`Session::poll_timeout`].
    pub fn handle_timeout(&mut self, now: Mono) {
        if self.poll_timeout().is_none_or(|deadline| now < deadline) {
            return;
        }
        match self.phase {
            Phase::Arriving { .. } => self.phase = Phase::Over(Ending::NoConnect),
            Phase::Open => self.end(Ending::Silent, 0x8D),
            Phase::Admitting(_) | Phase::Over(_) => {}
        }
    }

    /// When it wants [`Session::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Mono> {
        match self.phase {
            Phase::Arriving { until } => Some(until),
            Phase::Open if self.held => None,
            Phase::Open => self.patience.map(|patience| self.heard.after(patience)),
            Phase::Admitting(_) | Phase::Over(_) => None,
        }
    }

    /// The door wants the session to end.
    pub fn handle_hangup(&mut self, why: Hangup) {
        let code = match why {
            Hangup::TakenOver => 0x8E,
            Hangup::Cut => 0x98,
            Hangup::Overflow => 0x97,
            Hangup::Shutdown => 0x8B,
            Hangup::BusLost => 0x80,
            Hangup::Crowded => 0x89,
        };
        self.end(Ending::Hangup(why), code);
    }

    /// The next thing it asks of the world.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Bytes to send; the edge takes them from the front.
    pub fn output(&mut self) -> &mut BytesMut {
        &mut self.output
    }

    /// Whether it takes more bytes: not while the disk or the client is behind.
    pub fn wants_bytes(&self) -> bool {
        // Version 5 has been told its quota and is held to it; 3.1.1 is simply not read meanwhile.
        let window = usize::from(self.in_flight());
        let window = if self.version == Version::V5 { 2 * window } else { window };
        matches!(self.phase, Phase::Arriving { .. } | Phase::Open)
            && !self.held
            && !self.asking
            && self.up.len() < window
            && self.output.len() < OUTPUT_HIGH
    }

    /// Whether it takes more down messages.
    pub fn takes_down(&self) -> bool {
        self.down_waiting.is_empty() && self.output.len() < OUTPUT_HIGH
    }

    /// Number that its next arrival will have.
    pub fn next_number(&self) -> u64 {
        self.up.next_number()
    }

    /// PUBACKs since the last call: each stands for a message on disk.
    pub fn take_acknowledged(&mut self) -> u64 {
        std::mem::take(&mut self.acknowledged)
    }

    /// Who it was admitted as.
    pub fn pass(&self) -> Option<Pass> {
        self.pass
    }

    /// Why it is over, if it is.
    pub fn ending(&self) -> Option<Ending> {
        match self.phase {
            Phase::Over(ending) => Some(ending),
            Phase::Arriving { .. } | Phase::Admitting(_) | Phase::Open => None,
        }
    }

    fn fail(&mut self, fault: Fault) {
        self.end(Ending::Fault(fault), fault.code());
    }

    /// Ends it; a client of version 5 that is inside is told why.
    fn end(&mut self, ending: Ending, code: u8) {
        if let Phase::Over(_) = self.phase {
            return;
        }
        if self.version == Version::V5 && self.pass.is_some() {
            let advice = if let Ending::Fault(fault) = ending { fault.advice() } else { None };
            v5::goodbye(&mut self.output, code, advice, self.packet_maximum);
        }
        self.phase = Phase::Over(ending);
    }
}

/// Runs the parser; a panic in it is a fault of this one connection.
fn caught<T>(read: impl FnOnce() -> T) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(read)).map_err(|_| Fault::Parser)
}
