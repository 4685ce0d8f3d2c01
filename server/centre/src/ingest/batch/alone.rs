//! What happens when a batch fails: its halves are taken, and only a record that is to blame is put aside.
//!
//! A store that does not answer is nobody's fault: the same rows come again until it does. A record that makes
//! the judgement panic, or that the records refuse by itself again and again, is *poison*: it goes into
//! quarantine, and if it came in the emergency lane an alert says so. Not here: reading what is healthy.

use care::{Kind, Seen};
use proto::frame::{Class, Header, Lane};
use proto::id::{DeviceId, HomeId};
use proto::relay::Relay;

use super::attempt::Unit;
use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::faults::Fault;
use crate::inbox::InboxRow;
use crate::ingest::read::{opened_call, row_hash, speaker};
use records::column::number;
use records::open;
use records::refusal::takes_others;

/// A record that the records refuse this often by itself, while they take others, is to blame.
const TRIES: u32 = 3;

impl Batcher {
    /// Takes rows in; telemetry that fails gives way to emergencies between its parts. False: the stores refuse.
    pub async fn take(&mut self, lane: Lane, rows: Vec<InboxRow>) -> bool {
        let mut parts = vec![rows.as_slice()];
        let mut whole = true;
        while let Some(part) = parts.pop() {
            let Some(last) = part.last() else { continue };
            if !whole && lane == Lane::Telemetry && self.room.inbox.waiting().0 > 0 {
                return true;
            }
            let Err(error) = self.attempt(Unit::Rows(lane, part)).await else {
                self.taken_through(lane, last, part.len());
                continue;
            };
            if error.is_full() {
                self.room.inbox.no_room();
            }
            if !error.is_of_row() || matches!(error, IngestError::Raced) {
                let cause = &error as &dyn std::error::Error;
                tracing::warn!(error = cause, "records refuse, trying again");
                return false;
            }
            if part.len() == 1 {
                if !self.put_aside(lane, last, error).await {
                    return false;
                }
                self.taken_through(lane, last, 1);
                continue;
            }
            tracing::warn!(%error, rows = part.len(), "batch failed, taking its halves");
            let (first, second) = part.split_at(part.len() / 2);
            parts.extend([second, first]);
            whole = false;
        }
        true
    }

    fn taken_through(&mut self, lane: Lane, last: &InboxRow, rows: usize) {
        self.tries = 0;
        let telemetry = self.taken[Lane::Telemetry as usize];
        self.taken[lane as usize] = last.id;
        // Before the row is done, so that nobody else goes and reads it again.
        let through = self.taken[Lane::Telemetry as usize];
        self.room.points.offer((telemetry, through), std::mem::take(&mut self.points));
        self.backlog.through(lane, last.mono);
        self.room.inbox.done(lane, last.id);
        self.room.health.ingested(lane, rows);
    }

    /// One record that cannot be taken in. False: it comes again, nobody knows yet who is to blame.
    async fn put_aside(&mut self, lane: Lane, row: &InboxRow, error: IngestError) -> bool {
        if let IngestError::Records(refused) = &error {
            self.tries += 1;
            let (records, clock) = (&self.room.records, &self.room.clock);
            if self.tries < TRIES || !takes_others(records, &clock.stored()).await {
                tracing::warn!(error = %refused, gateway = %row.gateway, "records refuse, trying again");
                return false;
            }
        }
        let mut done = self.poison(lane, row, &error, true).await;
        if done.as_ref().is_err_and(IngestError::is_of_row) {
            // Its home is what the records refuse: the alert is nobody's then, and names the gateway.
            done = self.poison(lane, row, &error, false).await;
        }
        if let Err(refused) = &done
            && !(refused.is_of_row()
                && takes_others(&self.room.records, &self.room.clock.stored()).await)
        {
            tracing::error!(error = %refused, "records refuse, trying again");
            return false;
        }
        let cause = &error as &dyn std::error::Error;
        tracing::error!(error = cause, gateway = %row.gateway, kept = done.is_ok(), "record put aside");
        self.room.health.put_aside();
        let fault = Fault { gateway: Some(row.gateway), ..Fault::upkeep(Seen::PutAside) };
        // If a person has closed what the last one raised, this one is told anew.
        self.room.faults.clear(&fault);
        self.room.faults.raise_again(fault, self.room.clock.mono());
        true
    }

    /// Puts a record aside; an emergency is an alert nevertheless.
    async fn poison(
        &mut self,
        lane: Lane,
        row: &InboxRow,
        why: &IngestError,
        placed: bool,
    ) -> Result<(), IngestError> {
        let now = self.room.clock.now();
        let mut pending = Pending::default();
        pending.aside.push(self.aside(row, &why.to_string()));
        if lane == Lane::Emergency || is_call(&row.bytes) {
            let speaker =
                if placed { speaker(&row.bytes, &self.room.registry) } else { (None, None) };
            self.nameless(now, row, speaker, &mut pending).await?;
            pending.accepted.extend(opened_call(&row.bytes).map(|press| (row.gateway, press)));
        }
        self.commit(now, pending).await
    }

    /// An emergency that nobody can read, straight to an operator: one open alert a gateway and speaker.
    pub(super) async fn nameless(
        &mut self,
        now: Now,
        row: &InboxRow,
        (device, home): (Option<DeviceId>, Option<HomeId>),
        pending: &mut Pending,
    ) -> Result<(), IngestError> {
        let place = (home.map_or(0, |h| number(h.get())), device.map(|d| number(d.get())));
        let gateway = number(row.gateway.get());
        let hash = row_hash(&row.bytes);
        if pending.sheet.nameless_again(now, place, gateway, &hash) {
            return Ok(());
        }
        let mut reader = self.room.records.reader().await?;
        if open::known_hash(&mut reader, place.1.unwrap_or(0), &hash).await? {
            self.room.health.copied();
            return Ok(());
        }
        let known = open::nameless(&mut reader, Kind::Unreadable, place, gateway).await?;
        drop(reader);
        pending.sheet.nameless(now, known, place, gateway, &hash);
        Ok(())
    }
}

/// Whether a record is a call for help, whichever lane it came in.
fn is_call(row: &[u8]) -> bool {
    let relay = Relay::read(row).ok();
    let header = relay.and_then(|relay| Header::parse(relay.bytes).ok());
    header.is_some_and(|(header, _)| header.class == Class::Emergency)
}
