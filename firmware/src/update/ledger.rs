//! What outlives a power cut of an update: which slot holds what, and what is under way. Two copies, a page each.
//!
//! Writing erases and fills the older copy and leaves the newer one alone, so a cut at any moment leaves the record of
//! before or the record of after, and never none. The number rises with each write and says which is newer.
//! Not here: the bytes of a copy (`copy`), what the entries lead to (`slots`, `bank`).

mod copy;

use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
use proto::update::{Manifest, Refusal, Release, Stage};

pub use self::copy::COPY_MAX;
use self::copy::{parse, print};
use super::{Partition, Slot, page};

/// An image that a slot holds, whole and read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// Its version.
    pub version: u32,
    /// Oldest version that may run once this one has proved itself.
    pub minimum: u32,
    /// Its length in bytes.
    pub size: u32,
    /// Its SHA-256.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetch {
    /// What it will be.
    pub manifest: Manifest,
    /// Whether its slot is erased: then what is not blank there is already of this image.
    pub erased: bool,
    /// How often the whole of it differed from its manifest.
    pub differed: u8,
}

/// How the last update ended, to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Which image.
    pub release: Release,
    /// `Confirmed`, `RolledBack` or `Refused`.
    pub stage: Stage,
    /// Why not.
    pub refusal: Option<Refusal>,
}

/// All that is known of the two slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The slot whose image has proved itself.
    pub active: Slot,
    /// What slot A holds.
    pub a: Option<Image>,
    /// What slot B holds.
    pub b: Option<Image>,
    /// No image older than this runs on this device any more.
    pub floor: u32,
    /// The other slot is on trial and has been started so often.
    pub trial: Option<u8>,
    /// The other slot is being filled.
    pub fetch: Option<Fetch>,
    /// How the last update ended.
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
        let (bytes, len) = print(number, record);
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
