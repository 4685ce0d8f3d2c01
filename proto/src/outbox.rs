//! The outbox: a numbered, bounded queue that forgets nothing in silence. Pure, shared by device and gateway.
//!
//! - Each entry has a *number* that never comes back, and a lane. Emergencies go first, the newest of them
//!   at the head; telemetry follows in order. An entry stays until its number is acknowledged.
//! - When room runs out telemetry is shed, the oldest first, and counted in a *loss record* whose room is always
//!   there. Emergencies are never shed: one that finds no room is handed back, and its owner must say so.
//!
//! Not here: flash, disks, sealing, and when to try again.

use heapless::Vec;

use crate::frame::Lane;
use crate::id::Seq;
use crate::unit::Millis;
use crate::up::Loss;

/// What an entry is called in its outbox; rises by one with each entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(u64);

impl Number {
    /// Reads a stored number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number, for a store.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Something that waits to be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<T> {
    /// Its number.
    pub number: Number,
    /// Its lane.
    pub lane: Lane,
    /// Whether it has been sent on the present link and not been acknowledged.
    pub in_flight: bool,
    /// The frame number that a loss record names, if the item is a numbered frame.
    pub seq: Option<Seq>,
    /// What is to be sent.
    pub item: T,
}

/// An emergency that found no room: `SIZE` emergencies wait. It is handed back; say so where people see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full<T>(pub T);

impl<T> core::fmt::Display for Full<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("outbox is full of emergencies, show the failure and keep trying")
    }
}

impl<T: core::fmt::Debug> core::error::Error for Full<T> {}

/// A queue of at most `SIZE` entries, of which the last `RESERVE` places are for emergencies only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbox<T, const SIZE: usize, const RESERVE: usize> {
    /// In the order of their numbers.
    entries: Vec<Entry<T>, SIZE>,
    next: u64,
    lost: Option<Loss>,
}

impl<T, const SIZE: usize, const RESERVE: usize> Default for Outbox<T, SIZE, RESERVE> {
    fn default() -> Self {
        Self::starting_at(Number(1))
    }
}

impl<T, const SIZE: usize, const RESERVE: usize> Outbox<T, SIZE, RESERVE> {
    const SOUND: () = assert!(RESERVE > 0 && RESERVE < SIZE, "both lanes need room");

    /// An empty outbox that counts from 1.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty outbox that continues the numbers of an earlier one.
    pub fn starting_at(first: Number) -> Self {
        let () = Self::SOUND;
        Self { entries: Vec::new(), next: first.0, lost: None }
    }

    /// Takes in an item. `uptime` dates what is shed for it. Telemetry always finds room by shedding older
    /// telemetry, or itself if emergencies fill the queue: then there is no number for it.
    pub fn push(
        &mut self,
        lane: Lane,
        seq: Option<Seq>,
        uptime: Millis,
        item: T,
    ) -> Result<Option<Number>, Full<T>> {
        let room = match lane {
            Lane::Emergency => SIZE,
            Lane::Telemetry => SIZE - RESERVE,
        };
        while self.entries.len() >= room {
            match (self.oldest_telemetry(), lane) {
                (Some(place), _) => {
                    let shed = self.entries.remove(place);
                    self.lose(shed.seq, uptime);
                }
                (None, Lane::Emergency) => return Err(Full(item)),
                (None, Lane::Telemetry) => {
                    self.lose(seq, uptime);
                    return Ok(None);
                }
            }
        }
        let number = Number(self.next);
        self.next += 1;
        match self.entries.push(Entry { number, lane, in_flight: false, seq, item }) {
            Ok(()) => Ok(Some(number)),
            Err(entry) => Err(Full(entry.item)),
        }
    }

    /// The next entry to send: the newest emergency that is not in flight, else the oldest telemetry if fewer than
    /// `window` telemetry entries are in flight. It counts as in flight from now.
    pub fn send(&mut self, window: usize) -> Option<&Entry<T>> {
        let ready = |entry: &Entry<T>, lane| entry.lane == lane && !entry.in_flight;
        let emergency = self.entries.iter().rposition(|entry| ready(entry, Lane::Emergency));
        let place = emergency.or_else(|| {
            let room = self.in_flight(Lane::Telemetry) < window;
            let first = self.entries.iter().position(|entry| ready(entry, Lane::Telemetry));
            first.filter(|_| room)
        })?;
        let entry = self.entries.get_mut(place)?;
        entry.in_flight = true;
        Some(entry)
    }

    /// One entry is safe at the receiver; gives it back. A number that is gone changes nothing.
    pub fn acknowledge(&mut self, number: Number) -> Option<Entry<T>> {
        let place = self.entries.iter().position(|entry| entry.number == number)?;
        Some(self.entries.remove(place))
    }

    /// Every entry up to this number is safe at the receiver; says how many went. An older number changes nothing.
    pub fn acknowledge_through(&mut self, number: Number) -> usize {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.number > number);
        before - self.entries.len()
    }

    /// The link is gone: what was in flight must be sent again.
    pub fn link_lost(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.in_flight = false);
    }

    /// What had to be dropped and has not been told yet.
    pub const fn lost(&self) -> Option<&Loss> {
        self.lost.as_ref()
    }

    /// The receiver has this loss record; what was lost after it remains to be told.
    pub fn told(&mut self, told: &Loss) {
        if let Some(lost) = &mut self.lost {
            lost.count = lost.count.saturating_sub(told.count);
            if lost.count == 0 {
                self.lost = None;
            } else {
                // Which of them was the first one is not known any more.
                lost.since = None;
            }
        }
    }

    /// What waits, in the order of the numbers.
    pub fn iter(&self) -> impl Iterator<Item = &Entry<T>> {
        self.entries.iter()
    }

    /// How many wait in a lane.
    pub fn waiting(&self, lane: Lane) -> usize {
        self.entries.iter().filter(|entry| entry.lane == lane).count()
    }

    /// How many of a lane have been sent on this link and not been acknowledged.
    pub fn in_flight(&self, lane: Lane) -> usize {
        self.entries.iter().filter(|entry| entry.lane == lane && entry.in_flight).count()
    }

    /// The number that the next entry will have; store it so that numbers never come back.
    pub const fn next_number(&self) -> Number {
        Number(self.next)
    }

    fn oldest_telemetry(&self) -> Option<usize> {
        let telemetry = |entry: &Entry<T>| entry.lane == Lane::Telemetry;
        // What is on its way now may be acknowledged any moment: shed it last.
        let resting = self.entries.iter().position(|entry| telemetry(entry) && !entry.in_flight);
        resting.or_else(|| self.entries.iter().position(telemetry))
    }

    fn lose(&mut self, seq: Option<Seq>, uptime: Millis) {
        let lost = self.lost.get_or_insert(Loss { count: 0, since: seq, uptime, home: None });
        lost.count = lost.count.saturating_add(1);
    }
}
