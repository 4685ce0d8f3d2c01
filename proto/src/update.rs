//! Words of a firmware update: what an image is, the piece of it that travels, how far a device has come.
//!
//! A *manifest* says for which hardware an *image* is, its version, length and SHA-256, and carries the firm's
//! Ed25519 signature over all of that; a *release* is its short name. An *order* is what a device is told, *progress*
//! what it answers, and it asks for each piece itself. Orders share the number space of [`Down`](crate::down::Down),
//! whose words are those of every device; an older one skips these. Not here: who verifies a signature (`firmware`),
//! who is offered what (`server`), the file that an image travels in outside of homes ([`package`]).

pub mod package;

use core::fmt;

use minicbor::bytes::ByteSlice;
use minicbor::{Decode, Encode};

use crate::field;
use crate::unit::Millis;

/// Most bytes of one chunk: eight of them fill a page of flash.
pub const CHUNK_MAX: usize = 512;
/// Most chunks that a device asks for at once.
pub const CHUNKS_MAX: u8 = 8;
/// Largest image in bytes. Source: technical, half of a 4 MiB flash less the device's own pages.
pub const IMAGE_MAX: u32 = 0x001F_0000;
/// What is signed begins with this, so that no signature over anything else is ever one over an image.
const DOMAIN: [u8; 20] = *b"hearthline image v1\0";
/// Bytes of what is signed.
pub const SIGNED_LEN: usize = DOMAIN.len() + 2 + 2 + 4 + 4 + 4 + 32;

/// What an image is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Hardware {
    /// Number of the board; who makes boards numbers them.
    #[n(0)]
    pub model: u16,
    /// Its revision; an image is for exactly one.
    #[n(1)]
    pub revision: u16,
}

impl fmt::Display for Hardware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "model {} revision {}", self.model, self.revision)
    }
}

/// Short name of an image: the first eight bytes of its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Release(#[n(0)] pub u64);

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl core::str::FromStr for Release {
    type Err = core::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// An image as the firm describes it.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Manifest {
    /// What it is for.
    #[n(0)]
    pub hardware: Hardware,
    /// Its version, `major << 16 | minor << 8 | patch`, as in [`Health`](crate::up::Health).
    #[n(1)]
    pub version: u32,
    /// Once this image has proved itself, the device takes none older than this any more; at most `version`.
    #[n(2)]
    pub minimum: u32,
    /// Its length in bytes, 1 to [`IMAGE_MAX`].
    #[n(3)]
    pub size: u32,
    /// Its SHA-256.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub digest: [u8; 32],
    /// The firm's Ed25519 signature over [`Manifest::signed`].
    #[cbor(n(5), with = "minicbor::bytes")]
    pub signature: [u8; 64],
}

impl Manifest {
    /// What the signature is over: a domain, then all other fields in order, numbers big-endian.
    pub fn signed(&self) -> [u8; SIGNED_LEN] {
        let fields: [&[u8]; 7] = [
            &DOMAIN,
            &self.hardware.model.to_be_bytes(),
            &self.hardware.revision.to_be_bytes(),
            &self.version.to_be_bytes(),
            &self.minimum.to_be_bytes(),
            &self.size.to_be_bytes(),
            &self.digest,
        ];
        let mut signed = [0; SIGNED_LEN];
        let all = fields.iter().flat_map(|field| field.iter());
        signed.iter_mut().zip(all).for_each(|(place, byte)| *place = *byte);
        signed
    }

    /// The short name of its image.
    pub fn release(&self) -> Release {
        let [a, b, c, d, e, f, g, h, ..] = self.digest;
        Release(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// Whether length and versions are possible at all, whoever signed them.
    pub const fn is_sound(&self) -> bool {
        0 < self.size && self.size <= IMAGE_MAX && self.minimum <= self.version
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hardware, version, minimum, size, .. } = self;
        let release = self.release();
        write!(f, "Manifest({release}, {hardware}, {version:#x} from {minimum:#x}, {size} bytes)")
    }
}

/// What a device is told about its image; numbers go on from those of [`Down`](crate::down::Down).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Order<'a> {
    /// There is another image for you.
    #[n(4)]
    Offer(#[n(0)] Manifest),
    /// A piece that you have asked for.
    #[n(5)]
    Chunk(#[b(0)] Chunk<'a>),
    /// Your word about this image, which you run on trial, was verified: words go both ways.
    #[n(6)]
    Heard(#[n(0)] Release),
}

/// A piece of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Chunk<'a> {
    /// Of which image.
    #[n(0)]
    pub release: Release,
    /// Where it begins; a multiple of [`CHUNK_MAX`].
    #[n(1)]
    pub offset: u32,
    /// The bytes: [`CHUNK_MAX`] of them, fewer only at the end of the image.
    #[b(2)]
    pub bytes: &'a ByteSlice,
}

/// How far a device has come with an image; in stage `Fetching` it asks for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Progress {
    /// Uptime of the device when it said this.
    #[cbor(n(0), with = "field::millis")]
    pub uptime: Millis,
    /// Which image.
    #[n(1)]
    pub release: Release,
    /// Version of the image that runs now.
    #[cbor(n(2), with = "field::whole")]
    pub running: u64,
    /// How far.
    #[n(3)]
    pub stage: Stage,
    /// The first byte that is still missing; asks for chunks from there.
    #[cbor(n(4), with = "field", has_nil)]
    pub next: Option<u32>,
    /// How many chunks to send, 1 to [`CHUNKS_MAX`].
    #[cbor(n(5), with = "field", has_nil)]
    pub chunks: Option<u8>,
    /// Why not, in stages `Refused` and `RolledBack`.
    #[cbor(n(6), with = "field", has_nil)]
    pub refusal: Option<Refusal>,
    /// What board this is; none if it can take no image.
    #[cbor(n(7), with = "field", has_nil)]
    pub hardware: Option<Hardware>,
}

/// The stages of an update; numbers are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Stage {
    /// Chunks are on their way.
    #[n(0)]
    Fetching,
    /// Whole and verified; it starts when nobody waits for help.
    #[n(1)]
    Ready,
    /// It runs, and must prove itself.
    #[n(2)]
    Trial,
    /// It has proved itself and stays.
    #[n(3)]
    Confirmed,
    /// It has not, and the image before it runs again.
    #[n(4)]
    RolledBack,
    /// It is not taken.
    #[n(5)]
    Refused,
}

impl Stage {
    const ALL: [Self; 6] = [
        Self::Fetching,
        Self::Ready,
        Self::Trial,
        Self::Confirmed,
        Self::RolledBack,
        Self::Refused,
    ];

    /// Its number on the wire, for stores.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The stage of a number.
    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.number() == number)
    }
}

/// Why an image is not taken, or not kept; numbers are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Refusal {
    /// For another model or revision.
    #[n(0)]
    Hardware,
    /// Not newer than what runs.
    #[n(1)]
    Old,
    /// Older than an image that has proved itself allows.
    #[n(2)]
    Minimum,
    /// Its length or versions are impossible, or there is no room for it.
    #[n(3)]
    Size,
    /// Not signed by the firm.
    #[n(4)]
    Signature,
    /// What came is not what was signed, and was not after another try.
    #[n(5)]
    Digest,
    /// Flash does not keep it.
    #[n(6)]
    Flash,
    /// It did not prove itself in time.
    #[n(7)]
    Trial,
    /// It did not come up, or was damaged after it had been verified.
    #[n(8)]
    Boot,
    /// This device has one place for an image only.
    #[n(9)]
    NoSlots,
}

impl Refusal {
    const ALL: [Self; 10] = [
        Self::Hardware,
        Self::Old,
        Self::Minimum,
        Self::Size,
        Self::Signature,
        Self::Digest,
        Self::Flash,
        Self::Trial,
        Self::Boot,
        Self::NoSlots,
    ];

    /// Its number on the wire, for stores.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The refusal of a number.
    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.number() == number)
    }
}
