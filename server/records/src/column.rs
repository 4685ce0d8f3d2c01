//! Between what the program means and what a column holds: ids, times, numbers. The one place that turns them.
//!
//! Not here: numbers and words of enums, which stand on the enums (`proto`, `care`); rows.

use care::alert::Outcome;
use care::{Kind, Severity, Trust};
use proto::down::Rung;
use proto::id::{DeviceId, GatewayId, HomeId};
use proto::unit::Mono;
use sqlx::Error;

/// A number that this build has no meaning for: its row cannot be read.
pub(crate) fn unknown(what: &str, number: i64) -> Error {
    Error::Decode(format!("{what} {number} is not known").into())
}

/// A stored time as the server's clock.
pub fn mono(ms: i64) -> Mono {
    Mono::from_millis(ms.max(0).unsigned_abs())
}

/// A time of the server's clock as it is stored.
pub fn stored(at: Mono) -> i64 {
    i64::try_from(at.millis()).unwrap_or(i64::MAX)
}

/// An id or counter as a column holds it.
pub fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A boot's 64 bits as a column holds them.
pub const fn signed(boot: u64) -> i64 {
    boot.cast_signed()
}

/// A device number of a row.
pub fn device_of(number: i64) -> Option<DeviceId> {
    DeviceId::new(number.unsigned_abs())
}

/// A gateway number of a row.
pub fn gateway_of(number: i64) -> Option<GatewayId> {
    GatewayId::new(number.unsigned_abs())
}

/// A home's id as it is printed, from its stored number.
pub fn home_text(number: i64) -> String {
    HomeId::new(number.unsigned_abs()).map(|id| id.to_string()).unwrap_or_default()
}

/// A device's id as it is printed, from its stored number.
pub fn device_text(number: i64) -> String {
    DeviceId::new(number.unsigned_abs()).map(|id| id.to_string()).unwrap_or_default()
}

/// Reads the number of a kind; an unknown one is an unreadable emergency, never less.
pub const fn kind(number: i64) -> Kind {
    match Kind::from_number(number) {
        Some(kind) => kind,
        None => Kind::Unreadable,
    }
}

/// Reads the number of a severity; an unknown one is an emergency, never less.
pub const fn severity(number: i64) -> Severity {
    match Severity::from_number(number) {
        Some(severity) => severity,
        None => Severity::Emergency,
    }
}

/// Reads the number of a trust; an unknown one is unverified, never more.
pub const fn trust(number: i64) -> Trust {
    match Trust::from_number(number) {
        Some(trust) => trust,
        None => Trust::Unverified,
    }
}

/// Reads the number of a rung; what was never told of is stored, no more.
pub const fn rung(number: i64) -> Rung {
    match Rung::from_number(number) {
        Some(rung) => rung,
        None => Rung::Stored,
    }
}

/// Reads the code of an outcome; none while nobody has ended it, or where the code is not known.
pub fn outcome(code: Option<i64>) -> Option<Outcome> {
    Outcome::from_code(u8::try_from(code?).ok()?)
}
