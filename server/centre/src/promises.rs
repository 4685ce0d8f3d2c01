//! Which promises are broken now, and all that is out of order, as words for programs.
//!
//! A broken promise makes the server unhealthy and is no reason to start it again: who restarts it asks whether it is
//! *alive*. Not here: its sentences, the roll-call itself (`health`), who is on duty (`desk::chain`).

use std::sync::Arc;

use serde::Serialize;

use crate::certificates::Certificates;
use crate::clock::Clock;
use crate::clock::proof::Stand;
use crate::faults::Faults;
use crate::health::{Health, RollCall};
use crate::inbox::Inbox;
use crate::losses;
use crate::points::Points;
use crate::workers::Crew;
use series::Series;

/// Faults under which a call, or the word that tells somebody of it, may be lost.
const BREAKING: [&str; 2] = ["calls_refused", "notices_dead"];

/// Who is asked how the server is.
pub struct Promises {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Whether it has room.
    pub inbox: Inbox,
    /// Whether it takes values.
    pub series: Arc<dyn Series>,
    /// Whether they are taken.
    pub points: Arc<Points>,
    /// Proofs of life.
    pub health: Arc<Health>,
    /// Whether the server's own are in force.
    pub certificates: Arc<Certificates>,
    /// What stands.
    pub faults: Arc<Faults>,
    /// The roll-call.
    pub crew: Arc<Crew>,
}

/// How the server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// Whether this process is of use. If not, start it again.
    pub alive: bool,
    /// Who has answered the roll-call.
    #[serde(flatten)]
    pub roll: RollCall,
    /// Words of all that is out of order.
    pub faults: Vec<&'static str>,
    /// Those of them by which a promise is broken.
    #[serde(skip)]
    pub broken: Vec<&'static str>,
}

/// Calls the roll and says what is out of order.
pub fn state(promises: &Promises) -> State {
    let now = promises.clock.now();
    let series = promises.series.facts().healthy && promises.points.healthy();
    let mut roll = promises.health.roll_call(now.mono, series);
    roll.clock = promises.clock.stand() != Stand::Wrong;
    // With papers that have ended no gateway can connect.
    roll.certificates = promises.certificates.in_force(now.wall_ms.div_euclid(1_000));
    roll.disk = !losses::is_full(&promises.inbox, &promises.health);
    let turnouts = promises.crew.turnouts();
    let standing = promises.faults.words();
    let words = [
        ("door_fails", !roll.door),
        ("ingest_still", !roll.ingest),
        ("ladder_still", !roll.ladder),
        ("records_refuse", !roll.store),
        ("points_refused", !roll.series),
        ("handles_short", !roll.handles),
        ("wrong_time", !roll.clock),
        ("certificate_ended", !roll.certificates),
        ("disk_full", !roll.disk),
        ("worker_still", turnouts.iter().any(|worker| worker.still)),
        ("worker_restarts", turnouts.iter().any(|worker| worker.restarting)),
    ];
    let mut broken: Vec<_> = words.iter().filter(|word| word.1).map(|word| word.0).collect();
    broken.extend(BREAKING.into_iter().filter(|word| standing.contains(word)));
    roll.healthy = broken.is_empty();
    let mut faults: Vec<_> = broken.iter().chain(&standing).copied().collect();
    faults.sort_unstable();
    faults.dedup();
    State { alive: promises.crew.alive(&turnouts), roll, faults, broken }
}
