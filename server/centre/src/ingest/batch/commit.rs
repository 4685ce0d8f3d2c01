//! The end of a batch: one transaction, then screens, receipts and memory; measured values go their own way (`points`).
//!
//! Nothing is told to anybody before the commit has answered. Not here: what screens (`shown`) and homes (`word`) are told.

use std::collections::BTreeSet;

use care::Seen;

use super::anew::date_anew;
use super::attempt::{of_home, tell};
use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::faults::Fault;
use crate::ingest::renewal::Renewals;
use crate::live::view::SHOWN;
use records::care::{self as care_rows, CareRow};
use records::chain::Batch;
use records::column::{number, stored};
use records::desk::{ActivationRow, DeskRow};
use records::refusal::is_taken;
use records::{box_heard, chain, desk, key_epoch, open, state};

/// Records put aside that are kept for support; older ones are dropped and counted.
const QUARANTINE_MAX: i64 = 10_000;

/// An alert that has grown, as screens are told of it.
pub(super) type Grown = (DeskRow, Vec<ActivationRow>);

impl Batcher {
    pub(super) async fn commit(
        &mut self,
        now: Now,
        mut pending: Pending,
    ) -> Result<(), IngestError> {
        let renewals = self.reader.take_renewals();
        pending.anew = self.dating.due().to_vec();
        let care = pending.work.rows(&self.homes, now.mono);
        let turned = self.dating.has_turned() && !pending.seen.is_empty();
        let quiet = care.is_empty()
            && pending.sheet.batch.is_empty()
            && pending.aside.is_empty()
            && renewals.spoke.is_empty()
            && pending.silent.is_empty()
            && pending.installed.is_empty()
            && pending.marks.is_empty()
            && pending.anew.is_empty()
            && !turned
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
            self.room.registry.spoke(*device, *epoch);
        }
        self.answer(&pending);
        self.renew(&renewals);
        self.heed(&pending).await;
        for (home, note) in &pending.notes {
            self.room.history.heard(*home, now.mono, *note);
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
        let mut writer = self.room.records.begin().await?;
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
        let mono = stored(now.mono);
        state::put_seen(&mut writer, &pending.seen_rows(&self.dating), mono).await?;
        for row in &pending.aside {
            state::quarantine(&mut writer, row).await?;
        }
        if !pending.aside.is_empty() {
            let dropped = state::bound_quarantine(&mut writer, QUARANTINE_MAX).await?;
            self.room.health.aside_dropped(dropped);
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
            self.room.faults.clear(&of_home(home));
        }
        for home in refused {
            tell(&self.room.faults, *home);
        }
    }

    fn settle(&mut self, pending: Pending) {
        self.dating.written(pending.dated);
        if !pending.seen.is_empty() {
            self.dating.remembered();
        }
        for (device, boot, window) in pending.seen {
            self.book.put(device, boot, window);
        }
        for (gateway, alert) in pending.silent {
            match alert {
                Some(alert) => drop(self.silent.insert(gateway, alert)),
                None => drop(self.silent.remove(&gateway)),
            }
        }
        for gateway in pending.unheard {
            let fault = Fault { gateway: Some(gateway), ..Fault::upkeep(Seen::PutAside) };
            self.room.faults.raise_again(fault, self.room.clock.mono());
        }
        self.are_installed(&pending.installed);
        self.watches.extend(pending.turned);
        self.enrolled.extend(pending.enrolled);
        self.homes.settle(pending.work);
    }
}

/// A number that is taken already is a home's that has counted less than the rows have; it counts on from them.
fn refusal(error: records::Error, batch: &Batch) -> IngestError {
    if !is_taken(&error) {
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
