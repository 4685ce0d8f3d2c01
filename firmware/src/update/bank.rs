//! The slots as the running image works on them: one bounded step at a time, so that a press is never kept waiting.
//!
//! A step erases one page, writes one chunk, reads one page, or writes the ledger. How far a download has come is read
//! from flash: an erased slot is filled from its start, so all before the last page that is not blank is there. That page
//! and the one after it are erased again, since a cut may have left either in between. Doing a step twice does no harm.
//! Not here: what to do next (`device::update`), which slot to start (`slots`).

use embedded_storage_async::nor_flash::NorFlash;
use heapless::Vec;
use proto::update::{CHUNK_MAX, Manifest, Refusal, Release, Stage};
use sha2::{Digest, Sha256};

use super::ledger::{Fetch, Image, Ledger, Outcome, Record};
use super::slots::{CHUNK, absorb, blank, put};
use super::{Built, Partition, Slot, page};

/// Bytes of one chunk.
pub type ChunkBuf = Vec<u8, CHUNK_MAX>;

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Begin to fetch this image into the slot that does not run.
    Accept(Manifest),
    /// Erase one page, or look at one for what is there already.
    Prepare,
    /// Write a chunk of the image.
    Fill {
        /// Where in the image.
        offset: u32,
        /// The bytes.
        bytes: ChunkBuf,
    },
    /// Read one page of the image back.
    Verify,
    /// Give it up.
    Drop(Refusal),
    /// Let the boot stage try it.
    Swap,
    /// The image that runs has proved itself.
    Confirm,
    /// The image that runs has not: let the boot stage start the other one.
    RollBack(Refusal),
}

/// What a step has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It is done.
    Yes,
    /// The same again, please.
    More,
    /// The image is there up to this byte.
    At(u32),
    /// What was read back is what the manifest says.
    Whole,
    /// It is not, so many times now; the slot must be prepared anew.
    Differs(u8),
    /// Flash failed.
    Failed,
}

/// What a device finds when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What the image that runs knows of itself.
    pub built: Built,
    /// Oldest version that may follow.
    pub floor: u32,
    /// Largest image, bytes.
    pub room: u32,
    /// It is on trial.
    pub trial: Option<Release>,
    /// What was being fetched.
    pub fetch: Option<Manifest>,
    /// How the last update ended.
    pub last: Option<Outcome>,
}

/// Where the bank is with the slot that does not run.
#[derive(Debug, Clone)]
enum Place {
    /// Nothing to do there.
    Rest,
    /// Pages before this one are erased.
    Erased(u32),
    /// Pages from this one on are blank.
    Blank(u32),
    /// It is being filled.
    Filling,
    /// So many bytes are read back.
    Read(u32, Sha256),
}

/// The worker; the flash it works on is lent to it for each step.
#[derive(Debug, Clone)]
pub struct Bank {
    partition: Partition,
    ledger: Ledger,
    record: Record,
    place: Place,
}

impl Bank {
    /// Reads the ledger; none if this device has none, and so no second slot. `built` is what the running image says
    /// of itself: if the ledger has another one on trial, that one did not come up, and the trial is over.
    pub async fn open<F: NorFlash>(
        flash: &mut F,
        partition: Partition,
        built: &Built,
    ) -> Option<Self> {
        if !partition.fits(flash) {
            return None;
        }
        let (mut ledger, record) = Ledger::open(flash, &partition).await;
        let mut record = record?;
        if record.tried().is_some_and(|image| image.version != built.version) {
            record = record.rolled_back(Refusal::Boot);
            // If this fails, the next start finds the same and does it again.
            let _ = ledger.store(flash, &partition, &record).await;
        }
        let mut bank = Self { partition, ledger, record, place: Place::Rest };
        bank.place = bank.begin();
        Some(bank)
    }

    /// What the device must know.
    pub fn standing(&self, built: &Built) -> Standing {
        Standing {
            built: *built,
            floor: self.record.floor,
            room: self.partition.room(),
            trial: self.record.tried().map(Image::release),
            fetch: self.record.fetch.map(|fetch| fetch.manifest),
            last: self.record.last,
        }
    }

    /// What the ledger says.
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// Where things lie.
    pub const fn partition(&self) -> &Partition {
        &self.partition
    }

    /// Does one step.
    pub async fn perform<F: NorFlash>(&mut self, flash: &mut F, step: Step) -> Done {
        match step {
            Step::Accept(manifest) => self.accept(flash, manifest).await,
            Step::Prepare => self.prepare(flash).await.unwrap_or(Done::Failed),
            Step::Fill { offset, bytes } => self.fill(flash, offset, &bytes).await,
            Step::Verify => self.verify(flash).await.unwrap_or(Done::Failed),
            Step::Drop(refusal) => {
                let Some(fetch) = self.record.fetch else { return Done::Yes };
                let release = fetch.manifest.release();
                let refusal = Some(refusal);
                let last = Some(Outcome { release, stage: Stage::Refused, refusal });
                self.write(flash, Record { fetch: None, last, ..self.record }).await
            }
            Step::Swap => {
                let Some(fetch) = self.record.fetch else { return Done::Yes };
                let image = Some(Image::of(&fetch.manifest));
                let record = Record { fetch: None, trial: Some(0), ..self.record };
                self.write(flash, record.with(self.spare(), image)).await
            }
            Step::Confirm => self.write(flash, self.record.confirmed()).await,
            Step::RollBack(refusal) => self.write(flash, self.record.rolled_back(refusal)).await,
        }
    }

    /// The slot that does not run.
    const fn spare(&self) -> Slot {
        self.record.active.other()
    }

    fn begin(&self) -> Place {
        match self.record.fetch {
            None => Place::Rest,
            Some(fetch) if fetch.erased => Place::Blank(fetch.manifest.size),
            Some(_) => Place::Erased(0),
        }
    }

    async fn write<F: NorFlash>(&mut self, flash: &mut F, record: Record) -> Done {
        if self.record == record {
            return Done::Yes;
        }
        if self.ledger.store(flash, &self.partition, &record).await.is_err() {
            return Done::Failed;
        }
        self.record = record;
        self.place = self.begin();
        Done::Yes
    }

    /// The slot is free from here on; what it held is no way back any more.
    async fn accept<F: NorFlash>(&mut self, flash: &mut F, manifest: Manifest) -> Done {
        let fetch = Some(Fetch { manifest, erased: false, differed: 0 });
        let record = Record { fetch, last: None, ..self.record };
        self.write(flash, record.with(self.spare(), None)).await
    }

    async fn prepare<F: NorFlash>(&mut self, flash: &mut F) -> Option<Done> {
        let fetch = self.record.fetch?;
        let size = fetch.manifest.size;
        let start = self.partition.slot(self.spare()).start;
        let page = page::<F>();
        match self.place {
            Place::Rest => None,
            Place::Erased(done) if done < size => {
                flash.erase(start + done, start + done + page).await.ok()?;
                self.place = Place::Erased(done + page);
                Some(Done::More)
            }
            Place::Erased(_) => {
                let fetch = Some(Fetch { erased: true, ..fetch });
                if self.write(flash, Record { fetch, ..self.record }).await == Done::Failed {
                    return None;
                }
                self.place = Place::Filling;
                Some(Done::At(0))
            }
            Place::Blank(from) => {
                let last = from.div_ceil(page).saturating_sub(1) * page;
                if last > 0 && blank(flash, start + last).await? {
                    self.place = Place::Blank(last);
                    return Some(Done::More);
                }
                // Blank may be half erased, and written may be half written.
                let end = (last + 2 * page).min(size.next_multiple_of(page));
                flash.erase(start + last, start + end).await.ok()?;
                self.place = Place::Filling;
                Some(Done::At(last))
            }
            Place::Filling | Place::Read(..) => Some(Done::At(0)),
        }
    }

    async fn fill<F: NorFlash>(&mut self, flash: &mut F, offset: u32, bytes: &[u8]) -> Done {
        let Some(fetch) = self.record.fetch else { return Done::Failed };
        let size = fetch.manifest.size;
        let len = size.saturating_sub(offset).min(CHUNK);
        let fits = offset.is_multiple_of(CHUNK) && len > 0 && bytes.len() == len as usize;
        if !fits || !matches!(self.place, Place::Filling) {
            return Done::Failed;
        }
        let start = self.partition.slot(self.spare()).start;
        match put(flash, start + offset, bytes).await {
            Ok(()) => Done::At(offset + len),
            Err(_) => Done::Failed,
        }
    }

    async fn verify<F: NorFlash>(&mut self, flash: &mut F) -> Option<Done> {
        let fetch = self.record.fetch?;
        let size = fetch.manifest.size;
        let start = self.partition.slot(self.spare()).start;
        let (mut done, mut sha) = match &self.place {
            Place::Read(done, sha) => (*done, sha.clone()),
            Place::Filling => (0, Sha256::new()),
            Place::Rest | Place::Erased(_) | Place::Blank(_) => return None,
        };
        let end = (done + page::<F>()).min(size);
        while done < end {
            done = absorb(flash, start, (done, size), &mut sha).await?;
        }
        if done < size {
            self.place = Place::Read(done, sha);
            return Some(Done::More);
        }
        self.place = Place::Filling;
        if sha.finalize()[..] == fetch.manifest.digest {
            return Some(Done::Whole);
        }
        let differed = fetch.differed.saturating_add(1);
        let fetch = Some(Fetch { erased: false, differed, ..fetch });
        let written = self.write(flash, Record { fetch, ..self.record }).await;
        (written == Done::Yes).then_some(Done::Differs(differed))
    }
}
