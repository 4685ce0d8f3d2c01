//! `/api/stream`: every change of the queue, in the order of its cursor, without a gap.
//!
//! A reader keeps the cursor it has sent. The next one from [`centre::live`] is passed on as it is;
//! anything else (a gap, a lag, a change told without bytes) makes it read the rows instead, and what
//! comes late from `live` is then skipped. So a reader's memory is bounded, and a slow one only reads
//! more at once. Every beat, and whenever somebody's session or token ends, it asks whether its own still lives.
//! Not here: how bytes are made.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use care::policy::BEAT;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Duration, MissedTickBehavior, interval};
use tokio_stream::wrappers::ReceiverStream;

use crate::api_error::ApiResult;
use crate::app::App;
use crate::routes::{Ask, glass};
use crate::session::As;
use centre::auth::Staff;
use centre::auth::role::ReadingQueue;
use centre::live::{Told, event, read};
use records::column::stored;
use records::desk;

/// A reader further back than this starts anew.
const RESUME_MAX: i64 = 20_000;
/// Rows read at once.
const PAGE: i64 = 500;
/// Most bytes put together into one write.
const WRITE_MAX: usize = 64 * 1024;
/// Writes that wait for a slow socket.
const WRITES: usize = 8;

/// Where to go on.
#[derive(Debug, Deserialize)]
pub struct After {
    after: Option<i64>,
}

struct Reader {
    app: Arc<App>,
    me: Staff,
    endings: watch::Receiver<u64>,
    last: i64,
    out: mpsc::Sender<Result<Bytes, Infallible>>,
}

/// The other side has gone, or the records cannot be read: the stream ends and the browser comes back.
struct Ended;

/// Follows the queue.
#[utoipa::path(get, path = "/api/stream",
    params(("after" = Option<i64>, Query), ("Last-Event-ID" = Option<i64>, Header)),
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = 401), (status = 403)))]
pub async fn follow(
    State(app): State<Arc<App>>,
    As(me, ..): As<ReadingQueue>,
    Ask(query): Ask<After>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let id = headers.get("last-event-id").and_then(|h| h.to_str().ok()?.parse().ok());
    let newest = desk::newest(&mut *app.records.reader().await?).await?;
    let last = id.or(query.after).unwrap_or(newest);
    let (out, bytes) = mpsc::channel(WRITES);
    let (told, endings) = (app.live.listen(), app.auth.endings());
    let reader = Reader { app, me, endings, last, out };
    tokio::spawn(async move { reader.run(told).await });
    // A proxy passes each line on at once instead of filling a buffer first.
    let head = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((head, Body::from_stream(ReceiverStream::new(bytes))).into_response())
}

impl Reader {
    async fn run(mut self, mut told: broadcast::Receiver<Told>) {
        let mut beat = interval(Duration::from_millis(BEAT.get()));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if self.send(Bytes::from_static(b"retry: 1000\n\n")).await.is_err() {
            return;
        }
        if self.catch_up().await.is_err() {
            return;
        }
        let (out, mut endings) = (self.out.clone(), self.endings.clone());
        let mut openings = self.app.live.openings();
        if self.glass(false).await.is_err() {
            return;
        }
        loop {
            let done = tokio::select! {
                news = told.recv() => self.hear(news, &mut told).await,
                _ = beat.tick() => self.beat().await,
                Ok(()) = endings.changed() => self.lives().await,
                Ok(()) = openings.changed() => self.glass(true).await,
                () = out.closed() => Err(Ended),
            };
            if done.is_err() {
                return;
            }
        }
    }

    async fn hear(
        &mut self,
        news: Result<Told, RecvError>,
        told: &mut broadcast::Receiver<Told>,
    ) -> Result<(), Ended> {
        let first = match news {
            Ok(news) => news,
            Err(RecvError::Lagged(_)) => return self.catch_up().await,
            Err(RecvError::Closed) => return Err(Ended),
        };
        let mut gap = false;
        let mut write = self.next(first, &mut gap);
        let mut joined = Vec::new();
        while let Some(bytes) = write.take() {
            let more = match gap || joined.len() + bytes.len() >= WRITE_MAX {
                true => None,
                false => told.try_recv().ok().and_then(|news| self.next(news, &mut gap)),
            };
            if more.is_none() && joined.is_empty() {
                self.send(bytes).await?;
                break;
            }
            joined.extend_from_slice(&bytes);
            write = more;
        }
        if !joined.is_empty() {
            self.send(joined.into()).await?;
        }
        if gap { self.catch_up().await } else { Ok(()) }
    }

    /// The bytes of the very next change; sets `gap` when the rows must be read instead.
    fn next(&mut self, news: Told, gap: &mut bool) -> Option<Bytes> {
        if news.cursor <= self.last {
            return None;
        }
        if news.cursor == self.last + 1
            && let Some(bytes) = news.bytes
        {
            self.last = news.cursor;
            return Some(bytes);
        }
        *gap = true;
        None
    }

    /// Reads what changed since the last cursor sent, in order; far behind, tells to start anew.
    async fn catch_up(&mut self) -> Result<(), Ended> {
        loop {
            let mut records = self.app.records.reader().await.map_err(|_| Ended)?;
            let newest = desk::newest(&mut records).await.map_err(|_| Ended)?;
            if newest == self.last {
                return Ok(());
            }
            if newest < self.last || newest - self.last > RESUME_MAX {
                self.last = newest;
                drop(records);
                let text =
                    format!("event: resync\nid: {newest}\ndata: {{\"cursor\":{newest}}}\n\n");
                return self.send(text.into()).await;
            }
            let rows = desk::after(&mut records, self.last, PAGE).await.map_err(|_| Ended)?;
            let seen = (&*self.app.names, self.app.clock.now().mono);
            let views = read::views(seen, &mut records, &rows).await.map_err(|_| Ended)?;
            drop(records);
            let Some(last) = rows.last().map(|row| row.cursor) else {
                // The newest change is of an alert that is no longer there.
                self.last = newest;
                return Ok(());
            };
            let joined: Vec<u8> = views.iter().filter_map(event).flatten().collect();
            self.last = last;
            self.send(joined.into()).await?;
        }
    }

    async fn lives(&self) -> Result<(), Ended> {
        self.me.still(&self.app.access).await.map(drop).map_err(|_| Ended)
    }

    /// Tells a supervisor what was opened without an alert in hand; that there is nothing left only if there was `news`.
    async fn glass(&self, news: bool) -> Result<(), Ended> {
        if !glass::hears(&self.me) {
            return Ok(());
        }
        let mut records = self.app.records.reader().await.map_err(|_| Ended)?;
        let (told, any) = glass::event(&mut records, &self.me).await.map_err(|_| Ended)?;
        drop(records);
        if any || news { self.send(told).await } else { Ok(()) }
    }

    async fn beat(&mut self) -> Result<(), Ended> {
        self.lives().await?;
        self.catch_up().await?;
        let (cursor, now) = (self.last, self.app.clock.now());
        let (wall, mono) = (now.wall_ms, stored(now.mono));
        let on_duty = self.app.presence.on_duty(now.mono);
        let text = format!(
            "event: beat\ndata: {{\"cursor\":{cursor},\"now_ms\":{wall},\"mono_ms\":{mono},\"on_duty\":{on_duty}}}\n\n"
        );
        self.send(text.into()).await
    }

    async fn send(&self, bytes: Bytes) -> Result<(), Ended> {
        self.out.send(Ok(bytes)).await.map_err(|_| Ended)
    }
}
