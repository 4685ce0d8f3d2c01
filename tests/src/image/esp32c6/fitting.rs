//! What is written to a board's flash for one device: who it is, the way to its gateway, which image it starts with.
//!
//! The very code that the device reads with writes it, into a flash in memory; the parts are then cut out of it. The
//! board's partition table says where they belong. Not here: minting (`server`), the wire to the board (its README).

use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::ops::Range;
use std::path::{Path, PathBuf};

use care::fall::Worn;
use firmware::access::Access;
use firmware::device::FIRMWARE;
use firmware::flash_model::FlashModel;
use firmware::queue::{FlashQueue, Layout};
use firmware::settings::Settings;
use firmware::update::{Partition, slots};
use proto::update::{Hardware, Manifest};
use sha2::{Digest, Sha256};

use crate::enrol::Enrolled;
use crate::image::provision::identity;
use crate::trouble::{Outcome, Trouble};

/// The table that the board is flashed with.
const TABLE: &str = include_str!("../../../../firmware/board/esp32c6/partitions.csv");
/// Bytes of the board's flash.
const FLASH: usize = 4 << 20;
/// Seed of torn words, which no flash here has.
const WHOLE: u64 = 0;

/// What one device is to be.
#[derive(Debug, Clone)]
pub struct Fitting {
    /// Who.
    pub of: Enrolled,
    /// Its way to the gateway.
    pub access: Access,
    /// Its settings, for one that is worn at the wrist for example.
    pub settings: Settings,
}

impl Fitting {
    /// What is told at the fitting: network and passphrase, the gateway's door, and whether a pendant is at the wrist.
    ///
    /// # Errors
    /// No such network can be, or no such door.
    pub fn new(
        of: Enrolled,
        (network, passphrase): (&str, &str),
        door: SocketAddrV4,
        wrist: bool,
    ) -> Outcome<Self> {
        let access = Access::new(network, passphrase.trim_end_matches(['\r', '\n']), door);
        let access = access.ok_or_else(|| {
            Trouble::new(format!(
                "{door} behind this network is no way: a name has 1 to 32 bytes, a passphrase 8 to 63"
            ))
        })?;
        let worn = if wrist { Worn::Wrist } else { Worn::Body };
        let settings = Settings { worn, ..Settings::of(of.role) };
        Ok(Self { of, access, settings })
    }
}

/// Where the table puts a part, from byte to byte.
///
/// # Errors
/// The table has no such part.
pub fn place(name: &str) -> Outcome<Range<u32>> {
    let places =
        places().ok_or_else(|| Trouble::new("the board's partition table is unreadable"))?;
    let place = places.get(name).cloned();
    place.ok_or_else(|| Trouble::new(format!("the board's partition table lacks {name}")))
}

/// Makes the parts for one device that starts with this image: name, place, bytes.
///
/// # Errors
/// The image is longer than its slot, or a part has no place.
pub async fn parts(fitting: &Fitting, image: &[u8]) -> Outcome<Vec<(&'static str, u32, Vec<u8>)>> {
    let mut flash = FlashModel::<_, 4096>::erased(vec![0; FLASH], WHOLE);
    let slots = [place("ota_0")?, place("ota_1")?];
    let at = Partition { ledger: place("ledger")?, slots };
    slots::install(&mut flash, &at, &manifest(image)?, image).await?;
    let layout = Layout { emergency: place("press")?, book: place("book")? };
    let mut queue = FlashQueue::new(flash, layout)?;
    queue.store_identity(&identity(&fitting.of)).await?;
    queue.store_settings(&fitting.settings).await?;
    queue.store_access(&fitting.access).await?;
    let store = queue.release().into_store();
    let cut = |name| {
        let Range { start, end } = place(name)?;
        let bytes = store.get(start as usize..end as usize).unwrap_or_default();
        Ok((name, start, bytes.to_vec()))
    };
    ["press", "book", "ledger"].into_iter().map(cut).collect()
}

/// Writes the parts as files into a folder; gives each with its place, as a flashing tool wants them.
///
/// # Errors
/// As [`parts`], or the folder cannot be written.
pub async fn write(to: &Path, fitting: &Fitting, image: &[u8]) -> Outcome<Vec<(u32, PathBuf)>> {
    let parts = parts(fitting, image).await?.into_iter();
    parts
        .map(|(name, at, bytes)| {
            let file = to.join(name).with_extension("bin");
            std::fs::write(&file, bytes)?;
            Ok((at, file))
        })
        .collect()
}

/// What a factory says of an image; it needs no signature, since nobody sends it.
fn manifest(image: &[u8]) -> Outcome<Manifest> {
    let hardware = Hardware { model: 6, revision: 1 };
    let (version, minimum) = (FIRMWARE, FIRMWARE);
    let (size, digest) = (u32::try_from(image.len())?, Sha256::digest(image).into());
    Ok(Manifest { hardware, version, minimum, size, digest, signature: [0; 64] })
}

fn places() -> Option<BTreeMap<&'static str, Range<u32>>> {
    let lines = TABLE.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let [name, _, _, at, len] = *line.split(',').map(str::trim).collect::<Vec<_>>() else {
                return None;
            };
            let (at, len) = (number(at)?, number(len)?);
            Some((name, at..at.checked_add(len)?))
        })
        .collect()
}

fn number(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}
