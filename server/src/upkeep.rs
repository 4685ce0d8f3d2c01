//! What keeps the records in order: old rows are forgotten, and rows that are left out are told.
//!
//! Each sweep is a transaction of its own, so that one that is refused stops neither the others nor the clock.
//! Not here: the loop that sweeps (`timekeeping`).

use care::Seen;
use proto::unit::{Millis, Mono};

use crate::app::App;
use crate::faults::Fault;
use crate::records::refusal::{is_of_row, leave_out, left_out};
use crate::records::{desk, notify, state};
use crate::retention::Keeper;

/// Frames of a boot are told apart this long after its last one, ms; gateways keep what they sent for 7 days at most.
const SEEN_KEPT: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Changes of the queue that are kept; `routes::stream` lets no screen resume from further back than a fifth.
const CHANGES_KEPT: i64 = 100_000;
/// Ended notices are kept this long, ms: a quarter, for whoever asks whether a family was told.
const NOTICES_KEPT: i64 = 92 * 24 * 60 * 60 * 1_000;
/// Rows that were left out are told for this long after the last one.
const TOLD: Millis = Millis::minutes(5);

/// What the sweeps have met.
#[derive(Debug, Default)]
pub struct Sweeps {
    kept: Keeper,
    left_out: u64,
    last: Option<Mono>,
}

impl Sweeps {
    /// Forgets what is too old, and says whether rows were left out lately.
    pub async fn step(&mut self, app: &App) {
        let mono = app.clock.mono();
        // By measured time: a wall clock that ran ahead takes nothing away.
        let now = app.clock.stored().high;
        let done = [
            seen(app, now - SEEN_KEPT).await,
            changes(app).await,
            notices(app, now - NOTICES_KEPT).await,
            crate::auth::sweep(app).await,
            self.kept.step(app).await,
        ];
        for error in done.into_iter().filter_map(Result::err) {
            if is_of_row(&error) {
                leave_out(&error, "old rows that cannot be forgotten");
            } else {
                tracing::error!(%error, "old rows stay for now");
            }
        }
        let count = left_out();
        if count > std::mem::replace(&mut self.left_out, count) {
            self.last = Some(mono);
        }
        let lately = self.last.is_some_and(|at| mono.since(at) < TOLD);
        app.faults.set(Fault::upkeep(Seen::RowRefused), lately);
    }
}

async fn seen(app: &App, before: i64) -> Result<(), records::Error> {
    let mut writer = app.records.begin().await?;
    state::forget_seen(&mut writer, before).await?;
    writer.commit().await
}

async fn changes(app: &App) -> Result<(), records::Error> {
    let mut writer = app.records.begin().await?;
    desk::forget_changes(&mut writer, CHANGES_KEPT).await?;
    writer.commit().await
}

async fn notices(app: &App, before: i64) -> Result<(), records::Error> {
    let mut writer = app.records.begin().await?;
    notify::drop_ended(&mut writer, before).await?;
    writer.commit().await
}
