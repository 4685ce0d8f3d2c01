//! Frame v1: a header that anybody can read, a CBOR body, and two seals.
//!
//! - *open frame*: `header ‖ body ‖ end tag`. What a device keeps in flash and what travels from a
//!   gateway to the server inside TLS. The end tag is made with `K_e2e` over header and body.
//! - *hop frame*: `header ‖ encrypted(body ‖ end tag) ‖ hop tag`. What a device sends by radio.
//!
//! The header is authenticated by both tags. A repeat of a frame is the same bytes.
//! Not here: what a body means (`up`), and frames towards the device (`down`).

use chacha20poly1305::aead::AeadInOut;
use heapless::Vec;

use crate::id::{BootId, DeviceId, KeyEpoch, PressId, Seq};
use crate::key::{EndSeal, HopSeal};
use crate::{EMERGENCY_MAX, FRAME_MAX, version};

/// Bytes of the header.
pub const HEADER_LEN: usize = 24;
/// Bytes of each tag.
pub const TAG_LEN: usize = 16;
/// Longest body of an emergency in bytes.
pub const EMERGENCY_BODY_MAX: usize = EMERGENCY_MAX - HEADER_LEN - 2 * TAG_LEN;
/// Longest body of any other class in bytes.
pub const BODY_MAX: usize = FRAME_MAX - HEADER_LEN - 2 * TAG_LEN;

/// A frame in either form.
pub type FrameBuf = Vec<u8, FRAME_MAX>;

/// What kind of word a frame carries; readable without a key, so that a hop knows the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// A person needs help now: press, pull-cord, fall.
    Emergency = 1,
    /// Something happened: bed, motion, door, tamper.
    Event = 2,
    /// Measured values of a span of time.
    Reading = 3,
    /// The device speaks of itself.
    Health = 4,
    /// The device tells what it had to drop.
    Loss = 5,
    /// The device tells how far an update is, and asks for more of it.
    Update = 6,
}

/// Which of the two lanes a frame travels in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Goes first and is never shed.
    Emergency,
    /// Waits, and is shed first when room runs out.
    Telemetry,
}

impl Class {
    /// The lane of this class.
    pub const fn lane(self) -> Lane {
        match self {
            Self::Emergency => Lane::Emergency,
            Self::Event | Self::Reading | Self::Health | Self::Loss | Self::Update => {
                Lane::Telemetry
            }
        }
    }

    /// Reads the class byte of a header.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Emergency,
            2 => Self::Event,
            3 => Self::Reading,
            4 => Self::Health,
            5 => Self::Loss,
            6 => Self::Update,
            _ => return None,
        })
    }

    const fn frame_max(self) -> usize {
        match self.lane() {
            Lane::Emergency => EMERGENCY_MAX,
            Lane::Telemetry => FRAME_MAX,
        }
    }
}

/// Why bytes are not a frame, or words do not fit one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// Shorter than a header and its tags.
    Truncated,
    /// Longer than its class allows.
    Oversized,
    /// A version that this build does not read.
    Version(u8),
    /// A class that this version does not know.
    Class(u8),
    /// A device number out of range.
    Device,
    /// A tag that does not verify: wrong key, wrong boot, or changed bytes.
    Seal,
    /// Sealed by the right key and still no word that this build knows.
    Word,
}

impl core::fmt::Display for FrameError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Truncated => f.write_str("frame is cut short"),
            Self::Oversized => f.write_str("frame is longer than its class allows"),
            Self::Version(v) => write!(
                f,
                "frame version {v} is outside {} to {}, update the receiver",
                version::MIN,
                version::CURRENT
            ),
            Self::Class(c) => write!(f, "frame class {c} is unknown"),
            Self::Device => f.write_str("device number is out of range"),
            Self::Seal => f.write_str("tag does not verify, the key or its epoch is another"),
            Self::Word => f.write_str("word is unknown, update the receiver"),
        }
    }
}

impl core::error::Error for FrameError {}

/// The part of a frame that is readable without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    /// What kind of word follows.
    pub class: Class,
    /// Generation of the keys that sealed it.
    pub epoch: KeyEpoch,
    /// Who speaks, from which boot, as which frame.
    pub id: PressId,
}

impl Header {
    /// Splits bytes into a header and what follows it; trusts nothing, verifies no tag.
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), FrameError> {
        let (head, rest) = bytes.split_first_chunk::<HEADER_LEN>().ok_or(FrameError::Truncated)?;
        let [ver, class, e0, e1, d0, d1, d2, d3, d4, d5, d6, d7, tail @ ..] = *head;
        if !(version::MIN..=version::CURRENT).contains(&ver) {
            return Err(FrameError::Version(ver));
        }
        let class = Class::from_byte(class).ok_or(FrameError::Class(class))?;
        let device = DeviceId::new(u64::from_be_bytes([d0, d1, d2, d3, d4, d5, d6, d7]))
            .ok_or(FrameError::Device)?;
        let [b0, b1, b2, b3, b4, b5, b6, b7, s0, s1, s2, s3] = tail;
        let boot = BootId::from_raw(u64::from_be_bytes([b0, b1, b2, b3, b4, b5, b6, b7]));
        let seq = Seq::new(u32::from_be_bytes([s0, s1, s2, s3]));
        if bytes.len() > class.frame_max() {
            return Err(FrameError::Oversized);
        }
        let epoch = KeyEpoch::new(u16::from_be_bytes([e0, e1]));
        Ok((Self { class, epoch, id: PressId { device, boot, seq } }, rest))
    }

    /// The bytes of this header.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        out[0] = version::CURRENT;
        out[1] = self.class as u8;
        out[2..4].copy_from_slice(&self.epoch.get().to_be_bytes());
        out[4..12].copy_from_slice(&self.id.device.get().to_be_bytes());
        out[12..20].copy_from_slice(&self.id.boot.get().to_be_bytes());
        out[20..24].copy_from_slice(&self.id.seq.get().to_be_bytes());
        out
    }

    fn nonce(&self) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[8..].copy_from_slice(&self.id.seq.get().to_be_bytes());
        nonce
    }
}

/// Makes an open frame: header, body, end tag.
pub fn seal_end(header: &Header, body: &[u8], seal: &EndSeal) -> Result<FrameBuf, FrameError> {
    seal_end_in(header, body, seal)
}

/// The same in a frame of at most `N` bytes, for who has no room for the longest.
pub fn seal_end_in<const N: usize>(
    header: &Header,
    body: &[u8],
    seal: &EndSeal,
) -> Result<Vec<u8, N>, FrameError> {
    if HEADER_LEN + body.len() + 2 * TAG_LEN > header.class.frame_max() {
        return Err(FrameError::Oversized);
    }
    let mut out = Vec::new();
    put(&mut out, &header.to_bytes())?;
    put(&mut out, body)?;
    let tag = seal
        .0
        .encrypt_inout_detached(&header.nonce().into(), &out, (&mut [][..]).into())
        .map_err(|_| FrameError::Oversized)?;
    put(&mut out, &tag)?;
    Ok(out)
}

/// Makes a hop frame of an open frame.
pub fn seal_hop(open: &[u8], seal: &HopSeal) -> Result<FrameBuf, FrameError> {
    seal_hop_in(open, seal)
}

/// The same in a frame of at most `N` bytes, for who has no room for the longest.
pub fn seal_hop_in<const N: usize>(open: &[u8], seal: &HopSeal) -> Result<Vec<u8, N>, FrameError> {
    let (header, _) = Header::parse(open)?;
    if open.len() + TAG_LEN > header.class.frame_max() {
        return Err(FrameError::Oversized);
    }
    let mut out: Vec<u8, N> = Vec::new();
    put(&mut out, open)?;
    let (head, rest) = out.split_at_mut(HEADER_LEN);
    let tag = seal
        .0
        .encrypt_inout_detached(&header.nonce().into(), head, rest.into())
        .map_err(|_| FrameError::Oversized)?;
    put(&mut out, &tag)?;
    Ok(out)
}

/// Opens a hop frame; the result is the open frame, whose end tag only the server can check.
pub fn open_hop(hop: &[u8], seal: &HopSeal) -> Result<FrameBuf, FrameError> {
    let (header, rest) = Header::parse(hop)?;
    if rest.len() < 2 * TAG_LEN {
        return Err(FrameError::Truncated);
    }
    let (sealed, tag) = hop.split_last_chunk::<TAG_LEN>().ok_or(FrameError::Truncated)?;
    let mut out = FrameBuf::new();
    put(&mut out, sealed)?;
    let (head, rest) = out.split_at_mut(HEADER_LEN);
    seal.0
        .decrypt_inout_detached(&header.nonce().into(), head, rest.into(), tag.into())
        .map_err(|_| FrameError::Seal)?;
    Ok(out)
}

/// Header and body of an open frame, end tag not checked: what a gateway may act on after `open_hop`.
pub fn read_open(open: &[u8]) -> Result<(Header, &[u8]), FrameError> {
    let (header, rest) = Header::parse(open)?;
    let (body, _) = rest.split_last_chunk::<TAG_LEN>().ok_or(FrameError::Truncated)?;
    Ok((header, body))
}

/// Header and body of an open frame whose end tag verifies.
pub fn verify_end<'a>(open: &'a [u8], seal: &EndSeal) -> Result<(Header, &'a [u8]), FrameError> {
    let (header, body) = read_open(open)?;
    let (told, tag) = open.split_last_chunk::<TAG_LEN>().ok_or(FrameError::Truncated)?;
    seal.0
        .decrypt_inout_detached(&header.nonce().into(), told, (&mut [][..]).into(), tag.into())
        .map_err(|_| FrameError::Seal)?;
    Ok((header, body))
}

fn put<const N: usize>(out: &mut Vec<u8, N>, bytes: &[u8]) -> Result<(), FrameError> {
    out.extend_from_slice(bytes).map_err(|_| FrameError::Oversized)
}
