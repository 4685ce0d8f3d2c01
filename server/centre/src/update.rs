//! Which device is to run which image, how far each is, and who is told what. The firm signs; nothing here can.
//!
//! An *image* is stored as it was signed. *Offering* makes it the one that a device is to run; the device checks it
//! itself, asks for each piece (`talk`), and says how far it is. All of that is behind emergencies, bounded, and asked
//! again by the device if it is lost. Not here: signatures (the device's), and how an image is tried (`firmware`).

pub mod shelf;
pub mod talk;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use proto::id::DeviceId;
use proto::update::package::PackageError;
use proto::update::{Hardware, Manifest, Progress, Refusal, Release, Stage};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use records::Records;
use records::image::{self, BoardRow, OfferRow};

/// Words of devices about images that may wait; one more is asked again by its device.
const WAITING: usize = 1_024;

/// Why an image is not stored or not offered.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The file is no signed image.
    #[error("{0}")]
    Package(PackageError),
    /// No such image.
    #[error("no image is called {0}, add it first")]
    Unknown(String),
    /// No such device.
    #[error("no device {0} is enrolled here")]
    Device(String),
    /// The records refused.
    #[error("write which device is to run what")]
    Records(#[from] records::Error),
}

/// What a device has said that concerns its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is there, and runs this version.
    Alive(u32),
    /// How far it is.
    Progress(Progress),
}

/// What is known of one device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// Its board, if it has said so.
    pub board: Option<Hardware>,
    /// Version of its image, if it has said so.
    pub running: Option<u32>,
    /// What it is to run.
    pub offer: Option<Offer>,
}

/// An image that a device is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// Which.
    pub release: Release,
    /// When it was offered, wall clock.
    pub offered_wall: i64,
    /// How far the device is; none until it has answered.
    pub stage: Option<Stage>,
    /// First byte that it has yet to get, as it said last since this server started.
    pub next: Option<u32>,
    /// Why not.
    pub refusal: Option<Refusal>,
    /// When it said so, wall clock.
    pub told_wall: Option<i64>,
}

impl Offer {
    /// Whether the device has still to hear of it or to work on it.
    pub const fn is_open(&self) -> bool {
        matches!(self.stage, None | Some(Stage::Fetching | Stage::Ready))
    }
}

/// An image in memory.
#[derive(Debug)]
pub struct Image {
    /// What the firm says of it.
    pub manifest: Manifest,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// All that is known of images and devices; what is durable was written before it is here.
pub struct Updates {
    known: RwLock<HashMap<DeviceId, Known>>,
    /// The image that was asked for last; devices of one kind get one image.
    newest: Mutex<Option<Arc<Image>>>,
    line: mpsc::Sender<(DeviceId, Heard)>,
}

/// What devices have said, for [`talk::run`].
pub struct Words(mpsc::Receiver<(DeviceId, Heard)>);

impl Updates {
    /// Reads what the records hold.
    pub async fn load(records: &Records) -> Result<(Self, Words), records::Error> {
        let mut c = records.reader().await?;
        let mut known: HashMap<DeviceId, Known> = HashMap::new();
        for row in image::boards(&mut c).await? {
            let Some(device) = device_of(row.device) else { continue };
            let known = known.entry(device).or_default();
            known.board = Some(Hardware { model: row.model, revision: row.revision });
            known.running = Some(row.running);
        }
        for row in image::offers(&mut c).await? {
            let Some((device, offer)) = device_of(row.device).zip(offer_of(&row)) else { continue };
            known.entry(device).or_default().offer = Some(offer);
        }
        let (line, words) = mpsc::channel(WAITING);
        let updates = Self { known: RwLock::new(known), newest: Mutex::new(None), line };
        Ok((updates, Words(words)))
    }

    /// A verified word of a device; dropped if too many wait, as the device says it again. That a device is alive
    /// matters only where an image is to be told of.
    pub fn heard(&self, device: DeviceId, heard: Heard) {
        let matters = match heard {
            Heard::Progress(_) => true,
            Heard::Alive(_) => self.known(device).offer.is_some_and(|offer| offer.is_open()),
        };
        if matters {
            let _ = self.line.try_send((device, heard));
        }
    }

    /// What is known of a device.
    pub fn known(&self, device: DeviceId) -> Known {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&device).copied().unwrap_or_default()
    }

    /// Devices that have been offered an image, in order.
    pub fn offered(&self, release: Release) -> Vec<(DeviceId, Known)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mine = |known: &Known| known.offer.is_some_and(|offer| offer.release == release);
        let mut found: Vec<_> =
            known.iter().filter(|(_, k)| mine(k)).map(|(d, k)| (*d, *k)).collect();
        found.sort_unstable_by_key(|(device, _)| *device);
        found
    }

    fn change(&self, device: DeviceId, change: impl FnOnce(&mut Known)) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        change(known.entry(device).or_default());
    }

    /// An image by its name, from memory or from the records.
    pub async fn image(
        &self,
        records: &Records,
        release: Release,
    ) -> Result<Option<Arc<Image>>, records::Error> {
        let held = self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(image) = held.filter(|image| image.manifest.release() == release) {
            return Ok(Some(image));
        }
        let name = release.to_string();
        let mut c = records.reader().await?;
        let Some(row) = image::find(&mut c, &name).await? else { return Ok(None) };
        let bytes = image::bytes(&mut c, &name).await?;
        drop(c);
        let manifest = minicbor::decode(&row.manifest).ok();
        let image =
            manifest.zip(bytes).map(|(manifest, bytes)| Arc::new(Image { manifest, bytes }));
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = image.clone();
        Ok(image)
    }
}

impl Known {
    /// As the API says it.
    pub fn json(&self) -> Value {
        json!({
            "model": self.board.map(|board| board.model),
            "revision": self.board.map(|board| board.revision),
            "running": self.running.map(version_text),
            "release": self.offer.map(|offer| offer.release.to_string()),
            "offered_ms": self.offer.map(|offer| offer.offered_wall),
            "stage": self.offer.map(|offer| offer.stage.map_or("offered", stage_word)),
            "bytes": self.offer.and_then(|offer| offer.next),
            "refusal": self.offer.and_then(|offer| offer.refusal).map(refusal_word),
            "told_ms": self.offer.and_then(|offer| offer.told_wall),
        })
    }
}

/// A version as people write it.
pub fn version_text(version: u32) -> String {
    format!("{}.{}.{}", version >> 16, version >> 8 & 0xFF, version & 0xFF)
}

/// The word of a stage.
pub const fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Fetching => "fetching",
        Stage::Ready => "ready",
        Stage::Trial => "trial",
        Stage::Confirmed => "confirmed",
        Stage::RolledBack => "rolled_back",
        Stage::Refused => "refused",
    }
}

/// The word of a refusal.
pub(crate) const fn refusal_word(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Hardware => "other_hardware",
        Refusal::Old => "not_newer",
        Refusal::Minimum => "below_minimum",
        Refusal::Size => "size",
        Refusal::Signature => "signature",
        Refusal::Digest => "digest",
        Refusal::Flash => "flash",
        Refusal::Trial => "trial_failed",
        Refusal::Boot => "did_not_start",
        Refusal::NoSlots => "no_slots",
    }
}

fn device_of(number: i64) -> Option<DeviceId> {
    DeviceId::new(number.cast_unsigned())
}

fn offer_of(row: &OfferRow) -> Option<Offer> {
    Some(Offer {
        release: row.release.parse().ok()?,
        offered_wall: row.offered_wall,
        stage: row.stage.and_then(|n| Stage::of_number(u8::try_from(n).ok()?)),
        next: None,
        refusal: row.refusal.and_then(|n| Refusal::of_number(u8::try_from(n).ok()?)),
        told_wall: row.told_wall,
    })
}

fn board_row(device: DeviceId, board: Hardware, running: u32) -> BoardRow {
    let Hardware { model, revision } = board;
    BoardRow { device: crate::provision::column(device.get()), model, revision, running }
}
