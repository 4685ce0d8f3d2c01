//! The only registry of ids: who speaks, from which life, and which utterance.
//!
//! A *life* of a device is drawn at random when its flash holds no valid counter; a *boot* is one
//! power-up within a life; a *sequence number* counts frames within a boot. Together they name a
//! frame for ever. Ids are printed in Crockford base32 with a check character, since people read
//! them aloud. Not here: row ids of any database.

use core::fmt;
use core::str::FromStr;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECKS: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
const DIGITS: usize = 10;

/// Ids are below this: ten base32 digits.
pub const ID_LIMIT: u64 = 1 << (5 * DIGITS);

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdError {
    /// Not ten digits and a check character.
    Length,
    /// A character outside Crockford's alphabet.
    Character,
    /// The check character does not fit: a digit was misread or misheard.
    Check,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "an id has ten characters and a check character",
            Self::Character => "an id uses digits and letters without I, L, O, U",
            Self::Check => "the check character does not fit, read the id again",
        })
    }
}

impl core::error::Error for IdError {}

fn digit(c: u8) -> Option<u64> {
    let c = match c.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    (0u64..).zip(ALPHABET).find(|(_, a)| **a == c).map(|(n, _)| n)
}

fn parse(text: &str) -> Result<u64, IdError> {
    let bytes = text.as_bytes();
    let [digits @ .., check] = bytes else { return Err(IdError::Length) };
    if digits.len() != DIGITS {
        return Err(IdError::Length);
    }
    let mut value = 0;
    for c in digits {
        value = value << 5 | digit(*c).ok_or(IdError::Character)?;
    }
    let expected = CHECKS[(value % 37) as usize];
    let given = match check.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    if given == expected { Ok(value) } else { Err(IdError::Check) }
}

fn write(value: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut out = [0u8; DIGITS + 1];
    for (place, slot) in out.iter_mut().take(DIGITS).enumerate() {
        *slot = ALPHABET[(value >> (5 * (DIGITS - 1 - place)) & 31) as usize];
    }
    out[DIGITS] = CHECKS[(value % 37) as usize];
    f.pad(core::str::from_utf8(&out).map_err(|_| fmt::Error)?)
}

/// Whether `text` is exactly how `name` is printed, so that one thing has one spelling on the wire.
pub(crate) fn is_spelled(name: &impl fmt::Display, text: &str) -> bool {
    struct Rest<'a>(&'a str);
    impl fmt::Write for Rest<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let mut rest = Rest(text);
    fmt::write(&mut rest, format_args!("{name}")).is_ok() && rest.0.is_empty()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// Takes a number below [`ID_LIMIT`].
            pub const fn new(value: u64) -> Option<Self> {
                if value < ID_LIMIT { Some(Self(value)) } else { None }
            }

            /// The number, for headers and rows.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// Whether the check character is a letter or digit, as minted ids have it.
            pub const fn reads_aloud(self) -> bool {
                self.0 % 37 < 32
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text).map(Self)
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.u64(self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(
                d: &mut minicbor::Decoder<'b>,
                _: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                Self::new(d.u64()?).ok_or(minicbor::decode::Error::message("id out of range"))
            }
        }
    };
}

id! {
    /// A thing that seals frames: a sensor, a button, or a gateway speaking for itself.
    DeviceId
}
id! {
    /// A gateway: the box in the home, or one in the village station that serves many homes.
    GatewayId
}
id! {
    /// A home: the dwelling of one monitored bed or more.
    HomeId
}

impl GatewayId {
    /// The gateway as a sealer of frames: the same number in the same space.
    pub const fn as_device(self) -> DeviceId {
        DeviceId(self.0)
    }
}

impl DeviceId {
    /// The same number read as a gateway.
    pub const fn as_gateway(self) -> GatewayId {
        GatewayId(self.0)
    }
}

/// One power-up of a device: random life in the upper half, boot counter in the lower.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode,
)]
#[cbor(transparent)]
pub struct BootId(#[n(0)] u64);

impl BootId {
    /// Joins a life drawn at random and the counter within it.
    pub const fn new(life: u32, counter: u32) -> Self {
        Self((life as u64) << 32 | counter as u64)
    }

    /// Reads the number that [`BootId::get`] gives.
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The whole number, for headers and rows.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The boot counter within this life.
    pub const fn counter(self) -> u32 {
        (self.0 & 0xFFFF_FFFF) as u32
    }
}

/// Number of a frame within a boot, from 1 upwards; one counter serves all classes.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    minicbor::Encode,
    minicbor::Decode,
)]
#[cbor(transparent)]
pub struct Seq(#[n(0)] u32);

impl Seq {
    /// Takes any number; zero means "before the first".
    pub const fn new(value: u32) -> Self {
        Self(value)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The next number, or none at the end of the counter: the device then starts a new boot.
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }
}

/// What one frame is called for ever: the identity of a press.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode,
)]
pub struct PressId {
    /// Who sealed it.
    #[n(0)]
    pub device: DeviceId,
    /// In which power-up.
    #[n(1)]
    pub boot: BootId,
    /// As which frame of it.
    #[n(2)]
    pub seq: Seq,
}

/// Generation of a device's keys; raised when a gateway is revoked or a device changes hands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    minicbor::Encode,
    minicbor::Decode,
)]
#[cbor(transparent)]
pub struct KeyEpoch(#[n(0)] u16);

impl KeyEpoch {
    /// Takes any generation.
    pub const fn new(value: u16) -> Self {
        Self(value)
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }
}
