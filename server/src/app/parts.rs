//! What the rooms of a server are made of, and how each is given exactly its share of it, once.
//!
//! Not here: in which order the parts are built (`start`), and what any of them does.

use std::sync::Arc;

use door::workers::Workers;
use series::Series;
use tokio::sync::Semaphore;

use super::App;
use centre::auth::{Access, Auth};
use centre::certificates::{self, Certificates};
use centre::clock::Clock;
use centre::command::Commands;
use centre::config::Config;
use centre::delivery::Delivery;
use centre::desk::Desk;
use centre::desk::chain::Chains;
use centre::desk::presence::Presence;
use centre::desk::protection::Days;
use centre::escalation::Escalation;
use centre::faults::{self, Faults};
use centre::files::Files;
use centre::gateways::Gateways;
use centre::gateways::proved::Proved;
use centre::handles::{self, Division};
use centre::health::Health;
use centre::history::{self, History};
use centre::inbox::Inbox;
use centre::ingest::Ingest;
use centre::ingest::boxes::Links;
use centre::ingest::mirror::Mirror;
use centre::live::Live;
use centre::live::names::Names;
use centre::losses::Losses;
use centre::notify::{Notices, Outbox};
use centre::points::Points;
use centre::promises::Promises;
use centre::provision::{Provision, Registry};
use centre::receipts::Receipts;
use centre::rehearsal::Rehearsals;
use centre::replay::{Replay, Replays};
use centre::retention::Retention;
use centre::rules::HomeRules;
use centre::timekeeping::Timekeeping;
use centre::update::Updates;
use centre::update::talk::Talk;
use centre::upkeep::Upkeep;
use centre::workers::Crew;
use centre::zone::Zone;
use records::Records;
use records::line::Line;

/// A room with its own share of the parts, and what else it has of its own.
macro_rules! room {
    ($parts:ident => $($room:ident)::+ { $($part:ident),* $(; $($own:ident: $made:expr),* $(,)?)? }) => {
        $($room)::+ { $($part: Clone::clone(&$parts.$part),)* $($($own: $made,)*)? }
    };
}

/// All collaborators, each made once; cheap to share.
pub(super) struct Parts {
    pub(super) config: Arc<Config>,
    pub(super) zone: Zone,
    pub(super) clock: Arc<Clock>,
    pub(super) records: Records,
    pub(super) line: Line,
    pub(super) replay: Arc<Replay>,
    pub(super) series: Arc<dyn Series>,
    pub(super) registry: Arc<Registry>,
    pub(super) provision: Arc<Provision>,
    pub(super) inbox: Inbox,
    pub(super) receipts: Arc<Receipts>,
    pub(super) live: Live,
    pub(super) names: Arc<Names>,
    pub(super) presence: Arc<Presence>,
    pub(super) links: Arc<Links>,
    pub(super) mirror: Arc<Mirror>,
    pub(super) commands: Commands,
    pub(super) rules: Arc<HomeRules>,
    pub(super) history: Arc<History>,
    pub(super) updates: Arc<Updates>,
    pub(super) health: Arc<Health>,
    pub(super) workers: Workers,
    pub(super) proved: Arc<Proved>,
    pub(super) certificates: Arc<Certificates>,
    pub(super) faults: Arc<Faults>,
    pub(super) points: Arc<Points>,
    pub(super) outbox: Outbox,
    pub(super) auth: Arc<Auth>,
    pub(super) handles: Division,
}

impl Parts {
    pub(super) fn delivery(&self) -> Delivery {
        room!(self => Delivery { clock, inbox, registry, series, points, health, faults })
    }

    pub(super) fn losses(&self) -> Losses {
        room!(self => Losses { clock, inbox, outbox, health, faults })
    }

    pub(super) fn ledger(&self) -> faults::Ledger {
        room!(self => faults::Ledger { clock, records, names, live, faults })
    }

    pub(super) fn replays(&self) -> Replays {
        room!(self => Replays { clock, inbox, registry, receipts, replay, faults })
    }

    pub(super) fn archive(&self) -> history::Archive {
        room!(self => history::Archive { clock, records, history })
    }

    pub(super) fn files(&self) -> Files {
        room!(self => Files { config, faults })
    }

    pub(super) fn tending(&self) -> certificates::Tending {
        room!(self => certificates::Tending { clock, registry, receipts, certificates, faults })
    }

    pub(super) fn crew(&self) -> Crew {
        room!(self => Crew { workers, series, health, clock, faults })
    }

    pub(super) fn retention(&self) -> Retention {
        room!(self => Retention { clock, records })
    }

    pub(super) fn desk(&self) -> Desk {
        room!(self => Desk { clock, records, live, names, receipts, commands, outbox })
    }

    pub(super) fn chains(&self) -> Chains {
        room!(self => Chains {
            clock, registry, mirror, receipts, faults, health, certificates, presence, outbox
        })
    }

    pub(super) fn days(&self) -> Days {
        room!(self => Days { clock, records, series })
    }

    pub(super) fn escalation(&self) -> Escalation {
        room!(self => Escalation { clock, records, live, names, presence, outbox, health })
    }

    pub(super) fn ingest(&self) -> Ingest {
        room!(self => Ingest {
            clock, zone, inbox, registry, records, line, replay, rules, mirror, history, points,
            receipts, updates, certificates, links, names, live, health, faults
        })
    }

    pub(super) fn access(&self) -> Access {
        room!(self => Access { clock, records, auth, names, config })
    }

    pub(super) fn notices(&self) -> Notices {
        room!(self => Notices { config, clock, records, outbox, faults, workers })
    }

    pub(super) fn talk(&self) -> Talk {
        room!(self => Talk { clock, records, registry, receipts, updates })
    }

    pub(super) fn gateways(&self) -> Gateways {
        room!(self => Gateways {
            clock, records, registry, receipts, replay, certificates, proved, links, faults, workers;
            down_waiting: self.handles.gateways.down_waiting
        })
    }

    pub(super) fn rehearsals(&self) -> Rehearsals {
        room!(self => Rehearsals { clock, records, history, rules, zone; turn: Semaphore::new(1) })
    }

    pub(super) fn look(&self) -> handles::Look {
        room!(self => handles::Look { health, faults; limit: self.handles.limit })
    }

    pub(super) fn upkeep(&self) -> Upkeep {
        room!(self => Upkeep { faults; retention: Arc::new(self.retention()) })
    }

    pub(super) fn timekeeping(&self, upkeep: &Arc<Upkeep>) -> Timekeeping {
        room!(self => Timekeeping {
            config, clock, records, line, inbox, series, health, faults; upkeep: Arc::clone(upkeep)
        })
    }

    pub(super) fn promises(&self, crew: &Arc<Crew>) -> Promises {
        room!(self => Promises {
            clock, inbox, series, points, health, certificates, faults; crew: Arc::clone(crew)
        })
    }
}

impl App {
    /// The app of these parts.
    pub(super) fn of(parts: &Parts) -> Self {
        let crew = Arc::new(parts.crew());
        room!(parts => Self {
            config, zone, clock, records, line, series, registry, provision, inbox, receipts,
            live, names, presence, commands, rules, history, updates, health, workers,
            certificates, faults, points, outbox, auth, handles;
            access: Arc::new(parts.access()),
            desk: Arc::new(parts.desk()),
            chains: Arc::new(parts.chains()),
            days: Arc::new(parts.days()),
            escalation: Arc::new(parts.escalation()),
            ingest: Arc::new(parts.ingest()),
            notices: Arc::new(parts.notices()),
            talk: Arc::new(parts.talk()),
            gateways: Arc::new(parts.gateways()),
            rehearsals: Arc::new(parts.rehearsals()),
            ledger: Arc::new(parts.ledger()),
            archive: Arc::new(parts.archive()),
            upkeep: Arc::new(parts.upkeep()),
            promises: Arc::new(parts.promises(&crew)),
            crew: crew,
        })
    }
}
