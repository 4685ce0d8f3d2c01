//! A press that comes again and that a person had ended before these records were restored.
//!
//! What that person wrote is lost; that there was an end is known to the home box. The press is entered as an alert that is
//! over, with a note that says so: nobody is rung for it, and it is counted. Presses that the same end was about are one
//! alert. Not here: alerts of the rows that have ended since (`batch::ended`).

use care::{Evidence, Kind, Seen, Severity, Trust};
use proto::down::Rung;
use proto::id::PressId;
use proto::unit::Mono;
use proto::up::{EventKind, Up};

use super::{Cause, Sheet};
use crate::alert::name::row_id;
use crate::alert::story::What;
use crate::clock::Now;
use crate::live::evidence::{evidence_json, wall_of};
use records::chain::{Growth, NewActivation, NewAlert};
use records::column::stored;
use records::column::{number, signed};

/// The end of a home's alarm, as its box has heard it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Time of the box's own store: the same for all presses that it was about.
    pub name: u64,
    /// When, server's clock.
    pub at: Mono,
}

impl Ended {
    /// Incident number of what this end was about: above all numbers that a home counts.
    pub fn incident(&self, gateway: u64) -> i64 {
        number(self.name) << 16 | number(gateway & 0xFFFF)
    }
}

/// The kind of alert that a word of a device opens. None: it opens none by itself.
pub(crate) fn kind_of(up: &Up) -> Option<Kind> {
    let Up::Event(event) = up else { return None };
    if event.kind.is_fall() {
        return Some(Kind::Fall);
    }
    matches!(event.kind, EventKind::Press | EventKind::Pull).then_some(Kind::Help)
}

impl Sheet {
    /// Enters a press that has ended; `known` is the alert that the same end has made before.
    pub fn ended(
        &mut self,
        now: Now,
        (home, incident): (i64, i64),
        known: Option<String>,
        (kind, press, at): (Kind, PressId, Mono),
        (cause, ended): (&Cause<'_>, &Ended),
    ) {
        let here = self.batch.alerts.iter_mut().find(|a| (a.home, a.incident) == (home, incident));
        let id = match (here, known) {
            (Some(alert), _) => {
                alert.count += 1;
                alert.id.clone()
            }
            (None, Some(id)) => {
                match self.batch.grown.iter_mut().find(|grown| grown.id == id) {
                    Some(growth) => growth.count += 1,
                    None => self.batch.grown.push(Growth { count: 1, ..ending(&id) }),
                }
                id
            }
            (None, None) => self.over(now, (home, incident), kind, press, (at, ended)),
        };
        self.batch.activations.push(NewActivation {
            device: number(press.device.get()),
            boot: signed(press.boot.get()),
            seq: i64::from(press.seq.get()),
            trust: Trust::Verified,
            hash: cause.hash.to_vec(),
            alert: id,
            kind,
            rung: Rung::Seen,
            pressed_mono: stored(at),
            pressed_wall: wall_of(now, at),
            stored_mono: stored(cause.stored),
            received_wall: now.wall_ms,
            late: true,
            uptime: None,
        });
    }

    fn over(
        &mut self,
        now: Now,
        (home, incident): (i64, i64),
        kind: Kind,
        press: PressId,
        (at, ended): (Mono, &Ended),
    ) -> String {
        let evidence = [ended_before(now, ended.at)];
        let alert = NewAlert {
            id: row_id(now),
            home,
            incident,
            kind,
            severity: Severity::Emergency,
            device: Some(number(press.device.get())),
            gateway: None,
            count: 1,
            trust: Trust::Verified,
            late: true,
            raised_wall: wall_of(now, at),
            raised_mono: stored(at),
            evidence: evidence_json(now, &evidence),
            cursor: 0,
        };
        let id = alert.id.clone();
        self.batch.alerts.push(alert);
        self.line(now, &id, What::Raised);
        self.note_end(now, &id, ended.at);
        self.batch.grown.push(ending(&id));
        id
    }

    /// An alert of the rows that a person had ended before they were restored.
    pub(crate) fn end_again(&mut self, now: Now, alert: &str, at: Mono) {
        self.note_end(now, alert, at);
        self.batch.grown.push(ending(alert));
    }

    fn note_end(&mut self, now: Now, alert: &str, at: Mono) {
        self.line(now, alert, What::Note);
        if let Some(line) = self.batch.lines.last_mut() {
            line.detail = String::from_utf8(evidence_json(now, &[ended_before(now, at)])).ok();
        }
    }
}

/// What ends an alert without a person of today.
fn ending(alert: &str) -> Growth {
    Growth { id: alert.to_owned(), passed: true, ended: true, ..Growth::default() }
}

/// That a home box has heard of an end which these records do not have; value = minutes ago.
fn ended_before(now: Now, at: Mono) -> Evidence {
    #[expect(clippy::cast_precision_loss, reason = "minutes for a card")]
    let value = now.mono.since(at).get() as f32 / 60_000.0;
    Evidence { what: Seen::EndedBefore, supports: false, at, value }
}
