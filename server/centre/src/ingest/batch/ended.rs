//! What home boxes say that people had ended before these records were put back, and how far boxes are.
//!
//! An alert of the rows ends if nobody has it and nothing has joined it since the end; everything else waits for a
//! person. Not here: how such a press is entered (`judge::ended`), and who is asked (`replay`).

use proto::frame::TAG_LEN;
use proto::id::{DeviceId, HomeId, PressId};
use proto::unit::Mono;
use records::Writer;

use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::inbox::InboxRow;
use crate::ingest::judge::Cause;
use crate::ingest::judge::ended::{Ended, kind_of};
use crate::ingest::read::Word;
use crate::replay::{Marked, spool_lost};
use records::chain::NewActivation;
use records::column::{device_of, number, signed, stored};
use records::desk::AlertState;
use records::{line, open};

impl Batcher {
    /// Enters a press that had ended. False: it is judged like any other.
    pub(super) async fn had_ended(
        &self,
        now: Now,
        (row, word, at): (&InboxRow, &Word, Mono),
        home: i64,
        cause: &Cause<'_>,
        pending: &mut Pending,
    ) -> Result<bool, IngestError> {
        let (Some(ended), Some(kind)) = (&word.ended, kind_of(&word.up)) else { return Ok(false) };
        let entered =
            |a: &NewActivation| (a.device, a.boot, a.seq) == name(&word.id) && a.hash == cause.hash;
        if pending.sheet.batch.activations.iter().any(entered) {
            return Ok(true);
        }
        let place = (home, ended.incident(row.gateway.get()));
        let mut reader = self.room.records.reader().await?;
        let known = open::alert_of(&mut reader, place.0, place.1).await?.map(|found| found.alert);
        drop(reader);
        pending.sheet.ended(now, place, known, (kind, word.id, at), (cause, ended));
        pending.answers.push((word.id, proto::down::Rung::Seen));
        Ok(true)
    }

    /// Ends alerts of the rows, and writes how far gateways are, in the transaction of the batch.
    pub(super) async fn end_known(
        &self,
        c: &mut Writer,
        now: Now,
        pending: &mut Pending,
    ) -> Result<(), IngestError> {
        for (press, tag, ended) in std::mem::take(&mut pending.ended) {
            let Some(found) = open::of_press(c, name(&press), &tag).await? else { continue };
            // What was there when the records were put back is older than any end that is told now.
            let before = self.room.line.restored_mono.unwrap_or(0).max(stored(ended.at));
            let grows = pending.sheet.batch.grown.iter().any(|grown| grown.id == found.alert);
            if found.state != AlertState::Open || found.newest > before || grows {
                continue;
            }
            pending.sheet.end_again(now, &found.alert, ended.at);
            pending.hushed.extend(found.device.and_then(device_of).map(|d| (found.home, d)));
        }
        for marked in &pending.marks {
            if let Some(row) = self.room.replay.row(marked) {
                line::put_reach(c, &row).await?;
            }
        }
        Ok(())
    }

    /// After the commit: positions count, lost spools are told, homes whose alarm is over are quiet.
    pub(super) async fn heed(&self, pending: &Pending) {
        for marked in &pending.marks {
            self.heed_mark(marked);
        }
        if let Err(error) = self.hush(&pending.hushed).await {
            tracing::warn!(%error, "homes are told when they connect again that their alarm is over");
        }
    }

    async fn hush(&self, homes: &[(i64, DeviceId)]) -> Result<(), records::Error> {
        for (home, device) in homes {
            let mut reader = self.room.records.reader().await?;
            let rings = !open::alarmed(&mut reader, &[*home]).await?.is_empty();
            if let Some(home) = HomeId::new(home.unsigned_abs()).filter(|_| !rings) {
                self.room.receipts.alarm(home, *device, false);
            }
        }
        Ok(())
    }

    fn heed_mark(&self, marked: &Marked) {
        let row = self.room.replay.row(marked);
        if row.is_some_and(|row| self.room.replay.marked(marked, row)) {
            self.room.faults.raise(spool_lost(marked.gateway));
        }
    }
}

/// A press that is known, and the end that its home box has heard of since.
pub(super) type EndedPress = (PressId, [u8; TAG_LEN], Ended);

fn name(press: &PressId) -> (i64, i64, i64) {
    (number(press.device.get()), signed(press.boot.get()), i64::from(press.seq.get()))
}
