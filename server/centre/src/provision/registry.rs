//! Every enrolled device and gateway in memory, for whoever must know now.
//!
//! A read takes a lock for the time of one look-up and never waits for a disk. The database is
//! written first, this table second: it never knows more than what is durable.
//! Not here: minting and SQL.

use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use proto::id::{DeviceId, GatewayId, HomeId, KeyEpoch};
use proto::key::{DeviceKey, EndKey, HopKey};
use proto::unit::Mono;
use proto::up::Role;

/// Places that are known of a device, beside that of now.
const LEFT_MAX: usize = 8;
/// How far behind a device the rows of a backup may be, in changes of its keys.
const AHEAD: u16 = 16;

/// One enrolled device. A gateway is one too, under its own number, with no home.
#[derive(Debug, Clone)]
pub struct DeviceInfo {
    /// Who.
    pub device: DeviceId,
    /// In which home; none for a gateway and for a released device.
    pub home: Option<HomeId>,
    /// Through which gateway it speaks.
    pub gateway: Option<GatewayId>,
    /// As what.
    pub role: Role,
    /// Generation of the keys that it is to speak under.
    pub epoch: KeyEpoch,
    /// The one that it was last heard under: words to it are sealed under this.
    pub heard: KeyEpoch,
    /// The oldest one that is believed: of what it has not yet handed over.
    pub oldest: KeyEpoch,
    /// Whether it has been released or revoked: its words are unverified from now on.
    pub revoked: bool,
    key: DeviceKey,
}

impl DeviceInfo {
    /// Joins a row and its unwrapped key.
    pub fn new(
        device: DeviceId,
        role: Role,
        epoch: KeyEpoch,
        key: DeviceKey,
        place: (Option<HomeId>, Option<GatewayId>),
    ) -> Self {
        let oldest = KeyEpoch::new(epoch.get().saturating_sub(1));
        let (home, gateway) = place;
        Self { device, home, gateway, role, epoch, heard: epoch, oldest, revoked: false, key }
    }

    /// `K_dev`.
    pub const fn key(&self) -> &DeviceKey {
        &self.key
    }

    /// `K_hop` of the current epoch.
    pub fn hop_key(&self) -> HopKey {
        self.key.hop(self.epoch)
    }

    /// `K_e2e` of an epoch that counts: from the one before the last that it has answered under, for what was sealed
    /// before a change reached it. One above that of now counts too: only the device can have it, so it has been told,
    /// and the rows are those of an older backup.
    pub fn end_key(&self, epoch: KeyEpoch) -> Option<EndKey> {
        self.believes(epoch).then(|| self.key.end(epoch))
    }

    /// Whether what is sealed under an epoch counts.
    pub fn believes(&self, epoch: KeyEpoch) -> bool {
        let newest = self.epoch.get().saturating_add(AHEAD);
        (self.oldest.get()..=newest).contains(&epoch.get())
    }

    /// By which gateway it is told something; a gateway hears for itself.
    pub fn way(&self) -> Option<GatewayId> {
        if self.role == Role::Gateway { Some(self.device.as_gateway()) } else { self.gateway }
    }

    /// The older key that its gateway may still hear it under; none once it has spoken under the new one.
    pub fn former(&self) -> Option<(KeyEpoch, HopKey)> {
        (self.heard < self.epoch).then(|| (self.heard, self.key.hop(self.heard)))
    }
}

/// A place that a device has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Where it was.
    pub home: HomeId,
    /// Until when, server's clock.
    pub until: Mono,
}

/// One enrolled gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayInfo {
    /// Who.
    pub gateway: GatewayId,
    /// Refused by the door, and cut if connected.
    pub revoked: bool,
    /// Devices that speak through it, in order of their ids.
    pub devices: Vec<DeviceId>,
}

/// The table. One per server, shared by reference.
#[derive(Debug, Default)]
pub struct Registry {
    table: RwLock<Table>,
}

#[derive(Debug, Default)]
struct Table {
    devices: HashMap<DeviceId, DeviceInfo>,
    gateways: HashMap<GatewayId, GatewayInfo>,
    /// Gateways that serve or have served a home since the start: it is told too often, never too little.
    homes: HashMap<HomeId, Vec<GatewayId>>,
    /// Devices that are in a home now.
    members: HashMap<HomeId, Vec<DeviceId>>,
    /// Places that devices have left, in the order in which they left them.
    left: HashMap<DeviceId, Vec<Left>>,
    /// Rises with each change.
    version: u64,
}

impl Registry {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is known of a device.
    pub fn device(&self, device: DeviceId) -> Option<DeviceInfo> {
        self.read().devices.get(&device).cloned()
    }

    /// Where a device was at `when`, if it has left that place since: what it said there belongs there.
    pub(crate) fn was_in(&self, device: DeviceId, when: Mono) -> Option<HomeId> {
        let table = self.read();
        let left = table.left.get(&device)?;
        left.iter().find(|left| when < left.until).map(|left| left.home)
    }

    /// A device has left a place; call it after the commit that says so.
    pub fn leaves(&self, device: DeviceId, left: Left) {
        let mut table = self.write();
        let known = table.left.entry(device).or_default();
        if known.len() >= LEFT_MAX {
            known.remove(0);
        }
        known.push(left);
    }

    /// What is known of a gateway.
    pub fn gateway(&self, gateway: GatewayId) -> Option<GatewayInfo> {
        self.read().gateways.get(&gateway).cloned()
    }

    /// The devices that speak through a gateway, without those released or revoked.
    pub fn roster(&self, gateway: GatewayId) -> Vec<DeviceInfo> {
        let table = self.read();
        let Some(gateway) = table.gateways.get(&gateway) else { return Vec::new() };
        let found = gateway.devices.iter().filter_map(|d| table.devices.get(d));
        found.filter(|d| !d.revoked).cloned().collect()
    }

    /// The homes whose devices speak through a gateway, each once.
    pub fn homes(&self, gateway: GatewayId) -> Vec<HomeId> {
        let mut homes: Vec<HomeId> =
            self.roster(gateway).into_iter().filter_map(|d| d.home).collect();
        homes.sort_unstable();
        homes.dedup();
        homes
    }

    /// The gateways through which devices of a home speak, in order.
    pub(crate) fn gateways_of(&self, home: HomeId) -> Vec<GatewayId> {
        let table = self.read();
        table.homes.get(&home).cloned().unwrap_or_default()
    }

    /// The gateways that the devices of a home are to speak through now, and whether each is revoked. None: the
    /// home has no device.
    pub fn ways(&self, home: HomeId) -> BTreeMap<GatewayId, bool> {
        let table = self.read();
        let members = table.members.get(&home).map(Vec::as_slice).unwrap_or_default();
        let found = members.iter().filter_map(|d| table.devices.get(d)).filter(|d| !d.revoked);
        let revoked = |g: &GatewayId| table.gateways.get(g).is_none_or(|g| g.revoked);
        found.filter_map(|d| d.gateway).map(|g| (g, revoked(&g))).collect()
    }

    /// The devices that are in a home now, without those released or revoked.
    pub fn in_home(&self, home: HomeId) -> Vec<DeviceInfo> {
        let table = self.read();
        let members = table.members.get(&home).map(Vec::as_slice).unwrap_or_default();
        let found = members.iter().filter_map(|d| table.devices.get(d));
        found.filter(|d| !d.revoked && d.role != Role::Gateway).cloned().collect()
    }

    /// Every home that has a device.
    pub fn furnished(&self) -> Vec<HomeId> {
        self.read().members.keys().copied().collect()
    }

    /// A number that rises with each change.
    pub fn version(&self) -> u64 {
        self.read().version
    }

    /// Every gateway that is not revoked.
    pub fn gateways(&self) -> Vec<GatewayId> {
        let table = self.read();
        let mut all: Vec<GatewayId> =
            table.gateways.values().filter(|g| !g.revoked).map(|g| g.gateway).collect();
        all.sort_unstable();
        all
    }

    /// How many devices, gateways among them, are known.
    pub fn len(&self) -> usize {
        self.read().devices.len()
    }

    /// Whether nothing is enrolled.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a device in, or in place of what was known of it.
    pub fn put(&self, info: DeviceInfo) {
        self.write().put(info);
    }

    /// Puts many in under one lock.
    pub(crate) fn put_all(&self, infos: impl IntoIterator<Item = DeviceInfo>) {
        let mut table = self.write();
        infos.into_iter().for_each(|info| table.put(info));
    }

    /// A device has spoken under this epoch; call it after the commit that says so.
    pub fn spoke(&self, device: DeviceId, epoch: KeyEpoch) {
        let mut table = self.write();
        let Some(info) = table.devices.get_mut(&device).filter(|d| d.heard < epoch) else { return };
        info.oldest = info.heard;
        info.heard = epoch;
        info.epoch = info.epoch.max(epoch);
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        // A reader or writer that panicked leaves the table whole: each change is one `put`.
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn put(&mut self, info: DeviceInfo) {
        let device = info.device;
        self.version += 1;
        if info.role == Role::Gateway {
            let gateway = device.as_gateway();
            let known = self.gateways.entry(gateway);
            known.and_modify(|g| g.revoked = info.revoked).or_insert_with(|| GatewayInfo {
                gateway,
                revoked: info.revoked,
                devices: Vec::new(),
            });
        }
        let old = self.devices.insert(device, info.clone());
        self.house(device, old.as_ref().and_then(|old| old.home), info.home);
        let before = old.and_then(|old| old.gateway);
        if let Some(gateway) = before.filter(|_| before != info.gateway)
            && let Some(known) = self.gateways.get_mut(&gateway)
        {
            known.devices.retain(|d| *d != device);
        }
        let Some(gateway) = info.gateway else { return };
        if let Some(home) = info.home {
            let known = self.homes.entry(home).or_default();
            if let Err(place) = known.binary_search(&gateway) {
                known.insert(place, gateway);
            }
        }
        let empty = || GatewayInfo { gateway, revoked: false, devices: Vec::new() };
        let devices = &mut self.gateways.entry(gateway).or_insert_with(empty).devices;
        if let Err(place) = devices.binary_search(&device) {
            devices.insert(place, device);
        }
    }
    fn house(&mut self, device: DeviceId, before: Option<HomeId>, home: Option<HomeId>) {
        if before == home {
            return;
        }
        if let Some(left) = before
            && let Some(members) = self.members.get_mut(&left)
        {
            members.retain(|d| *d != device);
            if members.is_empty() {
                self.members.remove(&left);
            }
        }
        if let Some(home) = home {
            self.members.entry(home).or_default().push(device);
        }
    }
}
