//! How a thing becomes a resident's device: `Blank → Claimed → Enrolled`, as types.
//!
//! A *blank* device knows nothing. A *claimed* one has its id and key from the label's voucher, and its role. An
//! *enrolled* one has been confirmed by the gateway that holds its epoch; only it makes a [`Device`]. Going back is
//! *release*, which forgets the key. What is stored is `version ‖ state ‖ fields ‖ CRC-32`.
//! Not here: the QR code and who may claim (`server`), the flash itself (`queue`).

use heapless::Vec;
use proto::id::{BootId, DeviceId, HomeId, KeyEpoch};
use proto::key::DeviceKey;
use proto::unit::Mono;
use proto::up::Role;

use crate::device::{Device, DeviceKeys};
use crate::settings::{Settings, crc32};

/// Longest stored identity in bytes.
pub const IDENTITY_MAX: usize = 64;
/// A stored identity.
pub type IdentityBuf = Vec<u8, IDENTITY_MAX>;

const VERSION: u8 = 1;
const CLAIMED: u8 = 1;
const ENROLLED: u8 = 2;
/// version, state, device, key, epoch, role, home
const LEN: usize = 1 + 1 + 8 + 32 + 2 + 1 + 8;
/// No home is told: no home id reaches this.
const NO_HOME: u64 = u64::MAX;

/// What a label's voucher carries.
#[derive(Debug, Clone)]
pub struct Voucher {
    /// Id of the device.
    pub device: DeviceId,
    /// `K_dev`.
    pub key: DeviceKey,
    /// What it is for.
    pub role: Role,
}

/// A thing from the shelf.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Blank;

/// A thing that knows who it is, and in whose home it will be.
#[derive(Debug, Clone)]
pub struct Claimed {
    voucher: Voucher,
}

/// A device that its gateway knows.
#[derive(Debug, Clone)]
pub struct Enrolled {
    keys: DeviceKeys,
}

/// What flash holds.
#[derive(Debug, Clone)]
pub enum Identity {
    /// Nothing, or nothing readable.
    Blank(Blank),
    /// A voucher.
    Claimed(Claimed),
    /// A full identity.
    Enrolled(Enrolled),
}

impl Blank {
    /// Takes the voucher of the label.
    pub const fn claim(self, voucher: Voucher) -> Claimed {
        Claimed { voucher }
    }
}

impl Claimed {
    /// The gateway confirms the device, in this epoch and home.
    pub fn enrol(self, epoch: KeyEpoch, home: Option<HomeId>) -> Enrolled {
        let Voucher { device, key, role } = self.voucher;
        Enrolled { keys: DeviceKeys { device, key, epoch, role, home } }
    }

    /// Forgets the voucher.
    pub fn release(self) -> Blank {
        Blank
    }

    /// Who it will be.
    pub const fn device(&self) -> DeviceId {
        self.voucher.device
    }

    /// The bytes for flash.
    pub fn to_bytes(&self) -> IdentityBuf {
        let Voucher { device, key, role } = &self.voucher;
        bytes(CLAIMED, *device, key, KeyEpoch::default(), *role, None)
    }
}

impl Enrolled {
    /// The device itself. `boot` is new and in flash; `seed` is for jitter.
    pub fn device(&self, settings: &Settings, boot: BootId, now: Mono, seed: u64) -> Device {
        Device::new(settings, self.keys.clone(), boot, now, seed)
    }

    /// Who it is, and its keys.
    pub const fn keys(&self) -> &DeviceKeys {
        &self.keys
    }

    /// The keys change their epoch: its gateway was revoked, or it changed hands.
    pub const fn renew(mut self, epoch: KeyEpoch) -> Self {
        self.keys.epoch = epoch;
        self
    }

    /// Forgets everything.
    pub fn release(self) -> Blank {
        Blank
    }

    /// The bytes for flash.
    pub fn to_bytes(&self) -> IdentityBuf {
        let k = &self.keys;
        bytes(ENROLLED, k.device, &k.key, k.epoch, k.role, k.home)
    }
}

impl Identity {
    /// Reads what flash holds; what is not readable is blank, since a damaged key is of no use to anybody.
    pub fn read(bytes: &[u8]) -> Self {
        read(bytes).unwrap_or(Self::Blank(Blank))
    }
}

fn bytes(
    state: u8,
    device: DeviceId,
    key: &DeviceKey,
    epoch: KeyEpoch,
    role: Role,
    home: Option<HomeId>,
) -> IdentityBuf {
    let mut out = [0u8; LEN];
    out[0] = VERSION;
    out[1] = state;
    out[2..10].copy_from_slice(&device.get().to_be_bytes());
    out[10..42].copy_from_slice(key.expose());
    out[42..44].copy_from_slice(&epoch.get().to_be_bytes());
    out[44] = role_number(role);
    out[45..53].copy_from_slice(&home.map_or(NO_HOME, HomeId::get).to_be_bytes());
    let sum = crc32(&out).to_be_bytes();
    out.into_iter().chain(sum).collect()
}

fn read(stored: &[u8]) -> Option<Identity> {
    let (told, sum) = stored.split_last_chunk::<4>()?;
    let told: &[u8; LEN] = told.try_into().ok()?;
    if crc32(told) != u32::from_be_bytes(*sum) || told[0] != VERSION {
        return None;
    }
    let number = |at: usize| -> Option<u64> {
        Some(u64::from_be_bytes(told.get(at..at + 8)?.try_into().ok()?))
    };
    let device = DeviceId::new(number(2)?)?;
    let key = DeviceKey::from_bytes(told[10..42].try_into().ok()?);
    let role = role_of(told[44])?;
    let claimed = Claimed { voucher: Voucher { device, key, role } };
    match told[1] {
        CLAIMED => Some(Identity::Claimed(claimed)),
        ENROLLED => {
            let epoch = KeyEpoch::new(u16::from_be_bytes([told[42], told[43]]));
            let home = number(45)?;
            let home = if home == NO_HOME { None } else { Some(HomeId::new(home)?) };
            Some(Identity::Enrolled(claimed.enrol(epoch, home)))
        }
        _ => None,
    }
}

const ROLES: [Role; 7] = [
    Role::HelpButton,
    Role::PullCord,
    Role::BedMat,
    Role::Motion,
    Role::Door,
    Role::Pendant,
    Role::Gateway,
];

fn role_of(number: u8) -> Option<Role> {
    ROLES.get(usize::from(number)).copied()
}

fn role_number(role: Role) -> u8 {
    (0u8..).zip(ROLES).find(|(_, known)| *known == role).map_or(0, |(number, _)| number)
}
