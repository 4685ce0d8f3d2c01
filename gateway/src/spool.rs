//! The durable store of the home box: one SQLite file, written ahead, synced before anything is acknowledged.
//!
//! - *Row*: one frame on its way up, kept until the server has it and 72 h after.
//! - *Raw*: one reading that stays here for seven days; its minute's summary goes up instead.
//! - *Rung*: how far a press has come, with the server's sealed word for the device.
//! - *Durable* work is on disk when it returns. *Lazy* work (what the far end would tell or send
//!   again) costs no sync and is on disk with the next durable work.
//!
//! All writing goes through one connection behind one lock; reading has its own. Room is kept by
//! `room`: telemetry makes place for emergencies, and what was dropped is counted on disk.
//! Not here: what frames mean (`devices`, `hub`), when rows are sent (`uplink`).

pub mod account;
mod arrivals;
mod error;
mod left_out;
mod line;
mod opening;
mod outgoing;
mod own;
mod receipts;
mod room;
mod roster;
mod salvage;
mod schema;
mod span;
mod store;
mod swept;
mod words;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proto::down::Rung;
use proto::frame::Lane;
use proto::id::{DeviceId, HomeId, PressId};
use proto::unit::Mono;

pub use outgoing::{Again, Reader, RowId, Waiting};
pub use own::OwnFrame;
pub use receipts::RungRow;
pub use room::Usage;
pub use roster::{Former, RosterRow};
pub use span::{Reached, Turn};

use crate::clock::Mark;
pub use error::SpoolError;
use store::Store;
pub use words::{Bounds, Entry, Fate, OwnBoot, Place};

/// The store, shared by the threads that write to it.
#[derive(Clone)]
pub struct Spool {
    inner: Arc<Mutex<Store>>,
    path: PathBuf,
    files: Arc<AtomicU64>,
}

impl Spool {
    /// Opens or makes the spool in `dir`, which only this process may use.
    pub fn open(dir: &Path, bounds: Bounds) -> Result<Self, SpoolError> {
        Ok(Self::of(Store::open(dir, bounds, false)?))
    }

    /// Begins a new spool in `dir`, keeping of the old one what can be read: a person has given it up.
    pub fn renew(dir: &Path, bounds: Bounds) -> Result<(), SpoolError> {
        Store::open(dir, bounds, true)?.checkpoint()
    }

    fn of(store: Store) -> Self {
        let (path, files) = (store.path().to_owned(), Arc::clone(&store.files));
        Self { path, files, inner: Arc::new(Mutex::new(store)) }
    }

    /// How often the database was set aside since the start: what only memory knows must be written again.
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Acquire)
    }

    /// A reading connection has failed; if the database is damaged, it is set aside with the next work.
    pub fn failed(&self, error: SpoolError) {
        if let SpoolError::Store(error) = error
            && opening::is_damage(&error)
        {
            // The answer is the error itself, which the caller has.
            let _ = self.lock().judge::<()>(Err(error));
        }
    }

    /// A connection that only reads, for the uplink.
    pub fn reader(&self) -> Result<Reader, SpoolError> {
        Reader::open(&self.path, Arc::clone(&self.files))
    }

    /// Where spool time was last on disk.
    pub fn time_mark(&self) -> Result<Option<Mark>, SpoolError> {
        self.lock().time_mark()
    }

    /// Counts this start, durably, and sets the clock that marks what follows.
    /// `life` is a random number of this start.
    pub fn begin(&self, clock: crate::clock::Clock, life: u32) -> Result<OwnBoot, SpoolError> {
        self.lock().begin(clock, life)
    }

    /// Makes entries durable in one commit; `fates` gets one answer each, in order.
    pub fn keep(&self, now: Mono, entries: &[Entry<'_>], fates: &mut Vec<Fate>) {
        self.lock().keep(now, entries, fates);
    }

    /// Notes that the server has these rows. Lazy: forgotten marks mean a second sending.
    pub fn mark_sent(&self, now: Mono, rows: &[RowId]) -> Result<(), SpoolError> {
        self.lock().mark_sent(now, rows)
    }

    /// Puts frames of the box itself on their way. Lazy.
    pub fn put_own(&self, now: Mono, frames: &[OwnFrame<'_>]) -> Result<(), SpoolError> {
        self.lock().put_own(now, frames)
    }

    /// Takes the count of what was dropped and puts the frame that tells it on its way, in one step.
    /// `make` gets the count and gives the frame; nothing happens while nothing was dropped.
    pub fn tell_loss(
        &self,
        now: Mono,
        make: &mut dyn FnMut(u32) -> Option<(PressId, Vec<u8>)>,
    ) -> Result<(), SpoolError> {
        self.lock().tell_loss(now, make)
    }

    /// Sends the newest presses again that the server acknowledged and never said to have: the word
    /// may be lost on its way down, and a known press is always answered. Says whether there are any.
    pub fn ask_again(&self, now: Mono) -> Result<bool, SpoolError> {
        self.lock().ask_again(now)
    }

    /// The server has said how far its records go: what was marked since goes up again. Lazy.
    pub fn reached(&self, now: Mono, lane: Lane, told: &Reached) -> Result<Turn, SpoolError> {
        self.lock().reached(now, lane, told)
    }

    /// Whether the server has said before how far its records go, so that it will say it again.
    pub fn expects(&self, lane: Lane) -> bool {
        self.lock().expects(lane).unwrap_or(false)
    }

    /// All that was to go up again in a lane is up. Lazy.
    pub fn span_done(&self, lane: Lane) -> Result<(), SpoolError> {
        self.lock().span_done(lane)
    }

    /// A position goes to a server whose records have this life. Lazy.
    pub fn told(&self, lane: Lane, line: u64) -> Result<(), SpoolError> {
        self.lock().told(lane, line)
    }

    /// The server has said that the alarm of a home is over. Lazy.
    pub fn ended(&self, now: Mono, home: HomeId) -> Result<(), SpoolError> {
        self.lock().ended(now, home)
    }

    /// The roster as last told by the server.
    pub fn roster(&self) -> Result<Vec<RosterRow>, SpoolError> {
        self.lock().roster()
    }

    /// Writes one device of the roster. Lazy, as the server tells it again; but that a device has
    /// been released is durable.
    pub fn enrol(&self, row: &RosterRow) -> Result<(), SpoolError> {
        self.lock().enrol(row)
    }

    /// Notes the last connect proofs of devices. Lazy.
    pub fn note_proofs(&self, rows: &[RosterRow]) -> Result<(), SpoolError> {
        self.lock().note_proofs(rows)
    }

    /// Raises the rung of a press and keeps the server's sealed word. Lazy. Says whether it rose.
    pub fn raise_rung(
        &self,
        now: Mono,
        press: PressId,
        rung: Rung,
        sealed: &[u8],
    ) -> Result<bool, SpoolError> {
        self.lock().raise_rung(now, press, rung, sealed)
    }

    /// The rung of one press.
    pub fn rung(&self, press: PressId) -> Result<Option<RungRow>, SpoolError> {
        self.lock().rung(press)
    }

    /// Notes that people have a press which gets no rung. Lazy.
    pub fn accept(&self, now: Mono, press: PressId) -> Result<(), SpoolError> {
        self.lock().accept(now, press)
    }

    /// Whether the server has acknowledged all frames of this name.
    pub fn is_sent(&self, press: PressId) -> Result<bool, SpoolError> {
        self.lock().is_sent(press)
    }

    /// The newest presses of a device with their rungs, at most `limit`.
    pub fn rungs_of(&self, device: DeviceId, limit: u32) -> Result<Vec<RungRow>, SpoolError> {
        self.lock().rungs_of(device, limit)
    }

    /// Presses that the server has not said to have, newest first, at most `limit`.
    pub fn not_received(&self, limit: u32) -> Result<Vec<RungRow>, SpoolError> {
        self.lock().not_received(limit)
    }

    /// Who has made emergencies that nobody here can name and that the server has not acknowledged.
    pub fn unnamed(&self) -> Result<Vec<DeviceId>, SpoolError> {
        self.lock().unnamed()
    }

    /// Removes what is past its time, a bounded share a call, and makes the reserve again when there
    /// is room. Says whether more is due.
    pub fn tidy(&self, now: Mono) -> Result<bool, SpoolError> {
        self.lock().tidy(now)
    }

    /// Numbers for support.
    pub fn usage(&self) -> Result<Usage, SpoolError> {
        self.lock().usage()
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        // A panic while the lock was held has left at most an open transaction, which the store
        // rolls back before it begins the next.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
