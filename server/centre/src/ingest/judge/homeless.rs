//! Alerts that no home's judgement speaks of: a silent gateway, an emergency that nobody can read.
//!
//! Their incident number is made of the time and a part of an id, above all numbers that a home counts.
//! Not here: what is known of the speaker (`read`).

use care::alert::Course;
use care::{Evidence, Kind, Severity, Trust};
use proto::down::Rung;
use proto::id::GatewayId;
use proto::unit::Mono;

use super::Sheet;
use crate::alert::name::{row_id, uncounted};
use crate::alert::story::What;
use crate::clock::Now;
use crate::live::evidence::evidence_json;
use records::chain::{Growth, NewActivation, NewAlert};
use records::column::{device_of, number, stored};
use records::story::SignalRow;

/// A home, or 0, and a device, if one is told.
pub(crate) type Whereabouts = (i64, Option<i64>);

impl Sheet {
    /// A silent gateway: one alert that stands for all behind it, and climbs if homes are. Gives its row id.
    pub fn gateway_silent(
        &mut self,
        now: Now,
        (gateway, homes): (GatewayId, usize),
        heard: Mono,
    ) -> String {
        let evidence = Evidence {
            what: care::Seen::Silent,
            supports: true,
            at: now.mono,
            #[expect(clippy::cast_precision_loss, reason = "minutes for a card")]
            value: now.mono.since(heard).get() as f32 / 60_000.0,
        };
        let gateway = number(gateway.get());
        let mut alert = homeless(now, (0, None), gateway, Kind::GatewaySilence);
        alert.severity = care::gateway_watch::SEVERITY;
        alert.trust = Trust::Verified;
        alert.evidence = evidence_json(now, &[evidence]);
        let id = alert.id.clone();
        self.batch.alerts.push(alert);
        self.line(now, &id, What::Raised);
        if homes > 0 {
            self.climbs(now, id.clone(), Course::Equipment);
        }
        id
    }

    /// The alert of a gateway that comes and goes shows as this from now on; no line, no signal.
    pub fn shows(&mut self, now: Now, alert: &str, kind: Kind, why: Evidence) {
        let (id, kind) = (alert.to_owned(), Some(kind));
        let evidence = Some(evidence_json(now, &[why]));
        self.batch.grown.push(Growth { id, kind, evidence, ..Growth::default() });
    }

    /// A gateway that is back ends its alert.
    pub(crate) fn gateway_back(&mut self, now: Now, alert: &str) {
        self.line(now, alert, What::Eased);
        let id = alert.to_owned();
        self.batch.grown.push(Growth { id, passed: true, ..Growth::default() });
    }

    /// An emergency that nobody can read, of the same speaker as one before in this batch. False: there is none.
    pub(crate) fn nameless_again(
        &mut self,
        now: Now,
        place: Whereabouts,
        gateway: i64,
        hash: &[u8],
    ) -> bool {
        let kind = Kind::Unreadable;
        let same = |a: &&mut NewAlert| {
            a.kind == kind && a.gateway == Some(gateway) && (a.home, a.device) == place
        };
        let Some(alert) = self.batch.alerts.iter_mut().find(same) else { return false };
        let id = alert.id.clone();
        if !self.has(&id, hash) {
            if let Some(alert) = self.batch.alerts.iter_mut().find(|a| a.id == id) {
                alert.count += 1;
            }
            self.line(now, &id, What::Again);
            self.says(cry(now, place));
            self.shout(now, place, &id, hash);
        }
        true
    }

    /// An emergency that nobody can read: joins the alert `known` of the rows, or opens one.
    pub fn nameless(
        &mut self,
        now: Now,
        known: Option<String>,
        place: Whereabouts,
        gateway: i64,
        hash: &[u8],
    ) {
        let (id, what) = match known {
            Some(id) => {
                match self.batch.grown.iter_mut().find(|g| g.id == id) {
                    Some(growth) => growth.count += 1,
                    None => {
                        let (id, count, wakes) = (id.clone(), 1, true);
                        self.batch.grown.push(Growth { id, count, wakes, ..Growth::default() });
                    }
                }
                (id, What::Again)
            }
            None => {
                let alert = homeless(now, place, gateway, Kind::Unreadable);
                let id = alert.id.clone();
                self.batch.alerts.push(alert);
                (id, What::Raised)
            }
        };
        self.climbs(now, id.clone(), Course::Person);
        self.line(now, &id, what);
        self.says(cry(now, place));
        self.shout(now, place, &id, hash);
    }

    fn has(&self, alert: &str, hash: &[u8]) -> bool {
        self.batch.activations.iter().any(|a| a.alert == alert && a.hash == hash)
    }

    /// The shout itself; without a name it is told apart by its hash.
    fn shout(&mut self, now: Now, (_, device): Whereabouts, alert: &str, hash: &[u8]) {
        self.batch.activations.push(NewActivation {
            device: device.unwrap_or(0),
            boot: 0,
            seq: 0,
            trust: Trust::Unverified,
            hash: hash.to_vec(),
            alert: alert.to_owned(),
            kind: Kind::Unreadable,
            rung: Rung::Received,
            pressed_mono: stored(now.mono),
            pressed_wall: now.wall_ms,
            stored_mono: stored(now.mono),
            received_wall: now.wall_ms,
            late: false,
            uptime: None,
        });
    }
}

/// A cry that nobody can read, as a signal.
fn cry(now: Now, (_, device): Whereabouts) -> SignalRow {
    SignalRow {
        kind: Kind::Unreadable,
        device: device.and_then(device_of),
        at_wall: now.wall_ms,
        late: false,
        trust: Trust::Unverified,
    }
}

fn homeless(now: Now, (home, device): Whereabouts, gateway: i64, kind: Kind) -> NewAlert {
    NewAlert {
        id: row_id(now),
        home,
        incident: uncounted(),
        kind,
        severity: Severity::Emergency,
        device,
        gateway: Some(gateway),
        count: 1,
        trust: Trust::Unverified,
        late: false,
        raised_wall: now.wall_ms,
        raised_mono: stored(now.mono),
        evidence: evidence_json(now, &[]),
        cursor: 0,
    }
}
