//! Help: a person presses, pulls or falls. Each is an activation of its own, and none is ever merged away.
//!
//! What cannot be verified opens an incident of its own kind; it stands lower in the queue and is never
//! dropped. A contact that chatters keeps its one incident, and is told as stuck beside it. Not here: a
//! detector of falls from acceleration, which runs on the worn device.

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::{DeviceId, PressId};
use proto::unit::Mono;

use crate::detect::fault::STUCK;
use crate::detect::{ago, bare};
use crate::finding::{Evidence, Kind, Seen, Severity, Trust};
use crate::policy::{CHATTER_COUNT, CHATTER_QUIET, CHATTER_WINDOW, FALL_QUIET};
use crate::triage::{Triage, Word, distance};

/// What an activation means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// A press or a pull.
    Help,
    /// A fall that its device is sure of.
    Fall,
    /// A fall that its device suspects: it asks its wearer itself, and says so again when it is sure.
    Suspicion,
}

/// Most devices of one home whose chatter is counted at a time.
const CONTACTS_MAX: usize = 8;

/// A contact that went lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Contact {
    #[n(0)]
    device: DeviceId,
    /// First activation of the window.
    #[n(1)]
    first: Mono,
    /// Last activation.
    #[n(2)]
    last: Mono,
    #[n(3)]
    count: u8,
    #[n(4)]
    stuck: bool,
    /// The incident that its last activation went to.
    #[n(5)]
    incident: u32,
}

/// What the help detector remembers: contacts that went lately.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Help {
    #[cbor(n(0), with = "crate::list", default)]
    contacts: Vec<Contact, CONTACTS_MAX>,
}

impl Help {
    /// A person asked for help or fell, as `call` says. `beside`: what else was seen, for and against a fall.
    pub(crate) fn activation(
        &mut self,
        id: PressId,
        at: Mono,
        (call, trust): (Call, Trust),
        beside: &[Evidence],
        triage: &mut Triage<'_>,
    ) {
        let device = Some(id.device);
        let lies = beside.iter().any(|piece| piece.what == Seen::InBed);
        let (kind, seen, severity) = match call {
            Call::Help => (Kind::Help, Seen::Pressed, Severity::Emergency),
            Call::Fall => (Kind::Fall, Seen::Fell, Severity::Emergency),
            Call::Suspicion => (Kind::Fall, Seen::Fell, triage.suspicion(at, lies)),
        };
        let mut evidence: Vec<Evidence, 4> = Vec::new();
        evidence.extend([bare(seen, at)]);
        let (kind, severity, joins) = match trust {
            Trust::Verified => (kind, severity, self.joins(id.device, at, triage)),
            Trust::Unverified => {
                let joins = triage.book.recent(Kind::Unverified, device, at).map(|i| i.number);
                (Kind::Unverified, Severity::Important, joins)
            }
        };
        if kind == Kind::Fall {
            evidence.extend(beside.iter().copied().take(3));
        }
        let word = Word { kind, severity, activation: Some(id), device, at, evidence: &evidence };
        let incident = triage.raise(joins, &word);
        if trust == Trust::Verified {
            if call == Call::Suspicion {
                triage.suspect(incident, at);
            }
            self.count(id.device, at, incident, triage);
        }
    }

    /// The incident that a verified activation belongs to, if one is open.
    fn joins(&self, device: DeviceId, at: Mono, triage: &Triage<'_>) -> Option<u32> {
        let near = triage.book.near(at).map(|i| i.number);
        near.or_else(|| {
            let contact = self.contacts.iter().find(|c| c.device == device && c.stuck)?;
            triage.book.is_open(contact.incident).then_some(contact.incident)
        })
    }

    /// Whether this contact chatters: then it says nothing of a living hand.
    pub(crate) fn chatters(&self, device: DeviceId) -> bool {
        self.contacts.iter().any(|contact| contact.device == device && contact.stuck)
    }

    /// "It is nothing": a word on the call that is open, and nothing else.
    pub(crate) fn cancelled(&self, device: DeviceId, at: Mono, triage: &mut Triage<'_>) {
        let mut evidence = bare(Seen::Cancelled, at);
        evidence.supports = false;
        if let Some(incident) = triage.book.last_call(device).map(|i| i.number) {
            triage.annotate(incident, evidence);
        }
        triage.take_back(device, evidence, None);
    }

    /// Who was suspected to have fallen moves again: a word against the fall, which is less grave while it lasts.
    pub(crate) fn recovered(&self, device: DeviceId, at: Mono, triage: &mut Triage<'_>) {
        let evidence = ago(Seen::Moved, false, at, triage.now);
        if let Some(incident) = triage.book.last_call(device).map(|i| i.number) {
            triage.annotate(incident, evidence);
        }
        triage.take_back(device, evidence, Some(at.after(FALL_QUIET)));
    }

    /// Counts how fast a contact goes, and tells a chattering one.
    fn count(&mut self, device: DeviceId, at: Mono, incident: u32, triage: &mut Triage<'_>) {
        let contact = self.contact(device, at, incident);
        contact.incident = incident;
        if distance(contact.last, at) >= CHATTER_QUIET {
            contact.stuck = false;
        }
        if distance(contact.first, at) > CHATTER_WINDOW {
            (contact.first, contact.count) = (at, 0);
        }
        contact.count = contact.count.saturating_add(1);
        contact.last = contact.last.max(at);
        if contact.count >= CHATTER_COUNT {
            contact.stuck = true;
        }
        if contact.stuck {
            triage.fault(device, STUCK, at, bare(Seen::Stuck, at));
        } else {
            // A contact that goes at a person's pace is not stuck, whatever was said of it before.
            triage.sound(device, STUCK);
        }
    }

    fn contact(&mut self, device: DeviceId, at: Mono, incident: u32) -> &mut Contact {
        let new = Contact { device, first: at, last: at, count: 0, stuck: false, incident };
        let known = self.contacts.iter().position(|c| c.device == device);
        let place = known.unwrap_or_else(|| match self.contacts.push(new) {
            Ok(()) => self.contacts.len() - 1,
            Err(new) => {
                let quietest = (0..CONTACTS_MAX).min_by_key(|n| self.contacts[*n].last);
                let place = quietest.unwrap_or(0);
                self.contacts[place] = new;
                place
            }
        });
        &mut self.contacts[place]
    }

    /// Contacts that came to rest are sound again.
    pub(crate) fn tick(&mut self, triage: &mut Triage<'_>) {
        for contact in &mut self.contacts {
            if contact.stuck && !triage.is_full() && triage.now >= contact.last.after(CHATTER_QUIET)
            {
                (contact.stuck, triage.firm) = (false, true);
                triage.sound(contact.device, STUCK);
            }
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Mono> {
        self.contacts.iter().filter(|c| c.stuck).map(|c| c.last.after(CHATTER_QUIET)).min()
    }
}
