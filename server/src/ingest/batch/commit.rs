//! The end of a batch: one transaction, then screens, receipts and memory; measured values go their own way (`points`).
//!
//! Nothing is told to anybody before the commit has answered. Not here: what is told (`live`, `receipts`).

use std::collections::BTreeSet;

use care::Trust;
use proto::down::Rung;
use proto::id::{DeviceId, HomeId, PressId};
use proto::relay::GatewayDown;
use proto::unit::{Millis, Mono};

use super::anew::date_anew;
use super::attempt::{of_home, tell};
use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::desk::names::HomeName;
use crate::desk::queue;
use crate::desk::view::{AlertView, SHOWN};
use crate::ingest::judge::{Sheet, number};
use crate::ingest::renewal::Renewals;
use crate::live::Change;
use crate::records::care::{self as care_rows, CareRow};
use crate::records::chain::{Batch, NewAlert};
use crate::records::desk::{ActivationRow, DeskRow};
use crate::records::{box_heard, chain, desk, key_epoch, open, state};

/// Records put aside that are kept for support; older ones are dropped and counted.
const QUARANTINE_MAX: i64 = 10_000;

/// An alert that has grown, as screens are told of it.
type Grown = (DeskRow, Vec<ActivationRow>);

impl Batcher {
    pub(super) async fn commit(
        &mut self,
        now: Now,
        mut pending: Pending,
    ) -> Result<(), IngestError> {
        let renewals = self.reader.take_renewals();
        pending.anew = self.dating.due().to_vec();
        let care = pending.work.rows(&self.homes, now.mono);
        let quiet = care.is_empty()
            && pending.sheet.batch.is_empty()
            && pending.aside.is_empty()
            && renewals.spoke.is_empty()
            && pending.silent.is_empty()
            && pending.installed.is_empty()
            && pending.marks.is_empty()
            && pending.anew.is_empty()
            && pending.ended.is_empty();
        let mut views = Vec::new();
        if !quiet {
            let stored = match self.store(now, &mut pending, (&care, &renewals), false).await {
                // If a home's state is to blame, it alone stays out.
                Err(error) if matches!(error, IngestError::Records(_)) && error.is_of_row() => {
                    self.store(now, &mut pending, (&care, &renewals), true).await
                }
                done => done,
            };
            let refused;
            (views, refused) = stored?;
            self.stored(now, &care, &refused);
        }
        self.points.append(&mut pending.points);
        self.name(&pending).await;
        self.publish(now, &pending, views);
        for (device, epoch) in &renewals.spoke {
            self.app.registry.spoke(*device, *epoch);
        }
        self.answer(&pending);
        self.renew(&renewals);
        self.heed(&pending).await;
        for (home, note) in &pending.notes {
            self.app.history.heard(*home, now.mono, *note);
        }
        self.settle(pending);
        Ok(())
    }

    /// One transaction. With `apart`, a home whose state is refused is left out and named.
    async fn store(
        &self,
        now: Now,
        pending: &mut Pending,
        (care, renewals): (&[CareRow], &Renewals),
        apart: bool,
    ) -> Result<(Vec<Grown>, Vec<i64>), IngestError> {
        let mut writer = self.app.records.begin().await?;
        let joined: Vec<&str> = pending.sheet.joined().collect();
        if open::any_closed(&mut writer, &joined).await? {
            return Err(IngestError::Raced);
        }
        self.end_known(&mut writer, now, pending).await?;
        date_anew(&mut writer, now, pending).await?;
        let written = chain::write(&mut writer, &mut pending.sheet.batch, now.wall_ms).await;
        written.map_err(|error| refusal(error, &pending.sheet.batch))?;
        let refused = match apart {
            true => care_rows::put_apart(&mut writer, care).await?,
            false => care_rows::put(&mut writer, care).await.map(|()| Vec::new())?,
        };
        let mono = crate::desk::life::stored(now.mono);
        state::put_seen(&mut writer, &pending.seen_rows(), mono).await?;
        for row in &pending.aside {
            state::quarantine(&mut writer, row).await?;
        }
        if !pending.aside.is_empty() {
            let dropped = state::bound_quarantine(&mut writer, QUARANTINE_MAX).await?;
            self.app.health.aside_dropped(dropped);
        }
        for (device, epoch) in &renewals.spoke {
            key_epoch::heard(&mut writer, number(device.get()), epoch.get().into()).await?;
        }
        let heard: Vec<i64> = pending.installed.iter().map(|g| number(g.get())).collect();
        box_heard::put(&mut writer, &heard, now.wall_ms).await?;
        for (gateway, alert) in &pending.silent {
            open::put_silent(&mut writer, number(gateway.get()), alert.as_deref()).await?;
        }
        let mut views = Vec::new();
        for grown in &pending.sheet.batch.grown {
            if let Some(row) = desk::find(&mut writer, &grown.id).await? {
                let activations = desk::activations(&mut writer, &grown.id, SHOWN).await?;
                views.push((row, activations));
            }
        }
        writer.commit().await?;
        Ok((views, refused))
    }

    /// Which homes have their state on the disk now, and which are judged from memory until it is taken.
    fn stored(&mut self, now: Now, care: &[CareRow], refused: &[i64]) {
        for home in self.homes.stored(care, refused, now.mono) {
            self.app.faults.clear(&of_home(home));
        }
        for home in refused {
            tell(&self.app, *home);
        }
    }

    /// Reads how homes of new alerts are called that nobody has named here yet: else each screen reads each row.
    async fn name(&self, pending: &Pending) {
        let homes = pending.sheet.batch.alerts.iter().map(|alert| alert.home);
        let unknown: Vec<i64> = homes.filter(|home| self.app.names.home(*home).is_none()).collect();
        if unknown.is_empty() {
            return;
        }
        let read = async {
            let mut reader = self.app.records.reader().await?;
            queue::learn(&self.app, &mut reader, unknown.into_iter()).await
        };
        if let Err(error) = read.await {
            tracing::warn!(error = %error, "names of homes are read by each screen");
        }
    }

    fn publish(&self, now: Now, pending: &Pending, grown: Vec<Grown>) {
        let batch = &pending.sheet.batch;
        let mut activations = batch.activations.iter().peekable();
        for alert in &batch.alerts {
            // A batch lists presses in the order of their alerts, so most looks find the next one at once.
            let mut own = Vec::new();
            while let Some(next) = activations.next_if(|a| a.alert == alert.id) {
                own.push(row_of(next));
            }
            // One that is over from the beginning is told as it is written, below: nobody is rung for it.
            if batch.grown.iter().any(|grown| grown.ended && grown.id == alert.id) {
                continue;
            }
            if own.is_empty() {
                own.extend(batch.activations.iter().filter(|a| a.alert == alert.id).map(row_of));
            }
            self.tell(now, &fresh(alert, batch.names.get(&alert.id)), &own);
        }
        for (row, activations) in &grown {
            self.tell(now, row, activations);
        }
        self.app.health.alerted(batch.alerts.len(), batch.activations.len());
    }

    fn tell(&self, now: Now, row: &DeskRow, activations: &[ActivationRow]) {
        let view = AlertView::of(row, activations, &self.app.names, now.mono);
        self.app.live.publish(Change { cursor: row.cursor, view });
    }

    fn answer(&mut self, pending: &Pending) {
        // It was away when the device was released; until now it has not heard of it.
        for (gateway, device) in self.reader.take_strays() {
            self.app.receipts.say(gateway, &GatewayDown::Release { device });
        }
        let words = words(&pending.sheet, &pending.answers, self.app.clock.now().mono);
        for word in words {
            let receipts = &self.app.receipts;
            match word {
                Word::Rung(press, rung) => receipts.tell(press, rung),
                Word::Alarm(home, device) => receipts.alarm(home, device, true),
                Word::Ask(home, span) => receipts.ask(home, span),
            }
        }
        for (gateway, press) in &pending.accepted {
            self.app.receipts.accepted(*gateway, *press);
        }
        for (gateway, press) in &pending.elsewhere {
            self.app.receipts.tell_by(*gateway, *press, Rung::Received);
        }
    }

    /// Devices that still speak under older keys are told so; gateways that refuse their own, whom they have.
    fn renew(&self, renewals: &Renewals) {
        for (device, under) in &renewals.behind {
            self.app.receipts.renew(*device, *under);
        }
        for device in &renewals.refused {
            if let Some(info) = self.app.registry.device(*device) {
                self.app.receipts.enrol(&info);
            }
        }
    }

    fn settle(&mut self, pending: Pending) {
        self.dating.written(pending.dated);
        for (device, boot, window) in pending.seen {
            self.book.put(device, boot, window);
        }
        for (gateway, alert) in pending.silent {
            match alert {
                Some(alert) => drop(self.silent.insert(gateway, alert)),
                None => drop(self.silent.remove(&gateway)),
            }
        }
        self.are_installed(&pending.installed);
        self.watches.extend(pending.turned);
        self.enrolled.extend(pending.enrolled);
        self.homes.settle(pending.work);
    }
}

/// What homes are told once it is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// How far a press has come.
    Rung(PressId, Rung),
    /// An emergency is open in this home, raised by this device.
    Alarm(HomeId, DeviceId),
    /// Ask the home for so long; none = stop asking.
    Ask(HomeId, Millis),
}

/// Every word that a batch has for homes. A question is not kept: who is told late is asked late, and raised in time.
fn words(sheet: &Sheet, answers: &[(PressId, Rung)], now: Mono) -> Vec<Word> {
    let home = |home: i64| HomeId::new(home.unsigned_abs());
    let received = sheet.received.iter().map(|press| Word::Rung(*press, Rung::Received));
    let again = answers.iter().map(|(press, rung)| Word::Rung(*press, *rung));
    let alarms = sheet.alarmed.iter().filter_map(|(h, d)| Some(Word::Alarm(home(*h)?, *d)));
    let ended = sheet.answered.iter().map(|home| (*home, now));
    let asked = sheet.asked.iter().copied().chain(ended);
    let asks = asked.filter_map(|(h, until)| Some(Word::Ask(home(h)?, until.since(now))));
    received.chain(again).chain(alarms).chain(asks).collect()
}

/// A number that is taken already is a home's that has counted less than the rows have; it counts on from them.
fn refusal(error: sqlx::Error, batch: &Batch) -> IngestError {
    if !error.as_database_error().is_some_and(|told| told.is_unique_violation()) {
        return IngestError::Records(error);
    }
    let counted = batch.alerts.iter().filter(|a| a.incident <= i64::from(u32::MAX));
    let homes: BTreeSet<i64> = counted.map(|alert| alert.home).collect();
    if homes.is_empty() {
        IngestError::Records(error)
    } else {
        IngestError::Collides(homes.into_iter().collect())
    }
}

fn fresh(alert: &NewAlert, name: Option<&HomeName>) -> DeskRow {
    DeskRow {
        id: alert.id.clone(),
        home: alert.home,
        incident: alert.incident,
        kind: alert.kind,
        severity: alert.severity,
        state: 0,
        device: alert.device,
        gateway: alert.gateway,
        count: alert.count,
        trust: alert.trust,
        late: alert.late,
        raised_wall: alert.raised_wall,
        raised_mono: alert.raised_mono,
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
        step: -1,
        told: 0,
        cursor: alert.cursor,
        evidence: Some(alert.evidence.clone()),
        name: name.cloned(),
        since_mono: None,
        acted_mono: None,
        actions: 0,
        begun: false,
        returned: 0,
        spoke: alert.cursor,
        taken_from: None,
        taken_by: None,
    }
}

fn row_of(a: &chain::NewActivation) -> ActivationRow {
    ActivationRow {
        device: a.device,
        boot: a.boot,
        seq: a.seq,
        kind: a.kind,
        trust: a.trust,
        rung: if a.trust == Trust::Verified as i64 { a.rung } else { 0 },
        pressed_mono: Some(a.pressed_mono),
        received_wall: a.received_wall,
        late: a.late,
    }
}

#[cfg(test)]
mod tests {
    use care::{Finding, Kind, Output, Severity};
    use proto::id::{BootId, Seq};

    use super::*;
    use crate::ingest::judge::Cause;

    #[test]
    fn a_home_hears_of_its_receipt_its_alarm_and_its_question_after_the_commit() {
        let at = Mono::from_millis;
        let now = Now { mono: at(5_000), wall_ms: 1_790_000_000_000 };
        let device = DeviceId::new(9).unwrap();
        let press = PressId { device, boot: BootId::new(7, 1), seq: Seq::new(3) };
        let help = Finding {
            incident: 1,
            opens: true,
            kind: Kind::Help,
            severity: Severity::Emergency,
            activation: Some(press),
            device: Some(device),
            at: now.mono,
            evidence: heapless::Vec::new(),
        };
        let (kind, until) = (Kind::Bed, at(35_000));
        let seen = care::Seen::Answered;
        let evidence = care::Evidence { what: seen, supports: false, at: now.mono, value: 0.0 };
        let outputs = [
            (20, Output::Raise(help)),
            (21, Output::Ask { incident: 2, kind, device: None, until }),
            (22, Output::Answered { incident: 4, kind, device: None, evidence }),
        ];
        let trust = Trust::Verified;
        let (stored, late, gateway) = (now.mono, false, None);
        let cause = Cause { press: Some(press), trust, hash: &[], stored, late, gateway };
        let mut sheet = Sheet::default();
        outputs.iter().for_each(|(home, output)| sheet.put(now, *home, output, &cause));
        let (home, known) = (|n| HomeId::new(n).unwrap(), PressId { seq: Seq::new(2), ..press });
        assert_eq!(
            words(&sheet, &[(known, Rung::Seen)], now.mono),
            [
                Word::Rung(press, Rung::Received),
                Word::Rung(known, Rung::Seen),
                Word::Alarm(home(20), device),
                Word::Ask(home(21), Millis::secs(30)),
                Word::Ask(home(22), Millis::secs(0)),
            ]
        );
    }
}
