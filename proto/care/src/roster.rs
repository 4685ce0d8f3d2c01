//! The devices of a home: who they are, when each was last heard, and how soon it must speak again.
//!
//! Not here: what their silence means (`detect::silence`).

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};
use proto::up::{Health, Role};

use crate::home::contract::DEVICES_MAX;
use crate::policy::{
    BATTERY_SILENT_MAX, BATTERY_SLACK, DEVICE_SILENT_MIN, MAINS_SLACK, NEVER_HEARD,
};
use crate::reading::sheet;

/// One device of the home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Member {
    #[n(0)]
    pub(crate) device: DeviceId,
    #[n(1)]
    pub(crate) role: Role,
    /// When it last spoke, or when it was enrolled.
    #[n(2)]
    pub(crate) heard: Mono,
    /// Seconds between two health frames, as it says.
    #[n(3)]
    pub(crate) period_s: u16,
    #[n(4)]
    pub(crate) mains: bool,
    /// Whether it ever spoke.
    #[n(5)]
    pub(crate) spoke: bool,
    /// Whether its silence is told.
    #[n(6)]
    pub(crate) silent: bool,
}

impl Member {
    fn new(device: DeviceId, role: Role, now: Mono) -> Self {
        let sheet = sheet(role);
        let (period_s, mains) = (sheet.period_s, sheet.mains);
        Self { device, role, heard: now, period_s, mains, spoke: false, silent: false }
    }

    /// How long it may be silent.
    pub(crate) fn patience(&self) -> Millis {
        let two = Millis::new(2 * 1000 * u64::from(self.period_s));
        let patience = match (self.spoke, self.mains) {
            (false, _) => NEVER_HEARD,
            (true, true) => two.plus(MAINS_SLACK),
            (true, false) => two.plus(BATTERY_SLACK),
        };
        patience.clamp(DEVICE_SILENT_MIN, BATTERY_SILENT_MAX)
    }

    /// When it must have spoken, if somebody listens without a gap since `listening`.
    pub(crate) fn due(&self, listening: Mono) -> Mono {
        self.heard.max(listening).after(self.patience())
    }

    /// Takes what it says of its power and rhythm; says whether anything changed.
    pub(crate) fn learn(&mut self, health: &Health) -> bool {
        let told = (health.period_s, health.battery.is_none());
        let changed = told != (self.period_s, self.mains);
        (self.period_s, self.mains) = told;
        changed
    }
}

/// All devices of the home.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Roster {
    #[cbor(n(0), with = "crate::list", default)]
    members: Vec<Member, DEVICES_MAX>,
}

impl Roster {
    /// Takes in a device; says whether it is new or has a new role. Past [`DEVICES_MAX`] nothing changes.
    pub(crate) fn enrol(&mut self, device: DeviceId, role: Role, now: Mono) -> bool {
        match self.get_mut(device) {
            Some(member) if member.role == role => false,
            Some(member) => {
                *member = Member::new(device, role, now);
                true
            }
            None => self.members.push(Member::new(device, role, now)).is_ok(),
        }
    }

    pub(crate) fn release(&mut self, device: DeviceId) {
        self.members.retain(|member| member.device != device);
    }

    pub(crate) fn get(&self, device: DeviceId) -> Option<&Member> {
        self.members.iter().find(|member| member.device == device)
    }

    pub(crate) fn get_mut(&mut self, device: DeviceId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.device == device)
    }

    /// Devices whose silence is told here: all but gateways, which have a watch of their own.
    pub(crate) fn watched(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.role != Role::Gateway)
    }

    pub(crate) fn watched_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.members.iter_mut().filter(|member| member.role != Role::Gateway)
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }
}
