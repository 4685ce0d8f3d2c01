//! What a device says: events, readings, its own health, what it had to drop, how far an update is.
//!
//! Bodies are CBOR maps with integer keys; a reader skips keys and quantities that it does not know, and fields beyond
//! their range (`field`), and a relay keeps them, since it passes bytes on. Numbers of kinds and quantities are append-only. Not here:
//! what any of it means for a person (`care`).

pub mod about;
mod kind;
mod quantity;
mod role;
mod value;
mod values;

pub use kind::EventKind;
pub use quantity::Quantity;
pub use role::Role;

use heapless::Vec;
use minicbor::{Decode, Encode};

use crate::frame::{BODY_MAX, Class};
use crate::id::{HomeId, Seq};
use crate::unit::{Dbm, Millis, NoData, Percent};
use crate::update::Progress;
use crate::{cbor, field};

/// Most values in one reading.
pub const VALUES_MAX: usize = 16;

/// One utterance of a device; its class decides which variant a body is.
#[derive(Debug, Clone, PartialEq)]
pub enum Up {
    /// Class `Emergency` or `Event`.
    Event(Event),
    /// Class `Reading`.
    Reading(Reading),
    /// Class `Health`.
    Health(Health),
    /// Class `Loss`.
    Loss(Loss),
    /// Class `Update`.
    Update(Progress),
}

/// Something happened at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Event {
    /// What happened.
    #[n(0)]
    pub kind: EventKind,
    /// Uptime of the device when it happened, ms since this boot; [`Millis::UNTOLD`] dates nothing.
    #[cbor(n(1), with = "field::millis")]
    pub uptime: Millis,
    /// How often since boot this kind happened, to spot a chattering contact.
    #[cbor(n(2), with = "field", has_nil)]
    pub count: Option<u32>,
}

impl Event {
    /// Reads a body that is known to be an event, for who needs no other word: a chip has no room for all of them.
    pub fn from_body(body: &[u8]) -> Result<Self, BodyError> {
        cbor::read(body).map_err(|_| BodyError)
    }
}

impl Event {
    /// Reads the body of an emergency or event, for those who need no other.
    pub fn read(body: &[u8]) -> Result<Self, BodyError> {
        cbor::read(body).map_err(|_| BodyError)
    }
}

/// Values of one span of time.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
pub struct Reading {
    /// Uptime of the speaker at the end of the span.
    #[cbor(n(0), with = "field::millis")]
    pub uptime: Millis,
    /// Length of the span in seconds; 0 = one moment.
    #[cbor(n(1), with = "field::whole")]
    pub period_s: u64,
    /// The values, at most [`VALUES_MAX`].
    #[cbor(n(2), with = "values")]
    pub values: Vec<Value, VALUES_MAX>,
    /// Set by a gateway that speaks for a home; a device's home is known from its enrolment.
    #[cbor(n(3), with = "field", has_nil)]
    pub home: Option<HomeId>,
}

/// One value, or the reason why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Encode)]
pub struct Value {
    /// What was measured.
    #[n(0)]
    pub quantity: Quantity,
    /// The value in the quantity's unit.
    #[n(1)]
    pub value: Option<f32>,
    /// Why there is none.
    #[n(2)]
    pub no_data: Option<NoData>,
    /// Age of the newest sample in it, seconds at the end of the span.
    #[n(3)]
    pub age_s: u64,
}

/// What a device says of itself, on each connect and every period after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Health {
    /// Uptime now: with it the server dates what happened earlier in this boot.
    #[cbor(n(0), with = "field::millis")]
    pub uptime: Millis,
    /// Seconds until the next one at the latest.
    #[cbor(n(1), with = "field::whole")]
    pub period_s: u64,
    /// Battery, none on mains; [`Percent::NONSENSE`] if it has one and tells no share of it.
    #[cbor(n(2), with = "field::percent", has_nil)]
    pub battery: Option<Percent>,
    /// Signal as the device hears its gateway; [`Dbm::NONSENSE`] if it tells something else.
    #[cbor(n(3), with = "field::dbm", has_nil)]
    pub signal: Option<Dbm>,
    /// Firmware as `major << 16 | minor << 8 | patch`; beyond 32 bits it names no version.
    #[cbor(n(4), with = "field::whole")]
    pub firmware: u64,
    /// Uptime of the last passed self-test of this boot.
    #[cbor(n(5), with = "field", has_nil)]
    pub tested: Option<Millis>,
    /// What kind of device it is.
    #[n(6)]
    pub role: Role,
}

/// What had to be dropped: loss is a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Loss {
    /// How many records; 0 = that is not told.
    #[cbor(n(0), with = "field::count")]
    pub count: u64,
    /// The first frame number lost, where records were numbered frames.
    #[cbor(n(1), with = "field", has_nil)]
    pub since: Option<Seq>,
    /// Uptime of the speaker at the first loss.
    #[cbor(n(2), with = "field::millis")]
    pub uptime: Millis,
    /// Set by a gateway that speaks for a home.
    #[cbor(n(3), with = "field", has_nil)]
    pub home: Option<HomeId>,
}

/// A body in bytes.
pub type BodyBuf = Vec<u8, BODY_MAX>;

/// A body that is not what its class says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyError;

impl core::fmt::Display for BodyError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("body is not readable as its class, keep it for support")
    }
}

impl core::error::Error for BodyError {}

impl Up {
    /// The class in which this travels.
    pub const fn class(&self) -> Class {
        match self {
            Self::Event(event) => event.kind.class(),
            Self::Reading(_) => Class::Reading,
            Self::Health(_) => Class::Health,
            Self::Loss(_) => Class::Loss,
            Self::Update(_) => Class::Update,
        }
    }

    /// The body as CBOR; fails only if a reading is too long for a frame.
    pub fn to_body(&self) -> Result<BodyBuf, BodyError> {
        self.to_body_in()
    }

    /// The same in at most `N` bytes, for who has no room for the longest.
    pub fn to_body_in<const N: usize>(&self) -> Result<Vec<u8, N>, BodyError> {
        let mut buf = [0u8; N];
        let mut cursor = minicbor::encode::write::Cursor::new(&mut buf[..]);
        match self {
            Self::Event(event) => minicbor::encode(event, &mut cursor),
            Self::Reading(reading) => minicbor::encode(reading, &mut cursor),
            Self::Health(health) => minicbor::encode(health, &mut cursor),
            Self::Loss(loss) => minicbor::encode(loss, &mut cursor),
            Self::Update(progress) => minicbor::encode(progress, &mut cursor),
        }
        .map_err(|_| BodyError)?;
        let len = cursor.position();
        Vec::from_slice(&buf[..len]).map_err(|_| BodyError)
    }

    /// Reads a body as its class says: to its last byte, unknown keys and quantities skipped.
    pub fn from_body(class: Class, body: &[u8]) -> Result<Self, BodyError> {
        let up = Self::for_what_it_is(class, body)?;
        if up.class() == class { Ok(up) } else { Err(BodyError) }
    }

    /// Reads the body of a frame that a key has verified: an event is what its kind says, whichever of the two classes
    /// of events it came in. A press in class `Event` is a press, "it is nothing" in class `Emergency` calls nobody.
    pub fn for_what_it_is(class: Class, body: &[u8]) -> Result<Self, BodyError> {
        match class {
            Class::Emergency | Class::Event => cbor::read(body).map(Self::Event),
            Class::Reading => cbor::read(body).map(Self::Reading),
            Class::Health => cbor::read(body).map(Self::Health),
            Class::Loss => cbor::read(body).map(Self::Loss),
            Class::Update => cbor::read(body).map(Self::Update),
        }
        .map_err(|_| BodyError)
    }
}
