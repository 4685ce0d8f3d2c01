//! Wander: out by a door at night and not back.
//!
//! - A *passage* is an opening and what follows it within half a minute. At night it begins a watch, which ends when
//!   somebody is seen inside, or lies down. Doors that go on moving, in the wind or by whoever is out, end nothing and put
//!   off nothing but the time in which somebody who came in last would be seen. A home that cannot see who is inside takes
//!   a second passage for the way back.
//! - Whether it is night is decided when the door goes, so that a clock that is set neither makes nor takes away an alarm.
//! - Who goes out a moment after a door and who comes in are told apart by what was seen between. Movement while
//!   somebody else has got up since, and whoever breathes in a bed, is nobody's return. While all beds are taken
//!   nobody is missed: a visitor has left.
//!
//! Not here: doors by day, which say that the home is empty (`stillness`).

use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};

use crate::finding::ago;
use crate::finding::{Evidence, Kind, Seen, Severity};
use crate::policy::DOOR_SETTLE;
use crate::policy::wander::PASSAGE;
use crate::triage::{Triage, Word};

/// What a door tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It was opened.
    Open,
    /// It was closed.
    Closed,
    /// A summary says that it was opened in a span of this length.
    Within(Millis),
}

/// Somebody who is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Out {
    /// When the door went first.
    #[n(0)]
    since: Mono,
    /// When it went last.
    #[n(1)]
    last: Mono,
    #[n(2)]
    sensor: DeviceId,
    /// How long they may be out, counted from the end of the first passage.
    #[n(3)]
    limit: Millis,
    /// Whether the door has gone again after the first passage.
    #[n(4)]
    again: bool,
    #[n(5)]
    told: bool,
    /// When the first passage ended; none in what an older build has written.
    #[n(6)]
    left: Option<Mono>,
}

/// The watch of the doors of a home.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Wander {
    #[n(0)]
    out: Option<Out>,
    /// Since when the door stands open.
    #[n(1)]
    open: Option<Mono>,
    /// When somebody was last seen inside.
    #[n(2)]
    seen: Option<Mono>,
}

impl Wander {
    /// A door went at `at`. `limit`: how long who goes out then may be out, none by day. `seeing`: the home would see
    /// who is inside.
    pub(crate) fn door(
        &mut self,
        sensor: DeviceId,
        turn: Turn,
        at: Mono,
        (limit, seeing): (Option<Millis>, bool),
        triage: &mut Triage<'_>,
    ) {
        let stood = self.open.is_some_and(|open| at >= open.after(PASSAGE));
        self.open = match turn {
            Turn::Open => self.open.or(Some(at)),
            Turn::Closed | Turn::Within(_) => None,
        };
        triage.firm = true;
        match self.out {
            Some(out) if at < out.last => {}
            Some(out) => {
                let passage = turn != Turn::Closed && at >= out.last.after(PASSAGE);
                if passage && !seeing {
                    return self.back(triage);
                }
                let again = out.again || passage;
                let left = if at < out.since.after(PASSAGE) { Some(at) } else { out.left };
                self.out = Some(Out { last: at, again, left, ..out });
            }
            // One that closes begins nothing unless it had stood open: the passage is known, or it was let fall.
            None if turn == Turn::Closed && !stood => {}
            None => self.leave(sensor, turn, at, limit),
        }
    }

    /// How the door stands, told by a sensor that has just started: nobody has gone through it.
    pub(crate) fn stands(&mut self, turn: Turn, at: Mono) {
        self.open = (turn == Turn::Open).then(|| self.open.unwrap_or(at));
    }

    fn leave(&mut self, sensor: DeviceId, turn: Turn, at: Mono, limit: Option<Millis>) {
        let Some(limit) = limit else { return };
        // A word that waited somewhere may be older than what was seen since.
        if self.seen.is_some_and(|seen| seen >= at.after(DOOR_SETTLE)) {
            return;
        }
        // Who counts by long spans tells of a return as late.
        let span = if let Turn::Within(span) = turn { span } else { Millis::default() };
        let (limit, again, told) = (limit.plus(span), false, false);
        let left = Some(at);
        self.out = Some(Out { since: at, last: at, sensor, limit, again, told, left });
    }

    /// Somebody was seen inside, at the earliest at `at`. `other`: it may be one who got up after the door had gone.
    pub(crate) fn inside(&mut self, at: Mono, other: bool, triage: &mut Triage<'_>) {
        self.seen = self.seen.max(Some(at));
        let Some(out) = self.out.filter(|_| !other) else { return };
        let settle = if out.again { PASSAGE } else { DOOR_SETTLE };
        if at >= out.last.after(settle) {
            self.back(triage);
        }
    }

    /// Somebody lay down at `at`, and no bed is left that was slept in.
    pub(crate) fn lies(&mut self, at: Mono, triage: &mut Triage<'_>) {
        if self.out.is_some_and(|out| at >= out.since) {
            self.back(triage);
        }
    }

    fn back(&mut self, triage: &mut Triage<'_>) {
        let Some(out) = self.out.take() else { return };
        triage.firm = true;
        if out.told {
            triage.ease(Kind::Wander, Some(out.sensor));
        }
    }

    /// Since when somebody is out.
    pub(crate) fn since(&self) -> Option<Mono> {
        self.out.map(|out| out.since)
    }

    /// The home has answered, or a person has looked: the watch is over.
    pub(crate) fn looked(&mut self) {
        self.out = None;
    }

    /// The sensor has left the home.
    pub(crate) fn release(&mut self, sensor: DeviceId) {
        self.out = self.out.filter(|out| out.sensor != sensor);
    }

    /// When it is to be told; the home is asked before, for `ask`.
    pub(crate) fn next_deadline(&self, ask: Option<Millis>) -> Option<Mono> {
        let out = self.out.filter(|out| !out.told)?;
        let due = out.left.unwrap_or(out.since).after(out.limit.less(ask.unwrap_or_default()));
        // Whoever came in last is given the time to be seen, once.
        Some(due.max(out.last.after(DOOR_SETTLE).min(due.after(DOOR_SETTLE))))
    }

    /// Tells who has been out for too long. `home`: all beds are taken; `context`: what else was seen, for the card.
    pub(crate) fn check(
        &mut self,
        home: bool,
        context: [Option<Evidence>; 2],
        triage: &mut Triage<'_>,
    ) {
        let now = triage.now;
        let due = self.next_deadline(triage.ask).is_some_and(|due| due <= now);
        let Some(out) = self.out.filter(|_| due && !triage.is_full()) else { return };
        if home {
            return self.back(triage);
        }
        self.out = Some(Out { told: true, ..out });
        let stands = self.open.map(|open| ago(Seen::DoorStandsOpen, true, open, now));
        let mut evidence: heapless::Vec<Evidence, 4> = heapless::Vec::new();
        let went = ago(Seen::WentOut, true, out.since, now);
        evidence.extend([Some(went), stands].into_iter().chain(context).flatten());
        let (kind, severity, device) = (Kind::Wander, Severity::Important, Some(out.sensor));
        let (activation, at) = (None, out.since);
        triage.raise(None, &Word { kind, severity, activation, device, at, evidence: &evidence });
    }
}
