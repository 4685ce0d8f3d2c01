//! One lane's session with the server, pure: what is sent, what counts as arrived, when to try again.
//!
//! Contract: the owner calls `handle_*` with its clock's time and random numbers, then performs every
//! [`Action`] of `next_action`, then waits for input or `poll_timeout`. Time never goes back.
//!
//! - A *row in hand* has been taken from the spool and is not yet marked there. After a lost link
//!   every row in hand that the server has not acknowledged goes out again, from the spool.
//! - Acknowledgements come in the order of sending; the transport closes a link that breaks it.
//! - What the server asks for *again*: emergencies go up behind everything new, telemetry before it, in order. Then a
//!   *mark* says how far the server has everything; none is sent before it has said over this link what it has.
//!
//! Not here: sockets and MQTT (`transport`), rows (`spool`), the tasks that drive it (`driver`).

mod again;
pub mod driver;
pub mod renewal;
pub mod transport;
pub mod trust;
pub mod wallet;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use care::policy::BACKOFF_MAX;
use proto::backoff;
use proto::frame::Lane;
use proto::unit::{Millis, Mono};
use tokio::sync::Notify;

use crate::spool::{Again, Entry, Fate, Place, RowId, Waiting};

/// Frames of telemetry sent and not yet acknowledged.
const WINDOW_TELEMETRY: usize = 64;
/// Emergencies sent and not yet acknowledged.
const WINDOW_EMERGENCY: usize = 16;
/// Longest pause before the first new attempt: a restarted server is found at once.
const PAUSE_FIRST: Millis = Millis::new(250);
/// Longest pause while an emergency waits.
const PAUSE_URGENT: Millis = Millis::secs(2);
/// A link that acknowledges nothing for this long is dead, whatever TCP says.
const ACK_WITHIN: Millis = Millis::secs(20);
/// A link is good, and the pauses small again, after this long or its first acknowledgement.
const GOOD_AFTER: Millis = Millis::secs(5);

/// Wakes the sessions when rows are on disk; called by whoever committed them.
#[derive(Debug, Clone, Default)]
pub struct Bells {
    emergency: Arc<Notify>,
    telemetry: Arc<Notify>,
}

impl Bells {
    /// Rings for the lanes that have got rows.
    pub fn ring(&self, entries: &[Entry<'_>], fates: &[Fate]) {
        let up = |lane| {
            entries.iter().zip(fates).any(|(entry, fate)| {
                entry.lane == lane
                    && entry.place == Place::Up
                    && matches!(fate, Fate::New | Fate::Again(_))
            })
        };
        for lane in [Lane::Emergency, Lane::Telemetry] {
            if up(lane) {
                self.of(lane).notify_one();
            }
        }
    }

    /// The bell of one lane.
    pub fn of(&self, lane: Lane) -> &Arc<Notify> {
        match lane {
            Lane::Emergency => &self.emergency,
            Lane::Telemetry => &self.telemetry,
        }
    }
}

/// What the world must do for a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Make a new link.
    Connect,
    /// Give the link up.
    Disconnect,
    /// Read rows after this one, at most so many, and hand them to `handle_rows`.
    Read(RowId, usize),
    /// Send this row.
    Send(Waiting),
    /// Read rows that are to go up again, at most so many, and hand them to `handle_again`.
    ReadAgain(usize),
    /// Send this row again.
    SendAgain(Again),
    /// Nothing is left to be sent again.
    AgainDone,
    /// Send a mark; it is acknowledged like a row.
    Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Between two attempts.
    Pausing { until: Mono },
    /// An attempt is being made.
    Connecting,
    /// The server listens.
    Up { since: Mono },
}

/// The session of one lane.
#[derive(Debug)]
pub struct Session {
    lane: Lane,
    window: usize,
    phase: Phase,
    /// Attempts since the link was last good.
    attempts: u32,
    /// Whether the spool may hold rows that are not in hand.
    more: bool,
    /// Whether a read is under way.
    reading: bool,
    /// Telemetry: the last row taken over this link.
    cursor: RowId,
    /// Sent and not acknowledged, in order of sending.
    sent: VecDeque<RowId>,
    /// Acknowledged and not yet marked in the spool.
    acked: BTreeSet<RowId>,
    last_progress: Mono,
    /// Whether the server has said over this link what it has.
    told: bool,
    /// Until when nothing new is sent, because the server may ask for what is older.
    held: Option<Mono>,
    /// Whether there may be rows to send again, and not before when.
    again: Option<Mono>,
    /// Whether something was acknowledged since the last mark, and not before when the next may go.
    unmarked: bool,
    mark_at: Mono,
    actions: VecDeque<Action>,
}

impl Session {
    /// A session that wants to connect at once.
    pub fn new(lane: Lane, now: Mono) -> Self {
        Self {
            lane,
            window: match lane {
                Lane::Emergency => WINDOW_EMERGENCY,
                Lane::Telemetry => WINDOW_TELEMETRY,
            },
            phase: Phase::Pausing { until: now },
            attempts: 0,
            more: true,
            reading: false,
            cursor: RowId::START,
            sent: VecDeque::new(),
            acked: BTreeSet::new(),
            last_progress: now,
            told: false,
            held: None,
            again: None,
            unmarked: false,
            mark_at: now,
            actions: VecDeque::new(),
        }
    }

    /// Whether the server listens.
    pub const fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up { .. })
    }

    /// Rows sent and not acknowledged.
    pub fn in_flight(&self) -> usize {
        self.sent.len()
    }

    /// The server has accepted the link.
    pub fn handle_connected(&mut self, now: Mono) {
        self.phase = Phase::Up { since: now };
        self.last_progress = now;
        self.more = true;
        self.take();
    }

    /// The link is gone or an attempt has failed. `urgent`: an emergency waits. `random` is any number.
    pub fn handle_lost(&mut self, now: Mono, urgent: bool, random: u64) {
        if let Phase::Up { since } = self.phase
            && now.since(since) >= GOOD_AFTER
        {
            self.attempts = 0;
        }
        self.actions.clear();
        self.sent.clear();
        self.cursor = RowId::START;
        self.more = true;
        self.reading = false;
        self.handle_untold();
        self.phase = Phase::Pausing { until: now.after(self.pause(urgent, random)) };
        self.attempts = self.attempts.saturating_add(1);
    }

    /// New rows are on disk. While pausing, an emergency shortens the pause.
    pub fn handle_rows_stored(&mut self, now: Mono, random: u64) {
        self.more = true;
        if let Phase::Pausing { until } = self.phase
            && self.lane == Lane::Emergency
        {
            let soon = now.after(backoff::anywhere(PAUSE_FIRST, random));
            self.phase = Phase::Pausing { until: until.min(soon) };
        }
        self.take();
    }

    /// Rows that [`Action::Read`] asked for; `asked` is its limit.
    pub fn handle_rows(&mut self, now: Mono, rows: Vec<Waiting>, asked: usize) {
        if !self.reading {
            return;
        }
        self.reading = false;
        self.more |= rows.len() >= asked;
        for waiting in rows {
            if self.lane == Lane::Telemetry {
                self.cursor = self.cursor.max(waiting.row);
            }
            if self.sent.contains(&waiting.row) || self.acked.contains(&waiting.row) {
                continue;
            }
            if self.sent.len() >= self.window {
                self.more = true;
                break;
            }
            if self.sent.is_empty() {
                self.last_progress = now;
            }
            self.sent.push_back(waiting.row);
            self.actions.push_back(Action::Send(waiting));
        }
        self.rest(now);
    }

    /// The server has acknowledged the oldest row in flight.
    pub fn handle_acked(&mut self, now: Mono) {
        self.last_progress = now;
        self.attempts = 0;
        // The row number of a mark is that of none.
        if let Some(row) = self.sent.pop_front().filter(|row| *row != RowId::START) {
            self.acked.insert(row);
            self.unmarked = true;
        }
        self.take();
        self.rest(now);
    }

    /// Rows that the server has and the spool does not know of yet.
    pub fn to_mark(&self) -> Vec<RowId> {
        self.acked.iter().copied().collect()
    }

    /// These rows are marked in the spool.
    pub fn handle_marked(&mut self, rows: &[RowId]) {
        for row in rows {
            self.acked.remove(row);
        }
    }

    /// A deadline may have come.
    pub fn handle_timeout(&mut self, now: Mono) {
        match self.phase {
            Phase::Pausing { until } if now >= until => {
                self.phase = Phase::Connecting;
                self.actions.push_back(Action::Connect);
            }
            Phase::Up { .. } if !self.sent.is_empty() && now >= self.dead_at() => {
                self.actions.push_back(Action::Disconnect);
            }
            Phase::Pausing { .. } | Phase::Connecting | Phase::Up { .. } => {}
        }
        if self.held.is_some_and(|until| now >= until) {
            self.held = None;
            self.take();
        }
        self.rest(now);
    }

    /// When `handle_timeout` must be called at the latest.
    pub fn poll_timeout(&self) -> Option<Mono> {
        match self.phase {
            Phase::Pausing { until } => Some(until),
            Phase::Connecting => None,
            Phase::Up { .. } => {
                let dead = (!self.sent.is_empty()).then(|| self.dead_at());
                let mark = (self.told && self.unmarked).then_some(self.mark_at);
                let next = if self.told { self.again.or(mark) } else { None };
                [dead, next, self.held].into_iter().flatten().min()
            }
        }
    }

    /// The next thing to do.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    fn dead_at(&self) -> Mono {
        self.last_progress.after(ACK_WITHIN)
    }

    /// Asks for rows when there is room. Telemetry waits for half a window, so that draining a
    /// backlog reads many rows at a time; an emergency is read at once.
    fn take(&mut self) {
        if !self.is_up() || !self.more || self.reading || self.held.is_some() {
            return;
        }
        if self.lane == Lane::Telemetry && self.again.is_some() {
            return;
        }
        let free = self.window.saturating_sub(self.sent.len());
        let enough = match self.lane {
            Lane::Emergency => 1,
            Lane::Telemetry => self.window / 2,
        };
        if free < enough {
            return;
        }
        let limit = match self.lane {
            // The newest come first, so those in hand are read again and skipped.
            Lane::Emergency => free + self.sent.len() + self.acked.len(),
            Lane::Telemetry => free,
        };
        self.more = false;
        self.reading = true;
        self.actions.push_back(Action::Read(self.cursor, limit));
    }

    /// Full jitter: anything from nothing to a ceiling that grows by half with each attempt.
    fn pause(&self, urgent: bool, random: u64) -> Millis {
        let longest = if urgent { PAUSE_URGENT } else { BACKOFF_MAX };
        backoff::anywhere(backoff::half_more(PAUSE_FIRST, longest, self.attempts), random)
    }
}
