//! What a row says to who has no key: whose it seems to be, and what tells it from others.
//!
//! Nothing of it is verified. Not here: what is believed (`read`).

use proto::frame::{Class, Header};
use proto::id::{DeviceId, HomeId, PressId};
use proto::relay::{Relay, RelayKind};
use sha2::{Digest, Sha256};

use super::{Loud, Said};
use crate::provision::Registry;

/// What is kept of a device's message that its gateway could not read.
pub(super) fn unreadable(bytes: &[u8], registry: &Registry) -> Said {
    let Ok((header, _)) = Header::parse(bytes) else {
        return Said::Aside("message of a device is not readable", Loud::ByLane);
    };
    let home = registry.device(header.id.device).and_then(|d| d.home);
    match (header.class, home) {
        (Class::Emergency, Some(home)) => {
            Said::Unreadable { device: header.id.device, home, hash: hash(bytes), press: None }
        }
        (Class::Emergency, None) => Said::Aside("message of a device is not readable", Loud::Yes),
        _ => Said::Aside("message of a device is not readable", Loud::ByLane),
    }
}

/// The name of an emergency that its gateway has opened with its device's key, as its header says it. Of what no key
/// has opened no name is told: a forged one would silence the press that it belongs to.
pub fn opened_call(row: &[u8]) -> Option<PressId> {
    let relay = Relay::read(row).ok()?;
    if relay.kind != RelayKind::Open {
        return None;
    }
    let (header, _) = Header::parse(relay.bytes).ok()?;
    (header.class == Class::Emergency).then_some(header.id)
}

/// Who seems to speak in a row of the inbox that cannot be taken in, and where that device belongs.
/// Nothing of it is verified; it only helps an operator to look in the right place.
pub fn speaker(row: &[u8], registry: &Registry) -> (Option<DeviceId>, Option<HomeId>) {
    let frame = Relay::read(row).ok().map(|relay| -> &[u8] { relay.bytes });
    let header = frame.and_then(|bytes| Header::parse(bytes).ok());
    let device = header.map(|(header, _)| header.id.device);
    let known = device.and_then(|device| registry.device(device));
    (device, known.and_then(|known| known.home))
}

/// Tells rows apart that cannot be taken in; how long a frame waited is no part of it.
pub fn row_hash(row: &[u8]) -> Vec<u8> {
    let relay = Relay::read(row).ok();
    hash(relay.as_ref().map_or(row, |relay| relay.bytes))
}

pub(super) fn hash(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes)[..16].to_vec()
}
