//! What is known of each link between a home and whoever helps it: facts only, as the caller has heard them.
//!
//! Not here: what follows from them ([`super::protection`]).

use proto::id::{DeviceId, GatewayId};
use proto::unit::Mono;

use super::Flaw;
use crate::fault_bits::{ALWAYS_ON, BATTERY, MAINS, STUCK, TAMPER, UNCHANGING, UNWORN};

/// All links of one home.
#[derive(Debug, Clone, Copy)]
pub struct Chain<'a> {
    /// Now.
    pub now: Mono,
    /// Devices that belong to the home, without gateways.
    pub devices: &'a [Voice],
    /// The gateways that they are to speak through.
    pub gateways: &'a [Gateway],
    /// The server.
    pub server: Server,
    /// The watch room.
    pub room: Room,
}

/// What is known of one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    /// Who.
    pub id: DeviceId,
    /// Through whom it is to speak, if that is known.
    pub gateway: Option<GatewayId>,
    /// Whether it speaks in time.
    pub word: Word,
    /// When it last spoke, if ever.
    pub heard: Option<Mono>,
    /// What is wrong with it.
    pub trouble: Trouble,
}

/// Whether a device speaks in time, by its own rhythm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    /// It does.
    Heard,
    /// Nobody hears its gateway, and so not it either.
    Cut,
    /// It has been silent for too long, and for some of that time nobody listened.
    Unheard,
    /// It has been silent for too long.
    Silent,
    /// It has never spoken.
    Never,
}

/// What is wrong with a device that speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trouble(pub(crate) u8, pub(crate) bool);

impl Trouble {
    /// Whether there is any that weakens a home's protection.
    pub fn any(self) -> bool {
        self.flaws().next().is_some()
    }

    /// Each of them, the worst first. Records that were lost are a fault and no lack of protection.
    pub fn flaws(self) -> impl Iterator<Item = Flaw> {
        let all = [
            (STUCK, Flaw::Stuck),
            (TAMPER, Flaw::Tampered),
            (MAINS, Flaw::NoMains),
            (BATTERY, Flaw::Battery),
            (UNWORN, Flaw::NotWorn),
            (UNCHANGING, Flaw::Unchanging),
            (ALWAYS_ON, Flaw::AlwaysOn),
        ];
        let told = all.into_iter().filter(move |(bit, _)| self.0 & bit != 0).map(|(_, flaw)| flaw);
        self.1.then_some(Flaw::Unsteady).into_iter().chain(told)
    }
}

/// What is known of one gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gateway {
    /// Who.
    pub id: GatewayId,
    /// Whether the door refuses it.
    pub revoked: bool,
    /// When it was last heard since somebody listens.
    pub heard: Option<Mono>,
    /// When it was last known to speak before that.
    pub known: Option<Mono>,
    /// Since when somebody listens.
    pub listening: Mono,
    /// Whether a session of it listens now.
    pub listens: bool,
    /// Whether it tells that something in it fails.
    pub fails: bool,
}

/// Whether a gateway is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Link {
    /// It is.
    Open,
    /// It has not spoken since somebody listens, and still may.
    Unheard,
    /// It is past its limit.
    Silent,
    /// It is refused.
    Revoked,
}

/// Whether the server does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Server {
    /// It does.
    Works,
    /// It has not yet heard what has come.
    Behind,
    /// A part that a call needs does not answer.
    Fails,
}

/// Who would hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Consoles on duty that can ring.
    pub consoles: usize,
    /// Whom the last step of the ladder tells.
    pub outside: Outside,
}

/// What is known of whom the last step of the ladder tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outside {
    /// One of them has confirmed a notice lately.
    Proved,
    /// None has, in the time that a proof holds; when the last did.
    Unproved(Option<Mono>),
    /// None answers; when the last did.
    Dead(Option<Mono>),
    /// There is nobody.
    Nobody,
}

impl Chain<'_> {
    /// Whether a device is heard, its gateway considered.
    pub fn word(&self, device: &Voice) -> Word {
        let own = self.gateways.iter().find(|gateway| Some(gateway.id) == device.gateway);
        let cut = own.filter(|gateway| gateway.link(self.now) != Link::Open);
        // What it said after its gateway's last word came by another way.
        let elsewhere = |gateway: &Gateway| match gateway.heard.or(gateway.known) {
            Some(at) => device.heard > Some(at),
            None => false,
        };
        match (device.word, cut) {
            (Word::Heard, Some(gateway)) if elsewhere(gateway) => Word::Heard,
            (Word::Never, _) => Word::Never,
            (_, Some(_)) => Word::Cut,
            (word, None) => word,
        }
    }
}
