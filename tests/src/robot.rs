//! An operator who never tires: paints, claims, acts and closes every alert by the API.
//!
//! It hears of alerts from a screen and reads the whole queue now and then, so that a break of any
//! kind costs time and no alert. What it is refused it tries again from the queue. Not here: how
//! long a person would think; a robot's pause is only what the demo needs to be watched.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::{Api, text};
use crate::clock::Watch;
use crate::trouble::{Outcome, Trouble};

/// The queue is read whole this often, ms.
const WHOLE_MS: u64 = 2000;
/// A console says that it lives this often, ms.
const PRESENT_MS: u64 = 5000;

/// The robot. Dropping it ends its shift.
pub struct Robot {
    stop: Arc<AtomicBool>,
    closed: Arc<AtomicUsize>,
    tell: Sender<Value>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Robot {
    /// Starts a shift with its own session; `hold_ms` passes between a claim and its close.
    pub fn start(api: Api, hold_ms: u64) -> Self {
        let (tell, hear) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let closed = Arc::new(AtomicUsize::new(0));
        let shift = Shift { api, hear, hold_ms, watch: Watch::start(), held: Vec::new() };
        let thread = std::thread::spawn({
            let (stop, closed) = (Arc::clone(&stop), Arc::clone(&closed));
            move || shift.run(&stop, &closed)
        });
        Self { stop, closed, tell, thread: Some(thread) }
    }

    /// A screen has shown this alert.
    pub fn shown(&self, alert: &Value) {
        // A robot whose shift has ended hears nothing more.
        let _ = self.tell.send(alert.clone());
    }

    /// Where a screen's thread sends what it was shown.
    pub fn ear(&self) -> Sender<Value> {
        self.tell.clone()
    }

    /// Alerts closed so far.
    pub fn closed(&self) -> usize {
        self.closed.load(Ordering::Acquire)
    }
}

impl Drop for Robot {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One alert in hand.
struct Held {
    id: String,
    fence: Value,
    cursor: Value,
    kind: String,
    since_ms: u64,
    renewed_ms: u64,
}

struct Shift {
    api: Api,
    hear: Receiver<Value>,
    hold_ms: u64,
    watch: Watch,
    held: Vec<Held>,
}

impl Shift {
    fn run(mut self, stop: &AtomicBool, closed: &AtomicUsize) {
        let (mut whole_at, mut present_at) = (0, 0);
        while !stop.load(Ordering::Acquire) {
            match self.hear.recv_timeout(Duration::from_millis(20)) {
                Ok(alert) => self.take(&alert),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = self.watch.ms();
            if now >= present_at {
                present_at = now + PRESENT_MS;
                let _ = self.api.post("/api/presence", &json!({ "sound": true }));
            }
            if now >= whole_at {
                whole_at = now + WHOLE_MS;
                self.take_queue();
            }
            self.work(now, closed);
        }
    }

    fn take_queue(&mut self) {
        let Ok(queue) = self.api.get("/api/queue").and_then(|answer| answer.good()) else { return };
        let alerts = queue.get("alerts").and_then(Value::as_array).cloned().unwrap_or_default();
        for alert in &alerts {
            self.take(alert);
        }
    }

    /// Paints and claims an alert that nobody has.
    fn take(&mut self, alert: &Value) {
        let (Ok(id), Ok(state)) = (text(alert, "id"), text(alert, "state")) else { return };
        if state != "open" || self.held.iter().any(|held| held.id == id) {
            return;
        }
        let kind = text(alert, "kind").unwrap_or("").to_owned();
        match self.claim(id) {
            Ok((fence, cursor)) => {
                let now = self.watch.ms();
                let id = id.to_owned();
                self.held.push(Held { id, fence, cursor, kind, since_ms: now, renewed_ms: now });
            }
            Err(trouble) => tracing::debug!("claim {id}: {trouble}"),
        }
    }

    /// The fence of a claim, and the cursor of the alert that was shown with it.
    fn claim(&self, id: &str) -> Outcome<(Value, Value)> {
        self.api.post(&format!("/api/alerts/{id}/visible"), &json!({}))?.good()?;
        let claimed = self.api.post(&format!("/api/alerts/{id}/claim"), &json!({}))?.good()?;
        let told = claimed.get("fence").cloned().zip(claimed.get("cursor").cloned());
        told.ok_or_else(|| Trouble::new("a claim without a fence and a cursor"))
    }

    /// Closes what was held long enough, and keeps the lease of the rest.
    fn work(&mut self, now: u64, closed: &AtomicUsize) {
        let mut kept = Vec::new();
        for mut held in std::mem::take(&mut self.held) {
            if now < held.since_ms + self.hold_ms {
                if now >= held.renewed_ms + 5000 {
                    held.renewed_ms = now;
                    let body = json!({ "fence": held.fence });
                    let _ = self.api.post(&format!("/api/alerts/{}/renew", held.id), &body);
                }
                kept.push(held);
                continue;
            }
            match self.close(&held) {
                Ok(None) => {
                    closed.fetch_add(1, Ordering::AcqRel);
                }
                // Something has joined: it is seen now, and the next look closes.
                Ok(Some(cursor)) => kept.push(Held { cursor, ..held }),
                // The queue tells whether it is still to be done.
                Err(trouble) => tracing::debug!("close {}: {trouble}", held.id),
            }
        }
        self.held.append(&mut kept);
    }

    /// Closes it; a cursor: up to there something has joined that was not seen before.
    fn close(&self, held: &Held) -> Outcome<Option<Value>> {
        let done = json!({ "fence": held.fence, "kind": "call_resident", "result": "connected" });
        self.api.post(&format!("/api/alerts/{}/actions", held.id), &done)?.good()?;
        let outcome = match held.kind.as_str() {
            "help" | "fall" => 2,
            "unverified" | "unreadable" => 7,
            _ => 6,
        };
        let body = json!({ "fence": held.fence, "cursor": held.cursor, "outcome": outcome });
        let answer = self.api.post(&format!("/api/alerts/{}/close", held.id), &body)?;
        let newer = answer.status == 409 && answer.body.get("newer").is_some();
        let cursor = answer.body.get("cursor").filter(|_| newer).cloned();
        if cursor.is_none() {
            answer.good()?;
        }
        Ok(cursor)
    }
}
