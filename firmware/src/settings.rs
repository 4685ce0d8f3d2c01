//! What an installer or the server may change on a device, stored with a version and a checksum.
//!
//! The bytes: `version ‖ CBOR map ‖ CRC-32`. A missing key keeps its default and an unknown one is skipped, so
//! old and new firmware read each other's settings; damaged bytes are refused and the defaults hold.
//! Not here: policy (`care`), and where the bytes lie in flash (`queue`).

use care::fall::Worn;
use care::policy;
use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::down::SettingsOrder;
use proto::up::Role;

/// Longest settings in bytes.
pub const SETTINGS_MAX: usize = 64;
/// Settings as bytes.
pub type SettingsBuf = Vec<u8, SETTINGS_MAX>;

const VERSION: u8 = 1;
/// Shortest period of health and readings in seconds; proto's `SettingsOrder` promises it.
const PERIOD_MIN_S: u16 = 10;
/// Longest period of health and readings in seconds; proto's `SettingsOrder` promises it.
const PERIOD_MAX_S: u16 = 3600;
/// Load from which somebody lies down, grams. Source: choice, a third of a light person and far above bedding.
const BED_IN_G: u32 = 20_000;
/// Load below which nobody lies there, grams. Source: choice, above bedding and a bag on the bed.
const BED_OUT_G: u32 = 10_000;

/// Settings in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Number of the last order from afar that was carried out.
    pub number: u32,
    /// Seconds between two health frames, 10 to 3600.
    pub health_s: u16,
    /// Seconds between two readings, 10 to 3600.
    pub reading_s: u16,
    /// Bed mat: load from which somebody lies down, grams.
    pub bed_in_g: u32,
    /// Bed mat: load below which nobody lies there, grams; below `bed_in_g`.
    pub bed_out_g: u32,
    /// Pendant: where it is worn.
    pub worn: Worn,
}

impl Default for Settings {
    /// A device on mains.
    fn default() -> Self {
        Self::every(policy::HEALTH_MAINS.get())
    }
}

/// Why bytes are not settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsError {
    /// Written by a newer version.
    Version(u8),
    /// Cut short, or the checksum does not fit.
    Damaged,
    /// A value outside its range.
    Range,
}

impl core::fmt::Display for SettingsError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Version(v) => {
                write!(f, "settings have version {v}, defaults hold until an update")
            }
            Self::Damaged => f.write_str("settings are damaged, defaults hold"),
            Self::Range => f.write_str("settings have a value out of range, defaults hold"),
        }
    }
}

impl core::error::Error for SettingsError {}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Stored {
    #[n(0)]
    number: Option<u32>,
    #[n(1)]
    health_s: Option<u16>,
    #[n(2)]
    reading_s: Option<u16>,
    #[n(3)]
    bed_in_g: Option<u32>,
    #[n(4)]
    bed_out_g: Option<u32>,
    #[n(5)]
    worn: Option<u8>,
}

impl Settings {
    /// What a device of this role starts with: cells are spared where a device has only those.
    pub fn of(role: Role) -> Self {
        match role {
            Role::PullCord | Role::BedMat | Role::Gateway | Role::Other => Self::default(),
            Role::HelpButton | Role::Motion | Role::Door | Role::Pendant => {
                Self::every(policy::HEALTH_BATTERY.get())
            }
        }
    }

    fn every(health_ms: u64) -> Self {
        let seconds = |ms: u64| u16::try_from(ms / 1000).unwrap_or(PERIOD_MAX_S);
        Self {
            number: 0,
            health_s: seconds(health_ms),
            reading_s: seconds(policy::READING_PERIOD.get()),
            bed_in_g: BED_IN_G,
            bed_out_g: BED_OUT_G,
            worn: Worn::Body,
        }
    }

    /// Settings after an order; none if the order is not newer than the last one, or has a period out of range.
    pub fn after(self, order: &SettingsOrder) -> Option<Self> {
        let next = Self {
            number: order.number,
            health_s: order.health_s.unwrap_or(self.health_s),
            reading_s: order.reading_s.unwrap_or(self.reading_s),
            ..self
        };
        (order.number > self.number && next.sound()).then_some(next)
    }

    fn sound(&self) -> bool {
        let period = PERIOD_MIN_S..=PERIOD_MAX_S;
        period.contains(&self.health_s)
            && period.contains(&self.reading_s)
            && self.bed_out_g < self.bed_in_g
    }

    /// The bytes for flash.
    pub fn to_bytes(&self) -> SettingsBuf {
        let stored = Stored {
            number: Some(self.number),
            health_s: Some(self.health_s),
            reading_s: Some(self.reading_s),
            bed_in_g: Some(self.bed_in_g),
            bed_out_g: Some(self.bed_out_g),
            worn: Some(u8::from(self.worn == Worn::Wrist)),
        };
        let mut buf = [0u8; SETTINGS_MAX];
        buf[0] = VERSION;
        let mut cursor = minicbor::encode::write::Cursor::new(&mut buf[1..SETTINGS_MAX - 4]);
        // Six numbers take at most 29 bytes, and there is room for 59.
        let _ = minicbor::encode(&stored, &mut cursor);
        let end = 1 + cursor.position();
        let sum = crc32(&buf[..end]).to_be_bytes();
        buf[end..end + 4].copy_from_slice(&sum);
        buf[..end + 4].iter().copied().collect()
    }

    /// Reads bytes from flash; what is missing is as `self` has it.
    pub fn read(self, bytes: &[u8]) -> Result<Self, SettingsError> {
        let (told, sum) = bytes.split_last_chunk::<4>().ok_or(SettingsError::Damaged)?;
        if crc32(told) != u32::from_be_bytes(*sum) {
            return Err(SettingsError::Damaged);
        }
        let (version, body) = told.split_first().ok_or(SettingsError::Damaged)?;
        if *version != VERSION {
            return Err(SettingsError::Version(*version));
        }
        let stored: Stored = minicbor::decode(body).map_err(|_| SettingsError::Damaged)?;
        let read = Self {
            number: stored.number.unwrap_or(self.number),
            health_s: stored.health_s.unwrap_or(self.health_s),
            reading_s: stored.reading_s.unwrap_or(self.reading_s),
            bed_in_g: stored.bed_in_g.unwrap_or(self.bed_in_g),
            bed_out_g: stored.bed_out_g.unwrap_or(self.bed_out_g),
            worn: match stored.worn {
                Some(0) => Worn::Body,
                Some(1) => Worn::Wrist,
                Some(_) | None => self.worn,
            },
        };
        if read.sound() { Ok(read) } else { Err(SettingsError::Range) }
    }
}

/// CRC-32 of ISO 3309, bit by bit: settings are short and rarely read.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    let all = bytes
        .iter()
        .fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)));
    !all
}
