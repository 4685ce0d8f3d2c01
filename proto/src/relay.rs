//! What a gateway and the server say to each other, inside their TLS: envelopes around frames.
//!
//! Upwards one envelope carries one frame and how long it waited. Downwards the server hands on
//! sealed words for devices and keeps the gateway's roster. Not here: anything that only one side knows.

use core::fmt;

use minicbor::bytes::{ByteArray, ByteSlice};
use minicbor::{Decode, Encode};

use crate::down::Receipt;
use crate::id::{DeviceId, HomeId, KeyEpoch};
use crate::unit::Millis;
use crate::up::Role;
use crate::{RELAY_MAX, cbor};

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
        #[n(2)]
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
            Self::Former { device, epoch, .. } => {
                write!(f, "Former({device}, epoch {})", epoch.get())
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
