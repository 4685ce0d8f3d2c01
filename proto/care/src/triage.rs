//! From findings to incidents: what belongs to one alert, and what is a matter of its own.
//!
//! - Presses and falls of one home within a window are one incident; each keeps its own activation.
//! - One silent device, one faulty device, one bed, one still home: one incident while it lasts.
//! - An incident is over when a person closes it; one of equipment also when its cause has passed.
//!
//! The book of open incidents is bounded: when it is full the least grave and oldest is forgotten, which
//! ends no alert; what follows of that matter then opens a new one. Not here: how long an alert lives.

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::{DeviceId, PressId};
use proto::unit::{Millis, Mono};

use crate::finding::{Evidence, Finding, Kind, Severity};
use crate::home::contract::{OUTPUTS_MAX, Output};
use crate::policy::INCIDENT_WINDOW;

/// Most open incidents of one home that later findings can join.
const OPEN_MAX: usize = 24;

/// One open incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Incident {
    #[n(0)]
    pub(crate) number: u32,
    #[n(1)]
    pub(crate) kind: Kind,
    #[n(2)]
    pub(crate) device: Option<DeviceId>,
    /// When what opened it happened.
    #[n(3)]
    pub(crate) at: Mono,
    /// Bits of what is wrong with the device, for faults.
    #[n(4)]
    #[cbor(default)]
    pub(crate) causes: u8,
}

/// The open incidents of one home.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Book {
    /// Numbers given so far.
    #[n(0)]
    #[cbor(default)]
    counted: u32,
    #[cbor(n(1), with = "crate::list", default)]
    open: Vec<Incident, OPEN_MAX>,
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

    /// The call for help or fall whose window holds `at`; the nearest in time if several do.
    pub(crate) fn call_near(&self, at: Mono) -> Option<&Incident> {
        self.calls()
            .filter(|i| distance(i.at, at) < INCIDENT_WINDOW)
            .min_by_key(|i| (distance(i.at, at), i.number))
    }

    /// The last call for help or fall of this device, else of the home.
    pub(crate) fn last_call(&self, device: DeviceId) -> Option<&Incident> {
        self.calls().max_by_key(|i| (i.device == Some(device), i.at, i.number))
    }

    fn calls(&self) -> impl Iterator<Item = &Incident> {
        self.open.iter().filter(|i| matches!(i.kind, Kind::Help | Kind::Fall))
    }

    pub(crate) fn is_open(&self, number: u32) -> bool {
        self.open.iter().any(|i| i.number == number)
    }

    fn by_number(&mut self, number: u32) -> Option<&mut Incident> {
        self.open.iter_mut().find(|i| i.number == number)
    }

    fn remove(&mut self, number: u32) -> Option<Incident> {
        let place = self.open.iter().position(|i| i.number == number)?;
        Some(self.open.remove(place))
    }

    fn add(&mut self, kind: Kind, device: Option<DeviceId>, at: Mono) -> u32 {
        self.counted = self.counted.wrapping_add(1);
        if self.open.is_full() {
            let least = self.open.iter().min_by_key(|i| (gravity(i.kind), i.number));
            if let Some(number) = least.map(|i| i.number) {
                self.remove(number);
            }
        }
        // There is room now, so this cannot fail.
        let _ = self.open.push(Incident { number: self.counted, kind, device, at, causes: 0 });
        self.counted
    }
}

const fn gravity(kind: Kind) -> u8 {
    match kind {
        Kind::Silence | Kind::GatewaySilence | Kind::Fault => 0,
        Kind::Unverified => 1,
        Kind::Bed | Kind::Stillness => 2,
        Kind::Help | Kind::Fall | Kind::Unreadable => 3,
    }
}

/// How far two points are apart, whichever is first.
pub(crate) const fn distance(a: Mono, b: Mono) -> Millis {
    if a.millis() < b.millis() { b.since(a) } else { a.since(b) }
}

/// What a detector says, before it has an incident.
pub(crate) struct Word<'a> {
    pub(crate) kind: Kind,
    pub(crate) severity: Severity,
    pub(crate) activation: Option<PressId>,
    pub(crate) device: Option<DeviceId>,
    pub(crate) at: Mono,
    pub(crate) evidence: &'a [Evidence],
}

/// One step's desk: the book, what is said, and whether the state must be stored.
pub(crate) struct Triage<'a> {
    pub(crate) now: Mono,
    pub(crate) book: &'a mut Book,
    pub(crate) out: &'a mut Vec<Output, OUTPUTS_MAX>,
    pub(crate) firm: bool,
}

impl Triage<'_> {
    /// Whether nothing more can be said in this step.
    pub(crate) fn is_full(&self) -> bool {
        self.out.is_full()
    }

    /// Says it in the incident `joins`, or opens one. Gives the incident's number.
    pub(crate) fn raise(&mut self, joins: Option<u32>, word: &Word<'_>) -> u32 {
        let incident = joins.unwrap_or_else(|| self.book.add(word.kind, word.device, word.at));
        let mut evidence = Vec::new();
        for piece in word.evidence {
            // Detectors say at most EVIDENCE_MAX things; the first ones count.
            let _ = evidence.push(*piece);
        }
        self.say(Output::Raise(Finding {
            incident,
            opens: joins.is_none(),
            kind: word.kind,
            severity: word.severity,
            activation: word.activation,
            device: word.device,
            at: word.at,
            evidence,
        }));
        incident
    }

    /// Notes something on an open incident.
    pub(crate) fn annotate(&mut self, incident: u32, evidence: Evidence) {
        self.say(Output::Annotate { incident, evidence });
    }

    /// The condition of this kind and device has passed; nothing is said if no incident of it is open.
    pub(crate) fn ease(&mut self, kind: Kind, device: Option<DeviceId>) {
        self.firm = true;
        let Some(incident) = self.book.find(kind, device).map(|i| i.number) else { return };
        self.book.remove(incident);
        self.say(Output::Ease { incident, kind, device });
    }

    /// Something is wrong with a device: opens or joins its fault, and says each cause once.
    pub(crate) fn fault(&mut self, device: DeviceId, cause: u8, at: Mono, evidence: Evidence) {
        let open = self.book.find(Kind::Fault, Some(device)).copied();
        if open.is_some_and(|i| i.causes & cause != 0) {
            return;
        }
        let number = self.raise(
            open.map(|i| i.number),
            &Word {
                kind: Kind::Fault,
                severity: Severity::Fault,
                activation: None,
                device: Some(device),
                at,
                evidence: &[evidence],
            },
        );
        if let Some(incident) = self.book.by_number(number) {
            incident.causes |= cause;
        }
    }

    /// One cause is gone; with the last one the fault has passed.
    pub(crate) fn sound(&mut self, device: DeviceId, cause: u8) {
        let Some(open) = self.book.find(Kind::Fault, Some(device)).copied() else { return };
        if open.causes & cause == 0 {
            return;
        }
        self.firm = true;
        if open.causes == cause {
            self.ease(Kind::Fault, Some(device));
        } else if let Some(incident) = self.book.by_number(open.number) {
            incident.causes &= !cause;
        }
    }

    /// A person has closed it. Gives what it was, if it was still in the book.
    pub(crate) fn closed(&mut self, number: u32) -> Option<Incident> {
        self.firm = true;
        self.book.remove(number)
    }

    fn say(&mut self, output: Output) {
        self.firm = true;
        // One input causes at most a handful of outputs, and loops ask `is_full` before each.
        let told = self.out.push(output);
        debug_assert!(told.is_ok(), "a step has more to say than it has room for");
    }
}
