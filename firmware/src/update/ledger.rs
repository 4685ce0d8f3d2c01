//! What outlives a power cut of an update: which slot holds what, and what is under way. Two copies, a page each.
//!
//! A copy is `version ‖ length ‖ number ‖ CBOR map ‖ CRC-32`. Writing erases and fills the older copy and leaves the newer
//! one alone, so a cut at any moment leaves the record of before or the record of after, and never none. The number
//! rises with each write and says which is newer. Not here: what the entries lead to (`slots`, `bank`).

use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
use minicbor::{Decode, Encode};
use proto::update::{Manifest, Refusal, Release, Stage};

use super::{Partition, Slot, page};
use crate::settings::crc32;

/// Longest copy in bytes, a multiple of every flash's word.
pub const COPY_MAX: usize = 512;

const VERSION: u8 = 1;
const HEAD: usize = 1 + 2 + 4;
const SUM: usize = 4;

/// An image that a slot holds, whole and read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Image {
    /// Its version.
    #[n(0)]
    pub version: u32,
    /// Oldest version that may run once this one has proved itself.
    #[n(1)]
    pub minimum: u32,
    /// Its length in bytes.
    #[n(2)]
    pub size: u32,
    /// Its SHA-256.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub digest: [u8; 32],
}

impl Image {
    /// What a manifest describes.
    pub const fn of(manifest: &Manifest) -> Self {
        let Manifest { version, minimum, size, digest, .. } = *manifest;
        Self { version, minimum, size, digest }
    }

    /// Its short name.
    pub fn release(&self) -> Release {
        let [a, b, c, d, e, f, g, h, ..] = self.digest;
        Release(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// An image that is being fetched into the slot that does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Fetch {
    /// What it will be.
    #[n(0)]
    pub manifest: Manifest,
    /// Whether its slot is erased: then what is not blank there is already of this image.
    #[n(1)]
    pub erased: bool,
    /// How often the whole of it differed from its manifest.
    #[n(2)]
    pub differed: u8,
}

/// How the last update ended, to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Outcome {
    /// Which image.
    #[n(0)]
    pub release: Release,
    /// `Confirmed`, `RolledBack` or `Refused`.
    #[n(1)]
    pub stage: Stage,
    /// Why not.
    #[n(2)]
    pub refusal: Option<Refusal>,
}

/// All that is known of the two slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Record {
    /// The slot whose image has proved itself.
    #[n(0)]
    pub active: Slot,
    /// What slot A holds.
    #[n(1)]
    pub a: Option<Image>,
    /// What slot B holds.
    #[n(2)]
    pub b: Option<Image>,
    /// No image older than this runs on this device any more.
    #[n(3)]
    pub floor: u32,
    /// The other slot is on trial and has been started so often.
    #[n(4)]
    pub trial: Option<u8>,
    /// The other slot is being filled.
    #[n(5)]
    pub fetch: Option<Fetch>,
    /// How the last update ended.
    #[n(6)]
    pub last: Option<Outcome>,
}

impl Record {
    /// A device as it leaves the factory: its image in slot A.
    pub const fn factory(image: Image) -> Self {
        Self {
            active: Slot::A,
            a: Some(image),
            b: None,
            floor: image.minimum,
            trial: None,
            fetch: None,
            last: None,
        }
    }

    /// What a slot holds.
    pub const fn image(&self, slot: Slot) -> Option<&Image> {
        match slot {
            Slot::A => self.a.as_ref(),
            Slot::B => self.b.as_ref(),
        }
    }

    /// This record with another image in a slot.
    pub const fn with(mut self, slot: Slot, image: Option<Image>) -> Self {
        match slot {
            Slot::A => self.a = image,
            Slot::B => self.b = image,
        }
        self
    }

    /// The image on trial, if there is one.
    pub const fn tried(&self) -> Option<&Image> {
        match self.trial {
            Some(_) => self.image(self.active.other()),
            None => None,
        }
    }

    /// After the trial has been passed.
    pub fn confirmed(self) -> Self {
        let Some(image) = self.tried().copied() else { return self };
        Self {
            active: self.active.other(),
            floor: self.floor.max(image.minimum),
            trial: None,
            last: Some(Outcome {
                release: image.release(),
                stage: Stage::Confirmed,
                refusal: None,
            }),
            ..self
        }
    }

    /// After the trial has failed: the slot is free again.
    pub fn rolled_back(self, refusal: Refusal) -> Self {
        let Some(image) = self.tried().copied() else { return self };
        let refusal = Some(refusal);
        let release = image.release();
        Self {
            trial: None,
            last: Some(Outcome { release, stage: Stage::RolledBack, refusal }),
            ..self.with(self.active.other(), None)
        }
    }
}

/// The flash failed, or gives back something else than was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerError;

impl core::fmt::Display for LedgerError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("flash does not keep which image to start, the device should be replaced")
    }
}

impl core::error::Error for LedgerError {}

/// Which of the two copies is the newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    number: u32,
    newer: Slot,
}

impl Ledger {
    /// Reads both copies; no record if neither is whole.
    pub async fn open<F: NorFlash>(flash: &mut F, at: &Partition) -> (Self, Option<Record>) {
        let mut found = (Self { number: 0, newer: Slot::B }, None);
        for copy in [Slot::A, Slot::B] {
            let mut bytes = [0; COPY_MAX];
            if flash.read(place::<F>(at, copy), &mut bytes).await.is_err() {
                continue;
            }
            if let Some((number, record)) = parse(&bytes)
                && (found.1.is_none() || number > found.0.number)
            {
                found = (Self { number, newer: copy }, Some(record));
            }
        }
        found
    }

    /// Writes a record in place of the older copy and reads it back.
    ///
    /// # Errors
    /// The flash failed; the record of before holds.
    pub async fn store<F: NorFlash>(
        &mut self,
        flash: &mut F,
        at: &Partition,
        record: &Record,
    ) -> Result<(), LedgerError> {
        let number = self.number.checked_add(1).ok_or(LedgerError)?;
        let older = self.newer.other();
        let (bytes, len) = print(number, record).ok_or(LedgerError)?;
        let start = place::<F>(at, older);
        let end = start + page::<F>();
        flash.erase(start, end).await.map_err(|_| LedgerError)?;
        let written = bytes.get(..len.next_multiple_of(F::WRITE_SIZE)).ok_or(LedgerError)?;
        flash.write(start, written).await.map_err(|_| LedgerError)?;
        let mut back = [0; COPY_MAX];
        flash.read(start, &mut back).await.map_err(|_| LedgerError)?;
        if back.get(..len) != bytes.get(..len) {
            return Err(LedgerError);
        }
        *self = Self { number, newer: older };
        Ok(())
    }
}

const fn place<F: NorFlash + ReadNorFlash>(at: &Partition, copy: Slot) -> u32 {
    match copy {
        Slot::A => at.ledger.start,
        Slot::B => at.ledger.start + page::<F>(),
    }
}

/// A copy as bytes, 0xFF behind its end, and its length.
fn print(number: u32, record: &Record) -> Option<([u8; COPY_MAX], usize)> {
    let mut bytes = [0xFF; COPY_MAX];
    let (head, rest) = bytes.split_first_chunk_mut::<HEAD>()?;
    let mut cursor = minicbor::encode::write::Cursor::new(&mut rest[..COPY_MAX - HEAD - SUM]);
    minicbor::encode(record, &mut cursor).ok()?;
    let body = cursor.position();
    let [v, l0, l1, n @ ..] = head;
    *v = VERSION;
    [*l0, *l1] = u16::try_from(body).ok()?.to_be_bytes();
    *n = number.to_be_bytes();
    let end = HEAD + body;
    let sum = crc32(bytes.get(..end)?).to_be_bytes();
    bytes.get_mut(end..end + SUM)?.copy_from_slice(&sum);
    Some((bytes, end + SUM))
}

fn parse(bytes: &[u8; COPY_MAX]) -> Option<(u32, Record)> {
    let ([version, l0, l1, n @ ..], _) = bytes.split_first_chunk::<HEAD>()?;
    let end = HEAD + usize::from(u16::from_be_bytes([*l0, *l1]));
    let told = bytes.get(..end)?;
    let sum = bytes.get(end..end + SUM)?;
    if *version != VERSION || crc32(told).to_be_bytes() != sum {
        return None;
    }
    let record = minicbor::decode(told.get(HEAD..)?).ok()?;
    Some((u32::from_be_bytes(*n), record))
}
