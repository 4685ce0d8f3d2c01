//! Names of homes, devices and colleagues in memory, so that a change can be told without a read.
//!
//! Filled from the rows at start and after each edit; a name that is missing is read by whoever can
//! wait. Not here: anything a card shows beyond a name and a door.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use proto::id::{DeviceId, GatewayId, HomeId};

use crate::provision::Registry;

pub use records::home::HomeName;

/// Homes behind a gateway that are named; a village station has hundreds.
const NAMED_MAX: usize = 8;

#[derive(Debug, Default)]
struct Tables {
    homes: HashMap<i64, HomeName>,
    devices: HashMap<DeviceId, String>,
    gateways: HashMap<GatewayId, String>,
    staff: HashMap<String, String>,
    /// How often a home was forgotten so far, and when, in these, each was last: what was read before that may be of
    /// before its edit.
    edits: u64,
    edited: HashMap<i64, u64>,
}

/// The names. One per server.
#[derive(Debug, Default)]
pub struct Names {
    tables: RwLock<Tables>,
    registry: OnceLock<Arc<Registry>>,
}

impl Names {
    /// The name of a home, if it is known here.
    pub fn home(&self, home: i64) -> Option<HomeName> {
        self.read(|tables| tables.homes.get(&home).cloned())
    }

    /// From now on gateways are known by the homes behind them.
    pub fn know(&self, registry: Arc<Registry>) {
        // Called once, at the start.
        let _ = self.registry.set(registry);
    }

    /// The homes whose devices speak through a gateway, by their names; the first of them where they are many.
    pub fn behind(&self, gateway: GatewayId) -> Vec<String> {
        let named = self.served(gateway).into_iter().take(NAMED_MAX).map(|home| {
            let name = self.home(home.get().cast_signed()).map(|name| name.label);
            name.unwrap_or_else(|| home.to_string())
        });
        named.collect()
    }

    /// The homes whose devices speak through a gateway.
    pub fn served(&self, gateway: GatewayId) -> Vec<HomeId> {
        self.registry.get().map(|registry| registry.homes(gateway)).unwrap_or_default()
    }

    /// The homes behind a gateway that are named and whose names must be read first.
    pub fn unread(&self, gateway: GatewayId) -> Vec<i64> {
        let named = self.served(gateway).into_iter().take(NAMED_MAX);
        let numbers = named.map(|home| home.get().cast_signed());
        numbers.filter(|home| self.home(*home).is_none()).collect()
    }

    /// What a device is called in its home, if it has a name.
    pub fn device(&self, device: DeviceId) -> Option<String> {
        self.read(|tables| tables.devices.get(&device).cloned())
    }

    /// Where a gateway stands, if that is known.
    pub fn gateway(&self, gateway: GatewayId) -> Option<String> {
        self.read(|tables| tables.gateways.get(&gateway).cloned()).filter(|label| !label.is_empty())
    }

    /// What colleagues read of a member of staff; their id when unknown.
    pub fn staff(&self, id: &str) -> String {
        self.read(|tables| tables.staff.get(id).cloned()).unwrap_or_else(|| id.to_owned())
    }

    /// How often a home was forgotten so far.
    pub fn edits(&self) -> u64 {
        self.read(|tables| tables.edits)
    }

    /// Learns homes that were read after so many edits; false: one of them was edited meanwhile and is to be read anew.
    pub(crate) fn learn_read(&self, edits: u64, homes: &[(i64, HomeName)]) -> bool {
        self.write(|tables| {
            let edited = &tables.edited;
            let fresh = |home: &i64| edited.get(home).is_none_or(|at| *at <= edits);
            let (read, stale): (Vec<_>, Vec<_>) = homes.iter().partition(|(home, _)| fresh(home));
            tables.homes.extend(read.into_iter().cloned());
            stale.is_empty()
        })
    }

    /// Learns homes.
    pub fn learn_homes(&self, homes: impl IntoIterator<Item = (i64, HomeName)>) {
        self.write(|tables| tables.homes.extend(homes));
    }

    /// Learns what devices are called.
    pub fn learn_devices(&self, devices: impl IntoIterator<Item = (DeviceId, String)>) {
        self.write(|tables| tables.devices.extend(devices));
    }

    /// Learns where gateways stand.
    pub fn learn_gateways(&self, gateways: impl IntoIterator<Item = (GatewayId, String)>) {
        self.write(|tables| tables.gateways.extend(gateways));
    }

    /// Learns colleagues.
    pub fn learn_staff(&self, staff: impl IntoIterator<Item = (String, String)>) {
        self.write(|tables| tables.staff.extend(staff));
    }

    /// Forgets a home that was edited; the next reader reads its row.
    pub fn forget_home(&self, home: i64) {
        self.write(|tables| {
            tables.homes.remove(&home);
            tables.edits += 1;
            tables.edited.insert(home, tables.edits);
        });
    }

    fn read<T>(&self, look: impl FnOnce(&Tables) -> T) -> T {
        look(&self.tables.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Tables) -> T) -> T {
        change(&mut self.tables.write().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_read_before_an_edit_is_not_kept() {
        let (names, home) = (Names::default(), 7);
        let named = |home: i64, label: &str| {
            (home, HomeName { label: label.into(), person: String::new() })
        };
        let before = names.edits();
        names.forget_home(home);
        let read = [named(home, "old"), named(8, "other")];
        assert!(!names.learn_read(before, &read) && names.home(home).is_none());
        assert!(names.home(8).is_some(), "an edit elsewhere costs nobody its name");
        assert!(names.learn_read(names.edits(), &[named(home, "new")]));
        assert_eq!(names.home(home).map(|name| name.label).as_deref(), Some("new"));
        names.forget_home(8);
        assert!(names.learn_read(before + 1, &[named(home, "new")]), "nor a second reading");
    }
}
