//! The words between the core and the world: what it is told, and all that it may ask for.
//!
//! Tokens tie an answer to its request. Not here: what the core makes of them (`device` and its rooms).

use proto::frame::Lane;
use proto::id::PressId;
use proto::key::PROOF_LEN;
use proto::unit::{Dbm, NoData, Percent};

use super::burst::Burst;
use super::ladder::{Light, Sound};
use super::voice::{HopFrame, OwnFrame};
use crate::settings::Settings;
use crate::update::bank::{Done, Step};

/// Names one publication until its PUBACK; never comes back within a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u32);

/// Names one request to keep an emergency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotToken(pub u16);

/// What a sensor has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// The help button is down (true) or up; of a button and a pendant.
    Button(bool),
    /// The cord is pulled (true) or at rest.
    Cord(bool),
    /// Load on the mat in grams.
    Load(i32),
    /// The mat has no value, and why.
    NoLoad(NoData),
    /// Movement is seen (true) or not.
    Motion(bool),
    /// The door is open (true) or closed.
    Door(bool),
    /// Accelerations of a worn device, [`SAMPLE_HZ`](super::SAMPLE_HZ) a second, as they are read.
    Acceleration(Burst),
    /// The accelerometer has no values, and why; what was being judged starts anew.
    NoAcceleration(NoData),
    /// State of the battery; a device on mains never sends it.
    Battery(Percent),
    /// Signal as the device hears its gateway.
    Signal(Dbm),
}

/// What the link to the gateway tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkEvent {
    /// Connected, and subscribed to the device's own down topic (a stranger subscribes nothing).
    Up,
    /// Gone, or never came to be, without a refusal.
    Down,
    /// The gateway answered CONNECT with this code (3.1.1 return code or 5 reason code).
    Refused(u8),
    /// The gateway's PUBACK for this publication.
    Acked(Token),
}

/// What the world tells the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// A sensor has seen something.
    Sample(Sample),
    /// A sealed frame from the down topic.
    Down(&'a [u8]),
    /// The link has changed.
    Link(LinkEvent),
    /// Flash has the emergency, read back.
    Kept(SlotToken),
    /// Flash has no place for it, or failed.
    KeepFailed(SlotToken),
    /// An emergency that an earlier boot left in flash; given before anything else.
    Restored(&'a [u8]),
    /// What a step on the slots has come to.
    Bank(Done),
    /// Everybody has answered the roll-call.
    AllHere,
    /// Time has come to `Device::poll_timeout`.
    Tick,
}

/// As whom to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectAs {
    /// As itself: client id `Seat::Device`, user name = id text; then subscribe to the down topic.
    Enrolled {
        /// Good for one connection.
        password: [u8; PROOF_LEN],
    },
    /// As a stranger: client id `Seat::Stranger`, user name `STRANGER_LOGIN`, no password.
    Stranger,
}

/// All that the core may ask of the world.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Write this emergency to flash and read it back; answer with `Kept` or `KeepFailed`.
    Keep {
        /// Names the request.
        slot: SlotToken,
        /// The open frame, byte for byte.
        frame: OwnFrame,
    },
    /// Remove this emergency from flash; nothing to do if it is not there.
    Forget(PressId),
    /// Write these settings to flash.
    Store(Settings),
    /// Connect to the gateway; answer with a link event.
    Connect(ConnectAs),
    /// Drop the link.
    Disconnect,
    /// Publish at QoS 1; answer with `Acked` at its PUBACK.
    Publish {
        /// Names the publication.
        token: Token,
        /// As whom the link is up: which tree to publish to.
        stranger: bool,
        /// In which lane.
        lane: Lane,
        /// The hop frame.
        frame: HopFrame,
    },
    /// Change the light.
    Light(Light),
    /// Say something aloud, once.
    Sound(Sound),
    /// Do this step on the slots; answer with `Bank`.
    Bank(Step),
    /// The counter of frames is at its end, or another image is to run: start a new boot.
    Restart,
}
