//! Which slot to start: what a boot stage asks before it jumps. No allocation, no clock, no network.
//!
//! The rules, in order: an image on trial is started if it is whole and has boots left, and this boot is counted
//! before the jump; else the image that has proved itself; if that one is damaged, the other slot's, as long as it is
//! whole and not too old. Each decision is one write of the ledger, so a cut leaves the one of before or of after.
//! Not here: the jump, and how flash is reached (`board`).

use core::ops::Range;

use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
use proto::update::{CHUNK_MAX, Manifest, Refusal, Stage};
use sha2::{Digest, Sha256};

use super::ledger::{Image, Ledger, LedgerError, Outcome, Record};
use super::{Partition, Slot, TRIAL_BOOTS, page};

/// What to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The slot.
    pub slot: Slot,
    /// What it holds.
    pub image: Image,
    /// Whether it has yet to prove itself.
    pub trial: bool,
}

/// Chooses what to start; none if no slot holds a whole image, or if there is no ledger.
pub async fn choose<F: NorFlash>(flash: &mut F, at: &Partition) -> Option<Choice> {
    let (mut ledger, record) = Ledger::open(flash, at).await;
    let mut record = record?;
    if let Some(boots) = record.trial {
        let slot = record.active.other();
        if boots < TRIAL_BOOTS
            && let Some(image) = intact(flash, at, &record, slot).await
        {
            let counted = Record { trial: Some(boots + 1), ..record };
            // An image whose boots cannot be counted would be tried for ever.
            if ledger.store(flash, at, &counted).await.is_ok() {
                return Some(Choice { slot, image, trial: true });
            }
        }
        record = record.rolled_back(Refusal::Boot);
        // The image that runs then does it again if this fails.
        let _ = ledger.store(flash, at, &record).await;
    }
    let slot = record.active;
    if let Some(image) = intact(flash, at, &record, slot).await {
        return Some(Choice { slot, image, trial: false });
    }
    let damaged = record.image(slot).copied();
    let slot = slot.other();
    let image = intact(flash, at, &record, slot).await;
    let image = image.filter(|image| image.version >= record.floor)?;
    let refusal = Some(Refusal::Boot);
    let last = damaged.map(|image| Outcome {
        release: image.release(),
        stage: Stage::RolledBack,
        refusal,
    });
    let record = Record { active: slot, last, fetch: None, ..record }.with(slot.other(), None);
    // Without this the same choice is made at the next boot.
    let _ = ledger.store(flash, at, &record).await;
    Some(Choice { slot, image, trial: false })
}

/// Puts a factory's image into slot A of a flash and begins the ledger.
///
/// # Errors
/// The flash failed, or the image is not the manifest's or finds no room.
pub async fn install<F: NorFlash>(
    flash: &mut F,
    at: &Partition,
    manifest: &Manifest,
    image: &[u8],
) -> Result<(), LedgerError> {
    let range = at.slot(Slot::A);
    let known = Image::of(manifest);
    if u32::try_from(image.len()) != Ok(known.size) || known.size > at.room() {
        return Err(LedgerError);
    }
    for range in [&range, &at.ledger] {
        flash.erase(range.start, range.end).await.map_err(|_| LedgerError)?;
    }
    for (place, bytes) in (range.start..).step_by(CHUNK_MAX).zip(image.chunks(CHUNK_MAX)) {
        put(flash, place, bytes).await.map_err(|_| LedgerError)?;
    }
    if digest(flash, &range, known.size).await != Some(known.digest) {
        return Err(LedgerError);
    }
    let (mut ledger, _) = Ledger::open(flash, at).await;
    ledger.store(flash, at, &Record::factory(known)).await
}

/// The image of a slot, if its bytes are still what was verified.
async fn intact<F: NorFlash>(
    flash: &mut F,
    at: &Partition,
    record: &Record,
    slot: Slot,
) -> Option<Image> {
    let image = *record.image(slot)?;
    let range = at.slot(slot);
    (digest(flash, &range, image.size).await? == image.digest).then_some(image)
}

/// SHA-256 of the first `size` bytes of a slot.
async fn digest<F: NorFlash>(flash: &mut F, range: &Range<u32>, size: u32) -> Option<[u8; 32]> {
    if size > range.end - range.start {
        return None;
    }
    let mut sha = Sha256::new();
    let mut done = 0;
    while done < size {
        done = absorb(flash, range.start, (done, size), &mut sha).await?;
    }
    Some(sha.finalize().into())
}

/// Takes up to a chunk of an image into its digest; says how far it is then.
pub(super) async fn absorb<F: ReadNorFlash>(
    flash: &mut F,
    start: u32,
    (done, size): (u32, u32),
    sha: &mut Sha256,
) -> Option<u32> {
    let mut bytes = [0; CHUNK_MAX];
    flash.read(start + done, &mut bytes).await.ok()?;
    let len = (size - done).min(CHUNK);
    sha.update(bytes.get(..len as usize)?);
    Some(done + len)
}

/// Writes up to a chunk of an image, with 0xFF up to the next word.
pub(super) async fn put<F: NorFlash>(
    flash: &mut F,
    place: u32,
    bytes: &[u8],
) -> Result<(), F::Error> {
    let mut padded = [0xFF; CHUNK_MAX];
    let len = bytes.len().min(CHUNK_MAX);
    let (text, _) = padded.split_at_mut(len);
    text.copy_from_slice(bytes.split_at(len).0);
    flash.write(place, padded.split_at(len.next_multiple_of(F::WRITE_SIZE)).0).await
}

/// Whether nothing has been written to a page since it was erased.
pub(super) async fn blank<F: NorFlash>(flash: &mut F, place: u32) -> Option<bool> {
    let mut bytes = [0; CHUNK_MAX];
    for part in (place..place + page::<F>()).step_by(CHUNK_MAX) {
        flash.read(part, &mut bytes).await.ok()?;
        if bytes.iter().any(|byte| *byte != 0xFF) {
            return Some(false);
        }
    }
    Some(true)
}

/// A chunk's length as an offset.
#[expect(clippy::cast_possible_truncation, reason = "a chunk has 512 bytes")]
pub(super) const CHUNK: u32 = CHUNK_MAX as u32;
