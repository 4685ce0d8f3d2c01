//! What the judgement says beside alarms: a home is asked, somebody has answered, an alert is graver or less grave.
//!
//! An alert that becomes an emergency rings like a new one, and its ladder counts from that moment. One
//! that sinks stays open. Not here: what opens an alert.

use care::alert::Course;
use care::{Evidence, Kind, Output, Severity, Trust};
use proto::id::DeviceId;

use super::{Place, Sheet};
use crate::alert::story::What;
use crate::clock::Now;
use crate::live::evidence::{evidence_json, with};
use records::column::{number, stored};
use records::question::{Answer, QuestionRow};
use records::story::SignalRow;

impl Sheet {
    /// A question begins, or somebody has answered.
    pub(super) fn asks(&mut self, now: Now, home: i64, output: &Output) {
        match output {
            Output::Ask { incident, kind, device, until } => {
                self.asked.push((home, *until));
                self.batch.asks.push(QuestionRow {
                    home,
                    incident: i64::from(*incident),
                    kind: *kind,
                    device: device.map(|d| number(d.get())),
                    asked_wall: now.wall_ms,
                    until_mono: stored(*until),
                    ended_wall: None,
                    answer: Answer::None,
                });
            }
            Output::Answered { incident, .. } => {
                self.answered.push(home);
                self.batch.answers.push(((home, i64::from(*incident)), Answer::Given));
            }
            Output::Raise(_)
            | Output::Ease { .. }
            | Output::Annotate { .. }
            | Output::Turn { .. }
            | Output::Grade { .. } => {}
        }
    }

    /// An open alert of equipment shows as this from now on. It comes and goes hundreds of times a day, so its story
    /// has no line of it, it is no signal, and it wakes nobody.
    pub(super) fn turn(
        &mut self,
        now: Now,
        (home, incident): (i64, u32),
        kind: Kind,
        evidence: &[Evidence],
    ) {
        let key = (home, i64::from(incident));
        if !self.places.contains_key(&key) {
            return;
        }
        let evidence = self.reasons_with(now, key, evidence);
        self.changes(now, home, incident, |g| {
            g.kind = Some(kind);
            g.evidence = Some(evidence);
        });
    }

    /// An open alert is exactly this grave from now on.
    pub(super) fn grade(
        &mut self,
        now: Now,
        (home, incident): (i64, u32),
        (kind, severity): (Kind, Severity),
        evidence: &[Evidence],
    ) {
        let key = (home, i64::from(incident));
        if !self.places.contains_key(&key) {
            return;
        }
        let evidence = self.reasons_with(now, key, evidence);
        let emergency = severity == Severity::Emergency;
        self.grow(now, home, incident, What::Graded, |g| {
            g.graded = Some(severity);
            g.kind = emergency.then_some(kind).or(g.kind);
            g.evidence = Some(evidence);
            g.wakes |= emergency;
        });
        if let Some(line) = self.batch.lines.last_mut() {
            line.detail = Some(severity.word().to_owned());
        }
        self.says(SignalRow {
            kind,
            device: None,
            at_wall: now.wall_ms,
            late: false,
            trust: Trust::Verified,
        });
        self.rings(now, key, (kind, severity), None);
    }

    /// What climbs the ladder begins to; what is on it keeps its place, and what has come to its end begins anew.
    pub(super) fn rings(
        &mut self,
        now: Now,
        key: (i64, i64),
        (kind, severity): (Kind, Severity),
        device: Option<DeviceId>,
    ) {
        let Some(alert) = self.places.get(&key).map(|place| self.row_of(place)) else { return };
        if let Some(course) = Course::of(kind, severity) {
            self.climbs(now, alert, course);
        }
        if severity == Severity::Emergency
            && let Some(device) = device
        {
            self.alarmed.push((key.0, device));
        }
    }

    /// An alert begins to climb, or goes on where it is.
    pub(super) fn climbs(&mut self, now: Now, alert: String, course: Course) {
        let (step, due) = course.begin(now.mono);
        self.batch.ladder.push((alert, step, due));
    }

    /// The reasons of an alert with newer ones.
    pub(super) fn reasons_with(
        &mut self,
        now: Now,
        key: (i64, i64),
        newer: &[Evidence],
    ) -> Vec<u8> {
        match self.places.get(&key) {
            Some(Place::New(index)) => {
                let known = self.batch.alerts.get(*index).map(|alert| alert.evidence.as_slice());
                with(now, known.unwrap_or_default(), newer)
            }
            Some(Place::Alert(id)) => {
                let known = self.reasons.get(id).map_or(&[][..], Vec::as_slice);
                let all = with(now, known, newer);
                self.reasons.insert(id.clone(), all.clone());
                all
            }
            None => evidence_json(now, newer),
        }
    }
}
