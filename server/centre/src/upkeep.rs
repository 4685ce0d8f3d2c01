//! What keeps the records in order: old rows are forgotten, and rows that are left out are told.
//!
//! Each sweep is a transaction of its own, so that one that is refused stops neither the others nor the clock.
//! Not here: the loop that sweeps (`timekeeping`).

use std::sync::Arc;

use care::Seen;
use proto::unit::{Millis, Mono};

use crate::faults::{Fault, Faults};
use crate::retention::{Keeper, Retention};
use records::refusal::{is_of_row, leave_out, left_out};
use records::{Records, desk, notify, state};

/// Frames of a boot are told apart this long after its last one, ms; gateways keep what they sent for 7 days at most.
const SEEN_KEPT: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Changes of the queue that are kept; `routes::stream` lets no screen resume from further back than a fifth.
const CHANGES_KEPT: i64 = 100_000;
/// Ended notices are kept this long, ms: a quarter, for whoever asks whether a family was told.
const NOTICES_KEPT: i64 = 92 * 24 * 60 * 60 * 1_000;
/// Rows that were left out are told for this long after the last one.
const TOLD: Millis = Millis::minutes(5);

/// What is swept, and who is told.
pub struct Upkeep {
    /// The records, and the clock by which they are old.
    pub retention: Arc<Retention>,
    /// Where it is told that rows were left out.
    pub faults: Arc<Faults>,
}

/// What the sweeps have met.
#[derive(Debug, Default)]
pub struct Sweeps {
    kept: Keeper,
    left_out: u64,
    last: Option<Mono>,
}

impl Sweeps {
    /// Forgets what is too old, and says whether rows were left out lately.
    pub async fn step(&mut self, upkeep: &Upkeep) {
        let kept = &upkeep.retention;
        let mono = kept.clock.mono();
        // By measured time: a wall clock that ran ahead takes nothing away.
        let now = kept.clock.stored().high;
        let done = [
            seen(&kept.records, now - SEEN_KEPT).await,
            changes(&kept.records).await,
            notices(&kept.records, now - NOTICES_KEPT).await,
            crate::auth::sweep(&kept.records, &kept.clock).await,
            self.kept.step(kept).await,
        ];
        for error in done.into_iter().filter_map(Result::err) {
            if is_of_row(&error) {
                leave_out(&error, "old rows that cannot be forgotten", ());
            } else {
                tracing::error!(%error, "old rows stay for now");
            }
        }
        let count = left_out();
        if count > std::mem::replace(&mut self.left_out, count) {
            self.last = Some(mono);
        }
        let lately = self.last.is_some_and(|at| mono.since(at) < TOLD);
        upkeep.faults.set(Fault::upkeep(Seen::RowRefused), lately);
    }
}

async fn seen(records: &Records, before: i64) -> Result<(), records::Error> {
    let mut writer = records.begin().await?;
    state::forget_seen(&mut writer, before).await?;
    writer.commit().await
}

async fn changes(records: &Records) -> Result<(), records::Error> {
    let mut writer = records.begin().await?;
    desk::forget_changes(&mut writer, CHANGES_KEPT).await?;
    writer.commit().await
}

async fn notices(records: &Records, before: i64) -> Result<(), records::Error> {
    let mut writer = records.begin().await?;
    notify::drop_ended(&mut writer, before).await?;
    writer.commit().await
}
