//! The homes that one batch works on, decoded: copies, which nobody else sees before its commit.
//!
//! A home is decoded once a batch, and what must be stored of it is said when the batch ends. Not here: all other
//! homes, and what takes whose place after the commit (`homes`).

use std::collections::HashMap;

use care::{Change, Home, Input, OUTPUTS_MAX, Output};
use proto::unit::{Millis, Mono};

use super::Homes;
use crate::ingest::state::{check_of, encode};
use records::care::CareRow;

/// How old a stored judgement may be that only "last heard" has changed in.
const SOFT_SAVE: Millis = Millis::minutes(5);

/// The homes of one batch.
#[derive(Debug, Default)]
pub struct Work {
    pub(super) open: HashMap<i64, Open>,
}

/// One home that a batch works on.
#[derive(Debug)]
pub struct Open {
    pub(super) home: Home,
    change: Change,
    pub(super) saved: Mono,
    pub(super) clocked: Option<Mono>,
    fresh: bool,
}

impl Work {
    /// The home, decoded; a home that is unknown or cannot be read starts anew.
    pub fn home(&mut self, homes: &Homes, home: i64, now: Mono) -> &mut Open {
        self.open.entry(home).or_insert_with(|| {
            let kept = homes.kept.get(&home);
            let read = kept.and_then(|kept| minicbor::decode::<Home>(&kept.state).ok());
            let fresh = read.is_none();
            let mut read = read.unwrap_or_default();
            let counts = homes.counted.get(&home).is_some_and(|n| read.count_from(*n));
            // What is only in memory, or must be kept before it is written over, is stored when it may be.
            let must = homes.refused.contains_key(&home) || homes.aside.contains_key(&home);
            Open {
                home: read,
                change: if fresh || counts || must { Change::Firm } else { Change::None },
                saved: kept.map_or(now, |kept| kept.saved),
                clocked: kept.and_then(|kept| kept.clocked),
                fresh,
            }
        })
    }

    /// What has to be stored with this batch.
    pub fn rows(&mut self, homes: &Homes, now: Mono) -> Vec<CareRow> {
        let mut rows = Vec::new();
        for (home, open) in &mut self.open {
            let stale = open.change == Change::Soft && now.since(open.saved) > SOFT_SAVE;
            if (open.change != Change::Firm && !stale) || !homes.may_store(*home, now) {
                continue;
            }
            let Some(state) = encode(&open.home) else { continue };
            open.saved = now;
            let due = open.home.next_deadline().map(|due| i64::try_from(due.millis()));
            let due = due.and_then(Result::ok);
            let (check, aside) = (check_of(&state), homes.aside.get(home).cloned());
            rows.push(CareRow { home: *home, state, due, check, aside });
        }
        rows
    }

    /// Forgets what was done to a home: its judgement has panicked halfway.
    pub fn forget(&mut self, home: i64) {
        self.open.remove(&home);
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
    pub(crate) fn clocked(&mut self) -> &mut Option<Mono> {
        &mut self.clocked
    }

    /// Whether it knows nobody yet: it has no state that could be read.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }
}
