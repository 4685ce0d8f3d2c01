//! What happens when a batch fails: its records are taken alone, and only a record that is to blame is put aside.
//!
//! A store that does not answer is nobody's fault: the same rows come again until it does. A record that makes
//! the judgement panic, or that the records refuse by itself again and again, is *poison*: it goes into
//! quarantine, and if it came in the emergency lane an alert says so. Not here: reading what is healthy.

use care::Kind;
use proto::frame::Lane;

use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::inbox::InboxRow;
use crate::ingest::judge::number;
use crate::ingest::read::{row_hash, speaker};
use crate::records::open;

/// A record that the records refuse this often by itself, while they take others, is to blame.
const TRIES: u32 = 3;
/// Races with the desk in a row; each needs a close within the same milliseconds.
const RACES: u32 = 8;

impl Batcher {
    /// Takes rows in. False: not all were taken, the stores refuse; what is left comes again.
    pub async fn take(&mut self, lane: Lane, rows: Vec<InboxRow>) -> bool {
        let Some(last) = rows.last().map(|row| row.id) else { return true };
        let done = self.raced(lane, &rows).await;
        if done.as_ref().is_err_and(IngestError::is_full) {
            self.app.inbox.no_room();
        }
        match done {
            Ok(()) => self.taken_through(lane, last, rows.len()),
            Err(IngestError::Series(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "series refuses, trying again"
                );
                return false;
            }
            Err(error) => {
                tracing::warn!(
                    %error,
                    rows = rows.len(),
                    "batch failed, taking records alone"
                );
                for row in &rows {
                    if !self.alone(lane, row).await {
                        return false;
                    }
                    self.taken_through(lane, row.id, 1);
                }
            }
        }
        true
    }

    fn taken_through(&mut self, lane: Lane, id: i64, rows: usize) {
        self.tries = 0;
        self.taken[lane as usize] = id;
        self.app.inbox.done(lane, id);
        self.app.health.ingested(lane, rows);
    }

    /// A batch that lost a race with the desk is judged again at once.
    async fn raced(&mut self, lane: Lane, rows: &[InboxRow]) -> Result<(), IngestError> {
        for _ in 0..RACES {
            match self.batch(lane, rows).await {
                Err(IngestError::Raced) => {}
                done => return done,
            }
        }
        self.batch(lane, rows).await
    }

    /// Takes one record. False: it comes again.
    async fn alone(&mut self, lane: Lane, row: &InboxRow) -> bool {
        let error = match self.raced(lane, core::slice::from_ref(row)).await {
            Ok(()) => return true,
            Err(IngestError::Series(_) | IngestError::Raced) => return false,
            Err(IngestError::Records(error)) => {
                self.tries += 1;
                if self.tries < TRIES {
                    tracing::warn!(%error, gateway = %row.gateway, "records refuse, trying again");
                    return false;
                }
                IngestError::Records(error)
            }
            Err(IngestError::Panic) => IngestError::Panic,
        };
        match self.poison(lane, row, &error).await {
            Ok(()) => {
                let cause = &error as &dyn std::error::Error;
                tracing::error!(error = cause, gateway = %row.gateway, "record put aside");
                self.app.health.put_aside();
                true
            }
            Err(error) => {
                tracing::error!(%error, "records refuse, trying again");
                false
            }
        }
    }

    /// Puts a record aside; an emergency is an alert nevertheless.
    async fn poison(
        &mut self,
        lane: Lane,
        row: &InboxRow,
        why: &IngestError,
    ) -> Result<(), IngestError> {
        let now = self.app.clock.now();
        let mut pending = Pending::default();
        pending.aside.push(self.aside(row, &why.to_string()));
        if lane == Lane::Emergency {
            self.nameless(now, row, &mut pending).await?;
        }
        self.commit(now, pending).await
    }

    /// An emergency that nobody can read, straight to an operator: one open alert a gateway and speaker.
    pub(super) async fn nameless(
        &mut self,
        now: Now,
        row: &InboxRow,
        pending: &mut Pending,
    ) -> Result<(), IngestError> {
        let (device, home) = speaker(&row.bytes, &self.app.registry);
        let place = (home.map_or(0, |h| number(h.get())), device.map(|d| number(d.get())));
        let gateway = number(row.gateway.get());
        let hash = row_hash(&row.bytes);
        if pending.sheet.nameless_again(now, place, gateway, &hash) {
            return Ok(());
        }
        let mut reader = self.app.records.reader().await?;
        if open::known_hash(&mut reader, place.1.unwrap_or(0), &hash).await? {
            self.app.health.copied();
            return Ok(());
        }
        let known = open::nameless(&mut reader, Kind::Unreadable as i64, place, gateway).await?;
        drop(reader);
        pending.sheet.nameless(now, known, place, gateway, &hash);
        Ok(())
    }
}
