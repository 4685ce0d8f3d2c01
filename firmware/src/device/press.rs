//! The emergencies that a device holds until the server has them.
//!
//! An emergency is *kept* once flash has it, and is not published before; if flash refuses or does not answer, it is
//! held in memory and sent all the same. It is repeated, always the same bytes, with pauses of at most 30 s until the
//! gateway has it, then rarer, and *forgotten* at `received` only.
//! Not here: sealing (`voice`), lights (`ladder`), the flash itself (`queue`).

use care::policy::{BACKOFF_MAX, NO_STORED};
use heapless::Vec;
use proto::down::Rung;
use proto::frame::Header;
use proto::id::{KeyEpoch, PressId};
use proto::unit::{Millis, Mono};

use super::pendant::FALLS_HELD_MAX;
use super::voice::OwnFrame;
use super::{SlotToken, Token};
use crate::link::{Backoff, Jitter};

/// How many emergencies a device holds at once, flash and memory together.
pub const HELD_MAX: usize = 16;
/// How many may be on their way without an answer. Source: technical, minimq carries eight at most.
const IN_FLIGHT_MAX: usize = 4;
/// Flash that is silent for longer is taken as refusing. Source: technical, an erase takes 0.4 s at worst.
const KEEP_WITHIN: Millis = Millis::secs(2);
/// Longest pause once the gateway has it and only the server's word is missing. Source: choice, the gateway repeats
/// by itself; asking is for a lost receipt.
const RECHECK_MAX: Millis = Millis::minutes(10);

/// Where an emergency is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// The shell has not been asked to keep it yet.
    Fresh,
    /// The shell has been asked.
    Asked,
    /// In flash.
    Flash,
    /// In memory only.
    Memory,
}

/// One emergency.
#[derive(Debug, Clone)]
pub(crate) struct Press {
    pub(crate) id: PressId,
    pub(crate) frame: OwnFrame,
    slot: SlotToken,
    held: Held,
    pub(crate) rung: Option<Rung>,
    /// A sensor's word, not a hand's.
    fall: bool,
    since: Mono,
    pub(crate) failed: bool,
    in_flight: Option<(Token, Mono)>,
    next_try: Mono,
    backoff: Backoff,
    /// The gateway has it as a stranger's word.
    pub(crate) strange: bool,
}

/// All of them, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Presses {
    held: Vec<Press, HELD_MAX>,
    slots: u16,
}

impl Presses {
    /// Takes a new one in; false if there is no place for it. A place is made by letting go of one that is in memory
    /// only and that the gateway has.
    pub(crate) fn add(&mut self, now: Mono, id: PressId, frame: OwnFrame, fall: bool) -> bool {
        // A sensor gone wild must not take the places of the hand.
        let falls = self.held.iter().filter(|press| press.fall).count();
        (!fall || falls < FALLS_HELD_MAX) && self.insert(now, id, frame, (fall, Held::Fresh))
    }

    /// Takes in one that an earlier boot left in flash.
    pub(crate) fn restore(&mut self, now: Mono, id: PressId, frame: OwnFrame, fall: bool) -> bool {
        let known = self.held.iter().any(|press| press.id == id);
        known || self.insert(now, id, frame, (fall, Held::Flash))
    }

    fn insert(
        &mut self,
        now: Mono,
        id: PressId,
        frame: OwnFrame,
        (fall, held): (bool, Held),
    ) -> bool {
        if self.held.is_full() {
            let safe = |p: &Press| p.held == Held::Memory && (p.strange || p.rung.is_some());
            let Some(place) = self.held.iter().position(safe) else { return false };
            self.held.remove(place);
        }
        self.slots = self.slots.wrapping_add(1);
        let press = Press {
            id,
            frame,
            slot: SlotToken(self.slots),
            held,
            rung: None,
            fall,
            since: now,
            failed: false,
            in_flight: None,
            next_try: now,
            backoff: Backoff::default(),
            strange: false,
        };
        self.held.push(press).is_ok()
    }

    /// The next one that flash should keep.
    pub(crate) fn next_to_keep(&mut self) -> Option<(SlotToken, OwnFrame)> {
        let press = self.held.iter_mut().find(|press| press.held == Held::Fresh)?;
        press.held = Held::Asked;
        Some((press.slot, press.frame.clone()))
    }

    /// Flash has it.
    pub(crate) fn kept(&mut self, slot: SlotToken) {
        if let Some(press) = self.held.iter_mut().find(|press| press.slot == slot) {
            press.held = Held::Flash;
        }
    }

    /// Flash has no place for it: true if that is news, to be told.
    pub(crate) fn not_kept(&mut self, slot: SlotToken) -> bool {
        let asked = |press: &&mut Press| press.slot == slot && press.held == Held::Asked;
        self.held.iter_mut().find(asked).map(Press::hold_in_memory).is_some()
    }

    /// Those that flash has not answered for in time; says how many.
    pub(crate) fn flash_is_silent(&mut self, now: Mono) -> usize {
        let silent = |p: &&mut Press| p.held == Held::Asked && now.since(p.since) >= KEEP_WITHIN;
        self.held.iter_mut().filter(silent).map(Press::hold_in_memory).count()
    }

    /// The next one to publish: what a hand did before what a sensor felt, the newest first; `strange` asks for those
    /// that the gateway does not have at all.
    pub(crate) fn next_to_send(&mut self, now: Mono, strange: bool) -> Option<&mut Press> {
        if self.held.iter().filter(|press| press.in_flight.is_some()).count() >= IN_FLIGHT_MAX {
            return None;
        }
        let due = |p: &&mut Press| p.sendable() && p.next_try <= now && !(strange && p.known());
        // Of equal ones the last is taken, which is the newest.
        self.held.iter_mut().filter(due).max_by_key(|press| !press.fall)
    }

    /// The gateway's PUBACK; true if it was for one of these.
    pub(crate) fn acked(&mut self, token: Token, now: Mono, strange: bool, j: &mut Jitter) -> bool {
        let sent = |press: &&mut Press| press.in_flight.is_some_and(|(sent, _)| sent == token);
        let Some(press) = self.held.iter_mut().find(sent) else { return false };
        press.in_flight = None;
        press.strange |= strange;
        press.next_try = press.next_try.max(now.after(press.backoff.pause(j)));
        true
    }

    /// A receipt. `Received` and above forget the emergency.
    pub(crate) fn climb(&mut self, now: Mono, id: PressId, rung: Rung) -> Climb {
        let Some(place) = self.held.iter().position(|press| press.id == id) else {
            return Climb::Unknown;
        };
        if rung >= Rung::Received {
            self.held.remove(place);
            return Climb::Done;
        }
        let Some(press) = self.held.get_mut(place) else { return Climb::Unknown };
        if press.rung < Some(rung) {
            press.rung = Some(rung);
            press.failed = false;
            // The server's word follows by itself: asking begins with the longest pause of before.
            press.backoff = Backoff::from_to(BACKOFF_MAX, RECHECK_MAX);
            press.next_try = now.after(BACKOFF_MAX);
        }
        Climb::Step
    }

    /// The link is gone: all must be sent again as soon as it is back.
    pub(crate) fn link_lost(&mut self, now: Mono) {
        for press in &mut self.held {
            press.in_flight = None;
            press.next_try = now;
        }
    }

    pub(crate) fn oldest_in_flight(&self) -> Option<Mono> {
        self.held.iter().filter_map(|press| press.in_flight.map(|(_, sent)| sent)).min()
    }

    /// Those that nobody confirmed in time; says how many are new to that.
    pub(crate) fn fail(&mut self, now: Mono) -> usize {
        let late = |press: &&mut Press| {
            press.rung.is_none() && !press.failed && now.since(press.since) >= NO_STORED
        };
        self.held.iter_mut().filter(late).map(|press| press.failed = true).count()
    }

    /// Whether one waits that no gateway has taken, not even as a stranger's word.
    pub(crate) fn unheard(&self) -> bool {
        self.held.iter().any(|press| !press.known())
    }

    /// Whether one waits for the server that is younger than `patience`.
    pub(crate) fn waits(&self, now: Mono, patience: Millis) -> bool {
        self.held.iter().any(|press| now.since(press.since) < patience)
    }

    /// Whether one would be lost with the power.
    pub(crate) fn in_memory(&self) -> bool {
        self.held.iter().any(|press| press.held != Held::Flash)
    }

    /// An epoch that one of these was sealed in and that is not this one.
    pub(crate) fn other_epoch(&self, now: KeyEpoch) -> Option<KeyEpoch> {
        let epoch =
            |press: &Press| Header::parse(&press.frame).map(|(header, _)| header.epoch).ok();
        self.held.iter().filter_map(epoch).find(|epoch| *epoch != now)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Press> {
        self.held.iter()
    }

    /// When something becomes due; `up` says whether publishing is possible.
    pub(crate) fn deadline(&self, up: bool) -> Option<Mono> {
        self.held.iter().filter_map(|press| press.deadline(up)).min()
    }
}

/// What a receipt did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Climb {
    /// No such emergency is held.
    Unknown,
    /// It is safer than before, or as safe.
    Step,
    /// The server has it: forgotten.
    Done,
}

impl Press {
    /// It is on its way.
    pub(crate) fn sent(&mut self, token: Token, now: Mono) {
        self.in_flight = Some((token, now));
    }

    fn hold_in_memory(&mut self) {
        self.held = Held::Memory;
        self.failed = true;
    }

    fn sendable(&self) -> bool {
        self.in_flight.is_none() && matches!(self.held, Held::Flash | Held::Memory)
    }

    /// A gateway has it, if only as a stranger's word.
    pub(crate) const fn known(&self) -> bool {
        self.strange || self.rung.is_some()
    }

    fn deadline(&self, up: bool) -> Option<Mono> {
        let keep = (self.held == Held::Asked).then(|| self.since.after(KEEP_WITHIN));
        let fail = (self.rung.is_none() && !self.failed).then(|| self.since.after(NO_STORED));
        let send = (up && self.sendable()).then_some(self.next_try);
        [keep, fail, send].into_iter().flatten().min()
    }
}
