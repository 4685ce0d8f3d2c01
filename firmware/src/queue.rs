//! What must outlive a power cut: emergencies, the boot record, settings and identity, on any NOR flash.
//!
//! - the *emergency region* is a queue of its own, which nothing else may fill; telemetry never comes near it;
//! - the *book* is a map: boot record (life and counter), settings, identity, access. Old values hold until new ones are whole.
//!
//! A *life* is drawn at random when the book holds no valid counter; a *boot* counts within it and is read back before
//! anything is said, so that no nonce comes back. Not here: telemetry, and what a frame means (`device`).

use core::ops::Range;

use embedded_storage_async::nor_flash::{MultiwriteNorFlash, NorFlash};
use heapless::Vec;
use proto::frame::Header;
use proto::id::{BootId, KeyEpoch, PressId};
use sequential_storage::cache::Cache;
use sequential_storage::map::{MapConfig, MapStorage};
use sequential_storage::queue::{QueueConfig, QueueStorage};

use crate::access::{ACCESS_MAX, Access};
use crate::device::{HELD_MAX, OWN_FRAME_MAX, OwnFrame};
use crate::provision::{IDENTITY_MAX, Identity, IdentityBuf};
use crate::settings::{Settings, SettingsBuf, SettingsError};

/// How many emergencies flash holds at most; a newer one is refused, an older one never dropped.
pub const EMERGENCY_SLOTS: usize = 12;
/// Pages that each region needs at least: one to write, one to move to.
pub const PAGES_MIN: u32 = 2;

/// Working buffer: the longest item and its key, rounded up to the largest word of a flash.
const BUFFER: usize = 192;
const KEY_BOOT: u8 = 1;
const KEY_SETTINGS: u8 = 2;
const KEY_IDENTITY: u8 = 3;
const KEY_ACCESS: u8 = 4;

const _: () = assert!(EMERGENCY_SLOTS <= HELD_MAX && OWN_FRAME_MAX + 32 <= BUFFER);
const _: () = assert!(IDENTITY_MAX + 32 <= BUFFER && ACCESS_MAX + 32 <= BUFFER);

/// Where the regions lie; both start and end at pages and do not overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Emergencies.
    pub emergency: Range<u32>,
    /// Boot record, settings, identity, access.
    pub book: Range<u32>,
}

/// Why flash did not do as told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueError {
    /// The layout does not fit the flash.
    Layout,
    /// All slots hold emergencies that the server does not have yet.
    Full,
    /// The flash failed, or gives back something else than was written.
    Flash,
}

impl core::fmt::Display for QueueError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Layout => "flash regions are not whole pages, two each and apart",
            Self::Full => "flash holds as many emergencies as it may, they wait for the server",
            Self::Flash => "flash does not keep what it is told, the device should be replaced",
        })
    }
}

impl core::error::Error for QueueError {}

/// The flash of one device.
#[derive(Debug)]
pub struct FlashQueue<F> {
    flash: F,
    layout: Layout,
}

impl<F: MultiwriteNorFlash> FlashQueue<F> {
    /// Takes the flash.
    pub fn new(flash: F, layout: Layout) -> Result<Self, QueueError> {
        let apart =
            layout.emergency.end <= layout.book.start || layout.book.end <= layout.emergency.start;
        let fits = |range: &Range<u32>| range.end as usize <= flash.capacity();
        let sound = QueueConfig::<F>::try_new(layout.emergency.clone()).is_ok()
            && MapConfig::<F>::try_new(layout.book.clone()).is_ok()
            && layout.emergency.end - layout.emergency.start >= page::<F>() * PAGES_MIN
            && apart
            && fits(&layout.emergency)
            && fits(&layout.book);
        if sound { Ok(Self { flash, layout }) } else { Err(QueueError::Layout) }
    }

    /// The layout that fills a flash: half of the pages for each region.
    pub fn halves(flash: &F) -> Result<Layout, QueueError> {
        let pages = u32::try_from(flash.capacity() / F::ERASE_SIZE).unwrap_or(u32::MAX);
        if pages < 2 * PAGES_MIN {
            return Err(QueueError::Layout);
        }
        let middle = pages / 2 * page::<F>();
        Ok(Layout { emergency: 0..middle, book: middle..pages * page::<F>() })
    }

    /// The flash itself, for what lies beside the queue.
    pub const fn flash(&mut self) -> &mut F {
        &mut self.flash
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.flash
    }

    /// Writes an emergency and reads it back. One that is there already stays as it is.
    pub async fn keep(&mut self, frame: &[u8]) -> Result<(), QueueError> {
        let mut held = 0;
        let mut known = false;
        self.each(|stored| {
            held += 1;
            known |= stored == frame;
            false
        })
        .await?;
        if known {
            return Ok(());
        }
        if held >= EMERGENCY_SLOTS {
            return Err(QueueError::Full);
        }
        self.emergencies()?.push(frame, false).await.map_err(flash_error)?;
        let mut back = false;
        self.each(|stored| {
            back |= stored == frame;
            false
        })
        .await?;
        if back { Ok(()) } else { Err(QueueError::Flash) }
    }

    /// Removes an emergency, in every copy. One that is not there changes nothing.
    pub async fn forget(&mut self, press: PressId) -> Result<(), QueueError> {
        self.each(|stored| Header::parse(stored).is_ok_and(|(header, _)| header.id == press)).await
    }

    /// Tells of each emergency in flash, oldest first; one may be told twice. What is no frame is removed: it never was
    /// kept.
    pub async fn recall(&mut self, mut tell: impl FnMut(&[u8])) -> Result<(), QueueError> {
        self.each(|stored| {
            let sound = Header::parse(stored).is_ok() && stored.len() <= OWN_FRAME_MAX;
            if sound {
                tell(stored);
            }
            !sound
        })
        .await
    }

    /// The emergencies in flash, oldest first, each id once.
    pub async fn restore(&mut self) -> Result<Vec<OwnFrame, HELD_MAX>, QueueError> {
        let mut found: Vec<OwnFrame, HELD_MAX> = Vec::new();
        self.recall(|stored| {
            let id = |frame: &[u8]| Header::parse(frame).map(|(header, _)| header.id);
            let known = found.iter().any(|frame| id(frame) == id(stored));
            if let (false, Ok(frame)) = (known, OwnFrame::from_slice(stored)) {
                // Flash holds fewer than there is room for.
                let _ = found.push(frame);
            }
        })
        .await?;
        Ok(found)
    }

    /// Begins a boot: counts on in the book, or draws a new life from `random` where the book has no valid counter.
    /// The new record is in flash and read back when this returns; without it nothing may be said.
    pub async fn begin_boot(&mut self, random: u32) -> Result<BootId, QueueError> {
        let fresh = BootId::new(random, 1);
        let next = match self.fetch::<8>(KEY_BOOT).await? {
            Some(stored) => {
                let last = BootId::from_raw(u64::from_be_bytes(stored));
                // At the end of the counter a new life begins.
                match last.counter().checked_add(1) {
                    Some(_) => BootId::from_raw(last.get() + 1),
                    None => fresh,
                }
            }
            None => fresh,
        };
        self.store(KEY_BOOT, &next.get().to_be_bytes()).await?;
        match self.fetch::<8>(KEY_BOOT).await? {
            Some(back) if back == next.get().to_be_bytes() => Ok(next),
            Some(_) | None => Err(QueueError::Flash),
        }
    }

    /// Settings in the book, on top of `defaults`; damaged ones are told and the defaults hold.
    pub async fn settings(&mut self, defaults: Settings) -> Result<Settings, SettingsError> {
        let mut buffer = [0u8; BUFFER];
        let found = match self.book() {
            Ok(mut book) => book.fetch_item::<&[u8]>(&mut buffer, &KEY_SETTINGS).await,
            Err(_) => return Err(SettingsError::Damaged),
        };
        match found {
            Ok(Some(bytes)) => defaults.read(bytes),
            Ok(None) => Ok(defaults),
            Err(_) => Err(SettingsError::Damaged),
        }
    }

    /// Stores settings.
    pub async fn store_settings(&mut self, settings: &Settings) -> Result<(), QueueError> {
        let bytes: SettingsBuf = settings.to_bytes();
        self.store(KEY_SETTINGS, &bytes).await
    }

    /// Who this device is.
    pub async fn identity(&mut self) -> Result<Identity, QueueError> {
        let mut buffer = [0u8; BUFFER];
        let mut book = self.book()?;
        let found = book.fetch_item::<&[u8]>(&mut buffer, &KEY_IDENTITY).await;
        Ok(Identity::read(found.map_err(flash_error)?.unwrap_or_default()))
    }

    /// Stores who this device is.
    pub async fn store_identity(&mut self, identity: &IdentityBuf) -> Result<(), QueueError> {
        self.store(KEY_IDENTITY, identity).await
    }

    /// Puts another key epoch into the identity and reads it back; the old one holds until the new one is whole.
    pub async fn renew(&mut self, epoch: KeyEpoch) -> Result<(), QueueError> {
        let Identity::Enrolled(who) = self.identity().await? else { return Err(QueueError::Flash) };
        self.store_identity(&who.renew(epoch).to_bytes()).await?;
        match self.identity().await? {
            Identity::Enrolled(back) if back.keys().epoch == epoch => Ok(()),
            Identity::Blank(_) | Identity::Claimed(_) | Identity::Enrolled(_) => {
                Err(QueueError::Flash)
            }
        }
    }

    /// How this device reaches its gateway; none if nobody has told, or if it is damaged.
    pub async fn access(&mut self) -> Result<Option<Access>, QueueError> {
        let mut buffer = [0u8; BUFFER];
        let mut book = self.book()?;
        let found = book.fetch_item::<&[u8]>(&mut buffer, &KEY_ACCESS).await;
        Ok(found.map_err(flash_error)?.and_then(Access::read))
    }

    /// Stores how this device reaches its gateway.
    pub async fn store_access(&mut self, access: &Access) -> Result<(), QueueError> {
        self.store(KEY_ACCESS, &access.to_bytes()).await
    }

    /// Forgets everything, as a release or factory reset does. The next boot begins a new life.
    pub async fn wipe(&mut self) -> Result<(), QueueError> {
        let Layout { emergency, book } = self.layout.clone();
        for range in [book, emergency] {
            self.flash.erase(range.start, range.end).await.map_err(|_| QueueError::Flash)?;
        }
        Ok(())
    }

    async fn each(&mut self, mut drop: impl FnMut(&[u8]) -> bool) -> Result<(), QueueError> {
        let mut buffer = [0u8; BUFFER];
        let mut queue = self.emergencies()?;
        let mut iter = queue.iter().await.map_err(flash_error)?;
        while let Some(entry) = iter.next(&mut buffer).await.map_err(flash_error)? {
            if drop(&entry) {
                entry.pop().await.map_err(flash_error)?;
            }
        }
        Ok(())
    }

    async fn fetch<const N: usize>(&mut self, key: u8) -> Result<Option<[u8; N]>, QueueError> {
        let mut buffer = [0u8; BUFFER];
        let mut book = self.book()?;
        let found = book.fetch_item::<&[u8]>(&mut buffer, &key).await.map_err(flash_error)?;
        Ok(found.and_then(|bytes| bytes.try_into().ok()))
    }

    async fn store(&mut self, key: u8, value: &[u8]) -> Result<(), QueueError> {
        let mut buffer = [0u8; BUFFER];
        let mut book = self.book()?;
        book.store_item(&mut buffer, &key, &value).await.map_err(flash_error)
    }

    fn emergencies(&mut self) -> Result<QueueStorage<&mut F, Uncached<()>>, QueueError> {
        let config = QueueConfig::try_new(self.layout.emergency.clone());
        let config = config.map_err(|_| QueueError::Layout)?;
        Ok(QueueStorage::new(&mut self.flash, config, Cache::new_uncached()))
    }

    fn book(&mut self) -> Result<MapStorage<u8, &mut F, Uncached<u8>>, QueueError> {
        let config = MapConfig::try_new(self.layout.book.clone());
        let config = config.map_err(|_| QueueError::Layout)?;
        Ok(MapStorage::new(&mut self.flash, config, Cache::new_uncached()))
    }
}

type Uncached<K> = Cache<
    sequential_storage::cache::Uncached,
    sequential_storage::cache::Uncached,
    sequential_storage::cache::Uncached,
    K,
>;

/// Page size in bytes; flashes of a microcontroller have pages of a few KiB.
#[expect(clippy::cast_possible_truncation, reason = "a page is far below 4 GiB")]
const fn page<F: NorFlash>() -> u32 {
    F::ERASE_SIZE as u32
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the crate's error is non-exhaustive")]
fn flash_error<E>(error: sequential_storage::Error<E>) -> QueueError {
    match error {
        sequential_storage::Error::FullStorage => QueueError::Full,
        _ => QueueError::Flash,
    }
}
