//! The judgements of all homes in memory, encoded, and those that a batch works on, decoded.
//!
//! A batch changes copies; they take the place of the stored ones only after its commit, so a batch that
//! fails has changed nothing. A change that only moves "last heard" is stored at most every five
//! minutes: after a crash the home is told that the server was away. A home whose stored state is of no use starts
//! anew, and one whose state the records refuse is judged from memory; incident numbers go on from the rows.
//! Not here: what is judged.

mod work;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use care::Home;
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};

use crate::ingest::mirror::Mirror;
use crate::ingest::state::{Unfit, encode, read};
use records::care::{CareFound, CareRow};

pub use work::{Open, Work};

/// A state that the records refuse is offered again after this.
pub(super) const REST: Millis = Millis::minutes(10);

#[derive(Debug, Clone)]
struct Kept {
    /// Empty: the home starts anew.
    state: Arc<[u8]>,
    due: Option<Mono>,
    saved: Mono,
    clocked: Option<Mono>,
}

/// All homes.
#[derive(Debug, Default)]
pub struct Homes {
    kept: HashMap<i64, Kept>,
    due: BTreeSet<(Mono, i64)>,
    /// Highest incident number of each home that the rows had when they were last asked.
    counted: HashMap<i64, u32>,
    /// Stored states that must be kept before they are written over, and why.
    aside: HashMap<i64, (&'static str, Vec<u8>)>,
    /// Homes whose state the records refuse, and when it is offered again.
    refused: HashMap<i64, Mono>,
    mirror: Arc<Mirror>,
}

/// What a home was before it was made to start anew.
#[derive(Debug)]
pub struct Before {
    home: i64,
    kept: Option<Kept>,
    aside: Option<(&'static str, Vec<u8>)>,
}

impl Homes {
    /// Takes what the records hold, and gives the homes whose state is of no use or of a newer build. `now`: when this
    /// process began to listen. `counted`: highest incident number that the rows have of each home.
    pub fn load(rows: Vec<CareFound>, counted: &[(i64, i64)], now: Mono) -> (Self, Vec<i64>) {
        let mut homes = Self::default();
        let mut told = Vec::new();
        for (home, n) in counted {
            homes.recount(*home, *n);
        }
        for row in rows {
            let home = row.home;
            let bytes = row.state.unwrap_or_default();
            let (state, due, unfit) = match read(&bytes, row.check) {
                Ok((read, None)) => (bytes, read.next_deadline(), None),
                // It is looked at once, so that what it holds is kept before it is written over.
                Ok((_, Some(newer))) => (bytes.clone(), Some(now), Some((newer, bytes))),
                Err(unfit) => (Vec::new(), Some(now), Some((unfit, bytes))),
            };
            if let Some((unfit, bytes)) = unfit {
                told.push(home);
                homes.put_aside(home, unfit, bytes);
            }
            homes.keep(home, Kept { state: state.into(), due, saved: now, clocked: None });
        }
        (homes, told)
    }

    /// From now on what is known of homes is shown here.
    pub(crate) fn show_in(&mut self, mirror: Arc<Mirror>) {
        self.kept.iter().for_each(|(home, kept)| mirror.put(*home, &kept.state));
        self.mirror = mirror;
    }

    fn put_aside(&mut self, home: i64, unfit: Unfit, bytes: Vec<u8>) {
        tracing::error!(home, why = unfit.word(), "the stored state of a home is put aside");
        if !bytes.is_empty() {
            self.aside.insert(home, (unfit.word(), bytes));
        }
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

    /// Devices that the judgement of a home counts as its own and that do not `belong` to it.
    pub(crate) fn leavers(&self, home: i64, belongs: impl Fn(DeviceId) -> bool) -> Vec<DeviceId> {
        let kept = self.kept.get(&home);
        let read = kept.and_then(|kept| minicbor::decode::<Home>(&kept.state).ok());
        read.map_or_else(Vec::new, |home| home.members().filter(|d| !belongs(*d)).collect())
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

    /// Makes a home start anew in memory: its judgement panics. What it was is given, to be put back if that is no
    /// better.
    pub fn begin_anew(&mut self, home: i64, now: Mono) -> Before {
        let (kept, aside) = (self.kept.get(&home).cloned(), self.aside.get(&home).cloned());
        if let Some(old) = kept.as_ref().filter(|old| !old.state.is_empty())
            && aside.is_none()
        {
            self.put_aside(home, Unfit::Panics, old.state.to_vec());
        }
        self.keep(home, Kept { state: Arc::default(), due: Some(now), saved: now, clocked: None });
        Before { home, kept, aside }
    }

    /// Undoes [`Homes::begin_anew`].
    pub(crate) fn put_back(&mut self, before: Before) {
        let Before { home, kept, aside } = before;
        match aside {
            Some(aside) => drop(self.aside.insert(home, aside)),
            None => drop(self.aside.remove(&home)),
        }
        match kept {
            Some(kept) => self.keep(home, kept),
            None => {
                let due = self.kept.remove(&home).and_then(|kept| kept.due);
                due.map(|due| self.due.remove(&(due, home)));
            }
        }
    }

    /// The rows have this incident of a home already: the next number is above it.
    pub(crate) fn recount(&mut self, home: i64, incident: i64) {
        if let Ok(incident) = u32::try_from(incident) {
            let known = self.counted.entry(home).or_default();
            *known = incident.max(*known);
        }
    }

    /// The records have taken these states, but for the refused ones; gives the homes that are well again.
    pub fn stored(&mut self, taken: &[CareRow], refused: &[i64], now: Mono) -> Vec<i64> {
        for home in refused {
            self.refused.insert(*home, now.after(REST));
        }
        let taken = taken.iter().map(|row| row.home).filter(|home| !refused.contains(home));
        let mut well = Vec::new();
        for home in taken {
            self.aside.remove(&home);
            well.extend(self.refused.remove(&home).map(|_| home));
        }
        well
    }

    /// Whether a state may be offered to the records now.
    fn may_store(&self, home: i64, now: Mono) -> bool {
        self.refused.get(&home).is_none_or(|again| *again <= now)
    }

    fn keep(&mut self, home: i64, kept: Kept) {
        let due = kept.due;
        self.mirror.put(home, &kept.state);
        let old = self.kept.insert(home, kept).and_then(|old| old.due);
        if old != due {
            old.map(|old| self.due.remove(&(old, home)));
            due.map(|due| self.due.insert((due, home)));
        }
    }
}
