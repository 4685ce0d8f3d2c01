//! Whether a call of a home would reach a person now, and what of that is not so. The only place that says it.
//!
//! A call passes a *chain*: a device, its gateway, the way up, the server, a console on duty, the last step out of
//! the house. Each *link* is proved by a word that is not older than its own limit; what is not known is never
//! green. The caller brings what it has heard, and shows the answer as it is.
//! Not here: alerts about a broken link, and words for people.

pub mod chain;

use heapless::Vec;
use proto::id::{DeviceId, GatewayId};
use proto::unit::Mono;

pub use self::chain::{Chain, Gateway, Link, Outside, Room, Server, Trouble, Voice, Word};
use crate::contract::DEVICES_MAX;
use crate::policy::GATEWAY_SILENT;

/// Most causes that are named; more are counted.
pub const CAUSES_MAX: usize = 64;

/// How far a home is protected; the worse, the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Every link is proved.
    Protected,
    /// A call would reach a person, and something needs a hand.
    Lacking,
    /// Too little is known.
    Unknown,
    /// A call would reach nobody.
    Unprotected,
}

/// What is not as it should be; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// The home has no device.
    NoDevices,
    /// The server cannot take or show what comes.
    Server,
    /// What comes waits unheard at the server.
    Backlog,
    /// The gateway is refused.
    GatewayRevoked,
    /// The gateway is past its limit.
    GatewaySilent,
    /// The gateway has not spoken since somebody listens, and still may.
    GatewayUnheard,
    /// No console is there that rings.
    Unstaffed,
    /// No session of the gateway listens: nothing can be said back to the home.
    Uplink,
    /// The last step has nobody to tell.
    NoWayOut,
    /// Whom the last step tells does not answer.
    WayOutDead,
    /// Whom the last step tells has confirmed nothing for too long.
    WayOutUnproved,
    /// The device has never spoken.
    Never,
    /// The device is past its own limit.
    Silent,
    /// The device is past its own limit, and nobody listened in that time.
    Unheard,
    /// The device comes and goes, or starts again and again.
    Unsteady,
    /// A contact chatters or does not come back.
    Stuck,
    /// The cover was opened.
    Tampered,
    /// Mains are lost.
    NoMains,
    /// The battery runs low.
    Battery,
    /// It is not worn.
    NotWorn,
    /// It tells nothing new while others do.
    Unchanging,
    /// It tells the same without a rest.
    AlwaysOn,
    /// The gateway tells that something in it fails.
    GatewayFault,
}

/// One flaw, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// What.
    pub flaw: Flaw,
    /// Which device, if one.
    pub device: Option<DeviceId>,
    /// Which gateway, if one.
    pub gateway: Option<GatewayId>,
    /// When whoever it is was last heard or proved, if ever.
    pub since: Option<Mono>,
}

/// What is to be shown of a home's protection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// The answer.
    pub state: State,
    /// Why, the worst first.
    pub causes: Vec<Cause, CAUSES_MAX>,
    /// How many causes there are in all.
    pub count: usize,
    /// What is known of each device, its gateway considered.
    pub devices: Vec<Voice, DEVICES_MAX>,
}

impl Protection {
    fn name(&mut self, cause: Cause) {
        self.count += 1;
        // One that finds no room is counted, and is no worse than those that are named.
        let _ = self.causes.push(cause);
    }
}

/// Says it.
pub fn protection(chain: &Chain<'_>) -> Protection {
    let empty = Vec::new();
    let mut found =
        Protection { state: State::Protected, causes: Vec::new(), count: 0, devices: empty };
    let mut state = shared(chain, &mut found);
    state = state.max(gateways(chain, &mut found));
    state = state.max(devices(chain, &mut found));
    if found.count > 0 {
        state = state.max(State::Lacking);
    }
    found.causes.sort_unstable_by_key(|c| (c.flaw, c.device, c.gateway));
    found.state = state;
    found
}

/// What is wrong with what all homes share: the server, the watch room, the way out of the house. Also said by itself,
/// of no home.
pub fn room(server: Server, room: &Room) -> Vec<Cause, 4> {
    let plain = |flaw| Cause { flaw, device: None, gateway: None, since: None };
    let mut causes = Vec::new();
    let server = match server {
        Server::Works => None,
        Server::Behind => Some(Flaw::Backlog),
        Server::Fails => Some(Flaw::Server),
    };
    let desk = (room.consoles == 0).then_some(Flaw::Unstaffed);
    let (out, since) = match room.outside {
        Outside::Proved => (None, None),
        Outside::Nobody => (Some(Flaw::NoWayOut), None),
        Outside::Dead(since) => (Some(Flaw::WayOutDead), since),
        Outside::Unproved(since) => (Some(Flaw::WayOutUnproved), since),
    };
    let all = [server.map(plain), desk.map(plain), out.map(|f| Cause { since, ..plain(f) })];
    causes.extend(all.into_iter().flatten());
    causes
}

fn shared(chain: &Chain<'_>, found: &mut Protection) -> State {
    room(chain.server, &chain.room).into_iter().for_each(|cause| found.name(cause));
    let outside = matches!(chain.room.outside, Outside::Proved);
    match chain.server {
        Server::Fails => State::Unprotected,
        _ if chain.room.consoles == 0 && !outside => State::Unprotected,
        Server::Behind => State::Unknown,
        Server::Works => State::Protected,
    }
}

fn gateways(chain: &Chain<'_>, found: &mut Protection) -> State {
    let (mut open, mut unheard) = (false, false);
    for gateway in chain.gateways {
        let link = gateway.link(chain.now);
        let flaw = match link {
            Link::Open => None,
            Link::Unheard => Some(Flaw::GatewayUnheard),
            Link::Silent => Some(Flaw::GatewaySilent),
            Link::Revoked => Some(Flaw::GatewayRevoked),
        };
        open |= link == Link::Open;
        unheard |= link == Link::Unheard;
        let (id, since) = (Some(gateway.id), gateway.heard.or(gateway.known));
        let cause = |flaw| Cause { flaw, device: None, gateway: id, since };
        if let Some(flaw) = flaw {
            found.name(cause(flaw));
        } else if !gateway.listens {
            found.name(cause(Flaw::Uplink));
        }
        if gateway.fails {
            found.name(Cause { since: None, ..cause(Flaw::GatewayFault) });
        }
    }
    match (open, unheard) {
        (true, _) => State::Protected,
        (false, true) => State::Unknown,
        // A home without devices has no gateway either, and says so itself.
        (false, false) => State::Unprotected,
    }
}

fn devices(chain: &Chain<'_>, found: &mut Protection) -> State {
    if chain.devices.is_empty() {
        found.name(Cause { flaw: Flaw::NoDevices, device: None, gateway: None, since: None });
        return State::Unprotected;
    }
    let mut heard = false;
    for device in chain.devices {
        let word = chain.word(device);
        heard |= word == Word::Heard;
        let cause = |flaw| Cause { flaw, device: Some(device.id), gateway: None, since: None };
        let flaw = match word {
            // Its gateway says it for all of them.
            Word::Heard | Word::Cut => None,
            Word::Never => Some(Flaw::Never),
            Word::Silent => Some(Flaw::Silent),
            Word::Unheard => Some(Flaw::Unheard),
        };
        if let Some(flaw) = flaw {
            found.name(Cause { since: device.heard, ..cause(flaw) });
        }
        device.trouble.flaws().for_each(|flaw| found.name(cause(flaw)));
        // A home takes no more than fit.
        let _ = found.devices.push(Voice { word, ..*device });
    }
    if heard { State::Protected } else { State::Unknown }
}

impl Gateway {
    /// Whether it is heard.
    pub fn link(&self, now: Mono) -> Link {
        match self.heard {
            _ if self.revoked => Link::Revoked,
            Some(at) if now.since(at) < GATEWAY_SILENT => Link::Open,
            None if now.since(self.listening) < GATEWAY_SILENT => Link::Unheard,
            Some(_) | None => Link::Silent,
        }
    }
}
