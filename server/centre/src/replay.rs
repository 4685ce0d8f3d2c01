//! What gateways are asked to say again: the server tells each how far its rows go, the gateway sends the rest.
//!
//! A position is told once the inbox of the last run is taken in, or every restart would ask for what lies there.
//! Emergencies are asked for at once and of all; telemetry of so many gateways at a time, so that what is old never holds
//! up what is new. Records that were restored are a fault until all have answered. Not here: what a position means (`proto::relay`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use care::policy::WINDOW_KEPT;
use care::{Kind, Seen, Severity};
use proto::frame::Lane;
use proto::id::GatewayId;
use proto::relay::{GatewayDown, Mark};
use proto::unit::{Millis, Mono};

use crate::clock::Clock;
use crate::faults::{Fault, Faults};
use crate::inbox::Inbox;
use crate::provision::Registry;
use crate::receipts::Receipts;
use records::Records;
use records::column::number;
use records::line::{self, Line, Reach};

/// Looks for gateways that wait this often.
const TURN: Duration = Duration::from_millis(250);
/// Gateways whose telemetry is asked for at the same time.
const TELEMETRY_AT_ONCE: usize = 256;
/// One that does not end within this gives its place to another; it goes on at its own pace.
const PLACE_FOR: Millis = Millis::minutes(10);

/// A gateway and one of its lanes.
type Place = (GatewayId, i64);

#[derive(Debug, Default)]
struct Table {
    /// What the rows say.
    reaches: HashMap<Place, Reach>,
    /// Listening and not yet told.
    waiting: [BTreeSet<GatewayId>; 2],
    /// Told of their telemetry, and when.
    telling: BTreeMap<GatewayId, Mono>,
}

/// Positions of all gateways. One per server.
#[derive(Debug)]
pub struct Replay {
    line: Line,
    table: Mutex<Table>,
}

/// One gateway's word about its store, in the lane in which it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// Who.
    pub gateway: GatewayId,
    /// In which lane.
    pub lane: Lane,
    /// What it said.
    pub mark: Mark,
}

/// Number of a lane in rows and on the wire.
pub(crate) const fn lane_number(lane: Lane) -> u8 {
    match lane {
        Lane::Emergency => 0,
        Lane::Telemetry => 1,
    }
}

impl Replay {
    /// Reads what the rows hold.
    pub async fn load(records: &Records, line: Line) -> Result<Self, records::Error> {
        let mut reader = records.reader().await?;
        let mut table = Table::default();
        for reach in line::reaches(&mut reader).await? {
            if let Some(gateway) = GatewayId::new(reach.gateway.unsigned_abs()) {
                table.reaches.insert((gateway, reach.lane), reach);
            }
        }
        Ok(Self { line, table: Mutex::new(table) })
    }

    /// A gateway listens: it will be told where its rows end.
    pub fn listening(&self, gateway: GatewayId) {
        let mut table = self.table();
        table.telling.remove(&gateway);
        for waiting in &mut table.waiting {
            waiting.insert(gateway);
        }
    }

    /// The row that a mark stands for. None: it was said to records of another life, which this is no proof for.
    pub fn row(&self, marked: &Marked) -> Option<Reach> {
        let Marked { gateway, lane, mark } = marked;
        (mark.line == self.line.line.unsigned_abs()).then(|| Reach {
            gateway: number(gateway.get()),
            lane: i64::from(lane_number(*lane)),
            line: self.line.line,
            spool: number(mark.spool),
            through: number(mark.through.get()),
        })
    }

    /// A mark is in the rows. Says whether it tells of a spool that was lost, for the first time.
    pub fn marked(&self, marked: &Marked, row: Reach) -> bool {
        let mut table = self.table();
        let known = table.reaches.insert((marked.gateway, row.lane), row);
        if marked.lane == Lane::Telemetry {
            table.telling.remove(&marked.gateway);
        }
        marked.mark.aside && known.is_none_or(|known| known.spool != row.spool)
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        // Each change is one insert or remove, so a panic leaves the table whole.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is told now; each only once.
    fn due(&self, now: Mono, lane: Lane) -> Vec<(GatewayId, Option<Reach>)> {
        let mut table = self.table();
        let place = usize::from(lane_number(lane));
        let who: Vec<GatewayId> = match lane {
            Lane::Emergency => std::mem::take(&mut table.waiting[place]).into_iter().collect(),
            Lane::Telemetry => {
                table.telling.retain(|_, since| now.since(*since) < PLACE_FOR);
                let free = TELEMETRY_AT_ONCE.saturating_sub(table.telling.len());
                let who: Vec<_> = table.waiting[place].iter().copied().take(free).collect();
                for gateway in &who {
                    table.waiting[place].remove(gateway);
                    table.telling.insert(*gateway, now);
                }
                who
            }
        };
        let lane = i64::from(lane_number(lane));
        who.into_iter().map(|g| (g, table.reaches.get(&(g, lane)).copied())).collect()
    }

    fn word(&self, lane: Lane, reach: Option<Reach>) -> GatewayDown<'static> {
        GatewayDown::Reached {
            lane: lane_number(lane),
            line: self.line.line.unsigned_abs(),
            spool: reach.map_or(0, |reach| reach.spool.unsigned_abs()),
            through: Millis::new(reach.map_or(0, |reach| reach.through.unsigned_abs())),
            restored: self.line.restored_wall.is_some(),
        }
    }

    /// Whether all of these have said in this life how far they are, in both lanes.
    fn all_answered(&self, gateways: &[GatewayId]) -> bool {
        let table = self.table();
        let answered = |gateway: &GatewayId, lane| {
            table.reaches.get(&(*gateway, lane)).is_some_and(|reach| reach.line == self.line.line)
        };
        gateways.iter().all(|gateway| answered(gateway, 0) && answered(gateway, 1))
    }

    /// Whether somebody may still have what restored records lack.
    fn incomplete(&self, now: Mono, gateways: &[GatewayId]) -> bool {
        let Some(since) = self.line.restored_mono else { return false };
        let since = Mono::from_millis(since.unsigned_abs());
        now.since(since) < WINDOW_KEPT && !self.all_answered(gateways)
    }
}

/// A home box has lost its store and says so.
pub(crate) fn spool_lost(gateway: GatewayId) -> Fault {
    Fault {
        gateway: Some(gateway),
        kind: Kind::Upkeep,
        severity: Severity::Important,
        ..Fault::upkeep(Seen::SpoolDamaged)
    }
}

/// Tells gateways how far the rows know them.
pub struct Replays {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Nobody is asked before it is caught up.
    pub inbox: Inbox,
    /// Which gateways there are.
    pub registry: Arc<Registry>,
    /// By which they are told.
    pub receipts: Arc<Receipts>,
    /// How far the rows know each.
    pub replay: Arc<Replay>,
    /// Where it is told that restored records are not whole yet.
    pub faults: Arc<Faults>,
}

/// Runs until the process ends.
pub async fn run(replays: Arc<Replays>) {
    let mut tick = tokio::time::interval(TURN);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let now = replays.clock.mono();
        for lane in [Lane::Emergency, Lane::Telemetry] {
            if !replays.inbox.caught_up(lane) {
                continue;
            }
            for (gateway, reach) in replays.replay.due(now, lane) {
                // What cannot be told now is told when it connects again.
                replays.receipts.say(gateway, &replays.replay.word(lane, reach));
            }
        }
        let stands = replays.replay.incomplete(now, &replays.registry.gateways());
        replays.faults.set(Fault::upkeep(Seen::Restored), stands);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(restored_mono: Option<i64>) -> Line {
        Line { line: 9, restored_wall: restored_mono, restored_mono }
    }

    fn replay(line: Line) -> Replay {
        Replay { line, table: Mutex::default() }
    }

    fn gateway(n: u64) -> GatewayId {
        GatewayId::new(n).unwrap()
    }

    fn mark(line: u64, spool: u64, through: u64) -> Mark {
        Mark { line, spool, through: Millis::new(through), aside: false }
    }

    fn say(replay: &Replay, n: u64, lane: Lane, mark: Mark) -> Option<bool> {
        let marked = Marked { gateway: gateway(n), lane, mark };
        replay.row(&marked).map(|row| replay.marked(&marked, row))
    }

    #[test]
    fn a_position_said_to_another_life_of_the_records_moves_nothing() {
        let replay = replay(line(None));
        replay.listening(gateway(1));
        assert_eq!(say(&replay, 1, Lane::Emergency, mark(8, 5, 700)), None);
        assert_eq!(replay.due(Mono::default(), Lane::Emergency), [(gateway(1), None)]);
        assert_eq!(say(&replay, 1, Lane::Emergency, mark(9, 5, 700)), Some(false));
        replay.listening(gateway(1));
        let told = replay.due(Mono::default(), Lane::Emergency);
        assert_eq!(told[0].1.map(|reach| (reach.spool, reach.through)), Some((5, 700)));
        assert!(replay.due(Mono::default(), Lane::Emergency).is_empty(), "each once");
    }

    #[test]
    fn telemetry_is_asked_of_some_at_a_time_and_emergencies_of_all() {
        let replay = replay(line(None));
        (1..=1_000).for_each(|n| replay.listening(gateway(n)));
        let now = Mono::from_millis(1_000);
        assert_eq!(replay.due(now, Lane::Emergency).len(), 1_000);
        assert_eq!(replay.due(now, Lane::Telemetry).len(), TELEMETRY_AT_ONCE);
        assert!(replay.due(now, Lane::Telemetry).is_empty());
        say(&replay, 1, Lane::Telemetry, mark(9, 5, 700));
        assert_eq!(replay.due(now, Lane::Telemetry).len(), 1, "who is through makes room");
        assert_eq!(replay.due(now.after(PLACE_FOR), Lane::Telemetry).len(), TELEMETRY_AT_ONCE);
    }

    #[test]
    fn restored_records_are_incomplete_until_all_have_answered_or_the_window_is_over() {
        let replay = replay(line(Some(5_000)));
        let (now, both) = (Mono::from_millis(6_000), [gateway(1), gateway(2)]);
        assert!(replay.incomplete(now, &both));
        for lane in [Lane::Emergency, Lane::Telemetry] {
            say(&replay, 1, lane, mark(9, 5, 700));
            assert!(replay.incomplete(now, &both));
        }
        for lane in [Lane::Emergency, Lane::Telemetry] {
            assert!(replay.incomplete(now, &both));
            say(&replay, 2, lane, mark(9, 5, 700));
        }
        assert!(!replay.incomplete(now, &both));
        assert!(!self::replay(line(None)).incomplete(now, &both), "nothing was restored");
        let late = Mono::from_millis(5_000).after(WINDOW_KEPT);
        assert!(!self::replay(line(Some(5_000))).incomplete(late, &both));
    }

    #[test]
    fn a_lost_spool_is_told_once() {
        let replay = replay(line(None));
        let lost = Mark { aside: true, ..mark(9, 5, 700) };
        assert_eq!(say(&replay, 1, Lane::Emergency, lost), Some(true));
        assert_eq!(say(&replay, 1, Lane::Emergency, lost), Some(false));
        let again = Mark { spool: 6, ..lost };
        assert_eq!(say(&replay, 1, Lane::Emergency, again), Some(true));
    }
}
