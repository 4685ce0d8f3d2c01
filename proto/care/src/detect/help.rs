//! Help: a person presses, pulls or falls. Each is an activation of its own, and none is ever merged away.
//!
//! What cannot be verified opens an incident of its own kind; it stands lower in the queue and is never
//! dropped. A contact that chatters keeps its one incident, and is told as stuck beside it; so is one that is closed
//! when its device starts: the first time it is a call, then nobody has let go of it. Not here: a detector of falls from
//! acceleration, which runs on the worn device.

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::{BootId, DeviceId, PressId};
use proto::unit::Mono;
use proto::up::Event;

use crate::finding::{Evidence, Kind, Seen, Severity, Trust};
use crate::finding::{ago, bare};
use crate::policy::noise::AT_BOOT;
use crate::policy::{CHATTER_COUNT, CHATTER_QUIET, CHATTER_WINDOW, FALL_QUIET};
use crate::triage::{Triage, Word, distance};

/// What an activation means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// A press or a pull.
    Help,
    /// A fall that its device is sure of.
    Fall,
    /// A press or a pull of a contact that was closed when its device started.
    Held,
    /// A fall that its device suspects: it asks its wearer itself, and says so again when it is sure.
    Suspicion,
}

impl Call {
    /// What a press or a pull means: the first of a boot, in its first moment, was closed before.
    pub(crate) fn of_contact(event: &Event) -> Self {
        let first = event.count.is_none_or(|count| count <= 1);
        if first && event.uptime < AT_BOOT { Self::Held } else { Self::Help }
    }
}

/// A boot in two bytes: two of one device are told apart, and one in 65,536 that are not is taken for a hand.
fn folded(boot: BootId) -> u16 {
    let bytes = boot.get().to_le_bytes();
    bytes.chunks_exact(2).fold(0, |all, two| all ^ u16::from_le_bytes([two[0], two[1]]))
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
    /// At how many starts in a row it was closed; from the second on no hand is on it.
    #[cbor(n(6), default)]
    held: u8,
    /// The boot of its last activation, folded; what comes later in the same one was let go of in between.
    #[cbor(n(7), default)]
    boot: u16,
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
        let known =
            self.contacts.iter().any(|c| c.device == id.device && c.boot == folded(id.boot));
        let call = if call == Call::Held && known { Call::Help } else { call };
        let lies = beside.iter().any(|piece| piece.what == Seen::InBed);
        let (kind, seen, severity) = match call {
            Call::Help | Call::Held => (Kind::Help, Seen::Pressed, Severity::Emergency),
            Call::Fall => (Kind::Fall, Seen::Fell, Severity::Emergency),
            Call::Suspicion => (Kind::Fall, Seen::Fell, triage.suspicion(at, lies)),
        };
        let mut evidence: Vec<Evidence, 4> = Vec::new();
        evidence.extend([bare(seen, at)]);
        let (kind, severity, joins) = match trust {
            Trust::Verified => (kind, severity, self.joins(id.device, call, at, triage)),
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
            match call {
                Call::Held => self.held(id.device, at, incident, triage),
                Call::Help | Call::Fall | Call::Suspicion => {
                    self.count(id.device, at, incident, triage);
                }
            }
            let own = self.contacts.iter_mut().find(|c| c.device == id.device);
            own.into_iter().for_each(|c| c.boot = folded(id.boot));
        }
    }

    /// The incident that a verified activation belongs to, if one is open.
    fn joins(&self, device: DeviceId, call: Call, at: Mono, triage: &Triage<'_>) -> Option<u32> {
        let own = self.call_of(device, triage).filter(|_| call == Call::Held);
        let near = own.or_else(|| triage.book.near(at).map(|i| i.number));
        near.or_else(|| {
            let contact = self.contacts.iter().find(|c| c.device == device && c.stuck)?;
            triage.book.is_open(contact.incident).then_some(contact.incident)
        })
    }

    /// The open incident of this contact's last activation.
    fn call_of(&self, device: DeviceId, triage: &Triage<'_>) -> Option<u32> {
        let contact = self.contacts.iter().find(|c| c.device == device)?;
        triage.book.is_open(contact.incident).then_some(contact.incident)
    }

    /// A contact that is closed when its device starts: if it has called before and is not seen to have gone as a hand
    /// goes since, nobody has let go of it.
    fn held(&mut self, device: DeviceId, at: Mono, incident: u32, triage: &mut Triage<'_>) {
        let contact = self.contact(device, at, incident);
        // What it called before is still open: it is the same call, and it has not been let go of.
        let same = contact.count > 0 && contact.incident == incident;
        contact.held = contact.held.saturating_add(1 + u8::from(same));
        (contact.incident, contact.last) = (incident, contact.last.max(at));
        contact.count = contact.count.max(1);
        if contact.held > 1 {
            triage.stuck(device, at, Seen::HeldAtBoot);
        }
    }

    /// Whether this contact chatters or is never let go of: then it says nothing of a living hand.
    pub(crate) fn chatters(&self, device: DeviceId) -> bool {
        self.contacts.iter().any(|c| c.device == device && (c.stuck || c.held > 1))
    }

    /// "It is nothing": a word on the device's own call that is open, and on nobody else's. What no hand is on says
    /// nothing.
    pub(crate) fn cancelled(&self, device: DeviceId, at: Mono, triage: &mut Triage<'_>) {
        // Nobody holds for three seconds what was closed before.
        let idle = |c: &Contact| c.device == device && (c.stuck || c.held > 0);
        if self.contacts.iter().any(idle) {
            return;
        }
        let mut evidence = bare(Seen::Cancelled, at);
        evidence.supports = false;
        self.take_back(device, evidence, None, triage);
    }

    /// Who was suspected to have fallen moves again: a word against the fall, which is less grave while it lasts.
    pub(crate) fn recovered(&self, device: DeviceId, at: Mono, triage: &mut Triage<'_>) {
        let evidence = ago(Seen::Moved, false, at, triage.now);
        self.take_back(device, evidence, Some(at.after(FALL_QUIET)), triage);
    }

    /// A word against this device's own call. One that somebody else has called in too is only noted there.
    fn take_back(
        &self,
        device: DeviceId,
        evidence: Evidence,
        rises: Option<Mono>,
        triage: &mut Triage<'_>,
    ) {
        let own = self.call_of(device, triage);
        let own = own.or_else(|| triage.book.last_call(device).map(|i| i.number));
        let Some(incident) = own else { return };
        triage.annotate(incident, evidence);
        let shared = self.contacts.iter().any(|c| c.device != device && c.incident == incident);
        if !shared {
            triage.take_back(incident, evidence, rises);
        }
    }

    /// Counts how fast a contact goes, and tells a chattering one.
    fn count(&mut self, device: DeviceId, at: Mono, incident: u32, triage: &mut Triage<'_>) {
        let contact = self.contact(device, at, incident);
        (contact.incident, contact.held) = (incident, 0);
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
            triage.stuck(device, at, Seen::Stuck);
        } else {
            // A contact that goes at a person's pace is not stuck, whatever was said of it before.
            triage.unstuck(device);
        }
    }

    fn contact(&mut self, device: DeviceId, at: Mono, incident: u32) -> &mut Contact {
        let (stuck, held) = (false, 0);
        let new = Contact { device, first: at, last: at, count: 0, stuck, incident, held, boot: 0 };
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
                triage.unstuck(contact.device);
            }
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Mono> {
        self.contacts.iter().filter(|c| c.stuck).map(|c| c.last.after(CHATTER_QUIET)).min()
    }
}
