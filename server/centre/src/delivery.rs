//! Measured values on their way to the series: a task of its own, so that no store of values ever holds a press.
//!
//! A batch is judged and its values are handed over; a row of telemetry leaves the inbox when both the records and
//! the series have it. What finds no room in memory, or was handed over before a restart, is read from the inbox
//! again: a value written twice counts once. Only when the inbox itself is full are the oldest values given up:
//! counted and told. Not here: what waits in memory (`points`), what a frame says (`ingest::read`), the stores (`series`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use care::Seen;
use proto::backoff;
use proto::frame::Lane;
use proto::unit::{Millis, Mono};
use series::{Point, Series};

use crate::clock::Clock;
use crate::faults::{Fault, Faults};
use crate::health::Health;
use crate::inbox::Inbox;
use crate::ingest::batch::points_of;
use crate::ingest::read::Reader;
use crate::points::Points;
use crate::provision::Registry;

/// Rows of the inbox that are read again at once.
const ROWS: usize = 1_024;
/// A write that takes longer is told.
const PATIENCE: Duration = Duration::from_secs(5);
/// First and longest pause after a refusal.
const PAUSE: (Millis, Millis) = (Millis::new(500), Millis::secs(10));
/// Lost values are told for this long after the last one.
const TOLD: Millis = Millis::minutes(10);

/// Brings values to the series.
pub struct Delivery {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Where rows of telemetry wait until the series has their values.
    pub inbox: Inbox,
    /// Whose keys open what is read again.
    pub registry: Arc<Registry>,
    /// Where values go.
    pub series: Arc<dyn Series>,
    /// What waits.
    pub points: Arc<Points>,
    /// Counts what was brought.
    pub health: Arc<Health>,
    /// Where it is told that values are refused or lost.
    pub faults: Arc<Faults>,
}

/// Runs until the process ends.
pub async fn run(delivery: Arc<Delivery>) {
    let mut sender = Sender { reader: Reader::default(), lost: (lost(&delivery), None), delivery };
    let mut mark = sender.delivery.inbox.pointed();
    loop {
        // The inbox may have given up what was to be read next.
        mark = mark.max(sender.delivery.inbox.pointed());
        if let Some(job) = sender.delivery.points.next() {
            while mark < job.rows.0 {
                mark = sender.again(mark, job.rows.0).await;
            }
            sender.write(job.points).await;
            mark = mark.max(job.rows.1);
            sender.delivery.inbox.pointed_through(mark);
        } else if mark < sender.delivery.inbox.done_through(Lane::Telemetry) {
            mark = sender.again(mark, sender.delivery.inbox.done_through(Lane::Telemetry)).await;
        } else {
            sender.tell(false);
            let _ = tokio::time::timeout(PATIENCE, sender.delivery.points.wait()).await;
        }
    }
}

fn lost(delivery: &Delivery) -> u64 {
    delivery.series.facts().lost + delivery.inbox.points_lost()
}

struct Sender {
    delivery: Arc<Delivery>,
    reader: Reader,
    /// Values lost so far, and when that last grew.
    lost: (u64, Option<Mono>),
}

impl Sender {
    /// Writes some of what is in the inbox after a row, up to another; gives how far it came.
    async fn again(&mut self, mark: i64, upto: i64) -> i64 {
        let rows = match self.delivery.inbox.next(Lane::Telemetry, mark, ROWS) {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(%error, "inbox cannot be read, trying again");
                tokio::time::sleep(Duration::from_millis(PAUSE.0.get())).await;
                return mark;
            }
        };
        let mut points = Vec::new();
        let mut last = upto;
        for row in rows.iter().take_while(|row| row.id <= upto) {
            // A frame that makes reading panic was put aside by ingest.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                points_of(&mut self.reader, row, &self.delivery.registry, &mut points);
            }));
            last = row.id;
        }
        // What else a frame says was for the judgement, which has heard it.
        drop((self.reader.take_strays(), self.reader.take_renewals()));
        self.write(points).await;
        self.delivery.inbox.pointed_through(last);
        last
    }

    /// Offers values until the store has them, however long that takes.
    async fn write(&mut self, points: Vec<Point>) {
        if points.is_empty() {
            return;
        }
        let mut failed = 0_u32;
        loop {
            let series = Arc::clone(&self.delivery.series);
            let mut write = pin!(series.write(points.clone()));
            let done = loop {
                tokio::select! {
                    done = &mut write => break done,
                    () = tokio::time::sleep(PATIENCE) => self.tell(true),
                }
            };
            let Err(error) = done else {
                self.delivery.health.pointed(points.len());
                self.tell(false);
                return;
            };
            if error.is_full() {
                self.delivery.inbox.no_room();
            }
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "series refuses, trying again"
            );
            self.tell(true);
            let pause = backoff::doubled(PAUSE.0, PAUSE.1, failed).get();
            tokio::time::sleep(Duration::from_millis(pause)).await;
            failed = failed.saturating_add(1);
        }
    }

    /// Says whether the series refuses, and whether values were lost lately.
    fn tell(&mut self, refuses: bool) {
        self.delivery.points.refuses(refuses);
        let (now, lost) = (self.delivery.clock.mono(), lost(&self.delivery));
        if lost > std::mem::replace(&mut self.lost.0, lost) {
            self.lost.1 = Some(now);
        }
        let lately = self.lost.1.is_some_and(|at| now.since(at) < TOLD);
        self.delivery.faults.set(Fault::upkeep(Seen::PointsRefused), refuses || lately);
    }
}
