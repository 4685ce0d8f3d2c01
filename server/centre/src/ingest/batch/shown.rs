//! What screens are told of a batch after its commit: new alerts, those that have grown, and how their homes are called.
//!
//! A new alert is told from memory, so that it waits for no read. Not here: how screens are reached (`live`).

use super::commit::Grown;
use super::{Batcher, Pending};
use crate::clock::Now;
use crate::live::Change;
use crate::live::read;
use crate::live::view::AlertView;
use records::chain::NewActivation;
use records::desk::{ActivationRow, DeskRow};

impl Batcher {
    /// Reads how homes of new alerts are called that nobody has named here yet: else each screen reads each row.
    pub(super) async fn name(&self, pending: &Pending) {
        let homes = pending.sheet.batch.alerts.iter().map(|alert| alert.home);
        let unknown: Vec<i64> =
            homes.filter(|home| self.room.names.home(*home).is_none()).collect();
        if unknown.is_empty() {
            return;
        }
        let read = async {
            let mut reader = self.room.records.reader().await?;
            read::learn(&self.room.names, &mut reader, unknown.into_iter()).await
        };
        if let Err(error) = read.await {
            tracing::warn!(error = %error, "names of homes are read by each screen");
        }
    }

    pub(super) fn publish(&self, now: Now, pending: &Pending, grown: Vec<Grown>) {
        let batch = &pending.sheet.batch;
        let mut activations = batch.activations.iter().peekable();
        for alert in &batch.alerts {
            // A batch lists presses in the order of their alerts, so most looks find the next one at once.
            let mut own = Vec::new();
            while let Some(next) = activations.next_if(|a| a.alert == alert.id) {
                own.push(next.row());
            }
            // One that is over from the beginning is told as it is written, below: nobody is rung for it.
            if batch.grown.iter().any(|grown| grown.ended && grown.id == alert.id) {
                continue;
            }
            if own.is_empty() {
                own.extend(
                    batch
                        .activations
                        .iter()
                        .filter(|a| a.alert == alert.id)
                        .map(NewActivation::row),
                );
            }
            self.tell(now, &alert.row(batch.names.get(&alert.id).cloned()), &own);
        }
        for (row, activations) in &grown {
            self.tell(now, row, activations);
        }
        self.room.health.alerted(batch.alerts.len(), batch.activations.len());
    }

    fn tell(&self, now: Now, row: &DeskRow, activations: &[ActivationRow]) {
        let view = AlertView::of(row, activations, &self.room.names, now.mono);
        self.room.live.publish(Change { cursor: row.cursor, view });
    }
}
