//! Events of alerts to receivers that follow them: raised, told, claimed, closed; of each home in their order.
//!
//! One event of a home is under way to a receiver at a time, so that none overtakes another; homes do not wait for each
//! other beyond the lanes. Each is sent until it is confirmed, always with the same id. What nobody took for a day, or
//! what there is no room for, is lost: counted, logged, a fault for the desk, and a gap that the receiver sees.
//! Not here: the call and its signature (`webhook`), rows (`records::event`), notices of the ladder (`worker`).

mod follows;

pub use self::follows::{EventBody, Follows};

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use care::policy::NOTICE_LIFE;
use records::Error;
use tokio::task::JoinSet;

use super::line::{LANES, Line, RESERVED, Waits};
use super::webhook::{Failed, Webhook};
use super::{Look, Pace};
use records::Records;
use records::event::{self as rows, EventRow};
use records::refusal::is_of_row;

/// The worker looks at least so often.
const LOOK: Duration = Duration::from_millis(250);
/// Events that may wait for one receiver: a district's busiest day.
const WAITING_MAX: i64 = 50_000;
/// Whether anything is lost is looked at this often, in looks.
const SWEEP: u32 = 20;
/// An event of which nothing can be written is tried again after this, ms.
const REST: i64 = 60_000;
/// A loss is a fault of the desk for so long, ms.
const LOST_TOLD_MS: i64 = NOTICE_LIFE.get().cast_signed();

/// The receiver as its secret is now.
pub type Open = Arc<dyn Fn() -> Result<Webhook, String> + Send + Sync>;

/// The worker of one receiver.
pub struct Events {
    records: Records,
    look: Look,
    channel: String,
    open: Open,
    pace: Pace,
    line: Line,
    follows: Arc<Follows>,
    most: i64,
    /// Events of which nothing can be written, and when they are tried again.
    rests: HashMap<String, i64>,
    /// Whether events were met that cannot be read.
    unread: bool,
}

type Ended = (String, Result<String, Failed>);

impl Events {
    /// A worker that has not begun; [`Events::run`] goes on until its task ends.
    pub fn new(
        records: Records,
        look: Look,
        (channel, open): (&str, Open),
        pace: Pace,
        follows: Arc<Follows>,
    ) -> Self {
        let (channel, line) = (channel.to_owned(), Line::new(pace.probe_ms));
        let (rests, most, unread) = (HashMap::new(), WAITING_MAX, false);
        Self { records, look, channel, open, pace, line, follows, most, rests, unread }
    }

    /// The same with less room for what waits.
    #[must_use]
    pub fn with_room(self, most: i64) -> Self {
        Self { most, ..self }
    }

    /// Tells its receiver for as long as it runs.
    pub async fn run(mut self) {
        let mut tasks: JoinSet<Ended> = JoinSet::new();
        let mut under_way: HashMap<String, EventRow> = HashMap::new();
        let mut turn = 0u32;
        let mut known = false;
        loop {
            if !known {
                known = self.afresh().await.is_ok();
            }
            if turn.is_multiple_of(SWEEP)
                && let Err(error) = self.sweep().await
            {
                tracing::error!(%error, "events that nobody took cannot be given up");
            }
            turn = turn.wrapping_add(1);
            if let Err(error) = self.begin(&mut tasks, &mut under_way).await {
                tracing::error!(%error, "events cannot be read");
            }
            let ended = tokio::time::timeout(LOOK, async {
                match tasks.join_next().await {
                    Some(ended) => ended,
                    None => std::future::pending().await,
                }
            });
            match ended.await {
                Ok(Ok((id, answer))) => {
                    let Some(row) = under_way.remove(&id) else { continue };
                    if let Err(error) = self.settle(&row, answer).await {
                        tracing::error!(%error, "what became of an event cannot be written");
                        if is_of_row(&error) {
                            self.rests.insert(id, self.now().saturating_add(REST));
                        }
                    }
                }
                // A sender that panicked has ended no row: all are found again as ones that wait.
                Ok(Err(_)) => under_way.clear(),
                Err(_) => {}
            }
        }
    }

    /// An earlier run may have found the receiver dead; that says nothing of now, so nothing waits for its pauses.
    async fn afresh(&self) -> Result<(), Error> {
        let mut writer = self.records.begin().await?;
        rows::all_due(&mut writer, &self.channel, self.now()).await?;
        writer.commit().await
    }

    fn now(&self) -> i64 {
        i64::try_from((self.look)().mono.millis()).unwrap_or(i64::MAX)
    }

    async fn begin(
        &mut self,
        tasks: &mut JoinSet<Ended>,
        under_way: &mut HashMap<String, EventRow>,
    ) -> Result<(), Error> {
        let now = self.now();
        // A dead receiver is asked by whatever waits, due or not.
        let until = if self.line.next().is_some() { i64::MAX } else { now };
        let limit = i64::try_from(LANES - RESERVED + under_way.len()).unwrap_or(i64::MAX);
        let mut reader = self.records.reader().await?;
        self.rests.retain(|_, until| *until > now);
        let rests = |row: &EventRow| self.rests.contains_key(&row.id);
        let (due, unread) = rows::due(&mut reader, &self.channel, (until, limit), rests).await?;
        drop(reader);
        self.unread |= unread > 0;
        for row in due {
            let count = under_way.len();
            let waits = Waits { urgent: false, tries: row.tries, due: row.due_mono };
            if under_way.values().any(|other| other.home == row.home)
                || !self.line.may(waits, (count, count), now)
            {
                continue;
            }
            let hook = match (self.open)() {
                Ok(hook) => hook,
                Err(why) => {
                    self.settle(&row, Err(Failed { why, unsure: false })).await?;
                    continue;
                }
            };
            let body = serde_json::to_string(&EventBody::of(&row)).unwrap_or_default();
            let (id, seconds) = (row.id.clone(), (self.look)().wall_ms.div_euclid(1_000));
            tasks.spawn_blocking(move || {
                let answer = hook.call(&id, &body, seconds);
                (id, answer)
            });
            under_way.insert(row.id.clone(), row);
        }
        Ok(())
    }

    async fn settle(
        &mut self,
        row: &EventRow,
        answer: Result<String, Failed>,
    ) -> Result<(), Error> {
        let now = self.now();
        let mut writer = self.records.begin().await?;
        let count = match answer {
            Ok(_) => {
                let back = self.line.answered();
                rows::confirmed(&mut writer, &self.channel, row).await?;
                if back {
                    rows::all_due(&mut writer, &self.channel, now).await?;
                }
                &self.follows.confirmed
            }
            Err(Failed { why, .. }) => {
                self.line.failed(now);
                let (channel, tries) = (&self.channel, row.tries + 1);
                tracing::warn!(id = row.id, channel, why, tries, "an event was not confirmed");
                let due = now.saturating_add(self.pace.pause_ms(row.tries));
                rows::again(&mut writer, &row.id, (&why, due)).await?;
                &self.follows.failed
            }
        };
        writer.commit().await?;
        // What is counted is in the rows.
        count.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Gives up what is too old or too much, and says how its receiver is.
    async fn sweep(&mut self) -> Result<(), Error> {
        let now = self.now();
        let mut writer = self.records.begin().await?;
        let bounds = (now.saturating_sub(self.pace.life_ms), self.most);
        let mut lost = rows::lose(&mut writer, &self.channel, bounds, now).await?;
        if std::mem::take(&mut self.unread) {
            lost += rows::lose_unread(&mut writer, &self.channel, now).await?;
        }
        let (_, _, at) = rows::counts(&mut writer, &self.channel).await?;
        writer.commit().await?;
        if lost > 0 {
            self.follows.lost.fetch_add(lost, Relaxed);
            let channel = &self.channel;
            tracing::error!(channel, lost, "events are lost: their receiver must read the queue");
        }
        let lately = at.is_some_and(|at| now.saturating_sub(at) < LOST_TOLD_MS);
        self.follows.set(&self.channel, lately || self.line.dead() == Some(true));
        Ok(())
    }
}
