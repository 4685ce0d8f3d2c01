//! The embedded store: one SQLite file beside the records, written by one thread of its own.
//!
//! - A *batch* goes into a *log* row; when its commit is done, `write` answers. Many batches that
//!   wait share one commit.
//! - A *head* holds the points of one series that are only in the log. Full heads become *chunks*,
//!   a few a commit, in rotation. At the next start the log gives the heads back.
//! - Old days are merged, rolled up and dropped by `tend` (`retain`).
//!
//! Not here: alerts, people, keys. The file holds numbers of homes and devices only.

mod chunk;
mod file;
mod heads;
mod log;
mod read;
mod refused;
mod retain;
mod seal;
mod work;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use door::workers::{Rhythm, Workers};
use proto::unit::NoData;
use tokio::sync::{Semaphore, oneshot};

use self::heads::Heads;
use self::read::Reader;
use self::seal::Writer;
use super::reason_from;
use super::{Answer, Facts, Point, Retention, Sampled, Series, SeriesError, Window};

/// Batches that may wait for the writer.
const QUEUE: usize = 256;
/// Resolutions and the span of one stored row of hours.
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const PERIOD_DAYS: i64 = 32;

const fn day_of(at_ms: i64) -> i64 {
    at_ms.div_euclid(DAY_MS)
}

const fn day_start(day: i64) -> i64 {
    day * DAY_MS
}

/// One point of a known series in twelve bytes; a gap is a value that is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    high: u32,
    low: u32,
    bits: u32,
}

impl Slot {
    #[expect(clippy::cast_possible_truncation, reason = "splits 64 bits in two halves")]
    fn new(at_ms: i64, value: Result<f32, NoData>) -> Self {
        let at = at_ms.cast_unsigned();
        let value =
            value.and_then(|v| if v.is_finite() { Ok(v) } else { Err(NoData::Implausible) });
        let bits = match value {
            Ok(value) => value.to_bits(),
            Err(reason) => f32::NAN.to_bits() & !0xFF | u32::from(reason.number()),
        };
        Self { high: (at >> 32) as u32, low: at as u32, bits }
    }

    fn at_ms(&self) -> i64 {
        (u64::from(self.high) << 32 | u64::from(self.low)).cast_signed()
    }

    fn value(&self) -> Result<f32, NoData> {
        let value = f32::from_bits(self.bits);
        if value.is_nan() { Err(reason_from(self.bits.to_le_bytes()[0])) } else { Ok(value) }
    }
}

#[derive(Debug, Default)]
struct Counters {
    written: AtomicU64,
    lost: AtomicU64,
    damaged: AtomicU64,
    waiting: AtomicU64,
    failing: AtomicBool,
}

enum Job {
    Write(Vec<Point>, oneshot::Sender<Result<(), SeriesError>>),
    Tend(i64, oneshot::Sender<Result<bool, SeriesError>>),
    Close(oneshot::Sender<Result<(), SeriesError>>),
}

/// The store. Dropping it ends its thread after what was queued.
pub struct Embedded {
    jobs: SyncSender<Job>,
    reader: Arc<Reader>,
    /// One question about years at a time: however many are asked, they take one thread.
    long: Arc<Semaphore>,
    counters: Arc<Counters>,
    thread: Mutex<Option<JoinHandle<()>>>,
    workers: Workers,
}

/// Opens a store at `path`, as [`Embedded::open`] does.
///
/// # Errors
/// The file cannot be opened, or is of a newer version.
pub fn open(path: &Path, keep: Retention) -> Result<Embedded, SeriesError> {
    Embedded::open(path, keep)
}

impl Embedded {
    /// Opens `path`, reads back what waits in its log, and starts the writer.
    ///
    /// # Errors
    /// The file cannot be opened, or is of a newer version.
    pub fn open(path: impl Into<PathBuf>, keep: Retention) -> Result<Self, SeriesError> {
        let path = path.into();
        let heads = Arc::new(Mutex::new(Heads::default()));
        let counters = Arc::new(Counters::default());
        let writer = Writer::open(path.clone(), heads.clone(), counters.clone())?;
        let reader = Arc::new(Reader::open(&path, heads.clone(), counters.clone())?);
        let (jobs, queue) = sync_channel(QUEUE);
        let workers = Workers::default();
        let worker = workers.enter("series", Rhythm::Waits);
        let file = (path, heads, counters.clone());
        let thread = std::thread::Builder::new()
            .name("series".into())
            .spawn(move || work::live(&worker, writer, &queue, (&file, &keep)))
            .map_err(|_| SeriesError::Closed)?;
        let long = Arc::new(Semaphore::new(1));
        let thread = Mutex::new(Some(thread));
        Ok(Self { jobs, reader, long, counters, thread, workers })
    }

    fn send(&self, job: Job) -> Result<(), SeriesError> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => SeriesError::Busy { waiting: QUEUE },
            TrySendError::Disconnected(_) => SeriesError::Closed,
        })
    }
}

impl Series for Embedded {
    fn write(&self, points: Vec<Point>) -> Answer<'_, ()> {
        let (answer, done) = oneshot::channel();
        let count = points.len() as u64;
        self.counters.waiting.fetch_add(count, Relaxed);
        let sent = self.send(Job::Write(points, answer));
        if sent.is_err() {
            self.counters.waiting.fetch_sub(count, Relaxed);
        }
        Box::pin(async move {
            sent?;
            done.await.map_err(|_| SeriesError::Closed)?
        })
    }

    fn read(&self, window: Window) -> Answer<'_, Vec<Sampled>> {
        let (reader, long) = (self.reader.clone(), self.long.clone());
        Box::pin(async move {
            let turn = if read::is_long(&window) { long.acquire_owned().await.ok() } else { None };
            let read = tokio::task::spawn_blocking(move || {
                // Who asked may have gone; the turn ends with the reading.
                let _turn = turn;
                reader.read(&window)
            });
            read.await.map_err(|_| SeriesError::Closed)?
        })
    }

    fn tend(&self, now_ms: i64) -> Answer<'_, bool> {
        let (answer, done) = oneshot::channel();
        let sent = self.send(Job::Tend(now_ms, answer));
        Box::pin(async move {
            sent?;
            done.await.map_err(|_| SeriesError::Closed)?
        })
    }

    fn facts(&self) -> Facts {
        let counters = &self.counters;
        Facts {
            written: counters.written.load(Relaxed),
            lost: counters.lost.load(Relaxed),
            damaged: counters.damaged.load(Relaxed),
            waiting: counters.waiting.load(Relaxed),
            healthy: !counters.failing.load(Relaxed),
        }
    }

    fn workers(&self) -> Workers {
        self.workers.clone()
    }

    fn close(&self) -> Answer<'_, ()> {
        let (answer, done) = oneshot::channel();
        // A full queue is waited for: closing must not lose its turn.
        let jobs = self.jobs.clone();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        Box::pin(async move {
            let Some(thread) = thread else { return Ok(()) };
            let ended = tokio::task::spawn_blocking(move || {
                if jobs.send(Job::Close(answer)).is_ok() {
                    let _ = thread.join();
                }
            });
            let _ = ended.await;
            done.await.map_err(|_| SeriesError::Closed)?
        })
    }
}
