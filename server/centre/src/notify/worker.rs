//! The worker of one receiver: several calls at a time, each on a thread of its own, each ended by one transaction.
//!
//! No receiver waits for another, and no notice for more than the lanes of its receiver. A call that was under
//! way at a crash is made again with the same id. Not here: which notice may go (`line`), the call itself
//! (`webhook`).

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use door::workers::End;
use records::Error;

use super::calls::Calls;
use super::line::{LANES, Line, Waits};
use super::webhook::{Failed, Webhook};
use super::{Look, Outbox, Pace};
use crate::alert::told;
use crate::clock::Now;
use records::Records;
use records::notify::{self as rows, OutboxRow, Over};
use records::receiver;

/// The worker looks at least so often, whatever it was told.
const LOOK: Duration = Duration::from_millis(500);

/// The receiver as its secret is now. None: there is none, give up at once.
pub(super) type Make = Arc<dyn Fn() -> Result<Option<Webhook>, String> + Send + Sync>;

pub(super) struct Worker {
    pub(super) records: Records,
    pub(super) look: Look,
    /// Name of the receiver in the rows.
    pub(super) name: String,
    pub(super) make: Make,
    pub(super) pace: Pace,
    pub(super) outbox: Outbox,
    pub(super) line: Line,
}

impl Worker {
    pub(super) async fn run(mut self) -> End {
        let mut calls = Calls::default();
        let mut bell = self.outbox.bell();
        let mut known = false;
        while !self.outbox.stopped() {
            if !known {
                known = self.afresh().await.is_ok();
            }
            if let Err(error) = self.begin(&mut calls).await {
                tracing::error!(%error, "the outbox cannot be read or written");
            }
            tokio::select! {
                Some(ended) = calls.tasks.join_next() => {
                    // A sender that panicked has ended no row: it is found again as one that waits.
                    let Ok((id, answer)) = ended else { calls.rows.clear(); continue };
                    let Some(row) = calls.rows.remove(&id) else { continue };
                    if let Err(error) = self.settle(&row, answer).await
                        && let Err(error) = calls.rest(&id, error, self.now())
                    {
                        tracing::error!(%error, "the outbox does not take what was answered");
                    }
                }
                _ = tokio::time::timeout(self.pause(), bell.changed()) => {}
            }
        }
        End::Asked
    }

    /// An earlier run may have found the receiver dead; that says nothing of now, so nothing waits for its pauses.
    async fn afresh(&self) -> Result<(), Error> {
        let mut writer = self.records.begin().await?;
        rows::all_due(&mut writer, &self.name, self.now()).await?;
        writer.commit().await
    }

    fn pause(&self) -> Duration {
        let wait = |at: i64| Duration::from_millis((at - self.now()).max(1).unsigned_abs());
        self.line.next().map_or(LOOK, wait).min(LOOK)
    }

    fn now(&self) -> i64 {
        mono((self.look)())
    }

    /// Begins the calls that may be made now.
    async fn begin(&mut self, calls: &mut Calls) -> Result<(), Error> {
        let now = self.now();
        // A dead receiver is asked by whatever waits, due or not.
        let dead = self.line.next().is_some();
        let limit = i64::try_from(LANES + calls.rows.len()).unwrap_or(i64::MAX);
        let until = if dead { i64::MAX } else { now };
        calls.rests.retain(|_, until| *until > now);
        let mut reader = self.records.reader().await?;
        let rests = |id: &str| calls.rests.contains_key(id);
        let due = rows::due(&mut reader, &self.name, (until, limit), rests).await?;
        drop(reader);
        for row in due {
            let id = row.id.clone();
            let done = if self.is_old(&row, now) && !calls.rows.contains_key(&id) {
                self.give_up(&row).await
            } else {
                let waits = Waits { urgent: row.urgent, tries: row.tries, due: row.due_mono };
                if calls.has(&row) || !self.line.may(waits, calls.count(), now) {
                    continue;
                }
                self.call(row, calls).await
            };
            if let Err(error) = done {
                calls.rest(&id, error, now)?;
            }
        }
        Ok(())
    }

    async fn give_up(&self, row: &OutboxRow) -> Result<(), Error> {
        let mut writer = self.records.begin().await?;
        let news = self.failed(&mut writer, row, (NOBODY_YET, false), (self.look)()).await?;
        writer.commit().await?;
        self.outbox.news(news, &row.alert);
        Ok(())
    }

    async fn call(&mut self, row: OutboxRow, calls: &mut Calls) -> Result<(), Error> {
        let hook = match (self.make)() {
            Ok(hook) => hook,
            Err(why) => return self.settle(&row, Err(Failed { why, unsure: false })).await,
        };
        let Some(hook) = hook else {
            let now = (self.look)();
            let mut writer = self.records.begin().await?;
            rows::dead(&mut writer, &row.id, NOBODY, stamp(now)).await?;
            writer.commit().await?;
            self.outbox.counters.dead.fetch_add(1, Relaxed);
            tracing::error!(id = row.id, alert = row.alert, "{NOBODY}, tell them by telephone");
            return Ok(());
        };
        let (id, body) = (row.id.clone(), row.body.clone());
        let seconds = (self.look)().wall_ms.div_euclid(1000);
        calls.tasks.spawn_blocking(move || {
            let answer = hook.call(&id, &body, seconds);
            (id, answer)
        });
        calls.rows.insert(row.id.clone(), row);
        Ok(())
    }

    async fn settle(
        &mut self,
        row: &OutboxRow,
        answer: Result<String, Failed>,
    ) -> Result<(), Error> {
        let now = (self.look)();
        let counters = &self.outbox.counters;
        counters.failing.store(answer.is_err(), Relaxed);
        let back = match &answer {
            Ok(_) => self.line.answered(),
            Err(_) => {
                self.line.failed(mono(now));
                false
            }
        };
        if let Some(dead) = self.line.dead() {
            let mut known = self.outbox.dead.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(self.name.clone(), dead);
        }
        let mut writer = self.records.begin().await?;
        let mut proved = false;
        let news;
        match answer {
            Ok(receipt) => {
                rows::delivered(&mut writer, &row.id, &receipt, stamp(now)).await?;
                let over = Over { alert: &row.alert, channel: Some(&self.name) };
                rows::over_of(&mut writer, over, now.wall_ms).await?;
                if back {
                    rows::all_due(&mut writer, &self.name, mono(now)).await?;
                }
                news = told::ended(&mut writer, row, None, now).await?;
                if let Some(proof) = self.outbox.proofs.row(&self.name, mono(now)) {
                    receiver::proved(&mut writer, &proof, now.wall_ms).await?;
                    proved = true;
                }
                counters.delivered.fetch_add(1, Relaxed);
            }
            Err(Failed { why, unsure }) => {
                counters.failed.fetch_add(1, Relaxed);
                news = self.failed(&mut writer, row, (&why, unsure), now).await?;
            }
        }
        writer.commit().await?;
        self.outbox.news(news, &row.alert);
        if proved {
            self.outbox.proofs.proved(&self.name, now.mono);
        }
        Ok(())
    }

    /// Whether it was tried, and for too long.
    fn is_old(&self, row: &OutboxRow, now: i64) -> bool {
        row.tries > 0 && now.saturating_sub(row.created_mono) >= self.pace.life_ms
    }

    /// Writes a failed try down; whether that changed what screens show.
    async fn failed(
        &self,
        writer: &mut records::Writer,
        row: &OutboxRow,
        (why, unsure): (&str, bool),
        now: Now,
    ) -> Result<bool, Error> {
        let (id, alert, tries) = (&row.id, &row.alert, row.tries + 1);
        if self.is_old(row, mono(now)) {
            self.outbox.counters.dead.fetch_add(1, Relaxed);
            self.outbox.counters.given_up.fetch_add(1, Relaxed);
            tracing::error!(id, alert, why, "nobody outside could be told, tell them by telephone");
            rows::dead(writer, id, why, stamp(now)).await?;
            return told::ended(writer, row, Some(why), now).await;
        }
        tracing::warn!(id, alert, why, tries, "a notice was not confirmed, trying again");
        let due = mono(now).saturating_add(self.pace.pause_ms(row.tries));
        rows::again(writer, id, (why, unsure), due).await?;
        Ok(false)
    }
}

/// Why a notice ends that was not confirmed in all its time.
const NOBODY_YET: &str = "its receiver was dead all the time";
/// Why a notice ends where there is nobody to tell.
const NOBODY: &str = "no webhook is configured, nobody outside is told of an alert";

fn mono(now: Now) -> i64 {
    i64::try_from(now.mono.millis()).unwrap_or(i64::MAX)
}

fn stamp(now: Now) -> (i64, i64) {
    (mono(now), now.wall_ms)
}
