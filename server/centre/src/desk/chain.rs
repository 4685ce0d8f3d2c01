//! The links between a home and whoever helps it, gathered from what this server has heard, and what they come to.
//!
//! All of it is in memory: a page, a card, the queue and the API ask here and show the answer as it is. The rule is
//! `care::protection`'s. Not here: charts of what was measured (`protection`), alerts about what is broken.

use std::sync::Arc;

use care::protection::{
    self, Cause, Chain, Flaw, Gateway, Link, Protection, Room, Server, State, Trouble, Voice, Word,
};
use proto::id::{DeviceId, HomeId};
use proto::unit::Mono;
use serde::Serialize;

use crate::certificates::Certificates;
use crate::clock::{Clock, Now};
use crate::desk::presence::Presence;
use crate::faults::Faults;
use crate::health::Health;
use crate::ingest::mirror::Mirror;
use crate::live::evidence::wall_of;
use crate::notify::Outbox;
use crate::provision::Registry;
use crate::receipts::Receipts;

/// Who knows of the links between a home and whoever helps it.
pub struct Chains {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Which devices and gateways a home has.
    pub registry: Arc<Registry>,
    /// What ingest has heard.
    pub mirror: Arc<Mirror>,
    /// Which gateways listen.
    pub receipts: Arc<Receipts>,
    /// What stands against a gateway.
    pub faults: Arc<Faults>,
    /// Whether the server works.
    pub health: Arc<Health>,
    /// Whether its own are in force.
    pub certificates: Arc<Certificates>,
    /// Who is on duty.
    pub presence: Arc<Presence>,
    /// Whether anybody outside would hear.
    pub outbox: Outbox,
}

/// How far a home is protected, and the gateways that it depends on.
#[derive(Debug, Clone)]
pub struct Protected {
    /// What is to be shown.
    pub protection: Protection,
    /// Its gateways, each with whether it is heard.
    pub gateways: Vec<(Gateway, Link)>,
}

impl Protected {
    /// What is known of one of its devices.
    pub fn device(&self, id: DeviceId) -> Option<&Voice> {
        self.protection.devices.iter().find(|voice| voice.id == id)
    }
}

/// How far a home is protected now.
pub fn of_home(chains: &Chains, home: i64) -> Protected {
    let now = chains.clock.mono();
    let listening = chains.mirror.listening().unwrap_or(now);
    let members = HomeId::new(home.unsigned_abs()).map(|id| chains.registry.in_home(id));
    let members = members.unwrap_or_default();
    let known = chains.mirror.home(home).map(|judged| judged.watch(now)).unwrap_or_default();
    let devices: Vec<Voice> = members
        .iter()
        .map(|member| {
            let voice = known.iter().find(|voice| voice.id == member.device).copied();
            let unknown = Voice {
                id: member.device,
                gateway: None,
                word: Word::Never,
                heard: None,
                trouble: Trouble::default(),
            };
            Voice { gateway: member.gateway, ..voice.unwrap_or(unknown) }
        })
        .collect();
    let ways =
        HomeId::new(home.unsigned_abs()).map(|id| chains.registry.ways(id)).unwrap_or_default();
    let gateways: Vec<Gateway> = ways
        .into_iter()
        .map(|(id, revoked)| Gateway {
            id,
            revoked,
            heard: chains.mirror.heard_at(id),
            // Before this start it spoke no later than the last of its devices.
            known: last_of(&devices, id),
            listening,
            listens: chains.receipts.listens(id).unwrap_or(false),
            fails: chains.faults.stands_against(id),
        })
        .collect();
    let (server, room) = room(chains);
    let chain = Chain { now, devices: &devices, gateways: &gateways, server, room };
    let protection = protection::protection(&chain);
    let gateways = gateways.into_iter().map(|gateway| (gateway, gateway.link(now))).collect();
    Protected { protection, gateways }
}

fn last_of(devices: &[Voice], gateway: proto::id::GatewayId) -> Option<Mono> {
    devices.iter().filter(|voice| voice.gateway == Some(gateway)).filter_map(|v| v.heard).max()
}

/// What all homes share: this server, and who would hear.
pub fn room(chains: &Chains) -> (Server, Room) {
    let now = chains.clock.now();
    // Measured values that wait hold no call.
    let roll = chains.health.roll_call(now.mono, true);
    let papers = chains.certificates.in_force(now.wall_ms.div_euclid(1_000));
    let works = roll.door && roll.ingest && roll.ladder && roll.store && papers;
    let server = match (works, chains.mirror.is_behind()) {
        (false, _) => Server::Fails,
        (true, true) => Server::Behind,
        (true, false) => Server::Works,
    };
    let consoles = chains.presence.on_duty(now.mono);
    (server, Room { consoles, outside: chains.outbox.outside(now.mono) })
}

/// What is wrong with the watch room itself, as words of causes; for `/health` and the console.
pub fn watch(chains: &Chains) -> Vec<&'static str> {
    let (server, room) = room(chains);
    protection::room(server, &room).iter().map(|cause| flaw_word(cause.flaw)).collect()
}

/// One cause as programs read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CauseView {
    /// What, as a word.
    pub cause: &'static str,
    /// Which device, if one.
    pub device: Option<String>,
    /// Which gateway, if one.
    pub gateway: Option<String>,
    /// When whoever it is was last heard or proved, wall clock, ms since 1970.
    pub since_ms: Option<i64>,
}

/// A home's protection as programs read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProtectionView {
    /// `protected`, `lacking`, `unknown` or `unprotected`.
    pub state: &'static str,
    /// How many causes there are.
    pub count: usize,
    /// Why, the worst first.
    pub causes: Vec<CauseView>,
}

/// The same for programs.
pub fn view(now: Now, protection: &Protection) -> ProtectionView {
    let one = |cause: &Cause| CauseView {
        cause: flaw_word(cause.flaw),
        device: cause.device.map(|id| id.to_string()),
        gateway: cause.gateway.map(|id| id.to_string()),
        since_ms: cause.since.map(|at| wall_of(now, at)),
    };
    let causes = protection.causes.iter().map(one).collect();
    ProtectionView { state: state_word(protection.state), count: protection.count, causes }
}

/// Word of a state.
pub const fn state_word(state: State) -> &'static str {
    match state {
        State::Protected => "protected",
        State::Lacking => "lacking",
        State::Unknown => "unknown",
        State::Unprotected => "unprotected",
    }
}

/// Word of a device's silence; none while it is heard.
pub const fn silence_word(word: Word) -> Option<&'static str> {
    match word {
        Word::Heard => None,
        Word::Cut => Some("cut"),
        Word::Unheard => Some("unheard"),
        Word::Silent => Some("silent"),
        Word::Never => Some("never"),
    }
}

/// Word of a cause.
pub const fn flaw_word(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::NoDevices => "no_devices",
        Flaw::Server => "server",
        Flaw::Backlog => "backlog",
        Flaw::GatewayRevoked => "gateway_revoked",
        Flaw::GatewaySilent => "gateway_silent",
        Flaw::GatewayUnheard => "gateway_unheard",
        Flaw::Unstaffed => "nobody_on_duty",
        Flaw::Uplink => "uplink",
        Flaw::NoWayOut => "no_way_out",
        Flaw::WayOutDead => "way_out_dead",
        Flaw::WayOutUnproved => "way_out_unproved",
        Flaw::Never => "never",
        Flaw::Silent => "silent",
        Flaw::Unheard => "unheard",
        Flaw::Unsteady => "unsteady",
        Flaw::Stuck => "stuck",
        Flaw::Tampered => "tampered",
        Flaw::NoMains => "no_mains",
        Flaw::Battery => "battery",
        Flaw::NotWorn => "not_worn",
        Flaw::Unchanging => "unchanging",
        Flaw::AlwaysOn => "always_on",
        Flaw::GatewayFault => "gateway_fault",
    }
}
