//! New alerts and presses as their rows are, before anybody has read them back: screens are told from memory.
//!
//! Not here: who tells them (`ingest`).

use care::Trust;

use super::{NewActivation, NewAlert};
use crate::column::{device_of, gateway_of, mono};
use crate::desk::{ActivationRow, AlertState, DeskRow};
use crate::home::HomeName;

impl NewAlert {
    /// The row of an alert that has just been written; `name`: how its home was called then, if that is kept.
    pub fn row(&self, name: Option<HomeName>) -> DeskRow {
        DeskRow {
            id: self.id.clone(),
            home: self.home,
            incident: self.incident,
            kind: self.kind,
            severity: self.severity,
            state: AlertState::Open,
            device: self.device.and_then(device_of),
            gateway: self.gateway.and_then(gateway_of),
            count: self.count,
            trust: self.trust,
            late: self.late,
            raised_wall: self.raised_wall,
            raised_mono: mono(self.raised_mono),
            visible_mono: None,
            owner: None,
            fence: 0,
            lease_mono: None,
            claimed_wall: None,
            suspended_until: None,
            outcome: None,
            closed_wall: None,
            closed_by: None,
            note: None,
            step: None,
            told: None,
            cursor: self.cursor,
            evidence: Some(self.evidence.clone()),
            name,
            since_mono: None,
            acted_mono: None,
            actions: 0,
            begun: false,
            returned: None,
            spoke: self.cursor,
            taken_from: None,
            taken_by: None,
        }
    }
}

impl NewActivation {
    /// The row of a press as a screen is told it; of one that nobody could verify nobody is told a rung.
    pub fn row(&self) -> ActivationRow {
        ActivationRow {
            device: self.device,
            boot: self.boot,
            seq: self.seq,
            kind: self.kind,
            trust: self.trust,
            rung: (self.trust == Trust::Verified).then_some(self.rung),
            pressed_mono: Some(mono(self.pressed_mono)),
            received_wall: self.received_wall,
            late: self.late,
        }
    }
}
