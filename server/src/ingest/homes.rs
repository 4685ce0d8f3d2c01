//! The judgements of all homes in memory, encoded, and those that a batch works on, decoded.
//!
//! A batch changes copies; they take the place of the stored ones only after its commit, so a batch that
//! fails has changed nothing. A change that only moves "last heard" is stored at most every five
//! minutes: after a crash the home is told that the server was away. Not here: what is judged.

use std::collections::{BTreeSet, HashMap};

use care::{Change, Home, Input, OUTPUTS_MAX, Output};
use proto::unit::{Millis, Mono};

use crate::records::state::CareRow;

/// How old a stored judgement may be that only "last heard" has changed in.
const SOFT_SAVE: Millis = Millis::minutes(5);

#[derive(Debug)]
struct Kept {
    state: Box<[u8]>,
    due: Option<Mono>,
    saved: Mono,
    clocked: Option<Mono>,
}

/// One home that a batch works on.
#[derive(Debug)]
pub struct Open {
    home: Home,
    change: Change,
    saved: Mono,
    clocked: Option<Mono>,
}

/// All homes.
#[derive(Debug, Default)]
pub struct Homes {
    kept: HashMap<i64, Kept>,
    due: BTreeSet<(Mono, i64)>,
}

/// The homes of one batch.
#[derive(Debug, Default)]
pub struct Work {
    open: HashMap<i64, Open>,
}

impl Homes {
    /// Takes what the records hold. `now`: when this process began to listen.
    pub fn load(rows: Vec<CareRow>, now: Mono) -> Self {
        let mut homes = Self::default();
        for row in rows {
            let due = row.due.map(|due| Mono::from_millis(due.unsigned_abs()));
            let state = row.state.into_boxed_slice();
            homes.keep(row.home, Kept { state, due, saved: now, clocked: None });
        }
        homes
    }

    /// How many homes are known.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether no home is known.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Homes whose deadline has come, at most `most`.
    pub fn due(&self, now: Mono, most: usize) -> Vec<i64> {
        self.due.iter().take_while(|(due, _)| *due <= now).take(most).map(|(_, h)| *h).collect()
    }

    /// The next deadline of all.
    pub fn next_due(&self) -> Option<Mono> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Puts what a batch has changed in the place of what was; call after its commit.
    pub fn settle(&mut self, work: Work) {
        for (home, open) in work.open {
            let due = open.home.next_deadline();
            let Some(state) = encode(&open.home) else { continue };
            let kept = Kept { state: state.into(), due, saved: open.saved, clocked: open.clocked };
            self.keep(home, kept);
        }
    }

    /// Leaves a home alone until then, whatever its own deadline says.
    pub fn rest(&mut self, home: i64, until: Mono) {
        if let Some(kept) = self.kept.get_mut(&home)
            && let Some(old) = kept.due.replace(until)
        {
            self.due.remove(&(old, home));
            self.due.insert((until, home));
        }
    }

    fn keep(&mut self, home: i64, kept: Kept) {
        let due = kept.due;
        let old = self.kept.insert(home, kept).and_then(|old| old.due);
        if old != due {
            old.map(|old| self.due.remove(&(old, home)));
            due.map(|due| self.due.insert((due, home)));
        }
    }
}

impl Work {
    /// The home, decoded; a home that is unknown or cannot be read starts anew.
    pub fn home(&mut self, homes: &Homes, home: i64, now: Mono) -> &mut Open {
        self.open.entry(home).or_insert_with(|| {
            let kept = homes.kept.get(&home);
            let read = kept.and_then(|kept| minicbor::decode::<Home>(&kept.state).ok());
            let fresh = read.is_none();
            Open {
                home: read.unwrap_or_default(),
                change: if fresh { Change::Firm } else { Change::None },
                saved: kept.map_or(now, |kept| kept.saved),
                clocked: kept.and_then(|kept| kept.clocked),
            }
        })
    }

    /// What has to be stored with this batch.
    pub fn rows(&mut self, now: Mono) -> Vec<CareRow> {
        let mut rows = Vec::new();
        for (home, open) in &mut self.open {
            let stale = open.change == Change::Soft && now.since(open.saved) > SOFT_SAVE;
            if open.change != Change::Firm && !stale {
                continue;
            }
            let Some(state) = encode(&open.home) else { continue };
            open.saved = now;
            let due = open.home.next_deadline().map(|due| i64::try_from(due.millis()));
            rows.push(CareRow { home: *home, state, due: due.and_then(Result::ok) });
        }
        rows
    }
}

impl Open {
    /// One step of the judgement.
    pub fn step(
        &mut self,
        now: Mono,
        input: Input<'_>,
        out: &mut heapless::Vec<Output, OUTPUTS_MAX>,
    ) {
        let change = self.home.step(now, input, out);
        self.change = self.change.max(change);
    }

    /// When this home was last told the time of day.
    pub fn clocked(&mut self) -> &mut Option<Mono> {
        &mut self.clocked
    }
}

fn encode(home: &Home) -> Option<Vec<u8>> {
    minicbor::to_vec(home).ok()
}
