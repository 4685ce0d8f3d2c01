//! How grave an open incident is, up and down by time: nothing happening makes it graver, recovery less grave.
//!
//! - A *suspected* fall becomes an emergency when nothing shows that the person is up again; movement or a cancel
//!   lowers it, a long silence after that raises it once and without ringing. It never ends by itself.
//! - Not back in bed and stillness become graver while nobody is seen; what only asks for a look never rings.
//! - A press, a pull, a confirmed fall: emergencies from the first moment, and time changes nothing.
//!
//! Not here: what ends an alert ([`crate::alert`]).

use heapless::Vec;
use proto::unit::{Millis, Mono};

use super::book::{CAPPED, Incident, SUSPECTED};
use super::{Book, Triage};
use crate::contract::Output;
use crate::finding::ago;
use crate::finding::{Evidence, Kind, Seen, Severity};
use crate::policy::{BED_RISE, FALL_QUIET, FALL_RISE, FALL_SETTLE, STILL_RISE};

/// How long an incident stays at its severity if nothing happens; none = for good.
pub(super) fn span(severity: Severity, incident: &Incident) -> Option<Millis> {
    let capped = incident.is(CAPPED);
    match (incident.kind, severity) {
        (_, Severity::Emergency | Severity::Fault) => None,
        (Kind::Fall, Severity::Important) if capped => None,
        (Kind::Fall, _) => incident.is(SUSPECTED).then_some(FALL_RISE),
        (Kind::Bed | Kind::Wander, _) => (!capped).then_some(BED_RISE),
        (Kind::Stillness, Severity::Important) => (!capped).then_some(STILL_RISE),
        (Kind::Stillness, Severity::General) => Some(STILL_RISE),
        (
            Kind::Help
            | Kind::Unverified
            | Kind::Unreadable
            | Kind::Silence
            | Kind::GatewaySilence
            | Kind::Fault
            | Kind::Vitals
            | Kind::Restless
            | Kind::IdentityTwice
            | Kind::NoWay
            | Kind::Upkeep
            | Kind::Unsteady
            | Kind::Boots
            | Kind::Stuck,
            _,
        ) => None,
    }
}

const fn graver(severity: Severity) -> Severity {
    match severity {
        Severity::Fault => Severity::General,
        Severity::General => Severity::Important,
        Severity::Important | Severity::Emergency => Severity::Emergency,
    }
}

/// One step less grave; a fault of equipment stays one, and nothing about a person becomes one.
pub(super) const fn lesser(severity: Severity) -> Severity {
    match severity {
        Severity::Fault => Severity::Fault,
        Severity::General | Severity::Important => Severity::General,
        Severity::Emergency => Severity::Important,
    }
}

impl Book {
    /// When the next incident becomes graver. Falls always do, others only while the home is `judged`.
    pub(super) fn rises(&self, judged: Option<Mono>) -> Option<Mono> {
        let when = |i: &Incident| {
            let rises = i.rises?;
            if i.kind == Kind::Fall { Some(rises) } else { judged.map(|from| from.max(rises)) }
        };
        self.open.iter().filter_map(when).min()
    }
}

impl Triage<'_> {
    /// A device suspects a fall at `at`, and this incident has taken it: notes that it is no more than that.
    pub(crate) fn suspect(&mut self, incident: u32, at: Mono) {
        let recovered = self.upright.filter(|seen| *seen >= at.after(FALL_SETTLE));
        let now = self.now;
        let Some(open) = self.book.by_number(incident) else { return };
        if open.severity == Some(Severity::Emergency) && !open.is(SUSPECTED) {
            return;
        }
        open.causes = open.causes & !CAPPED | SUSPECTED;
        if let Some(seen) = recovered {
            open.causes |= CAPPED;
            open.rises = Some(seen.after(FALL_QUIET));
        } else {
            open.rises = Some(at.after(FALL_RISE).min(now.after(FALL_RISE)));
        }
    }

    /// How grave a suspected fall is at first: less if somebody was seen up after it or lies in bed (`lies`), or if
    /// the rule has cried wolf.
    pub(crate) fn suspicion(&self, at: Mono, lies: bool) -> Severity {
        let up = self.upright.is_some_and(|seen| seen >= at.after(FALL_SETTLE));
        let demoted = self.book.budget.spent(Kind::Fall, self.now).is_some();
        if up || lies || demoted { Severity::General } else { Severity::Important }
    }

    /// Somebody was seen to move at `at`, or at the earliest then: what that says of open incidents.
    pub(crate) fn moved(&mut self, at: Mono) {
        for place in 0..self.book.open.len() {
            let open = self.book.open[place];
            if open.is(SUSPECTED) && open.kind == Kind::Fall {
                self.recovering(open, at);
            } else if open.kind == Kind::Bed
                && let Some(rises) = open.rises
            {
                self.book.open[place].rises = Some(rises.max(at.after(BED_RISE)));
            }
        }
    }

    fn recovering(&mut self, open: Incident, at: Mono) {
        if at < open.at.after(FALL_SETTLE) || self.is_full() || open.rises.is_none() {
            return;
        }
        let severity = open.severity.unwrap_or(Severity::Emergency);
        let lower =
            if severity == Severity::Emergency { Severity::Important } else { Severity::General };
        let now = self.now;
        if let Some(known) = self.book.by_number(open.number) {
            known.rises = Some(at.after(FALL_QUIET));
            known.causes |= CAPPED;
        }
        if lower != severity {
            self.grade(open.number, lower, &[ago(Seen::Moved, false, at, now)]);
        }
    }

    /// "It is nothing", says the wearer, or that they are up, says the device: if the call is a fall that the device only
    /// suspected, it waits for a look. `rises`: when it becomes graver nevertheless if nobody is seen.
    pub(crate) fn take_back(&mut self, number: u32, why: Evidence, rises: Option<Mono>) {
        if !self.book.by_number(number).is_some_and(|i| i.is(SUSPECTED)) {
            return;
        }
        if let Some(known) = self.book.by_number(number) {
            known.rises = rises;
            known.causes |= CAPPED;
        }
        self.grade(number, Severity::General, &[why]);
    }

    /// Applies time: what was asked in vain is raised, what got worse rises. `judged`: absence may be judged now.
    pub(crate) fn tick(&mut self, judged: bool) {
        self.unanswered();
        let now = self.now;
        let due =
            |i: &Incident| i.rises.is_some_and(|at| at <= now) && (judged || i.kind == Kind::Fall);
        while !self.is_full()
            && let Some(open) = self.book.open.iter().find(|i| due(i)).copied()
        {
            let severity = graver(open.severity.unwrap_or(Severity::Important));
            if let Some(known) = self.book.by_number(open.number) {
                known.rises = span(severity, &open).map(|span| now.after(span));
            }
            self.grade(open.number, severity, &[ago(Seen::Nothing, true, open.at, now)]);
        }
    }

    /// Says how grave an incident is from now on, and why.
    fn grade(&mut self, incident: u32, severity: Severity, why: &[Evidence]) {
        let clock = self.lie_clock();
        let Some(open) = self.book.by_number(incident) else { return };
        open.severity = Some(severity);
        let kind = open.kind;
        let mut evidence: Vec<Evidence, 4> = Vec::new();
        evidence.extend(why.iter().copied().chain(clock).take(4));
        self.say(Output::Grade { incident, kind, severity, evidence });
    }

    /// Since when nobody was seen up and about: harm grows with this time.
    pub(super) fn lie_clock(&self) -> Option<Evidence> {
        self.upright.map(|at| ago(Seen::Upright, true, at, self.now))
    }

    /// When something is to be said without any word: the end of a question, a rise.
    pub(crate) fn next_deadline(book: &Book, judged: Option<Mono>) -> Option<Mono> {
        [book.asks_until(), book.rises(judged)].into_iter().flatten().min()
    }
}
