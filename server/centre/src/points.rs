//! Measured values that wait for the series, in memory, and reading them back within a short time.
//!
//! Offering never waits, so that no store of values ever holds a press: what finds no room is read from the inbox again.
//! Not here: how they are brought (`delivery`), the stores (`series`).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use series::{Point, Sampled, Series, SeriesError, Window};
use tokio::sync::Notify;

/// Points that wait in memory: 16 MB.
const WAITING_MAX: usize = 400_000;
/// Points of one write: big, since the store commits each.
const GROUP: usize = 50_000;
/// Longest wait of a page or a caller for values: then it shows what it has.
const READ_WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Job {
    /// Telemetry rows of the inbox that it stands for: those after the first number, through the second.
    pub(crate) rows: (i64, i64),
    pub(crate) points: Vec<Point>,
}

#[derive(Debug, Default)]
struct Line {
    jobs: VecDeque<Job>,
    points: usize,
}

/// What waits for the series.
#[derive(Debug, Default)]
pub struct Points {
    line: Mutex<Line>,
    bell: Notify,
    refused: AtomicBool,
}

impl Points {
    /// Takes the values of telemetry rows that are judged. Never waits: what finds no room is read again later.
    pub fn offer(&self, rows: (i64, i64), points: Vec<Point>) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let nothing = points.is_empty() && rows.0 == rows.1;
        if nothing || line.points + points.len() > WAITING_MAX {
            return;
        }
        line.points += points.len();
        match line.jobs.back_mut() {
            Some(last) if last.rows.1 == rows.0 && last.points.len() < GROUP => {
                last.rows.1 = rows.1;
                last.points.extend(points);
            }
            _ => line.jobs.push_back(Job { rows, points }),
        }
        drop(line);
        self.bell.notify_one();
    }

    /// Whether the series takes what it is given.
    pub fn healthy(&self) -> bool {
        !self.refused.load(Ordering::Relaxed)
    }

    /// Whether the series refuses what it is given.
    pub(crate) fn refuses(&self, refuses: bool) {
        self.refused.store(refuses, Ordering::Relaxed);
    }

    /// Waits until more is offered.
    pub(crate) async fn wait(&self) {
        self.bell.notified().await;
    }

    /// What is to be written next.
    pub(crate) fn next(&self) -> Option<Job> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let job = line.jobs.pop_front()?;
        line.points -= job.points.len();
        Some(job)
    }
}

/// Reads values within a short time, or says that it could not.
pub async fn read(series: &dyn Series, window: Window) -> Result<Vec<Sampled>, SeriesError> {
    let read = tokio::time::timeout(READ_WITHIN, series.read(window));
    read.await.unwrap_or(Err(SeriesError::Slow))
}
