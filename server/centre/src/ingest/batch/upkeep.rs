//! What a home box says of itself: its sounder, its disk, and what it has lost. No home's affair, one fault a cause and box.
//!
//! A loss stands until the box has lost nothing for a day, also over a restart. Not here: boxes that come and go
//! (`boxes`), what one device of a home has lost (`care`).

use std::collections::HashMap;

use care::policy::noise::STEADY;
use care::{Seen, Trust};
use proto::id::GatewayId;
use proto::unit::Mono;
use proto::up::{Event, EventKind, Role, Up};

use super::Batcher;
use crate::clock::Now;
use crate::faults::Fault;
use crate::ingest::read::Word;

/// When each box last said that it has lost something, and how much in all, by cause.
#[derive(Debug, Default)]
pub(super) struct Lost(HashMap<(GatewayId, Seen), (Mono, u64)>);

impl Batcher {
    /// Hears what a word says of its speaker's own state.
    pub(super) fn upkeep(&mut self, now: Now, word: &Word) {
        if word.trust != Trust::Verified {
            return;
        }
        match (&word.up, word.role) {
            (Up::Loss(loss), Some(Role::Gateway)) if word.home.is_none() => {
                self.room.health.lost_by_box(loss.count);
                self.loses(now, word.id.device.as_gateway(), Seen::Lost, loss.count);
            }
            (Up::Loss(loss), _) => self.room.health.lost_by_device(loss.count),
            (Up::Event(event), Some(Role::Gateway)) => {
                self.says(now, word.id.device.as_gateway(), event);
            }
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all else is of a home's devices")]
    fn says(&mut self, now: Now, gateway: GatewayId, event: &Event) {
        let faults = &self.room.faults;
        match event.kind {
            kind @ (EventKind::SounderFailed | EventKind::SounderWorks) => {
                faults.set(of(gateway, Seen::SounderFailed), kind == EventKind::SounderFailed);
            }
            kind @ (EventKind::DiskFull | EventKind::DiskRoom) => {
                faults.set(of(gateway, Seen::BoxDiskFull), kind == EventKind::DiskFull);
            }
            EventKind::BusLost => {
                let count = event.count.map_or(0, u64::from);
                self.room.health.lost_by_bus(count);
                self.loses(now, gateway, Seen::BusLost, count);
            }
            _ => {}
        }
    }

    fn loses(&mut self, now: Now, gateway: GatewayId, cause: Seen, count: u64) {
        let (last, sum) = self.lost.0.entry((gateway, cause)).or_default();
        (*last, *sum) = (now.mono, sum.saturating_add(count));
        self.room.faults.raise_more(of(gateway, cause).of(*sum), now.mono);
    }

    /// Losses of boxes that have lost nothing for a day are over.
    pub(super) fn lost_no_more(&mut self, now: Mono) {
        let listening = self.room.mirror.listening().unwrap_or(now);
        for cause in [Seen::Lost, Seen::BusLost] {
            for (_, gateway) in self.room.faults.standing(cause) {
                let Some(gateway) = GatewayId::new(gateway.unsigned_abs()).filter(|_| gateway != 0)
                else {
                    continue;
                };
                let last = self.lost.0.get(&(gateway, cause)).map_or(listening, |(last, _)| *last);
                if last.after(STEADY) <= now {
                    self.lost.0.remove(&(gateway, cause));
                    self.room.faults.clear(&of(gateway, cause));
                }
            }
        }
    }
}

fn of(gateway: GatewayId, cause: Seen) -> Fault {
    Fault { gateway: Some(gateway), ..Fault::upkeep(cause) }
}
