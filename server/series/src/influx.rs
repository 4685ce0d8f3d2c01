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
pub mod setup;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use door::workers::{End, Rhythm, Workers};
use influxdb2::api::write::TimestampPrecision;
use influxdb2::{Client, RequestError};
use tokio::sync::{Mutex, mpsc, oneshot};

use self::access::Access;
use self::care::Care;
use self::query::{Asking, Former};
use super::{Answer, Facts, Point, Retention, Sampled, Series, SeriesError, Window};

/// Batches that may wait for the sender.
const QUEUE: usize = 256;
/// Points of one request.
const GROUP_MAX: usize = 5_000;
/// First pause before a further try; each is twice as long.
const PAUSE: Duration = Duration::from_millis(200);

/// The section `[series.influx]` of a configuration.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Base address, such as `http://127.0.0.1:8086`.
    pub url: String,
    /// Name of the organisation.
    pub org: String,
    /// File that holds the token and nothing else.
    pub token_file: PathBuf,
    /// Name of the bucket of raw points; `server influx` makes it.
    pub bucket: String,
}

/// Where InfluxDB is and what it may cost to wait for it.
#[derive(Debug, Clone)]
pub struct InfluxConfig {
    /// `http://host:port` or `https://host:port`, no path.
    pub url: String,
    /// Name of the organisation.
    pub org: String,
    /// Name of the bucket for raw points; roll-ups go to `<bucket>_15m` and `<bucket>_1h`.
    pub bucket: String,
    /// API token with rights to read and write these buckets.
    pub token: String,
    /// File that the token was read from; when it says another one, that one counts.
    pub token_file: Option<PathBuf>,
    /// How long its buckets are to keep points; none: they are left as they are.
    pub keep: Option<Retention>,
    /// File for batches that InfluxDB will never take.
    pub dead_letters: PathBuf,
    /// Longest wait for one answer.
    pub patience: Duration,
    /// Tries before the caller is told, 1 to 10.
    pub tries: u32,
}

impl InfluxConfig {
    /// Usual waits for a store at `url`.
    pub fn new(
        url: impl Into<String>,
        org: impl Into<String>,
        bucket: impl Into<String>,
        token: impl Into<String>,
        dead_letters: impl Into<PathBuf>,
    ) -> Self {
        Self {
            url: url.into(),
            org: org.into(),
            bucket: bucket.into(),
            token: token.into(),
            token_file: None,
            keep: None,
            dead_letters: dead_letters.into(),
            patience: Duration::from_secs(10),
            tries: 4,
        }
    }

    /// Reads the token and joins what the configuration says.
    ///
    /// # Errors
    /// The token file cannot be read.
    pub fn of(settings: &Settings, data: &Path) -> Result<Self, SeriesError> {
        let token = std::fs::read_to_string(&settings.token_file).map_err(|error| {
            let file = settings.token_file.display();
            let reason = format!("the token file {file} cannot be read: {error}");
            SeriesError::Influx { url: settings.url.clone(), reason }
        })?;
        let dead = data.join("influx-dead.lp");
        let Settings { url, org, bucket, .. } = settings;
        let made = Self::new(&**url, &**org, &**bucket, token.trim(), dead);
        Ok(Self { token_file: Some(settings.token_file.clone()), ..made })
    }

    /// The token that its file says now, or the last one that was read.
    fn token_now(&self) -> String {
        let file = self.token_file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        file.map_or_else(|| self.token.clone(), |text| text.trim().to_owned())
    }

    fn client(&self) -> Result<Client, SeriesError> {
        let bad = |reason: &str| self.error(reason);
        let rest = self
            .url
            .strip_prefix("http://")
            .or_else(|| self.url.strip_prefix("https://"))
            .ok_or_else(|| bad("the address must begin with http:// or https://"))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if rest.is_empty() || !rest.chars().all(plain) {
            return Err(bad("the address must be scheme, host and port without a path"));
        }
        if !self.token.chars().all(|c| c.is_ascii_graphic()) {
            return Err(bad("the token holds a character that no token has"));
        }
        if ![&self.org, &self.bucket].into_iter().all(|name| lines::plain_name(name)) {
            return Err(bad(
                "organisation and bucket are letters, digits, space, dot, dash, underscore",
            ));
        }
        let client = influxdb2::ClientBuilder::new(&*self.url, &*self.org, &*self.token).build();
        client.map_err(|error| bad(&error.to_string()))
    }

    fn error(&self, reason: &str) -> SeriesError {
        let reason = reason.chars().take(300).collect();
        SeriesError::Influx { url: self.url.clone(), reason }
    }
}

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
        let mut pause = PAUSE;
        let mut left = self.config.tries.clamp(1, 10);
        loop {
            left -= 1;
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
                    tokio::time::sleep(pause).await;
                    pause *= 2;
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
