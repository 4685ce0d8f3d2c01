//! All collaborators of the server in one place, passed to whoever needs them. No statics.
//!
//! Not here: in which order they are built (`start`), and what any of them does.

mod parts;
mod start;

use axum::extract::FromRef;
use door::workers::Workers;
use std::sync::Arc;

use centre::auth::{Access, Auth};
use centre::certificates::Certificates;
use centre::clock::Clock;
use centre::command::Commands;
use centre::config::Config;
use centre::desk::Desk;
use centre::desk::chain::Chains;
use centre::desk::presence::Presence;
use centre::desk::protection::Days;
use centre::escalation::Escalation;
use centre::faults::{Faults, Ledger};
use centre::gateways::Gateways;
use centre::handles::Division;
use centre::health::Health;
use centre::history::{Archive, History};
use centre::inbox::Inbox;
use centre::ingest::Ingest;
use centre::live::Live;
use centre::live::names::Names;
use centre::notify::{Notices, Outbox};
use centre::points::Points;
use centre::promises::Promises;
use centre::provision::{Provision, Registry};
use centre::receipts::Receipts;
use centre::rehearsal::Rehearsals;
use centre::rules::HomeRules;
use centre::update::Updates;
use centre::update::talk::Talk;
use centre::upkeep::Upkeep;
use centre::workers::Crew;
use centre::zone::{Wall, Zone};
use records::Records;
use records::line::Line;
use series::Series;

pub use start::{Running, start, start_on};

/// Everything that a running server is made of.
pub struct App {
    /// What it was told to be.
    pub config: Arc<Config>,
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Where the homes are: in this zone times are told.
    pub zone: Zone,
    /// Alerts, people, keys.
    pub records: Records,
    /// The life that the records have.
    pub line: Line,
    /// Measured values.
    pub series: Arc<dyn Series>,
    /// Enrolled devices in memory.
    pub registry: Arc<Registry>,
    /// Who changes the registry.
    pub provision: Arc<Provision>,
    /// What gateways say, before it is understood.
    pub inbox: Inbox,
    /// Words to devices.
    pub receipts: Arc<Receipts>,
    /// Changes of the queue, told to screens.
    pub live: Live,
    /// Names of homes and people in memory.
    pub names: Arc<Names>,
    /// Who is on duty.
    pub presence: Arc<Presence>,
    /// What the judgement is told by people.
    pub commands: Commands,
    /// How homes are judged.
    pub rules: Arc<HomeRules>,
    /// What homes have said lately, for rehearsals.
    pub history: Arc<History>,
    /// Which device is to run which image.
    pub updates: Arc<Updates>,
    /// Counters and proofs of life.
    pub health: Arc<Health>,
    /// Long-lived tasks by name.
    pub workers: Workers,
    /// Who wears which certificate, and until when.
    pub certificates: Arc<Certificates>,
    /// What is out of order, told to people.
    pub faults: Arc<Faults>,
    /// Measured values on their way to the series.
    pub points: Arc<Points>,
    /// Notices that leave the house.
    pub outbox: Outbox,
    /// What log-in needs between requests.
    pub auth: Arc<Auth>,
    /// Who may have how many file handles.
    pub handles: Division,
    /// Whom it lets in.
    pub access: Arc<Access>,
    /// Who has which alert, and what they did.
    pub desk: Arc<Desk>,
    /// How far homes are protected.
    pub chains: Arc<Chains>,
    /// What was measured in homes.
    pub days: Arc<Days>,
    /// Alerts that nobody has.
    pub escalation: Arc<Escalation>,
    /// What homes say, judged.
    pub ingest: Arc<Ingest>,
    /// Notices on their way out.
    pub notices: Arc<Notices>,
    /// What devices are told of their images.
    pub talk: Arc<Talk>,
    /// The gate, and what gateways are told.
    pub gateways: Arc<Gateways>,
    /// A home's past, judged again.
    pub rehearsals: Arc<Rehearsals>,
    /// Faults as rows.
    pub ledger: Arc<Ledger>,
    /// What homes have said, as rows.
    pub archive: Arc<Archive>,
    /// What is swept now and then.
    pub upkeep: Arc<Upkeep>,
    /// The roll-call.
    pub crew: Arc<Crew>,
    /// How the server is.
    pub promises: Arc<Promises>,
}

/// The app as the state of the router: a handler asks for all of it, or for the room that it works with.
#[derive(Clone)]
pub struct Top(pub Arc<App>);

impl FromRef<Top> for Arc<App> {
    fn from_ref(top: &Top) -> Self {
        Self::clone(&top.0)
    }
}

impl FromRef<Top> for Arc<Config> {
    fn from_ref(top: &Top) -> Self {
        Self::clone(&top.0.config)
    }
}

impl FromRef<Top> for Arc<Access> {
    fn from_ref(top: &Top) -> Self {
        Self::clone(&top.0.access)
    }
}

impl FromRef<Top> for Arc<Desk> {
    fn from_ref(top: &Top) -> Self {
        Self::clone(&top.0.desk)
    }
}

impl App {
    /// Whether the console is reached by TLS only.
    pub fn tls(&self) -> bool {
        self.config.console.tls()
    }

    /// Now, as it is told to people.
    pub fn wall(&self) -> Wall<'_> {
        Wall { now_ms: self.clock.now().wall_ms, zone: &self.zone }
    }
}
