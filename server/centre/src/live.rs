//! The stream's heart: each change of the queue is made into bytes once and told to every screen.
//!
//! A *change* has a cursor, which the database gave it in commit order. Publishers may come late or
//! out of order, and a slow screen may miss some: nothing depends on this room for completeness.
//! A reader that sees its next cursor missing reads the rows instead (`routes::stream`), so there is
//! no gap and no reorder whatever happens here. Not here: reading rows, HTTP, who may listen.

pub mod evidence;
pub mod fold;
pub mod names;
pub mod read;
pub mod view;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use tokio::sync::{broadcast, watch};

use crate::live::view::AlertView;

/// Changes that a screen may lag behind before it reads the rows instead.
const BACKLOG: usize = 8192;

/// One change of the queue, just committed.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its number in commit order.
    pub cursor: i64,
    /// The alert as it is now, its cursor this change's. None: a name is not in memory, and each
    /// screen's reader reads the row.
    pub view: Option<AlertView>,
}

/// A change as it goes over the wire, shared by all screens.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its number in commit order.
    pub cursor: i64,
    /// The event's bytes; none means "read the rows".
    pub bytes: Option<Bytes>,
}

/// Tells every screen what changed. Clone freely.
#[derive(Debug, Clone)]
pub struct Live {
    told: broadcast::Sender<Told>,
    newest: Arc<AtomicI64>,
    glass: watch::Sender<u64>,
}

impl Live {
    /// A stream that continues after the cursor `newest` that the database holds.
    pub fn new(newest: i64) -> Self {
        let newest = Arc::new(AtomicI64::new(newest));
        Self { told: broadcast::Sender::new(BACKLOG), newest, glass: watch::Sender::default() }
    }

    /// Tells all screens of a committed change. Cheap and never blocks.
    pub fn publish(&self, change: Change) {
        let bytes = change.view.as_ref().and_then(event);
        self.newest.fetch_max(change.cursor, Ordering::AcqRel);
        // Nobody listening is no error: the next reader starts from the rows.
        let _ = self.told.send(Told { cursor: change.cursor, bytes });
    }

    /// Highest cursor published so far.
    pub fn newest(&self) -> i64 {
        self.newest.load(Ordering::Acquire)
    }

    /// Something was opened without an alert in hand, or a supervisor has seen that: whoever is told of it reads anew.
    pub fn opened(&self) {
        self.glass.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Hears whenever that happens.
    pub fn openings(&self) -> watch::Receiver<u64> {
        self.glass.subscribe()
    }

    /// From now on, hears every change.
    pub fn listen(&self) -> broadcast::Receiver<Told> {
        self.told.subscribe()
    }
}

/// One alert as an event of the stream.
pub fn event(view: &AlertView) -> Option<Bytes> {
    let mut text = format!("event: alert\nid: {}\ndata: ", view.cursor).into_bytes();
    serde_json::to_writer(&mut text, view).ok()?;
    text.extend_from_slice(b"\n\n");
    Some(text.into())
}
