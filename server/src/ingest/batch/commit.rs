//! The end of a batch: series, one transaction, then screens, receipts and memory.
//!
//! Nothing is told to anybody before the commit has answered. Not here: what is told (`live`, `receipts`).

use care::Trust;
use proto::down::Rung;
use proto::id::HomeId;
use proto::relay::GatewayDown;

use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::desk::view::AlertView;
use crate::live::Change;
use crate::records::chain::NewAlert;
use crate::records::desk::{ActivationRow, DeskRow};
use crate::records::{chain, desk, open, state};

/// Records put aside that are kept for support; older ones are dropped and counted.
const QUARANTINE_MAX: i64 = 10_000;

impl Batcher {
    pub(super) async fn commit(
        &mut self,
        now: Now,
        mut pending: Pending,
    ) -> Result<(), IngestError> {
        let points = std::mem::take(&mut pending.points);
        if !points.is_empty() {
            let count = points.len();
            self.app.series.write(points).await?;
            self.app.health.pointed(count);
        }
        let care = pending.work.rows(now.mono);
        let quiet = care.is_empty()
            && pending.sheet.batch.is_empty()
            && pending.aside.is_empty()
            && pending.silent.is_empty();
        let mut views = Vec::new();
        if !quiet {
            let mut writer = self.app.records.begin().await?;
            let joined: Vec<&str> = pending.sheet.joined().collect();
            if open::any_closed(&mut writer, &joined).await? {
                return Err(IngestError::Raced);
            }
            chain::write(&mut writer, &mut pending.sheet.batch, now.wall_ms).await?;
            state::put_care(&mut writer, &care).await?;
            let mono = crate::desk::life::stored(now.mono);
            state::put_seen(&mut writer, &pending.seen_rows(), mono).await?;
            for row in &pending.aside {
                state::quarantine(&mut writer, row).await?;
            }
            if !pending.aside.is_empty() {
                let dropped = state::bound_quarantine(&mut writer, QUARANTINE_MAX).await?;
                self.app.health.aside_dropped(dropped);
            }
            for (gateway, alert) in &pending.silent {
                let gateway = crate::ingest::judge::number(gateway.get());
                open::put_silent(&mut writer, gateway, alert.as_deref()).await?;
            }
            for grown in &pending.sheet.batch.grown {
                if let Some(row) = desk::find(&mut writer, &grown.id).await? {
                    let activations = desk::activations(&mut writer, &grown.id).await?;
                    views.push((row, activations));
                }
            }
            writer.commit().await?;
        }
        self.publish(now, &pending, views);
        self.answer(&pending);
        for (home, note) in &pending.notes {
            self.app.history.heard(*home, now.mono, *note);
        }
        self.settle(pending);
        Ok(())
    }

    fn publish(&self, now: Now, pending: &Pending, grown: Vec<(DeskRow, Vec<ActivationRow>)>) {
        let batch = &pending.sheet.batch;
        let mut activations = batch.activations.iter().peekable();
        for alert in &batch.alerts {
            // A batch lists presses in the order of their alerts, so most looks find the next one at once.
            let mut own = Vec::new();
            while let Some(next) = activations.next_if(|a| a.alert == alert.id) {
                own.push(row_of(next));
            }
            if own.is_empty() {
                own.extend(batch.activations.iter().filter(|a| a.alert == alert.id).map(row_of));
            }
            self.tell(now, &fresh(alert), &own);
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
        for press in &pending.sheet.received {
            self.app.receipts.tell(*press, Rung::Received);
        }
        for (press, rung) in &pending.answers {
            self.app.receipts.tell(*press, *rung);
        }
        for (gateway, press) in &pending.elsewhere {
            self.app.receipts.tell_by(*gateway, *press, Rung::Received);
        }
        for (home, device) in &pending.sheet.alarmed {
            if let Some(home) = HomeId::new(home.unsigned_abs()) {
                self.app.receipts.alarm(home, *device, true);
            }
        }
        self.ask(pending);
    }

    /// Asks homes, and stops asking. Not kept: who is told late is asked late, and raised in time.
    fn ask(&self, pending: &Pending) {
        let now = self.app.clock.now().mono;
        let ended = pending.sheet.answered.iter().map(|home| (*home, now));
        for (home, until) in pending.sheet.asked.iter().copied().chain(ended) {
            if let Some(home) = HomeId::new(home.unsigned_abs()) {
                self.app.receipts.ask(home, until.since(now));
            }
        }
    }

    fn settle(&mut self, pending: Pending) {
        for (device, boot, window) in pending.seen {
            self.book.put(device, boot, window);
        }
        for (gateway, alert) in pending.silent {
            match alert {
                Some(alert) => drop(self.silent.insert(gateway, alert)),
                None => drop(self.silent.remove(&gateway)),
            }
        }
        self.watches.extend(pending.turned);
        self.enrolled.extend(pending.enrolled);
        self.homes.settle(pending.work);
    }
}

fn fresh(alert: &NewAlert) -> DeskRow {
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
        cursor: alert.cursor,
        evidence: Some(alert.evidence.clone()),
        since_mono: None,
        acted_mono: None,
        actions: 0,
        begun: false,
        returned: 0,
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
