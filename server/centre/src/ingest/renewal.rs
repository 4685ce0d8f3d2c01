//! What verified frames say of the keys of their devices: who has answered under new ones, and who has not heard of them.
//!
//! Not here: rows (`records::key_epoch`), and the words that follow (`receipts`).

use std::collections::{BTreeMap, BTreeSet};

use proto::frame::{Class, Header};
use proto::id::{DeviceId, GatewayId, KeyEpoch};
use proto::up::Role;

use crate::provision::DeviceInfo;

/// What frames say of the keys of their devices.
#[derive(Debug, Default)]
pub struct Renewals {
    /// Devices that have spoken under newer keys than before.
    pub spoke: BTreeMap<DeviceId, KeyEpoch>,
    /// Devices that have just spoken under older keys than they should, and under which.
    pub behind: BTreeMap<DeviceId, KeyEpoch>,
    /// Devices that their own gateway takes for strangers.
    pub refused: BTreeSet<DeviceId>,
}

impl Renewals {
    /// Notes under which keys a verified frame was made, that this gateway has brought.
    pub fn learn(&mut self, by: GatewayId, header: &Header, device: &DeviceInfo) {
        if device.role == Role::Gateway {
            return;
        }
        if header.epoch > device.heard {
            self.spoke.insert(device.device, header.epoch);
        } else if device.heard < device.epoch
            && header.class != Class::Emergency
            && device.gateway == Some(by)
        {
            // A device that calls for help is not asked to connect anew in the middle of it.
            self.behind.insert(device.device, header.epoch);
        }
    }
}
