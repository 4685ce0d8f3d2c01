//! The judgement of one home in the past, and an operator who ends what it finds within minutes.
//!
//! Not here: what it hears (`house`), rows of alerts (`past`).

use care::alert::Outcome as Code;
use care::{Finding, Home, Input, Kind, OUTPUTS_MAX, Output, Trust};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};
use proto::up::Role;

use super::Span;
use super::fitted::Word;
use crate::seed::Seed;

const HOUR: Millis = Millis::minutes(60);
const MINUTE: u64 = 60_000;
/// Minutes of a day.
const DAY: u64 = 24 * 60;

/// How an incident of the past ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// Its number in the home.
    pub incident: u32,
    /// When it was raised, and when somebody had ended it.
    pub at: (Mono, Mono),
    /// What became of it.
    pub outcome: Code,
}

/// The judgement.
pub struct Judged {
    /// Its state.
    pub home: Home,
    /// What it has said, and when.
    pub said: Vec<(Mono, Output)>,
    /// Incidents in the order in which they were raised, and ended.
    pub incidents: Vec<Ended>,
    span: Span,
    clock: Mono,
    over: usize,
    seed: Seed,
}

impl Judged {
    /// A new home.
    pub fn new(span: Span, members: impl Iterator<Item = (DeviceId, Role)>, seed: Seed) -> Self {
        let mut judged = Self {
            home: Home::new(),
            said: Vec::new(),
            incidents: Vec::new(),
            span,
            clock: span.from,
            over: 0,
            seed,
        };
        judged.step(span.from, Input::Resumed);
        for (device, role) in members {
            judged.step(span.from, Input::Enrolled { device, role });
        }
        judged
    }

    /// When time alone changes something.
    pub fn due(&self) -> Mono {
        let ends = self.incidents.get(self.over).map(|incident| incident.at.1);
        let next = [Some(self.clock), self.home.next_deadline(), ends];
        next.into_iter().flatten().min().unwrap_or(self.clock)
    }

    /// Time has come this far.
    pub fn turn(&mut self, now: Mono) {
        if self.clock <= now {
            // The span begins at a local midnight.
            let minute = now.since(self.span.from).get() / MINUTE % DAY;
            let minute_of_day = u16::try_from(minute).unwrap_or(0);
            self.step(now, Input::Clock { minute_of_day });
            self.clock = now.after(HOUR);
        }
        if self.home.next_deadline().is_some_and(|due| due <= now) {
            self.step(now, Input::Tick);
        }
        self.end_due(now);
    }

    /// A word has come.
    pub fn hears(&mut self, now: Mono, word: &Word) {
        let Word { id, at, up } = word;
        self.step(now, Input::Heard { id: *id, at: *at, trust: Trust::Verified, up });
    }

    /// The past is over: nothing of it stands open.
    pub fn end(&mut self, now: Mono) {
        for incident in self.incidents.iter_mut().skip(self.over) {
            incident.at.1 = incident.at.1.min(now);
        }
        self.end_due(now);
    }

    fn end_due(&mut self, now: Mono) {
        // Who came first ends first.
        while let Some(incident) = self.incidents.get(self.over).filter(|one| one.at.1 <= now) {
            let (incident, outcome) = (incident.incident, Some(incident.outcome));
            self.over += 1;
            self.step(now, Input::Closed { incident, outcome });
        }
    }

    fn step(&mut self, now: Mono, input: Input<'_>) {
        let mut out = heapless::Vec::<Output, OUTPUTS_MAX>::new();
        self.home.step(now, input, &mut out);
        for output in out {
            if let Output::Raise(finding) = &output {
                self.raised(now, finding);
            }
            self.said.push((now, output));
        }
    }

    fn raised(&mut self, now: Mono, finding: &Finding) {
        let mut open = self.incidents.iter().skip(self.over);
        if open.any(|one| one.incident == finding.incident) {
            return;
        }
        let before = self.incidents.last().map_or(now, |last| last.at.1);
        let outcome = match finding.kind == Kind::Help {
            true if self.seed.below(3) == 0 => Code::Mistake,
            true => Code::HelpedAtHome,
            false => Code::FoundWell,
        };
        let ends = now.after(Millis::minutes(3 + self.seed.below(9))).max(before);
        self.incidents.push(Ended { incident: finding.incident, at: (now, ends), outcome });
    }
}
