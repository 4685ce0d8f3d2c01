//! Topic ↔ text: the only file that knows how a topic is spelled.
//!
//! A tree belongs to the identity that connected; `owner` says to whom. Ids only: nothing personal
//! is ever part of a topic. One topic has one spelling: ids in a topic are not forgiving, as they are
//! when a person types them. Not here: who is allowed to connect (`door`).

use core::fmt;
use core::str::FromStr;

use crate::frame::Lane;
use crate::id::{DeviceId, GatewayId, HomeId, is_spelled};

/// Every topic there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A device speaks to its gateway.
    DeviceUp(DeviceId, Lane),
    /// A gateway speaks to a device.
    DeviceDown(DeviceId),
    /// A device that the door must refuse shouts for help.
    StrangerUp(DeviceId),
    /// A gateway speaks to the server.
    GatewayUp(GatewayId, Lane),
    /// The server speaks to a gateway.
    GatewayDown(GatewayId),
    /// Local bus: state of one device of a home, retained.
    BusState(HomeId, DeviceId),
    /// Local bus: last receipt of one device of a home, retained.
    BusReceipt(HomeId, DeviceId),
    /// Local bus: alarm of a home, retained.
    BusAlarm(HomeId),
    /// The watchdog's own round trip.
    Watchdog,
    /// Local bus: a program calls for help. Nobody writes it: what is such a call comes to the keep by this name.
    BusCall,
}

/// A text that is no topic of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicError;

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("topic is none of this agreement's, see the topic table")
    }
}

impl core::error::Error for TopicError {}

const fn lane(lane: Lane) -> &'static str {
    match lane {
        Lane::Emergency => "e",
        Lane::Telemetry => "t",
    }
}

fn parse_lane(text: &str) -> Result<Lane, TopicError> {
    match text {
        "e" => Ok(Lane::Emergency),
        "t" => Ok(Lane::Telemetry),
        _ => Err(TopicError),
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeviceUp(d, l) => write!(f, "hl1/d/{d}/up/{}", lane(*l)),
            Self::DeviceDown(d) => write!(f, "hl1/d/{d}/down"),
            Self::StrangerUp(d) => write!(f, "hl1/s/{d}/up/e"),
            Self::GatewayUp(g, l) => write!(f, "hl1/g/{g}/up/{}", lane(*l)),
            Self::GatewayDown(g) => write!(f, "hl1/g/{g}/down"),
            Self::BusState(h, d) => write!(f, "hl1/bus/{h}/{d}/state"),
            Self::BusReceipt(h, d) => write!(f, "hl1/bus/{h}/{d}/receipt"),
            Self::BusAlarm(h) => write!(f, "hl1/bus/{h}/alarm"),
            Self::Watchdog => f.write_str("hl1/watchdog"),
            Self::BusCall => f.write_str("hl1/bus/call"),
        }
    }
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        fn id<T: FromStr>(text: &str) -> Result<T, TopicError> {
            text.parse().map_err(|_| TopicError)
        }
        let mut parts = text.split('/');
        let mut next = || parts.next();
        let words = [next(), next(), next(), next(), next(), next()];
        let topic = match words {
            [Some("hl1"), Some("d"), Some(d), Some("up"), Some(l), None] => {
                Self::DeviceUp(id(d)?, parse_lane(l)?)
            }
            [Some("hl1"), Some("d"), Some(d), Some("down"), None, None] => Self::DeviceDown(id(d)?),
            [Some("hl1"), Some("s"), Some(d), Some("up"), Some("e"), None] => {
                Self::StrangerUp(id(d)?)
            }
            [Some("hl1"), Some("g"), Some(g), Some("up"), Some(l), None] => {
                Self::GatewayUp(id(g)?, parse_lane(l)?)
            }
            [Some("hl1"), Some("g"), Some(g), Some("down"), None, None] => {
                Self::GatewayDown(id(g)?)
            }
            [Some("hl1"), Some("bus"), Some(h), Some(d), Some("state"), None] => {
                Self::BusState(id(h)?, id(d)?)
            }
            [Some("hl1"), Some("bus"), Some(h), Some(d), Some("receipt"), None] => {
                Self::BusReceipt(id(h)?, id(d)?)
            }
            [Some("hl1"), Some("bus"), Some(h), Some("alarm"), None, None] => {
                Self::BusAlarm(id(h)?)
            }
            [Some("hl1"), Some("watchdog"), None, None, None, None] => Self::Watchdog,
            [Some("hl1"), Some("bus"), Some("call"), None, None, None] => Self::BusCall,
            _ => return Err(TopicError),
        };
        if is_spelled(&topic, text) { Ok(topic) } else { Err(TopicError) }
    }
}
