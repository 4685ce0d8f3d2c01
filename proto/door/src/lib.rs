//! The MQTT door: who may come in, what they may say, and that it is on disk before it is acknowledged.
//!
//! A *gate* decides who a caller is. A *keep* makes what they say durable. The door itself speaks
//! MQTT 3.1.1 and 5 and trusts nobody: PUBACK leaves only after the keep has answered `Kept` or `Shed`.
//!
//! - [`Gate`], [`Hello`], [`Pass`], [`Deny`]: admission, from memory, without blocking.
//! - [`Keep`], [`Arrival`], [`Verdict`]: one group of messages made durable on the commit thread.
//! - [`committer`] starts that thread, [`open`] opens a [`Door`] in front of it, [`Bus`] stands
//!   behind a door of local clients.
//!
//! Not here: what a message means, keys of devices, or any topic text (`proto`).

pub mod admission;
mod aside;
pub mod bus;
mod clock;
mod commit;
mod connection;
mod door;
mod entrance;
pub mod figures;
pub mod handles;
mod identity;
mod inside;
mod limits;
mod line;
mod listener;
pub mod once;
mod place;
pub mod proofs;
mod pulse;
mod reserve;
pub mod sentry;
pub mod session;
pub mod tls;
mod torn;
mod watchdog;
pub mod workers;

use std::net::SocketAddr;

pub use aside::{is_blank, set_aside};
pub use bus::{Bus, BusCounters, BusLimits, BusListener, Wish};
pub use commit::{CommitHandle, CommitLimits, committer};
pub use door::{Door, DoorConfig, DoorError, Told, open};
pub use entrance::{Entrance, Exit, Leave, Ticket};
pub use inside::{Counters, Edge};
pub use limits::Limits;
pub use place::Place;
pub use reserve::Reserve;
pub use torn::is_torn;

use bytes::Bytes;
use proto::frame::Lane;
use proto::id::{DeviceId, GatewayId};
use proto::topic::Topic;

/// Who a session belongs to, as its gate found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// An enrolled device.
    Device(DeviceId),
    /// An enrolled gateway; it may hold one session a lane.
    Gateway(GatewayId),
    /// A device that was refused, in the stranger lane: emergency frames only.
    Stranger(DeviceId),
    /// A program of the household on the local bus, numbered by its gate.
    Local(u32),
    /// The door's own round trip.
    Watchdog,
}

/// A certificate that the TLS edge has verified against its roots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Common name of the subject.
    pub name: String,
    /// Serial number, big-endian bytes, for the deny list.
    pub serial: Vec<u8>,
    /// First second, since 1970: may lie ahead where a clock was wrong.
    pub from: i64,
    /// Last second, since 1970: when it has passed, a gate may still admit it for emergencies.
    pub until: i64,
}

impl Certificate {
    /// Whether it has ended at `now`, seconds since 1970.
    pub const fn ended(&self, now: i64) -> bool {
        self.until < now
    }
}

/// What a caller says of itself in CONNECT.
#[derive(Debug, Clone, Copy)]
pub struct Hello<'a> {
    /// Where it calls from.
    pub peer: SocketAddr,
    /// Its client id, not yet believed.
    pub client_id: &'a str,
    /// User name, if given.
    pub login: Option<&'a str>,
    /// Password, if given; binary.
    pub password: Option<&'a [u8]>,
    /// Verified client certificate, if the edge is TLS and one was shown.
    pub certificate: Option<&'a Certificate>,
}

/// What an admitted caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// The identity; topics follow from it, never from the client id.
    pub who: Who,
    /// The lane this session is for; none = both.
    pub lane: Option<Lane>,
}

/// Why a caller is not admitted; each has its CONNACK code in both versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deny {
    /// The client id is none of ours (3.1.1: 2, 5: 0x85).
    ClientId,
    /// Unknown name, wrong key, used proof (3.1.1: 4, 5: 0x86).
    Credentials,
    /// Known and not allowed: revoked, wrong gateway, wrong door (3.1.1: 5, 5: 0x87).
    NotAuthorized,
    /// Too many from this address or in all, try later (3.1.1: 3, 5: 0x97).
    Busy,
}

/// What a program of the household says on the bus.
#[derive(Debug, Clone, Copy)]
pub struct Saying<'a> {
    /// Which program, in this connection.
    pub who: Who,
    /// Where.
    pub topic: &'a str,
    /// What.
    pub payload: &'a [u8],
    /// It asks the bus to keep it for later.
    pub retain: bool,
    /// It says that it may have said so before.
    pub repeated: bool,
}

/// Decides who comes in. Answers from memory; called on the door's tasks, so it must not block.
pub trait Gate: Send + Sync + 'static {
    /// Who this is, or why not.
    fn admit(&self, hello: &Hello<'_>) -> Result<Pass, Deny>;
    /// Whether a program of the household calls for help by this. The bus keeps nothing on a disk, so
    /// the call comes to the keep as well, as a [`bus::Call`] on [`Topic::BusCall`], and is acknowledged once that has it.
    fn calls(&self, _saying: &Saying<'_>) -> bool {
        false
    }
    /// A session of `who` has subscribed to its down tree: what waits for it can be told now.
    fn listening(&self, _who: Who) {}
    /// The last session of `who` has ended.
    fn gone(&self, _who: Who) {}
}

/// One message of an admitted caller, on a topic that is its own.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Who sent it.
    pub who: Who,
    /// Where to.
    pub topic: Topic,
    /// The lane of the topic.
    pub lane: Lane,
    /// The bytes, at most the topic's limit.
    pub payload: Bytes,
}

/// What became of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// On disk, or kept before: acknowledge.
    Kept,
    /// Telemetry dropped for want of room and its loss count is on disk: acknowledge.
    Shed,
    /// Could not be made durable: no acknowledgement, the connection is closed.
    Refused,
}

/// Makes messages durable. Runs on a thread of its own, so it may block on the disk.
///
/// Every 5 s the door's own watchdog comes as [`Who::Watchdog`] on [`Topic::Watchdog`] with an empty
/// payload: answer it with the rest of its group, after the commit; there is nothing to store.
/// After a panic nothing of its group is believed; see [`Keep::anew`].
pub trait Keep: Send + 'static {
    /// Makes a group durable in one commit and pushes one verdict for each, in order.
    /// A verdict of `Kept` or `Shed` promises that it survives a power cut.
    fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>);

    /// [`Keep::keep`] has panicked: throws away whatever that left half done. True: it goes on, and is given the messages
    /// of that group again, each alone. False: the door acknowledges nothing any more and says so; only a new process helps.
    fn anew(&mut self) -> bool {
        false
    }
}
