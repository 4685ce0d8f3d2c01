//! Client ids: how each kind of speaker names its MQTT session.
//!
//! A device holds one seat. A gateway holds two, one a lane, so that an emergency never waits behind
//! telemetry. A stranger is a device that its gateway must refuse and that still needs help.
//! One seat has one spelling. The id claims an identity; the password or certificate proves it
//! (`door`). Not here: topics.

use core::fmt;
use core::str::FromStr;

use crate::frame::Lane;
use crate::id::{DeviceId, GatewayId, is_spelled};

/// MQTT user name of the stranger lane, which has no password.
pub const STRANGER_LOGIN: &str = "stranger";

/// What a client id says of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seat {
    /// `d-<device>`: a device at its gateway.
    Device(DeviceId),
    /// `s-<device>`: a device that was refused and holds an emergency.
    Stranger(DeviceId),
    /// `g-<gateway>-e` or `g-<gateway>-t`: one lane of a gateway at the server.
    Gateway(GatewayId, Lane),
}

/// A text that is no client id of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatError;

impl fmt::Display for SeatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("client id is none of this agreement's, see the table of seats")
    }
}

impl core::error::Error for SeatError {}

impl fmt::Display for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(device) => write!(f, "d-{device}"),
            Self::Stranger(device) => write!(f, "s-{device}"),
            Self::Gateway(gateway, Lane::Emergency) => write!(f, "g-{gateway}-e"),
            Self::Gateway(gateway, Lane::Telemetry) => write!(f, "g-{gateway}-t"),
        }
    }
}

impl FromStr for Seat {
    type Err = SeatError;

    fn from_str(text: &str) -> Result<Self, SeatError> {
        let seat = parse(text).ok_or(SeatError)?;
        if is_spelled(&seat, text) { Ok(seat) } else { Err(SeatError) }
    }
}

fn parse(text: &str) -> Option<Seat> {
    if let Some(device) = text.strip_prefix("d-") {
        return device.parse().map(Seat::Device).ok();
    }
    if let Some(device) = text.strip_prefix("s-") {
        return device.parse().map(Seat::Stranger).ok();
    }
    let (gateway, lane) = text.strip_prefix("g-")?.rsplit_once('-')?;
    let lane = match lane {
        "e" => Lane::Emergency,
        "t" => Lane::Telemetry,
        _ => return None,
    };
    gateway.parse().map(|gateway| Seat::Gateway(gateway, lane)).ok()
}
