//! What the rows know of devices that speak for the first time since the start, so that their presses are dated by it.
//!
//! One look for a whole batch. Not here: what is made of it (`ingest::dating`).

use care::Trust;
use proto::frame::TAG_LEN;
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::unit::{Millis, Mono};

use super::{Batcher, IngestError};
use crate::clock::Now;
use crate::inbox::InboxRow;
use crate::ingest::dating::{Dated, Open};
use crate::ingest::read::Said;
use records::boot::{self, Fresh};
use records::column::{number, stored};

/// Presses from before that are not dated any more: no device holds a word for longer before it is heard at all.
const LONG_AGO: Millis = Millis::days(7);

impl Batcher {
    /// Recalls whoever speaks and is not known yet.
    pub(super) async fn recall(
        &mut self,
        now: Now,
        said: &[(&InboxRow, Said)],
    ) -> Result<(), IngestError> {
        let speaker = |said: &Said| match said {
            Said::Word(word) if word.trust == Trust::Verified => Some(word.id.device),
            Said::Word(_)
            | Said::Mark(_)
            | Said::Nothing
            | Said::Unreadable { .. }
            | Said::Petition(_)
            | Said::Aside(..) => None,
        };
        let mut new: Vec<DeviceId> = said.iter().filter_map(|(_, said)| speaker(said)).collect();
        new.retain(|device| !self.dating.knows(*device));
        if new.is_empty() {
            return Ok(());
        }
        new.sort_unstable();
        new.dedup();
        let numbers: Vec<i64> = new.iter().map(|device| number(device.get())).collect();
        let since = stored(Mono::from_millis(now.mono.millis().saturating_sub(LONG_AGO.get())));
        let mut reader = self.room.records.reader().await?;
        let marks = boot::marks(&mut reader, &numbers).await?;
        let fresh = boot::fresh(&mut reader, &numbers, since).await?;
        drop(reader);
        for (device, number) in new.into_iter().zip(numbers) {
            let marks = marks.iter().filter(|mark| mark.device == number);
            let marks: Vec<_> = marks
                .map(|row| (BootId::from_raw(row.boot.cast_unsigned()), row.mark.clone()))
                .collect();
            let presses = fresh.iter().filter(|row| row.name.0 == number);
            let presses: Vec<_> = presses.filter_map(|row| open(device, row)).collect();
            self.dating.recall(device, &marks, &presses);
        }
        Ok(())
    }
}

/// None: the row was never written so.
fn open(device: DeviceId, row: &Fresh) -> Option<Open> {
    let seq = Seq::new(u32::try_from(row.name.2).ok()?);
    let at = Mono::from_millis(u64::try_from(row.pressed_mono).ok()?);
    Some(Open {
        press: PressId { device, boot: BootId::from_raw(row.name.1.cast_unsigned()), seq },
        tag: <[u8; TAG_LEN]>::try_from(row.tag.as_slice()).ok()?,
        uptime: Millis::new(u64::try_from(row.uptime).ok()?),
        // It was taken for fresh, so that its gateway had it when it was said.
        handed: at,
        dated: Dated { at, late: false },
        settled: false,
    })
}
