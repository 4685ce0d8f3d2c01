//! What is kept how long, by class, and what went because its time was over.
//!
//! Times are held against the edge of the clock (`clock::edge`), so a wall clock that runs ahead takes nothing away, and
//! each step is a short transaction, so that no press waits for the past. A pass that took something away leaves a line.
//! Not here: measured values (`series`), and rows that are bounded by number (`upkeep`).

use std::sync::Arc;

use care::policy::{ALERTS_KEPT, FAULTS_KEPT, LOOKS_KEPT};
use proto::unit::{Millis, Mono};

use crate::clock::Clock;
use records::Records;
use records::forgotten::{self, Ended, Forgotten};

/// Rows of one transaction.
const AT_ONCE: i64 = 100;
/// Transactions of one step; steps come every few seconds.
const TURNS: usize = 10;
/// A pass that found nothing more is followed by another after this.
const REST: Millis = Millis::minutes(60);

/// A class of what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Ended alerts of persons.
    Alerts,
    /// Ended faults of equipment.
    Faults,
    /// Who looked at whom, and who changed what.
    Looks,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Alerts, Self::Faults, Self::Looks];

    /// Its word in the API and in the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alerts => "alerts",
            Self::Faults => "faults",
            Self::Looks => "looks",
        }
    }

    /// How long it is kept after its end.
    pub const fn kept(self) -> Millis {
        match self {
            Self::Alerts => ALERTS_KEPT,
            Self::Faults => FAULTS_KEPT,
            Self::Looks => LOOKS_KEPT,
        }
    }

    /// Before when it goes, wall clock.
    fn edge(self, clock: i64) -> i64 {
        clock.saturating_sub(i64::try_from(self.kept().get()).unwrap_or(i64::MAX))
    }
}

/// Before when what belongs to a class is forgotten by now, wall clock; none while nothing is.
pub fn forgotten_before(clock: &Clock, class: Class) -> Option<i64> {
    clock.edge().map(|clock| class.edge(clock))
}

/// What is forgotten, and by which clock.
pub struct Retention {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// What is kept.
    pub records: Records,
}

/// Forgets step by step what is too old.
#[derive(Debug, Default)]
pub struct Keeper {
    rests_until: Mono,
    lines: [u64; Class::ALL.len()],
}

impl Keeper {
    /// One step. Nothing goes before the wall clock is proved.
    pub async fn step(&mut self, retention: &Retention) -> Result<(), records::Error> {
        self.step_by(retention, retention.clock.edge()).await
    }

    /// The same by an edge of the caller's.
    pub async fn step_by(
        &mut self,
        retention: &Retention,
        edge: Option<i64>,
    ) -> Result<(), records::Error> {
        let now = retention.clock.now();
        if now.mono < self.rests_until {
            return Ok(());
        }
        let Some(clock) = edge else { return Ok(()) };
        for _ in 0..TURNS {
            let (mut more, mut refused) = (false, None);
            for (class, lines) in Class::ALL.into_iter().zip(&mut self.lines) {
                // A class that is refused keeps no other.
                match forget(retention, class, class.edge(clock)).await {
                    Ok(gone) => {
                        *lines += gone;
                        more |= gone > 0;
                    }
                    Err(error) => refused = Some(error),
                }
            }
            if let Some(error) = refused {
                return Err(error);
            }
            if !more {
                self.rests_until = now.mono.after(REST);
                return self.tell(retention, clock, now.wall_ms).await;
            }
        }
        Ok(())
    }

    async fn tell(
        &mut self,
        retention: &Retention,
        clock: i64,
        wall: i64,
    ) -> Result<(), records::Error> {
        if self.lines.iter().all(|lines| *lines == 0) {
            return Ok(());
        }
        let mut writer = retention.records.begin().await?;
        for (class, lines) in Class::ALL.into_iter().zip(self.lines) {
            if lines == 0 {
                continue;
            }
            tracing::info!(
                class = class.word(),
                lines,
                "what was older than its time is forgotten"
            );
            let (edge, lines) = (class.edge(clock), i64::try_from(lines).unwrap_or(i64::MAX));
            let pass = Forgotten { class: class.word().to_owned(), wall, edge, lines };
            forgotten::tell(&mut writer, &pass).await?;
        }
        writer.commit().await?;
        self.lines = [0; Class::ALL.len()];
        Ok(())
    }
}

async fn forget(retention: &Retention, class: Class, edge: i64) -> Result<u64, records::Error> {
    let mut writer = retention.records.begin().await?;
    let gone = match class {
        Class::Alerts => forgotten::alerts(&mut writer, Ended::Persons, edge, AT_ONCE).await?,
        Class::Faults => forgotten::alerts(&mut writer, Ended::Equipment, edge, AT_ONCE).await?,
        Class::Looks => forgotten::looks(&mut writer, edge, AT_ONCE).await?,
    };
    writer.commit().await?;
    Ok(gone)
}
