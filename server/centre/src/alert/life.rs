//! Between a row and `care`'s life of an alert: reading it, and writing back what a wish has changed.
//!
//! The rules are the pure ones; this room only knows which columns tell of which part of a life.
//! Not here: SQL, or who may wish what.

use care::alert::{Ending, Fence, Life, Shown, State, Taken};

pub use records::column::{mono, stored};
use records::desk::{AlertState, DeskRow};

/// A fence or a cursor as a column holds it.
pub fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The life that a row tells of.
pub fn of(row: &DeskRow) -> Life<String> {
    let owner = row.owner.clone().unwrap_or_default();
    let state = match row.state {
        AlertState::Claimed => State::Claimed {
            owner,
            lease: row.lease_mono.unwrap_or_default(),
            since: row.since_mono.unwrap_or(row.raised_mono),
            acted: row.acted_mono.unwrap_or(row.raised_mono),
            begun: row.begun,
        },
        AlertState::Suspended => {
            State::Suspended { by: owner, until: row.suspended_until.unwrap_or_default() }
        }
        AlertState::Closed => State::Closed(Ending::Passed),
        AlertState::Open => State::Open { returned: row.returned },
    };
    Life {
        state,
        fence: Fence::new(row.fence.unsigned_abs()),
        actions: u32::try_from(row.actions).unwrap_or(u32::MAX),
        spoke: Shown::new(row.spoke.unsigned_abs()),
        latest: Shown::new(row.cursor.unsigned_abs()),
        taken: row
            .taken_from
            .clone()
            .zip(row.taken_by.clone())
            .map(|(from, by)| Taken { from, by }),
    }
}

/// Writes a life into a row. `wall`: the wall clock now, for what people read later.
pub fn into(row: &mut DeskRow, life: &Life<String>, wall: i64) {
    row.fence = number(life.fence.get());
    let taken = life.taken.clone();
    (row.taken_from, row.taken_by) = taken.map(|taken| (taken.from, taken.by)).unzip();
    row.actions = i64::from(life.actions);
    row.lease_mono = None;
    row.suspended_until = None;
    match &life.state {
        State::Open { returned } => {
            row.state = AlertState::Open;
            row.owner = None;
            row.since_mono = None;
            row.returned = *returned;
        }
        State::Claimed { owner, lease, since, acted, begun } => {
            row.state = AlertState::Claimed;
            row.owner = Some(owner.clone());
            row.lease_mono = Some(*lease);
            row.since_mono = Some(*since);
            row.acted_mono = Some(*acted);
            row.begun = *begun;
            row.claimed_wall = row.claimed_wall.or(Some(wall));
        }
        State::Suspended { by, until } => {
            row.state = AlertState::Suspended;
            row.owner = Some(by.clone());
            row.suspended_until = Some(*until);
        }
        State::Closed(ending) => {
            row.state = AlertState::Closed;
            row.owner = None;
            row.closed_wall = Some(wall);
            if let Ending::By(who, outcome) = ending {
                row.closed_by = Some(who.clone());
                row.outcome = Some(*outcome);
            }
        }
    }
}
