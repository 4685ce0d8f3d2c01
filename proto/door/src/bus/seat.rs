//! One program's session at the bus: who it is, what it wants, what waits for it, its will.
//!
//! A *visit* is one connection of it; a session outlives its visits if its program asked for that.
//! Not here: what happens to it (`fanout`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proto::unit::{Millis, Mono};

use super::mailbox::Mailbox;
use super::message::Will;
use super::retained::Replay;

/// Filters that one session may have.
pub(crate) const FILTERS_MAX: usize = 256;
/// What these may cost together, see [`cost`].
const FILTER_COST_MAX: usize = 256 * 1024;
/// How often the time that is waited for one subscriber is halved at most.
const HALVED_MAX: u32 = 6;
/// What a level of a filter costs beside its text.
const LEVEL_COST: usize = 128;

/// How a subscription wants its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// With this quality of service at most, 0 or 1.
    pub qos: u8,
    /// Not those that the subscriber itself has published.
    pub no_local: bool,
    /// With the retain flag they were published with.
    pub as_published: bool,
    /// What is retained is told: 0 always, 1 to a new subscription, 2 never.
    pub handling: u8,
    /// Its identifier, which its messages then carry.
    pub id: Option<u32>,
}

/// What a program says when it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// Its client id.
    pub client: String,
    /// Whether it wants nothing of an earlier visit.
    pub clean: bool,
    /// Seconds that its session is to be kept after the visit.
    pub expiry: u32,
    /// What is said for it when it is gone.
    pub will: Option<Will>,
    /// Unacknowledged messages it takes.
    pub window: usize,
    /// Largest packet it takes, in bytes.
    pub packet_max: usize,
    /// Whether it speaks version 5.
    pub version_5: bool,
    /// It is a part of the gateway, and counted nowhere.
    pub internal: bool,
}

/// What a program is told when it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    /// Its session and this visit.
    pub key: Key,
    /// Whether something of an earlier visit is there.
    pub present: bool,
    /// Seconds that its session is kept after the visit.
    pub expiry: u32,
    /// Messages that an earlier visit has lost.
    pub lost: u64,
}

/// A session and a visit of it; worth nothing once the visit is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Number of the session.
    pub seat: u64,
    /// Number of the visit.
    pub visit: u64,
}

/// How a visit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// With a word; its session is kept so long, if it says so now.
    Goodbye(Option<u32>),
    /// With a word that asks for the will.
    WithWill(Option<u32>),
    /// Without a word.
    Lost,
}

#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) join: Join,
    /// The connection it has now; none while its program is away.
    pub(crate) visit: Option<u64>,
    pub(crate) filters: BTreeMap<String, Wish>,
    pub(crate) filter_cost: usize,
    pub(crate) mailbox: Mailbox,
    pub(crate) replays: VecDeque<(Replay, Wish)>,
    /// When it ends, while its program is away.
    pub(crate) ends: Option<Mono>,
    /// When the will is said, while its program is away.
    pub(crate) will_due: Option<Mono>,
    /// Since when its mailbox has been too full for somebody.
    pub(crate) full_since: Option<Mono>,
    /// It was waited for in vain: nobody waits for it until half of its mailbox is free.
    pub(crate) late: bool,
    /// How often that was so during this visit.
    pub(crate) times_late: u32,
    /// Messages that it has lost and nobody has told yet.
    pub(crate) lost: u64,
    /// It has been rung for what waits.
    pub(crate) rung: bool,
    /// Visits that wait for room here.
    pub(crate) waiters: BTreeSet<u64>,
}

impl Seat {
    pub(crate) fn new(join: Join, visit: u64) -> Self {
        Self {
            join,
            visit: Some(visit),
            filters: BTreeMap::new(),
            filter_cost: 0,
            mailbox: Mailbox::default(),
            replays: VecDeque::new(),
            ends: None,
            will_due: None,
            full_since: None,
            late: false,
            times_late: 0,
            lost: 0,
            rung: false,
            waiters: BTreeSet::new(),
        }
    }

    /// The same session, visited again.
    pub(crate) fn visit(&mut self, join: Join, visit: u64) {
        self.join = join;
        self.visit = Some(visit);
        self.ends = None;
        self.will_due = None;
        self.rung = false;
        self.times_late = 0;
    }

    /// Notes a filter, if there is room for it; says whether it was there.
    pub(crate) fn note(&mut self, filter: &str, wish: Wish) -> Option<bool> {
        if let Some(known) = self.filters.get_mut(filter) {
            *known = wish;
            return Some(true);
        }
        let cost = cost(filter);
        if self.filters.len() >= FILTERS_MAX || self.filter_cost + cost > FILTER_COST_MAX {
            return None;
        }
        self.filter_cost += cost;
        self.filters.insert(filter.to_owned(), wish);
        Some(false)
    }

    /// Forgets a filter and what was still to be told for it.
    pub(crate) fn forget(&mut self, filter: &str) -> bool {
        self.replays.retain(|(replay, _)| replay.filter != filter);
        let known = self.filters.remove(filter).is_some();
        if known {
            self.filter_cost -= cost(filter);
        }
        known
    }

    /// Has what is retained told to a filter, once however often it asks.
    pub(crate) fn replay(&mut self, filter: &str, wish: Wish) {
        self.replays.retain(|(replay, _)| replay.filter != filter);
        self.replays.push_back((Replay::of(filter), wish));
    }

    /// Its mailbox is too full for somebody: until when it is waited for, which is half as long each time
    /// that it was waited for in vain.
    pub(crate) fn full(&mut self, now: Mono, patience: Millis) -> Mono {
        let patience = patience.get() >> self.times_late.min(HALVED_MAX);
        self.full_since.get_or_insert(now).after(Millis::new(patience))
    }

    /// Whether it is waited for before a message for it is lost.
    pub(crate) fn is_awaited(&self) -> bool {
        self.visit.is_some() && !self.late && !self.mailbox.has_room()
    }
}

fn cost(filter: &str) -> usize {
    filter.len() + LEVEL_COST * super::filter::levels(filter).count()
}
