//! What a sensor can know: values with validity and age, and how late each kind of sensor tells.
//!
//! A value outside what its quantity can be, or too old, is not a value but a [`NoData`] with its reason.
//! A [`Sheet`] is the capability sheet of one role. Not here: conclusions about a person (`detect`).

use proto::unit::{Millis, NoData};
use proto::up::{Quantity, Role, Value};

use crate::policy::life::{COUNTS_A_SECOND, PRESENCE, WORN};
use crate::policy::vital::{MAT_BREATH, MAT_HEART, MAT_RESTLESS};
use crate::policy::{HEALTH_BATTERY, HEALTH_MAINS, MAT_DELAY};

/// What the makers of one kind of device promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheet {
    /// How late it tells "in bed" or "out of bed" at most; none = it cannot tell.
    pub bed_delay: Option<Millis>,
    /// Between which rates it can tell breath, per minute; at the ends it is clipped. None = it cannot tell.
    pub breath: Option<(u8, u8)>,
    /// The same for the heart.
    pub heart: Option<(u8, u8)>,
    /// The same for restlessness, per cent.
    pub restless: Option<(u8, u8)>,
    /// For how long what it tells without a pause is a sign of life.
    pub alone: Millis,
    /// Whether it sees a living person without being touched: its silence hides stillness.
    pub sees_life: bool,
    /// Seconds between two health frames until it has told its own.
    pub period_s: u16,
    /// Whether it is on mains until it has told otherwise.
    pub mains: bool,
}

/// The capability sheet of a role.
pub const fn sheet(role: Role) -> Sheet {
    let touched = Sheet {
        bed_delay: None,
        breath: None,
        heart: None,
        restless: None,
        alone: PRESENCE,
        sees_life: false,
        period_s: BATTERY_S,
        mains: false,
    };
    match role {
        Role::BedMat => Sheet {
            bed_delay: Some(MAT_DELAY),
            breath: Some(MAT_BREATH),
            heart: Some(MAT_HEART),
            restless: Some(MAT_RESTLESS),
            sees_life: true,
            period_s: MAINS_S,
            mains: true,
            ..touched
        },
        Role::Motion => Sheet { sees_life: true, ..touched },
        Role::Pendant => Sheet { alone: WORN, ..touched },
        Role::HelpButton | Role::PullCord | Role::Door | Role::Other => touched,
        Role::Gateway => Sheet { period_s: MAINS_S, mains: true, ..touched },
    }
}

const BATTERY_S: u16 = seconds(HEALTH_BATTERY);
const MAINS_S: u16 = seconds(HEALTH_MAINS);

const fn seconds(span: Millis) -> u16 {
    let s = span.get() / 1000;
    assert!(s <= 0xFFFF);
    (s & 0xFFFF) as u16
}

/// Why a limit cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// No such sensor tells this.
    Unable,
    /// It tells it only between these, both included.
    Range(u8, u8),
}

/// A limit for a person's rate, per minute, if a sensor of this role can tell on which side of it the rate is.
pub fn limit(role: Role, quantity: Quantity, wanted: u8) -> Result<u8, Unfit> {
    let (low, high) = rates(role, quantity).ok_or(Unfit::Unable)?;
    let (low, high) = (low.saturating_add(1), high.saturating_sub(1));
    if (low..=high).contains(&wanted) { Ok(wanted) } else { Err(Unfit::Range(low, high)) }
}

/// Whether a rate is one that the sensors on sale can tell: inside the sheet of a mat, and not at its ends.
pub fn is_told(quantity: Quantity, number: f32) -> bool {
    rates(Role::BedMat, quantity)
        .is_some_and(|(low, high)| number > f32::from(low) && number < f32::from(high))
}

fn rates(role: Role, quantity: Quantity) -> Option<(u8, u8)> {
    let sheet = sheet(role);
    match quantity {
        Quantity::Breath => sheet.breath,
        Quantity::Heart => sheet.heart,
        Quantity::Restless => sheet.restless,
        Quantity::InBed
        | Quantity::Load
        | Quantity::Motion
        | Quantity::Door
        | Quantity::Temperature
        | Quantity::Humidity
        | Quantity::Signal
        | Quantity::Battery => None,
    }
}

/// Whether so many movements or openings in a span of `period_s` can have been made by people; none is no sign.
#[expect(clippy::cast_precision_loss, reason = "a bound in seconds")]
pub(crate) fn is_counted(number: f32, period_s: u64) -> bool {
    number > 0.0 && number <= period_s.max(60) as f32 * f32::from(COUNTS_A_SECOND)
}

/// The number of a value that means something, or why there is none. `period_s` is the span of its reading:
/// a value older than that and a minute says nothing about now.
pub fn number(value: &Value, period_s: u64) -> Result<f32, NoData> {
    // Whoever says why there is no value has none, whatever number stands beside it.
    if let Some(reason) = value.no_data {
        return Err(reason);
    }
    // Without a reason that can be read nobody knows why: a fault, and never "nobody is there".
    let number = value.value.ok_or(NoData::Fault)?;
    if !is_plausible(value.quantity, number) {
        return Err(NoData::Implausible);
    }
    if value.age_s > period_s.saturating_add(60) {
        return Err(NoData::Stale);
    }
    Ok(number)
}

/// The same for who keeps or averages numbers: one at a limit of its sensor would stand there whatever is so.
pub fn measured(value: &Value, period_s: u64) -> Result<f32, NoData> {
    // What was counted in a span is of that span, however long its contact has not changed.
    let counted = matches!(value.quantity, Quantity::Motion | Quantity::Door);
    let age_s = if counted { 0 } else { value.age_s };
    let number = number(&Value { age_s, ..*value }, period_s)?;
    if is_clipped(value.quantity, number) { Err(NoData::Clipped) } else { Ok(number) }
}

/// Whether a number is at or beyond an end of what sensors on sale can tell, where that is less than what can be.
fn is_clipped(quantity: Quantity, number: f32) -> bool {
    let Some((least, most)) = rates(Role::BedMat, quantity) else { return false };
    let ((low, high), (least, most)) = (range(quantity), (f32::from(least), f32::from(most)));
    (least > low && number <= least) || (most < high && number >= most)
}

/// Whether a number can have been measured at all: no sentinel of a register, no infinity, not a number that is none.
pub fn is_plausible(quantity: Quantity, number: f32) -> bool {
    let (low, high) = range(quantity);
    (low..=high).contains(&number)
}

/// What a sensor can honestly report; its clip limits are outside.
const fn range(quantity: Quantity) -> (f32, f32) {
    match quantity {
        Quantity::InBed | Quantity::Restless | Quantity::Humidity | Quantity::Battery => {
            (0.0, 100.0)
        }
        Quantity::Heart => (20.0, 250.0),
        Quantity::Breath => (3.0, 60.0),
        Quantity::Load => (0.0, 500.0),
        // A register of 16 bits holds 65,535 when nothing was counted.
        Quantity::Motion | Quantity::Door => (0.0, 65_534.0),
        Quantity::Temperature => (-40.0, 85.0),
        Quantity::Signal => (-127.0, 0.0),
    }
}
