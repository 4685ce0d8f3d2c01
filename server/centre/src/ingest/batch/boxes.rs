//! What is told of home boxes that are heard and yet not well, and of those that nobody has installed.
//!
//! Faults of boxes stand until what was wrong has not been seen for a day, also over a restart. Not here: what is counted
//! and when it is too often (`ingest::boxes`), silence itself (`deadline`).

use care::policy::NEVER_HEARD;
use care::policy::noise::STEADY;
use care::{Evidence, Kind, Seen, Severity};
use proto::id::GatewayId;
use proto::unit::{Millis, Mono};

use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::faults::Fault;
use crate::inbox::InboxRow;
use crate::ingest::read::Word;
use records::column::number;
use records::desk::AlertState;
use records::{box_heard, desk};

/// Boxes that wait for their fitter, and faults that have passed, are looked for this often.
const EVERY: Millis = Millis::minutes(10);

impl Batcher {
    /// A box has spoken in its own name: whether it starts again and again.
    pub(super) fn started(&mut self, now: Now, row: &InboxRow, word: &Word) {
        if let Some(times) = self.boxes.starts(row.gateway, word.id.boot, word.handed) {
            let value = f32::from(times);
            self.room.faults.raise_again(Fault { value, ..boots(row.gateway) }, now.mono);
        }
    }

    /// A word through a box: it is installed.
    pub(super) fn installed(&mut self, gateway: GatewayId, pending: &mut Pending) {
        if !self.boxes.has_heard(gateway) && !pending.installed.contains(&gateway) {
            pending.installed.push(gateway);
        }
    }

    /// The records know that these have been heard.
    pub(super) fn are_installed(&mut self, gateways: &[GatewayId]) {
        for gateway in gateways {
            self.boxes.hears(*gateway);
            self.room.faults.clear(&not_installed(*gateway));
        }
    }

    /// What the passing of time alone tells of boxes.
    pub(super) async fn boxes(&mut self, now: Now) -> Result<(), IngestError> {
        self.ways.look.extend(self.boxes.take_later(now.mono));
        let steady = self.boxes.steady(now.mono);
        if !steady.is_empty() {
            let mut pending = Pending::default();
            for gateway in &steady {
                if let Some(alert) = self.silent.get(gateway) {
                    pending.sheet.gateway_back(now, alert);
                    pending.silent.push((*gateway, None));
                }
            }
            self.commit(now, pending).await?;
            steady.into_iter().for_each(|gateway| self.boxes.forget(gateway));
        }
        if self.boxes.looks(now.mono, EVERY) {
            self.rested(now.mono);
            self.lost_no_more(now.mono);
            self.unfitted(now).await?;
        }
        Ok(())
    }

    /// Faults of boxes that have not started, or connected, too often for a day.
    fn rested(&self, now: Mono) {
        let listening = self.room.mirror.listening().unwrap_or(now).after(STEADY);
        let faults = &self.room.faults;
        let boxes = |cause| {
            let standing = faults.standing(cause).into_iter();
            standing.filter_map(|(_, gateway)| GatewayId::new(gateway.unsigned_abs()))
        };
        let over = |rests: Option<Mono>| rests.unwrap_or(listening) <= now;
        let rested = boxes(Seen::Booted).filter(|gateway| over(self.boxes.rests(*gateway)));
        rested.for_each(|gateway| faults.clear(&boots(gateway)));
        let rested = boxes(Seen::Connected).filter(|gateway| over(self.room.links.rests(*gateway)));
        rested.for_each(|gateway| faults.clear(&reconnects(gateway)));
    }

    /// Boxes that were enrolled a day ago and never heard; those that were revoked meanwhile are nobody's task.
    async fn unfitted(&mut self, now: Now) -> Result<(), IngestError> {
        let day = number(NEVER_HEARD.get());
        let mut reader = self.room.records.reader().await?;
        let waiting = box_heard::waiting(&mut reader, now.wall_ms - day).await?;
        drop(reader);
        for (gateway, since) in &waiting {
            let Some(gateway) = GatewayId::new(gateway.unsigned_abs()) else { continue };
            #[expect(clippy::cast_precision_loss, reason = "minutes for a card")]
            let value = (now.wall_ms - since) as f32 / 60_000.0;
            self.room.faults.raise(Fault { value, ..not_installed(gateway) });
        }
        for (_, gateway) in self.room.faults.standing(Seen::NotInstalled) {
            let waits = waiting.iter().any(|(known, _)| *known == gateway);
            if let Some(gateway) = GatewayId::new(gateway.unsigned_abs()).filter(|_| !waits) {
                self.room.faults.clear(&not_installed(gateway));
            }
        }
        Ok(())
    }

    /// The alert of a box that comes and goes, if nobody has closed it.
    pub(super) async fn held(&self, gateway: GatewayId) -> Result<Option<String>, IngestError> {
        let Some(alert) = self.silent.get(&gateway).cloned() else { return Ok(None) };
        let row = desk::find(&mut *self.room.records.reader().await?, &alert).await?;
        Ok(row.filter(|row| row.state != AlertState::Closed).map(|_| alert))
    }
}

/// How often something was seen of a box, as a reason.
pub(super) fn times(what: Seen, times: u16, at: Mono) -> Evidence {
    Evidence { what, supports: true, at, value: f32::from(times) }
}

fn fault(gateway: GatewayId, kind: Kind, cause: Seen) -> Fault {
    let severity = Severity::Fault;
    Fault { kind, severity, gateway: Some(gateway), ..Fault::upkeep(cause) }
}

fn boots(gateway: GatewayId) -> Fault {
    fault(gateway, Kind::Boots, Seen::Booted)
}

fn not_installed(gateway: GatewayId) -> Fault {
    fault(gateway, Kind::Fault, Seen::NotInstalled)
}

/// A box connects again and again.
pub fn reconnects(gateway: GatewayId) -> Fault {
    fault(gateway, Kind::Unsteady, Seen::Connected)
}
