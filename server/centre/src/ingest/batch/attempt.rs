//! One unit of work, tried until it is done or nothing more can be mended: rows, deadlines, turns, an order.
//!
//! A race with the desk is judged again, an incident number that the rows have already is counted on from them, and a
//! home whose stored state makes the judgement panic starts anew. Each costs its own home alone and is told.
//! Not here: what becomes of a unit that still fails (`alone`, `deadline`, `orders`).

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use care::Seen;
use proto::frame::Lane;
use proto::id::GatewayId;

use super::{Batcher, IngestError};
use crate::clock::Now;
use crate::command::Command;
use crate::faults::{Fault, Faults};
use crate::inbox::InboxRow;
use records::care as care_rows;

/// Races with the desk in a row; each needs a close within the same milliseconds.
const RACES: u32 = 8;
/// Times that numbers are counted on from the rows; the second only if somebody writes rows meanwhile.
const RECOUNTS: u32 = 2;

/// What is done in one transaction.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unit<'a> {
    /// Records of a lane.
    Rows(Lane, &'a [InboxRow]),
    /// Homes whose deadline has come.
    Due(Now, &'a [i64]),
    /// Gateways that have gone silent or are back.
    Turned(Now, &'a [GatewayId]),
    /// Orders of people.
    Orders(&'a [Command]),
}

impl Unit<'_> {
    /// Whether it is one thing, so that there is nothing else to leave out.
    const fn is_single(&self) -> bool {
        match self {
            Self::Rows(_, rows) => rows.len() == 1,
            Self::Due(_, homes) => homes.len() == 1,
            Self::Turned(_, gateways) => gateways.len() == 1,
            Self::Orders(orders) => orders.len() == 1,
        }
    }
}

impl Batcher {
    /// Does a unit of work, mending what can be mended.
    pub(super) async fn attempt(&mut self, unit: Unit<'_>) -> Result<(), IngestError> {
        let (mut races, mut recounts) = (0, 0);
        loop {
            match self.guarded(unit).await {
                Err(IngestError::Raced) if races < RACES => races += 1,
                Err(IngestError::Collides(homes)) if recounts < RECOUNTS => {
                    recounts += 1;
                    self.recount(&homes).await?;
                }
                Err(IngestError::Panic(Some(home))) if unit.is_single() => {
                    return self.anew(home, unit).await;
                }
                done => return done,
            }
        }
    }

    /// A panic anywhere in a unit ends that unit and not the loop.
    async fn guarded(&mut self, unit: Unit<'_>) -> Result<(), IngestError> {
        let mut run = pin!(self.run(unit));
        poll_fn(|cx| {
            let polled = catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(cx)));
            polled.unwrap_or(Poll::Ready(Err(IngestError::Panic(None))))
        })
        .await
    }

    async fn run(&mut self, unit: Unit<'_>) -> Result<(), IngestError> {
        match unit {
            Unit::Rows(lane, rows) => self.batch(lane, rows).await,
            Unit::Due(now, homes) => self.homes_due(now, homes).await,
            Unit::Turned(now, gateways) => self.turned(now, gateways).await,
            Unit::Orders(orders) => self.order(self.room.clock.now(), orders).await,
        }
    }

    /// The judgement panics in this home. If it does not when the home starts anew, its state was to blame and is put
    /// aside; if it does, the state stays and what was tried is to blame.
    async fn anew(&mut self, home: i64, unit: Unit<'_>) -> Result<(), IngestError> {
        let before = self.homes.begin_anew(home, self.room.clock.mono());
        let done = self.guarded(unit).await;
        match &done {
            Ok(()) => tell(&self.room.faults, home),
            Err(_) => self.homes.put_back(before),
        }
        done
    }

    async fn recount(&mut self, homes: &[i64]) -> Result<(), IngestError> {
        let mut reader = self.room.records.reader().await?;
        for home in homes {
            let n = care_rows::counted_of(&mut reader, *home).await?;
            tracing::error!(home, incident = n, "a home counts on from the rows");
            self.homes.recount(*home, n);
            tell(&self.room.faults, *home);
        }
        Ok(())
    }
}

/// What stands for a home whose stored judgement is of no use or is refused.
pub(super) fn of_home(home: i64) -> Fault {
    Fault { home, ..Fault::upkeep(Seen::HomeState) }
}

/// A home's stored judgement is of no use, or is refused: people are told.
pub(super) fn tell(faults: &Faults, home: i64) {
    faults.raise(of_home(home));
}
