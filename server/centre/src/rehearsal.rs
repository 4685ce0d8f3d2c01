//! Rehearsal: a home's own past, judged again by other rules, before anybody lives by them.
//!
//! The real judgement hears what the home has said twice, once as it is judged today and once as it would be; what
//! only one of them would have told is gained or lost. The live judgement is never touched. One rehearsal
//! runs at a time, on a thread of its own that makes way for others. Not here: HTTP (`routes::rules`).

pub mod compare;
pub mod replay;

use std::sync::Arc;

use care::policy::Rules;
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};
use proto::up::Role;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::history::{History, Stretch};
use crate::rehearsal::compare::Comparison;
use crate::rehearsal::replay::{Past, replay};
use crate::rules::HomeRules;
use crate::zone::Zone;
use records::column::stored;
use records::{Records, device, heard};

/// Longest past that is rehearsed, days.
pub const DAYS_MAX: u16 = 90;
/// A home is rehearsed while others wait this long at most.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// Why a rehearsal was not held.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// Another one runs.
    #[error("another rehearsal is running")]
    Busy,
    /// The records refused.
    #[error("read what the home has said")]
    Records(#[from] records::Error),
    /// The judgement panicked on this past.
    #[error("judge the past of a home: it panics, see the log before")]
    Panic,
}

/// What a rehearsal is held with; one runs at a time.
pub struct Rehearsals {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// What homes have said is kept there.
    pub records: Records,
    /// What they have said lately.
    pub history: Arc<History>,
    /// How they are judged today.
    pub rules: Arc<HomeRules>,
    /// Where they are.
    pub zone: Zone,
    /// Whose turn it is.
    pub turn: Semaphore,
}

/// Rehearses a home with other rules over its last days. Deterministic in what the home has said.
pub async fn rehearse(
    room: &Rehearsals,
    home: i64,
    rules: Rules,
    days: u16,
) -> Result<Comparison, RehearsalError> {
    let turn = tokio::time::timeout(PATIENCE, room.turn.acquire()).await;
    let Ok(Ok(_turn)) = turn else { return Err(RehearsalError::Busy) };
    let now = room.clock.now();
    let span = Millis::minutes(u64::from(days.min(DAYS_MAX)) * 24 * 60);
    let since = Mono::from_millis(now.mono.millis().saturating_sub(span.get()));
    let mut reader = room.records.reader().await?;
    let rows = heard::since(&mut reader, home, stored(since)).await?;
    let devices = device::of_home(&mut reader, home).await?;
    drop(reader);
    let known = |row: &device::DeviceRow| -> Option<(DeviceId, Role)> {
        Some((DeviceId::new(row.id.unsigned_abs())?, row.role))
    };
    let devices = devices.iter().filter_map(known).collect();
    // A row of a newer or broken build is left out rather than the rest with it.
    let mut stretches: Vec<Stretch> =
        rows.iter().filter_map(|row| minicbor::decode(row).ok()).collect();
    stretches.extend(room.history.tail(home));
    let first = stretches.first().map_or(now.mono.millis(), |stretch| stretch.from);
    let begins = first.max(since.millis());
    let minute = room.zone.minute_of_day(now.wall_ms);
    let past = Arc::new(Past { stretches, devices, since, now: now.mono, minute_of_day: minute });
    let present = room.rules.of(home);
    let judged =
        tokio::task::spawn_blocking(move || (replay(&past, present), replay(&past, rules), past));
    let (before, after, past) = judged.await.map_err(|_| RehearsalError::Panic)?;
    Ok(compare::compare(now, past.now.since(Mono::from_millis(begins)), &before, &after))
}
