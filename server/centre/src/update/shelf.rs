//! Images on the shelf, and to whom each is offered: what a person may do, each deed written down.
//!
//! Adding checks that the file is whole; only devices check who signed it. Offering goes to named devices, or to all
//! that may be of the image's hardware and do not run it yet: those whose board is not known yet say so by refusing.
//! `most` is the ring of a roll-out. Not here: telling devices (`talk`), rights (`routes`).

use proto::id::DeviceId;
use proto::update::package::Package;
use proto::update::{Manifest, Release, Stage};

use super::{Offer, UpdateError, Updates};
use crate::clock::row_name;
use crate::provision::{Registry, column};
use records::image::{self, DeedRow, ImageRow};
use records::{Records, Work};

/// Who does something, and when.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// A staff id, or `shell`.
    pub staff: &'a str,
    /// The wall clock, ms.
    pub wall: i64,
}

/// To whom an image is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// These devices.
    Devices(Vec<DeviceId>),
    /// So many more of those that may be of its hardware; none = all of them.
    All(Option<usize>),
}

impl By<'_> {
    fn deed(&self, deed: &str, release: Release, devices: usize) -> DeedRow {
        DeedRow {
            id: row_name(),
            wall: self.wall,
            staff: self.staff.to_owned(),
            deed: deed.to_owned(),
            release: release.to_string(),
            devices: i64::try_from(devices).unwrap_or(i64::MAX),
        }
    }
}

/// Stores a signed image; one that is there already changes nothing.
///
/// # Errors
/// The file is no signed image or not whole, or the records refused.
pub async fn add(records: &Records, file: &[u8], by: By<'_>) -> Result<Manifest, UpdateError> {
    let Package { manifest, image } = Package::read(file).map_err(UpdateError::Package)?;
    let release = manifest.release();
    let row = ImageRow {
        release: release.to_string(),
        manifest: minicbor::to_vec(manifest).unwrap_or_default(),
        added_wall: by.wall,
        added_by: by.staff.to_owned(),
    };
    let mut writer = records.begin_for(Work::Edit).await?;
    if image::insert(&mut writer, &row, image).await? {
        image::deed(&mut writer, &by.deed("add", release, 0)).await?;
    }
    writer.commit().await?;
    Ok(manifest)
}

/// Makes an image the one that devices are to run; answers which ones.
///
/// # Errors
/// No such image or device, or the records refused.
pub async fn offer(
    (records, registry, updates): (&Records, &Registry, &Updates),
    release: Release,
    to: To,
    by: By<'_>,
) -> Result<Vec<DeviceId>, UpdateError> {
    let unknown = || UpdateError::Unknown(release.to_string());
    let found = image::find(&mut *records.reader().await?, &release.to_string()).await?;
    let manifest: Manifest =
        minicbor::decode(&found.ok_or_else(unknown)?.manifest).map_err(|_| unknown())?;
    let devices = match to {
        To::Devices(devices) => {
            let stray = devices.iter().find(|device| registry.device(**device).is_none());
            if let Some(device) = stray {
                return Err(UpdateError::Device(device.to_string()));
            }
            devices
        }
        To::All(most) => {
            let all = fitting(registry, updates, &manifest);
            all.into_iter().take(most.unwrap_or(usize::MAX)).collect()
        }
    };
    let numbers: Vec<i64> = devices.iter().map(|device| column(device.get())).collect();
    let mut writer = records.begin_for(Work::Edit).await?;
    image::offer(&mut writer, &numbers, &release.to_string(), by.wall).await?;
    image::deed(&mut writer, &by.deed("offer", release, devices.len())).await?;
    writer.commit().await?;
    for device in &devices {
        let offered_wall = by.wall;
        let (stage, next, refusal, told_wall) = (None, None, None, None);
        let offer = Offer { release, offered_wall, stage, next, refusal, told_wall };
        updates.change(*device, |known| known.offer = Some(offer));
    }
    Ok(devices)
}

/// Takes an image back from all devices that do not run it yet: nobody gets another piece of it.
///
/// # Errors
/// The records refused.
pub async fn withdraw(
    records: &Records,
    updates: &Updates,
    release: Release,
    by: By<'_>,
) -> Result<usize, UpdateError> {
    let open = updates.offered(release).into_iter();
    let open: Vec<DeviceId> = open
        .filter(|(_, known)| known.offer.is_some_and(|offer| offer.is_open()))
        .map(|(device, _)| device)
        .collect();
    let tried = Stage::Trial.number().into();
    let mut writer = records.begin_for(Work::Edit).await?;
    image::withdraw(&mut writer, &release.to_string(), tried).await?;
    image::deed(&mut writer, &by.deed("withdraw", release, open.len())).await?;
    writer.commit().await?;
    for device in &open {
        updates.change(*device, |known| known.offer = None);
    }
    Ok(open.len())
}

/// Devices that may be of this hardware, do not run this image, and have not been offered it yet.
fn fitting(registry: &Registry, updates: &Updates, manifest: &Manifest) -> Vec<DeviceId> {
    let release = manifest.release();
    let mut found: Vec<DeviceId> = registry
        .gateways()
        .into_iter()
        .flat_map(|gateway| registry.roster(gateway))
        .map(|info| info.device)
        .filter(|device| {
            let known = updates.known(*device);
            known.board.is_none_or(|board| board == manifest.hardware)
                && known.running != Some(manifest.version)
                && known.offer.is_none_or(|offer| offer.release != release)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}
