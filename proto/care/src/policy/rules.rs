//! What a home or an area may set for itself; what it leaves alone is as the numbers of this house say.
//!
//! Kept as a CBOR map: keys are never used again for something else. Not here: who may set what
//! (`server`), and the numbers themselves (`policy`).

use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::Millis;
use proto::up::Quantity;

use super::wander::{DoorWatch, EVENING};
use super::{
    BED_OUT_LONG, BED_OUT_NIGHT, NIGHT_FROM, NIGHT_UNTIL, STILL_MAX, STILL_MIN, Watch, night,
};

/// What a home or an area may set for itself; the default is the numbers of [`super`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Rules {
    /// Night begins, minutes after local midnight, below 1440; equal to `night_until` = never night.
    #[n(0)]
    pub night_from: u16,
    /// Night ends, minutes after local midnight, below 1440.
    #[n(1)]
    pub night_until: u16,
    /// Longest time out of bed at night; none = not watched.
    #[n(2)]
    pub bed_out_night: Option<Millis>,
    /// Longest time out of bed at any hour; none = not watched.
    #[n(3)]
    pub bed_out_long: Option<Millis>,
    /// Shortest stillness that is reported; none = not watched.
    #[n(4)]
    pub still_min: Option<Millis>,
    /// Stillness that is reported whatever the hours of the person say; at least `still_min`.
    #[n(5)]
    pub still_max: Option<Millis>,
    /// How long the home is asked before an automatic finding is an alarm, [`super::ASK`] where it can; none = it has
    /// nothing to ask with, and everything is raised at once.
    #[n(16)]
    pub ask: Option<Millis>,
    /// How readily stillness is told.
    #[cbor(n(8), default)]
    pub watch: Watch,
    /// A room in which nobody should stay too long, such as the bathroom; none = not watched.
    #[n(9)]
    pub dwell: Option<Room>,
    /// Slowest breath that is not told, per minute; none = not watched. Check it with [`crate::reading::limit`].
    #[n(20)]
    pub breath_low: Option<u8>,
    /// Fastest breath that is not told, per minute; none = not watched.
    #[n(21)]
    pub breath_high: Option<u8>,
    /// Slowest heart that is not told, per minute; none = not watched.
    #[n(22)]
    pub heart_low: Option<u8>,
    /// Fastest heart that is not told, per minute; none = not watched.
    #[n(23)]
    pub heart_high: Option<u8>,
    /// Longest time out of a bed that was left in an hour of the day, minutes; 0 = `bed_out_night`, which must be set.
    #[cbor(n(24), default)]
    pub bed_out_hours: [u8; 24],
    /// Longest time out of bed at night in which nobody is seen in the home; none = not watched.
    #[n(25)]
    pub bed_quiet: Option<Millis>,
    /// Whether a night that is unlike this person's others is told.
    #[cbor(n(26), default)]
    pub restless: bool,
    /// When doors are watched for who goes out and does not come back.
    #[cbor(n(27), default)]
    pub wander: DoorWatch,
    /// Beds whose rates have limits of their own, by their mats: two who share a home need not share a heart.
    #[cbor(n(28), default)]
    pub beds: [Option<BedLimits>; BEDS_MAX],
}

/// Most beds of one home with limits of their own. Source: choice, as many as a home has rates outside at a time.
pub const BEDS_MAX: usize = 4;

/// Limits of the rates of one bed, per minute; none = not watched. Check them with [`crate::reading::limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct BedLimits {
    /// Its mat.
    #[n(0)]
    pub mat: DeviceId,
    /// Slowest breath that is not told.
    #[n(1)]
    pub breath_low: Option<u8>,
    /// Fastest breath that is not told.
    #[n(2)]
    pub breath_high: Option<u8>,
    /// Slowest heart that is not told.
    #[n(3)]
    pub heart_low: Option<u8>,
    /// Fastest heart that is not told.
    #[n(4)]
    pub heart_high: Option<u8>,
}

impl BedLimits {
    /// A bed without limits: its rates are not watched.
    pub const fn of(mat: DeviceId) -> Self {
        Self { mat, breath_low: None, breath_high: None, heart_low: None, heart_high: None }
    }
}

/// A room in which nobody should stay too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Room {
    /// Its motion sensor.
    #[n(0)]
    pub sensor: DeviceId,
    /// A visit that lasts at least so long is told; longer if the home's own visits do.
    #[n(1)]
    pub least: Millis,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            night_from: NIGHT_FROM,
            night_until: NIGHT_UNTIL,
            bed_out_night: Some(BED_OUT_NIGHT),
            bed_out_long: Some(BED_OUT_LONG),
            still_min: Some(STILL_MIN),
            still_max: Some(STILL_MAX),
            ask: None,
            watch: Watch::Calm,
            dwell: None,
            breath_low: None,
            breath_high: None,
            heart_low: None,
            heart_high: None,
            bed_out_hours: [0; 24],
            bed_quiet: Some(night::BED_QUIET),
            restless: true,
            wander: DoorWatch::default(),
            beds: [None; BEDS_MAX],
        }
    }
}

impl Rules {
    /// Slowest and fastest rate of a mat's bed that is not told: its own limits, or those of the home.
    pub fn limits(&self, mat: DeviceId, quantity: Quantity) -> (Option<u8>, Option<u8>) {
        let own = self.beds.iter().flatten().find(|bed| bed.mat == mat);
        match (quantity, own) {
            (Quantity::Heart, Some(bed)) => (bed.heart_low, bed.heart_high),
            (Quantity::Heart, None) => (self.heart_low, self.heart_high),
            (Quantity::Breath, Some(bed)) => (bed.breath_low, bed.breath_high),
            (Quantity::Breath, None) => (self.breath_low, self.breath_high),
            _ => (None, None),
        }
    }

    /// Longest time out of a bed that was left at a local minute of a night; none = not watched.
    pub fn bed_out(&self, minute_of_day: u16) -> Option<Millis> {
        let night = self.bed_out_night?;
        let own = self.bed_out_hours.get(usize::from(minute_of_day / 60)).copied().unwrap_or(0);
        Some(if own == 0 { night } else { Millis::minutes(own.into()) })
    }

    /// Whether a local minute of the day belongs to the night; a night may pass midnight.
    pub const fn is_night(&self, minute_of_day: u16) -> bool {
        within(self.night_from, self.night_until, minute_of_day)
    }

    /// How long before the night begins a local minute of its evening lies; none = it is no evening.
    pub fn evening(&self, minute_of_day: u16) -> Option<Millis> {
        const DAY: u16 = 24 * 60;
        let before = Millis::minutes(((self.night_from + DAY - minute_of_day % DAY) % DAY).into());
        let night = self.night_from == self.night_until || self.is_night(minute_of_day);
        (!night && before <= EVENING).then_some(before)
    }
}

/// Whether a minute of the day lies in a span that may pass midnight; one that ends where it begins is none.
pub(super) const fn within(from: u16, until: u16, minute_of_day: u16) -> bool {
    if from <= until {
        minute_of_day >= from && minute_of_day < until
    } else {
        minute_of_day >= from || minute_of_day < until
    }
}
