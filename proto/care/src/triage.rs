//! From findings to incidents: what belongs to one alert, and what is a matter of its own.
//!
//! - Presses, falls and what detectors found in one home within a window are one incident; each press and fall keeps
//!   its own activation, and what a detector found becomes a reason on the card.
//! - One silent device, one faulty device, one bed, one still home: one incident while it lasts. Mains lost in the
//!   home is one fault, whatever falls silent by it.
//! - An incident is over when a person closes it; one of equipment also when its cause has passed.
//!
//! Not here: how long an alert lives, what is asked in the home (`ask`), what time does (`rise`).

mod ask;
mod book;
mod budget;
mod rise;

use heapless::Vec;
use proto::id::{DeviceId, PressId};
use proto::unit::{Millis, Mono};

use self::book::{ASKED, CAPPED, SUSPECTED, is_call};
pub(crate) use self::book::{Book, Incident, distance};
use crate::alert::Outcome;
use crate::contract::{OUTPUTS_MAX, Output};
use crate::fault_bits::STUCK;
use crate::finding::bare;
use crate::finding::{EVIDENCE_MAX, Evidence, Finding, Kind, Seen, Severity};

/// Most reasons that are weighed for one finding, before the first ones are told.
const REASONS: usize = 2 * EVIDENCE_MAX;

/// What detectors conclude without anybody's word: the home is asked first, and a budget holds.
pub(crate) const fn is_automatic(kind: Kind) -> bool {
    matches!(kind, Kind::Bed | Kind::Stillness | Kind::Wander)
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
    /// For how long the home is asked before an automatic alarm; none = it has nothing to ask with.
    pub(crate) ask: Option<Millis>,
    /// When somebody was last seen up and about.
    pub(crate) upright: Option<Mono>,
}

impl Triage<'_> {
    /// Whether nothing more can be said in this step.
    pub(crate) fn is_full(&self) -> bool {
        self.out.is_full()
    }

    /// Says it in the incident `joins`, in that of the same moment, or opens one. Gives the incident's number.
    pub(crate) fn raise(&mut self, joins: Option<u32>, word: &Word<'_>) -> u32 {
        let automatic = is_automatic(word.kind);
        let joins = joins.or_else(|| automatic.then(|| self.moment()).flatten());
        let (severity, mut evidence) = self.weighed(word);
        let asked =
            joins.and_then(|number| self.book.by_number(number)).is_some_and(|i| i.is(ASKED));
        match joins {
            None if self.asks(word) => {
                return self.ask(word, severity, &evidence);
            }
            // The home is being asked about this already.
            Some(number) if asked && automatic => return number,
            None | Some(_) => {}
        }
        let opens = joins.is_none() || asked;
        let at = if automatic { self.now } else { word.at };
        let incident = joins.unwrap_or_else(|| self.book.add(word.kind, word.device, at));
        if asked {
            evidence.extend(self.take_over(incident));
        }
        self.settle(incident, severity, word);
        let mut told = Vec::new();
        for piece in evidence {
            // Detectors say at most EVIDENCE_MAX things; the first ones count.
            let _ = told.push(piece);
        }
        self.say(Output::Raise(Finding {
            incident,
            opens,
            kind: word.kind,
            severity,
            activation: word.activation,
            device: word.device,
            at: word.at,
            evidence: told,
        }));
        incident
    }

    /// The incident of this moment that an automatic finding belongs to.
    fn moment(&self) -> Option<u32> {
        self.book.near(self.now).filter(|i| is_call(i.kind)).map(|i| i.number)
    }

    /// How grave it is in this home, and all the reasons.
    fn weighed(&self, word: &Word<'_>) -> (Severity, Vec<Evidence, REASONS>) {
        let mut evidence = Vec::new();
        evidence.extend(word.evidence.iter().copied().take(EVIDENCE_MAX));
        let mut severity = word.severity;
        if matches!(word.kind, Kind::Fall | Kind::Stillness) {
            evidence.extend(self.lie_clock());
        }
        if is_automatic(word.kind)
            && let Some(count) = self.book.budget.spent(word.kind, self.now)
        {
            severity = rise::lesser(severity);
            let mut spent = bare(Seen::Demoted, self.now);
            (spent.supports, spent.value) = (false, f32::from(count));
            evidence.extend([spent]);
        }
        (severity, evidence)
    }

    /// Notes what the incident has become by this word.
    fn settle(&mut self, incident: u32, severity: Severity, word: &Word<'_>) {
        let now = self.now;
        let Some(open) = self.book.by_number(incident) else { return };
        if is_call(word.kind) && is_automatic(open.kind) {
            // A call takes over what a detector found: they are one moment.
            (open.kind, open.device, open.at) = (word.kind, word.device, word.at);
            (open.causes, open.rises) = (0, None);
        }
        if severity == Severity::Emergency {
            open.rises = None;
            if open.kind != Kind::Fault {
                open.causes &= !SUSPECTED;
            }
        }
        let first = open.severity.is_none();
        open.severity = Some(open.severity.map_or(severity, |known| known.max(severity)));
        if first && is_automatic(open.kind) {
            if word.severity == Severity::General {
                open.causes |= CAPPED;
            }
            open.rises = rise::span(severity, open).map(|span| now.after(span));
        }
    }

    /// Notes something on an open incident.
    pub(crate) fn annotate(&mut self, incident: u32, evidence: Evidence) {
        self.say(Output::Annotate { incident, evidence });
    }

    /// An open incident of equipment shows as this kind from now on; what it is does not change.
    pub(crate) fn turn(&mut self, incident: u32, kind: Kind, why: &[Evidence]) {
        let evidence = why.iter().copied().take(4).collect();
        self.say(Output::Turn { incident, kind, evidence });
    }

    /// An open incident of equipment is this from now on, and stands until all has been well for a day.
    pub(crate) fn hold(&mut self, incident: u32, kind: Kind, why: &[Evidence]) {
        if let Some(open) = self.book.by_number(incident) {
            (open.kind, open.causes) = (kind, 0);
            self.turn(incident, kind, why);
        }
    }

    /// A contact chatters or does not come back: told once while it lasts.
    pub(crate) fn stuck(&mut self, device: DeviceId, at: Mono, what: Seen) {
        // An older build has told it as a cause of the device's fault.
        let open = self.book.find(Kind::Fault, Some(device)).is_some_and(|i| i.causes & STUCK != 0);
        if open || self.book.find(Kind::Stuck, Some(device)).is_some() {
            return;
        }
        let (kind, severity, device) = (Kind::Stuck, Severity::Fault, Some(device));
        let evidence = &[bare(what, at)];
        self.raise(None, &Word { kind, severity, activation: None, device, at, evidence });
    }

    /// A contact goes as it should.
    pub(crate) fn unstuck(&mut self, device: DeviceId) {
        self.sound(device, STUCK);
        if self.book.find(Kind::Stuck, Some(device)).is_some() {
            self.ease(Kind::Stuck, Some(device));
        }
    }

    /// The condition of this kind and device has passed; nothing is said if no incident of it is open.
    pub(crate) fn ease(&mut self, kind: Kind, device: Option<DeviceId>) {
        self.firm = true;
        let Some((incident, asked)) = self.book.find(kind, device).map(|i| (i.number, i.is(ASKED)))
        else {
            return;
        };
        if asked {
            self.answered(incident, self.now);
            return;
        }
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
    pub(crate) fn closed(&mut self, number: u32, outcome: Option<Outcome>) -> Option<Incident> {
        self.firm = true;
        let was = self.book.remove(number)?;
        let rule = is_automatic(was.kind) || was.is(SUSPECTED);
        if let Some(outcome) = outcome.filter(|_| rule) {
            self.book.budget.closed(was.kind, outcome, self.now);
        }
        Some(was)
    }

    fn say(&mut self, output: Output) {
        self.firm = true;
        // One input causes at most a handful of outputs, and loops ask `is_full` before each.
        let told = self.out.push(output);
        debug_assert!(told.is_ok(), "a step has more to say than it has room for");
    }
}
