//! From what the judgement says to rows: which alerts open, which grow, which end by themselves.
//!
//! One batch collects the outputs of many steps; an alert that several outputs touch is one entry. Incident
//! numbers are the home's; row ids are made here. Not here: SQL, and the reading of frames.

pub mod ended;
mod grade;
mod homeless;

use std::collections::HashMap;

use care::{Finding, Output, Severity, Trust};
use proto::down::Rung;
use proto::id::{DeviceId, PressId};
use proto::unit::{Millis, Mono};

use crate::alert::name::row_id;
use crate::alert::story::What;
use crate::clock::Now;
use crate::live::evidence::{evidence_json, wall_of};
use crate::live::fold::is_equipment;
use records::chain::{Batch, Growth, Line, NewActivation, NewAlert};
use records::column::stored;
use records::column::{number, signed};
use records::open::OfIncident;
use records::question::Answer;
use records::story::SignalRow;

/// What is known of the frame that led to an output.
#[derive(Debug, Clone, Copy)]
pub struct Cause<'a> {
    /// The press, if the frame is an activation.
    pub press: Option<PressId>,
    /// How far it is believed.
    pub trust: Trust,
    /// What tells it from other words of its name: its end tag, or the hash of unverified bytes.
    pub hash: &'a [u8],
    /// When the inbox had it.
    pub stored: Mono,
    /// Whether it came late.
    pub late: bool,
    /// The gateway to ask about it, if nobody knows the device.
    pub gateway: Option<i64>,
    /// The uptime that it told, if that dates it.
    pub uptime: Option<Millis>,
}

/// Where an incident of a home stands in the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It is this alert.
    Alert(String),
    /// It is new in this batch.
    New(usize),
}

/// Rows that a batch will write.
#[derive(Debug, Default)]
pub struct Sheet {
    /// The rows.
    pub batch: Batch,
    /// Presses that are to be told `received`.
    pub received: Vec<PressId>,
    /// Homes in which an emergency has opened, and by which device.
    pub alarmed: Vec<(i64, DeviceId)>,
    /// Homes that are to be asked, and until when.
    pub asked: Vec<(i64, Mono)>,
    /// Homes that need not be asked any longer.
    pub answered: Vec<i64>,
    places: HashMap<(i64, i64), Place>,
    /// Reasons that the rows have of an alert.
    reasons: HashMap<String, Vec<u8>>,
}

impl Sheet {
    /// Where an incident stands, if this batch knows it.
    pub fn place(&self, home: i64, incident: u32) -> Option<&Place> {
        self.places.get(&(home, i64::from(incident)))
    }

    /// Alerts of the rows that a signal of this batch joins: they must still be open when it is written.
    pub fn joined(&self) -> impl Iterator<Item = &str> {
        self.batch.grown.iter().filter(|g| g.count > 0 && !g.ended).map(|grown| grown.id.as_str())
    }

    /// Notes which alert an incident is.
    pub fn found(&mut self, home: i64, incident: u32, found: OfIncident) {
        if let Some(evidence) = found.evidence {
            self.reasons.insert(found.alert.clone(), evidence);
        }
        self.places.insert((home, i64::from(incident)), Place::Alert(found.alert));
    }

    /// Puts one output of a home's judgement into rows. The place of its incident is known or it opens one.
    pub fn put(&mut self, now: Now, home: i64, output: &Output, cause: &Cause<'_>) {
        match output {
            Output::Raise(finding) => self.raise(now, home, finding, cause),
            Output::Ease { incident, kind, .. } => {
                // Equipment that is well again ends its own alert; whatever touches a person is only noted.
                let passed = is_equipment(*kind);
                // What a detector found and is over needs a look, no hurry; nothing about a person ends by itself.
                let graded = (!passed).then_some(Severity::General);
                self.grow(now, home, *incident, What::Eased, |g| {
                    (g.passed, g.graded) = (passed, graded);
                });
            }
            Output::Ask { .. } | Output::Answered { .. } => self.asks(now, home, output),
            Output::Grade { incident, kind, severity, evidence } => {
                self.grade(now, (home, *incident), (*kind, *severity), evidence);
            }
            Output::Turn { incident, kind, evidence } => {
                self.turn(now, (home, *incident), *kind, evidence);
            }
            Output::Annotate { incident, evidence } => {
                let detail = evidence_json(now, core::slice::from_ref(evidence));
                self.grow(now, home, *incident, What::Note, |_| {});
                if let Some(line) = self.batch.lines.last_mut() {
                    line.detail = String::from_utf8(detail).ok();
                }
            }
        }
    }

    fn raise(&mut self, now: Now, home: i64, finding: &Finding, cause: &Cause<'_>) {
        let key = (home, i64::from(finding.incident));
        if !self.places.contains_key(&key) {
            self.open(now, home, finding, cause);
        } else {
            let evidence = self.reasons_with(now, key, &finding.evidence);
            let (kind, severity) = (finding.kind, finding.severity);
            self.grow(now, home, finding.incident, What::Again, |g| {
                g.count += 1;
                g.severity = g.severity.max(Some(severity));
                g.graded = g.graded.map(|graded| graded.max(severity));
                g.kind = (severity == Severity::Emergency).then_some(kind).or(g.kind);
                g.evidence = Some(evidence);
                g.wakes = true;
            });
            self.says(signal(now, finding, cause));
            self.rings(now, key, (kind, severity), finding.device);
        }
        self.activate(now, key, finding, cause);
    }

    fn open(&mut self, now: Now, home: i64, finding: &Finding, cause: &Cause<'_>) {
        let alert = NewAlert {
            id: row_id(now),
            home,
            incident: i64::from(finding.incident),
            kind: finding.kind,
            severity: finding.severity,
            device: finding.device.map(|d| number(d.get())),
            gateway: cause.gateway,
            count: 1,
            trust: cause.trust,
            late: cause.late,
            raised_wall: now.wall_ms,
            raised_mono: stored(now.mono),
            evidence: evidence_json(now, &finding.evidence),
            cursor: 0,
        };
        self.line(now, &alert.id, What::Raised);
        self.says(signal(now, finding, cause));
        let key = (home, i64::from(finding.incident));
        self.places.insert(key, Place::New(self.batch.alerts.len()));
        self.batch.alerts.push(alert);
        if finding.activation.is_none() {
            // If it was a question before, it is none any more.
            self.batch.answers.push((key, Answer::Raised));
        }
        self.rings(now, key, (finding.kind, finding.severity), finding.device);
    }

    fn activate(&mut self, now: Now, key: (i64, i64), finding: &Finding, cause: &Cause<'_>) {
        let Some(press) = finding.activation.or(cause.press) else { return };
        let Some(alert) = self.places.get(&key).map(|place| self.row_of(place)) else { return };
        let verified = cause.trust == Trust::Verified;
        self.batch.activations.push(NewActivation {
            device: number(press.device.get()),
            boot: signed(press.boot.get()),
            seq: i64::from(press.seq.get()),
            trust: cause.trust,
            hash: cause.hash.to_vec(),
            alert,
            kind: finding.kind,
            rung: Rung::Received,
            pressed_mono: stored(finding.at),
            pressed_wall: wall_of(now, finding.at),
            stored_mono: stored(cause.stored),
            received_wall: now.wall_ms,
            late: cause.late,
            uptime: cause.uptime.and_then(|uptime| i64::try_from(uptime.get()).ok()),
        });
        if verified {
            self.received.push(press);
        }
    }

    pub(super) fn row_of(&self, place: &Place) -> String {
        match place {
            Place::Alert(id) => id.clone(),
            Place::New(index) => {
                self.batch.alerts.get(*index).map(|a| a.id.clone()).unwrap_or_default()
            }
        }
    }

    fn grow(
        &mut self,
        now: Now,
        home: i64,
        incident: u32,
        what: What,
        change: impl FnOnce(&mut Growth),
    ) {
        let Some(place) = self.place(home, incident) else { return };
        let id = self.row_of(place);
        self.line(now, &id, what);
        self.changes(now, home, incident, change);
    }

    /// The same without a line in the story.
    pub(super) fn changes(
        &mut self,
        now: Now,
        home: i64,
        incident: u32,
        change: impl FnOnce(&mut Growth),
    ) {
        let Some(place) = self.place(home, incident).cloned() else { return };
        let id = self.row_of(&place);
        if let Place::New(index) = place {
            // Opened in this very batch: the new row itself grows.
            let mut growth = Growth::default();
            change(&mut growth);
            if let Some(alert) = self.batch.alerts.get_mut(index) {
                alert.count += growth.count;
                let known = growth.severity.map_or(alert.severity, |to| alert.severity.max(to));
                alert.severity = growth.graded.unwrap_or(known);
                alert.kind = growth.kind.unwrap_or(alert.kind);
                alert.evidence = growth.evidence.unwrap_or_else(|| alert.evidence.clone());
            }
            return;
        }
        let known = self.batch.grown.iter_mut().find(|g| g.id == id);
        match known {
            Some(growth) => change(growth),
            None => {
                let rose = Some(stored(now.mono));
                let mut growth = Growth { id, rose, ..Growth::default() };
                change(&mut growth);
                self.batch.grown.push(growth);
            }
        }
    }

    pub(super) fn line(&mut self, now: Now, alert: &str, what: What) {
        self.batch.lines.push(Line {
            alert: alert.to_owned(),
            wall: now.wall_ms,
            mono: stored(now.mono),
            what: what.number(),
            ..Line::default()
        });
    }

    /// The last line tells of a signal: who ends or hides the alert must have seen it.
    pub(super) fn says(&mut self, signal: SignalRow) {
        if let Some(line) = self.batch.lines.last_mut() {
            line.signal = Some(signal);
        }
    }
}

/// What a finding is as a signal that joined an alert.
fn signal(now: Now, finding: &Finding, cause: &Cause<'_>) -> SignalRow {
    let device = finding.device.or(cause.press.map(|press| press.device));
    SignalRow {
        kind: finding.kind,
        device,
        at_wall: wall_of(now, finding.at),
        late: cause.late,
        trust: cause.trust,
    }
}
