//! InfluxDB 2 as the store, for those who run one already or need more than one machine.
//!
//! - A *line* is one point in line protocol, as `layout` says; times in milliseconds.
//! - Batches that wait share one request. An answer that may get better is tried again with
//!   back-off; then the caller is told and keeps its points. An answer that never gets better puts
//!   the batch into a bounded *dead letter* file and is told.
//!
//! Not here: running InfluxDB. `setup` makes its buckets and its roll-ups, `care` keeps them so.

mod access;
mod bucket;
mod care;
mod layout;
pub mod lines;
pub mod proof;
mod query;
mod settings;
pub mod setup;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use door::workers::{End, Rhythm, Workers};
use influxdb2::RequestError;
use influxdb2::api::write::TimestampPrecision;
use proto::backoff;
use proto::unit::Millis;
use tokio::sync::{Mutex, mpsc, oneshot};

use self::access::Access;
use self::care::Care;
use self::query::{Asking, Former};
pub use self::settings::{InfluxConfig, Settings};
use super::{Answer, Facts, Point, Retention, Sampled, Series, SeriesError, Window};

/// Batches that may wait for the sender.
const QUEUE: usize = 256;
/// Points of one request.
const GROUP_MAX: usize = 5_000;
/// First and longest pause before a further try: ten tries stay within two minutes.
const PAUSE: (Millis, Millis) = (Millis::new(200), Millis::secs(30));

/// Opens the store that the configuration describes; dead letters go into the data folder.
///
/// # Errors
/// The token cannot be read, or address, names or token cannot be right.
pub fn open(settings: &Settings, data: &Path, keep: Retention) -> Result<Influx, SeriesError> {
    let config = InfluxConfig::of(settings, data)?;
    Influx::open(InfluxConfig { keep: Some(keep), ..config })
}

/// Prepares the InfluxDB that a configuration names; answers what was made, for a person to read.
///
/// # Errors
/// The configuration names none, or it does not answer or allow it.
pub async fn setup(
    settings: Option<&Settings>,
    data: &Path,
    keep: &Retention,
) -> Result<String, SeriesError> {
    let none = || SeriesError::Influx {
        url: "nowhere".to_owned(),
        reason: "the configuration has no [series.influx], see `server config`".to_owned(),
    };
    let wanted = InfluxConfig::of(settings.ok_or_else(none)?, data)?;
    let made = setup::setup(&wanted, keep).await?;
    Ok(if made.is_empty() { "everything is there\n".into() } else { made.join("\n") + "\n" })
}

#[derive(Debug, Default)]
struct Counters {
    written: AtomicU64,
    lost: AtomicU64,
    waiting: AtomicU64,
    failing: AtomicBool,
}

struct Job {
    points: Vec<Point>,
    answer: oneshot::Sender<Result<(), SeriesError>>,
}

/// The store. Its sender is a task of the runtime it was opened in.
pub struct Influx {
    config: Arc<InfluxConfig>,
    access: Arc<Access>,
    former: Arc<Former>,
    care: Arc<Care>,
    jobs: mpsc::Sender<Job>,
    counters: Arc<Counters>,
    workers: Workers,
}

impl Influx {
    /// Starts the sender; does not speak to InfluxDB yet, so a server starts without it.
    ///
    /// # Errors
    /// The address, a name or the token cannot be right.
    pub fn open(config: InfluxConfig) -> Result<Self, SeriesError> {
        let config = Arc::new(config);
        let access = Arc::new(Access::open(Arc::clone(&config))?);
        let counters = Arc::new(Counters::default());
        let (jobs, queue) = mpsc::channel(QUEUE);
        let workers = Workers::default();
        let (queue, of) =
            (Arc::new(Mutex::new(queue)), (config.clone(), access.clone(), counters.clone()));
        workers.keep("series", Rhythm::Waits, move || {
            let (config, access, counters) = of.clone();
            let dead = lines::DeadLetters::new(config.dead_letters.clone());
            let (sender, queue) = (Sender { config, access, counters, dead }, queue.clone());
            async move { sender.run(&mut *queue.lock().await).await }
        });
        let former = Arc::<Former>::default();
        let care = Care::new(config.clone(), access.clone(), former.clone());
        Ok(Self { config, access, former, care: Arc::new(care), jobs, counters, workers })
    }
}

impl Series for Influx {
    fn write(&self, points: Vec<Point>) -> Answer<'_, ()> {
        let (answer, done) = oneshot::channel();
        let count = points.len() as u64;
        self.counters.waiting.fetch_add(count, Relaxed);
        let sent = self.jobs.try_send(Job { points, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SeriesError::Busy { waiting: QUEUE },
            mpsc::error::TrySendError::Closed(_) => SeriesError::Closed,
        });
        if sent.is_err() {
            self.counters.waiting.fetch_sub(count, Relaxed);
        }
        Box::pin(async move {
            sent?;
            done.await.map_err(|_| SeriesError::Closed)?
        })
    }

    fn read(&self, window: Window) -> Answer<'_, Vec<Sampled>> {
        let (client, config) = (self.access.client(), self.config.clone());
        let asking = Asking { client, config: config.clone(), former: self.former.clone() };
        Box::pin(async move {
            // The library panics on a null in an answer; in a task of its own that is an error.
            let task = tokio::spawn(async move { asking.read(&window).await });
            match tokio::time::timeout(config.patience * 3, task).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => Err(config.error("an answer that cannot be read")),
                Err(_) => Err(config.error("no answer in time")),
            }
        })
    }

    fn tend(&self, now_ms: i64) -> Answer<'_, bool> {
        // InfluxDB rolls up and drops by itself, as it is told here.
        let care = self.care.clone();
        Box::pin(async move {
            // As above: what the library panics on is an error of this look alone.
            let looked = tokio::spawn(async move { care.step(now_ms).await }).await;
            looked.map(|()| false).map_err(|_| self.config.error("an answer that cannot be read"))
        })
    }

    fn facts(&self) -> Facts {
        Facts {
            written: self.counters.written.load(Relaxed),
            lost: self.counters.lost.load(Relaxed),
            damaged: 0,
            waiting: self.counters.waiting.load(Relaxed),
            healthy: !self.counters.failing.load(Relaxed),
        }
    }

    fn workers(&self) -> Workers {
        self.workers.clone()
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let (answer, done) = oneshot::channel();
            let last = Job { points: Vec::new(), answer };
            self.jobs.send(last).await.map_err(|_| SeriesError::Closed)?;
            done.await.map_err(|_| SeriesError::Closed)?
        })
    }
}

struct Sender {
    config: Arc<InfluxConfig>,
    access: Arc<Access>,
    counters: Arc<Counters>,
    dead: lines::DeadLetters,
}

/// Points that have been taken from the queue.
struct Taken(Arc<Counters>, u64);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(self.1, Relaxed);
    }
}

/// What an answer of InfluxDB means for a batch.
enum Verdict {
    Taken,
    /// Some lines were refused for ever, the rest is taken.
    Partly(u64, String),
    Refused(String),
    Later(String),
}

impl Sender {
    async fn run(mut self, queue: &mut mpsc::Receiver<Job>) -> End {
        while let Some(first) = queue.recv().await {
            let mut count = first.points.len();
            let mut group = vec![first];
            while count < GROUP_MAX
                && let Ok(job) = queue.try_recv()
            {
                count += job.points.len();
                group.push(job);
            }
            // Whatever becomes of them, they wait no longer.
            let taken = Taken(self.counters.clone(), count as u64);
            let done = self.deliver(&group, count as u64).await;
            drop(taken);
            self.counters.failing.store(done.is_err(), Relaxed);
            for job in group {
                // A waiter that has gone away needs no answer.
                drop(job.answer.send(done.clone()));
            }
        }
        End::Asked
    }

    async fn deliver(&mut self, group: &[Job], count: u64) -> Result<(), SeriesError> {
        if count == 0 {
            return Ok(());
        }
        let text = lines::text(group.iter().flat_map(|job| &job.points));
        let tries = self.config.tries.clamp(1, 10);
        let mut failed = 0;
        loop {
            let left = tries - 1 - failed;
            match self.offer(text.clone()).await {
                Verdict::Taken => {
                    self.counters.written.fetch_add(count, Relaxed);
                    return Ok(());
                }
                Verdict::Partly(dropped, reason) => {
                    self.counters.written.fetch_add(count.saturating_sub(dropped), Relaxed);
                    return self.bury(&text, dropped, reason).await;
                }
                Verdict::Refused(reason) => return self.bury(&text, count, reason).await,
                Verdict::Later(reason) if left == 0 => return Err(self.config.error(&reason)),
                Verdict::Later(reason) => {
                    tracing::warn!(reason, left, "InfluxDB did not take a batch, trying again");
                    let pause = backoff::doubled(PAUSE.0, PAUSE.1, failed).get();
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                    failed += 1;
                }
            }
        }
    }

    async fn offer(&self, text: String) -> Verdict {
        let (org, bucket) = (&*self.config.org, &*self.config.bucket);
        let client = self.access.client();
        let write = client.write_line_protocol_with_precision(
            org,
            bucket,
            text,
            TimestampPrecision::Milliseconds,
        );
        match tokio::time::timeout(self.config.patience, write).await {
            Err(_) => Verdict::Later("no answer in time".into()),
            Ok(Ok(())) => Verdict::Taken,
            Ok(Err(RequestError::Http { status, text })) => match status.as_u16() {
                422 => match lines::dropped(&text) {
                    Some(dropped) => Verdict::Partly(dropped, format!("{status}: {text}")),
                    None => Verdict::Refused(format!("{status}: {text}")),
                },
                400 | 413 => Verdict::Refused(format!("{status}: {text}")),
                _ => Verdict::Later(format!("{status}: {text}")),
            },
            Ok(Err(error)) => Verdict::Later(error.to_string()),
        }
    }

    /// Puts a batch that will never be taken into the dead letters; it is lost to readers, and told.
    async fn bury(&mut self, text: &str, lost: u64, reason: String) -> Result<(), SeriesError> {
        self.counters.lost.fetch_add(lost, Relaxed);
        let kept = self.dead.keep(text, &reason).await;
        let file = self.config.dead_letters.display().to_string();
        let kept = kept.is_ok_and(|kept| kept);
        tracing::error!(
            lost,
            reason,
            file,
            kept,
            "InfluxDB refuses points for good, see the dead letters"
        );
        Ok(())
    }
}
