//! What a gateway and the server say to each other, inside their TLS: envelopes around frames.
//!
//! Upwards one envelope carries one frame and how long it waited. Downwards the server hands on
//! sealed words for devices and keeps the gateway's roster. Not here: anything that only one side knows.

use core::fmt;

use minicbor::bytes::{ByteArray, ByteSlice};
use minicbor::{Decode, Encode};

use crate::down::Receipt;
use crate::id::{DeviceId, HomeId, KeyEpoch, PressId};
use crate::unit::Millis;
use crate::up::Role;
use crate::{RELAY_MAX, cbor, field};

/// One frame on its way from a gateway to the server.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Relay<'a> {
    /// What the bytes are.
    #[n(0)]
    pub kind: RelayKind,
    /// How long the gateway has had it, ms at the moment of this sending.
    #[n(1)]
    pub age: Millis,
    /// The frame.
    #[cbor(b(2))]
    pub bytes: &'a ByteSlice,
}

impl<'a> Relay<'a> {
    /// Reads an envelope to its last byte.
    pub fn read(bytes: &'a [u8]) -> Result<Self, RelayError> {
        if bytes.len() > RELAY_MAX {
            return Err(RelayError);
        }
        cbor::read(bytes).map_err(|_| RelayError)
    }
}

impl fmt::Debug for Relay<'_> {
    /// Says how much it carries, not what: an open frame's body is about a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, age, bytes } = self;
        write!(f, "Relay({kind:?}, waited {} ms, {} bytes)", age.get(), bytes.len())
    }
}

/// What an envelope carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RelayKind {
    /// An open frame whose hop seal the gateway has verified, or its own frame.
    #[n(0)]
    Open,
    /// A hop frame from the stranger lane, as it came: the server may hold the key.
    #[n(1)]
    Stranger,
    /// A message of an enrolled device that could not be read, cut to `FRAME_MAX` bytes.
    #[n(2)]
    Unreadable,
    /// No frame: the gateway asks for a certificate for the key in this PKCS #10 request. It is stored
    /// nowhere on the way; whoever gets no answer asks again.
    #[n(3)]
    Petition,
    /// A word of the gateway about its own store, see [`Kept`]: only to a server that has said [`GatewayDown::Reached`].
    #[n(4)]
    Kept,
}

/// What a gateway says of its own store, in an envelope of kind [`RelayKind::Kept`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Kept<'a> {
    /// A position.
    #[n(0)]
    Mark(#[n(0)] Mark),
    /// A press that goes up again, whose home's alarm has ended since a person had it.
    #[n(1)]
    Ended {
        /// Time of this spool at which the server said so: names the end, the same for all that it was about.
        #[n(0)]
        at: Millis,
        /// How long ago that was, ms at the moment of this sending.
        #[n(1)]
        ago: Millis,
        /// The open frame.
        #[cbor(b(2))]
        frame: &'a ByteSlice,
    },
}

impl<'a> Kept<'a> {
    /// Reads a word to its last byte.
    pub fn read(bytes: &'a [u8]) -> Result<Self, RelayError> {
        cbor::read(bytes).map_err(|_| RelayError)
    }
}

/// Everything of its lane that this spool had marked as acknowledged before a time of the spool has been handed over.
///
/// It travels in the lane that it is about, behind all that it speaks of: a server that has taken it in has taken in the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Mark {
    /// Life of the server's records, as last told: to records of another life it says nothing.
    #[n(0)]
    pub line: u64,
    /// Generation of the spool, never 0.
    #[n(1)]
    pub spool: u64,
    /// Time of the spool.
    #[n(2)]
    pub through: Millis,
    /// Whether an earlier spool of this gateway was lost or damaged.
    #[n(3)]
    pub aside: bool,
}

/// What the server tells a gateway.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub enum GatewayDown<'a> {
    /// A sealed word for a device; the hint lets the gateway show the rung without the key.
    #[n(0)]
    Forward {
        /// For whom.
        #[n(0)]
        device: DeviceId,
        /// The down frame.
        #[cbor(b(1))]
        sealed: &'a ByteSlice,
        /// What it says, if it is a receipt.
        #[cbor(n(2), with = "field", has_nil)]
        hint: Option<Receipt>,
    },
    /// This device speaks through you, with this key.
    #[n(1)]
    Enrol {
        /// Who.
        #[n(0)]
        device: DeviceId,
        /// In which home.
        #[n(1)]
        home: HomeId,
        /// As what.
        #[n(2)]
        role: Role,
        /// Generation of the key.
        #[n(3)]
        epoch: KeyEpoch,
        /// `K_hop` of that epoch.
        #[n(4)]
        hop_key: ByteArray<32>,
    },
    /// This device no longer speaks through you: refuse it within 5 s.
    #[n(2)]
    Release {
        /// Who.
        #[n(0)]
        device: DeviceId,
    },
    /// An alert of this home is open or over: sounder and bedside display follow.
    #[n(3)]
    Alarm {
        /// Which home.
        #[n(0)]
        home: HomeId,
        /// Open or over.
        #[n(1)]
        open: bool,
    },
    /// The answer to a petition, for the next connection.
    #[n(6)]
    Papers {
        /// Your certificate and what stands between it and a root, PEM.
        #[b(0)]
        chain: &'a str,
        /// Roots that vouch for the server from now on, PEM.
        #[b(1)]
        roots: &'a str,
    },
    /// Your certificate is due by the server's clock: ask for another one.
    #[n(7)]
    Petition,
    /// This device of yours may still speak under an older key, until it has spoken under the one of `Enrol`.
    #[n(8)]
    Former {
        /// Who.
        #[n(0)]
        device: DeviceId,
        /// Generation of the older key.
        #[n(1)]
        epoch: KeyEpoch,
        /// `K_hop` of that epoch.
        #[n(2)]
        hop_key: ByteArray<32>,
    },
    /// This emergency, which you have opened and I cannot verify or read, is before people: the home need not be
    /// told any longer that nobody has it. No rung: its device is told nothing.
    #[n(9)]
    Accepted(#[n(0)] PressId),
    /// So far do my records know what you have sent in a lane: send again what was acknowledged since.
    #[n(4)]
    Reached {
        /// 0 emergencies, 1 telemetry.
        #[n(0)]
        lane: u8,
        /// Life of the records.
        #[n(1)]
        line: u64,
        /// Generation of the spool in which the time counts; 0 = none is known.
        #[n(2)]
        spool: u64,
        /// Time of that spool.
        #[n(3)]
        through: Millis,
        /// Whether the records were put back from a copy.
        #[n(4)]
        restored: bool,
    },
}

impl<'a> GatewayDown<'a> {
    /// Reads a word to its last byte.
    pub fn read(bytes: &'a [u8]) -> Result<Self, RelayError> {
        cbor::read(bytes).map_err(|_| RelayError)
    }
}

impl fmt::Debug for GatewayDown<'_> {
    /// Names everything but keys and sealed bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forward { device, sealed, hint } => {
                write!(f, "Forward({device}, {} bytes, {hint:?})", sealed.len())
            }
            Self::Enrol { device, home, role, epoch, .. } => {
                write!(f, "Enrol({device}, home {home}, {role:?}, epoch {})", epoch.get())
            }
            Self::Release { device } => write!(f, "Release({device})"),
            Self::Alarm { home, open } => write!(f, "Alarm(home {home}, open {open})"),
            Self::Papers { chain, roots } => {
                write!(f, "Papers({} bytes, roots {} bytes)", chain.len(), roots.len())
            }
            Self::Petition => f.write_str("Petition"),
            Self::Accepted(press) => write!(f, "Accepted({press:?})"),
            Self::Former { device, epoch, .. } => {
                write!(f, "Former({device}, epoch {})", epoch.get())
            }
            Self::Reached { lane, line, spool, through, restored } => {
                let through = through.get();
                write!(
                    f,
                    "Reached(lane {lane}, line {line:x}, spool {spool:x}, through {through}, restored {restored})"
                )
            }
        }
    }
}

/// Bytes that are no word between a gateway and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayError;

impl fmt::Display for RelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no word between gateway and server, update the older of them")
    }
}

impl core::error::Error for RelayError {}
