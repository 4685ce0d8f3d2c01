//! The book of open incidents of one home: bounded, and the only place that knows their numbers.
//!
//! When it is full the least grave and oldest is forgotten, which ends no alert; what follows of that matter then
//! opens a new one. One about which the home is being asked is never forgotten: nobody else knows of it.
//! Not here: what joins what ([`super::Triage`]).

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};

use super::ask::Question;
use super::budget::Budget;
use crate::finding::{Kind, Severity};
use crate::policy::INCIDENT_WINDOW;

/// Most open incidents of one home that later findings can join.
const OPEN_MAX: usize = 24;
/// Most questions to one home at a time; a finding for which there is no place is raised unasked.
pub(super) const ASKS_MAX: usize = 2;

/// A fall that its device only suspects.
pub(super) const SUSPECTED: u8 = 1;
/// The home is being asked; no alert exists yet.
pub(super) const ASKED: u8 = 2;
/// Time alone never makes it an emergency.
pub(super) const CAPPED: u8 = 4;

/// One open incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Incident {
    #[n(0)]
    pub(crate) number: u32,
    #[n(1)]
    pub(crate) kind: Kind,
    #[n(2)]
    pub(crate) device: Option<DeviceId>,
    /// When a press or fall that opened it happened; when it was told, for what a detector found.
    #[n(3)]
    pub(crate) at: Mono,
    /// Bits: what is wrong with the device, for faults; else what is special about the incident.
    #[n(4)]
    #[cbor(default)]
    pub(crate) causes: u8,
    /// How grave it is now; none = opened by an older build, which time does not change.
    #[n(5)]
    pub(crate) severity: Option<Severity>,
    /// When it becomes graver if nothing happens.
    #[n(6)]
    pub(crate) rises: Option<Mono>,
}

impl Incident {
    /// Whether it stands until all has been well for a day.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self.kind, Kind::Unsteady | Kind::Boots)
    }

    /// Whether it is marked so; marks of faults are causes and never meant here.
    pub(super) fn is(&self, mark: u8) -> bool {
        self.kind != Kind::Fault && self.causes & mark != 0
    }
}

/// The open incidents of one home, what it is being asked, and which rules have cried wolf.
#[derive(Debug, Clone, PartialEq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Book {
    /// Numbers given so far.
    #[n(0)]
    #[cbor(default)]
    counted: u32,
    #[cbor(n(1), with = "crate::list", default)]
    pub(super) open: Vec<Incident, OPEN_MAX>,
    #[cbor(n(2), with = "crate::list", default)]
    pub(super) asks: Vec<Question, ASKS_MAX>,
    #[cbor(n(3), default)]
    pub(super) budget: Budget,
}

impl Book {
    pub(crate) fn find(&self, kind: Kind, device: Option<DeviceId>) -> Option<&Incident> {
        self.open.iter().rev().find(|i| i.kind == kind && i.device == device)
    }

    /// The incident of this kind and device, if `at` is within the window of its opening.
    pub(crate) fn recent(
        &self,
        kind: Kind,
        device: Option<DeviceId>,
        at: Mono,
    ) -> Option<&Incident> {
        self.find(kind, device).filter(|i| distance(i.at, at) < INCIDENT_WINDOW)
    }

    /// The incident about a person whose window holds `at`: a call or fall before what a detector found, then the
    /// nearest in time.
    pub(crate) fn near(&self, at: Mono) -> Option<&Incident> {
        self.open
            .iter()
            .filter(|i| is_call(i.kind) || super::is_automatic(i.kind))
            .filter(|i| distance(i.at, at) < INCIDENT_WINDOW)
            .min_by_key(|i| (!is_call(i.kind), distance(i.at, at), i.number))
    }

    /// The last call for help or fall that this device has opened.
    pub(crate) fn last_call(&self, device: DeviceId) -> Option<&Incident> {
        let calls = self.open.iter().filter(|i| is_call(i.kind) && i.device == Some(device));
        calls.max_by_key(|i| (i.at, i.number))
    }

    /// The faults that stand until all has been well for a day.
    pub(crate) fn held(&self) -> impl Iterator<Item = &Incident> {
        self.open.iter().filter(|i| i.is_held())
    }

    /// The one of these that a device has.
    pub(crate) fn held_of(&self, device: DeviceId) -> Option<&Incident> {
        self.held().find(|i| i.device == Some(device))
    }

    /// The fault that stands for lost mains of the home.
    pub(crate) fn caused(&self, cause: u8) -> Option<&Incident> {
        self.open.iter().find(|i| i.kind == Kind::Fault && i.causes & cause != 0)
    }

    pub(crate) fn is_open(&self, number: u32) -> bool {
        self.open.iter().any(|i| i.number == number)
    }

    pub(super) fn by_number(&mut self, number: u32) -> Option<&mut Incident> {
        self.open.iter_mut().find(|i| i.number == number)
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<Incident> {
        let place = self.open.iter().position(|i| i.number == number)?;
        Some(self.open.remove(place))
    }

    pub(crate) fn count_from(&mut self, number: u32) -> bool {
        let new = number > self.counted;
        self.counted = self.counted.max(number);
        new
    }

    pub(super) fn add(&mut self, kind: Kind, device: Option<DeviceId>, at: Mono) -> u32 {
        self.counted = self.counted.wrapping_add(1);
        if self.open.is_full() {
            let known = self.open.iter().filter(|i| !i.is(ASKED));
            let least = known.min_by_key(|i| (gravity(i.kind), i.number)).map(|i| i.number);
            if let Some(number) = least {
                self.remove(number);
            }
        }
        let (number, severity) = (self.counted, None);
        // There is room now, so this cannot fail.
        let _ =
            self.open.push(Incident { number, kind, device, at, causes: 0, severity, rises: None });
        number
    }
}

pub(super) const fn is_call(kind: Kind) -> bool {
    matches!(kind, Kind::Help | Kind::Fall)
}

const fn gravity(kind: Kind) -> u8 {
    match kind {
        Kind::Silence
        | Kind::GatewaySilence
        | Kind::Fault
        | Kind::IdentityTwice
        | Kind::NoWay
        | Kind::Upkeep
        | Kind::Unsteady
        | Kind::Boots
        | Kind::Stuck => 0,
        Kind::Unverified | Kind::Restless => 1,
        Kind::Bed | Kind::Stillness | Kind::Vitals | Kind::Wander => 2,
        Kind::Help | Kind::Fall | Kind::Unreadable => 3,
    }
}

/// How far two points are apart, whichever is first.
pub(crate) const fn distance(a: Mono, b: Mono) -> Millis {
    if a.millis() < b.millis() { b.since(a) } else { a.since(b) }
}
