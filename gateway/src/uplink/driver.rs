//! Drives one lane: the session's actions become reads, sendings and marks; its timers are the runtime's.
//!
//! The emergency lane connects first; telemetry waits for it, so that the two proofs of one box reach
//! the server in order. Not here: decisions (`uplink`), MQTT (`transport`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use minicbor::bytes::ByteSlice;
use proto::frame::Lane;
use proto::id::BootId;
use proto::key::HopKey;
use proto::relay::Relay;
use tokio::sync::{mpsc, watch};

use super::renewal::Order;
use super::transport::{Endpoint, Link, LinkEvent};
use super::{Action, Bells, Session};
use crate::clock::Clock;
use crate::event_loop::Event;
use crate::spool::{Reader, RowId, Spool, Waiting};

/// Events of a link that wait for the session.
const EVENTS: usize = 128;
/// Marks are gathered this long: a mark lost in a crash means a second sending, nothing worse.
const MARK_EVERY: Duration = Duration::from_millis(50);

/// What both lanes share.
pub struct Uplink {
    /// The store.
    pub spool: Spool,
    /// Its time.
    pub clock: Clock,
    /// Rung when rows are on disk.
    pub bells: Bells,
    /// Where the server is.
    pub endpoint: Endpoint,
    /// The box's own `K_hop`, for connect proofs.
    pub hop: HopKey,
    /// This start of the box.
    pub boot: BootId,
    /// Connect proofs made in this boot.
    pub proofs: AtomicU32,
    /// Where words of the server and changes of the link go.
    pub events: mpsc::Sender<Event>,
    /// Whether the emergency lane is up.
    pub emergency_up: watch::Sender<bool>,
    /// What the box's next certificate needs of the lanes.
    pub orders: watch::Sender<Order>,
}

struct Driver {
    shared: Arc<Uplink>,
    lane: Lane,
    session: Session,
    reader: Reader,
    link: Option<Link>,
    links: u64,
    inbox: mpsc::Sender<(u64, LinkEvent)>,
    marking: bool,
    /// Why the last attempt failed, so that each reason is logged once.
    last_failure: String,
}

/// Runs one lane until `stop` is true; what the server has is marked before it returns.
pub async fn run(shared: Arc<Uplink>, lane: Lane, reader: Reader, mut stop: watch::Receiver<bool>) {
    let (inbox, mut events) = mpsc::channel(EVENTS);
    let (marked, mut marks) = mpsc::channel::<Vec<RowId>>(1);
    let bell = Arc::clone(shared.bells.of(lane));
    let session = Session::new(lane, shared.clock.now());
    let mut orders = shared.orders.subscribe();
    let mut driver = Driver {
        shared,
        lane,
        session,
        reader,
        link: None,
        links: 0,
        inbox,
        marking: false,
        last_failure: String::new(),
    };
    loop {
        tokio::select! {
            () = driver.act() => {}
            () = told_to_stop(&mut stop) => break,
        }
        driver.mark(&marked);
        let wait = driver.wait();
        tokio::select! {
            biased;
            () = told_to_stop(&mut stop) => break,
            Some((number, event)) = events.recv() => driver.hear(number, event).await,
            Ok(()) = orders.changed() => {
                let order = orders.borrow_and_update().clone();
                driver.obey(order).await;
            }
            () = bell.notified() => driver.session.handle_rows_stored(driver.shared.clock.now(), random()),
            Some(rows) = marks.recv() => {
                driver.marking = false;
                driver.session.handle_marked(&rows);
            }
            () = tokio::time::sleep(wait) => driver.session.handle_timeout(driver.shared.clock.now()),
        }
    }
    let rows = driver.session.to_mark();
    let now = driver.shared.clock.now();
    // What stays unmarked is sent once more after the next start.
    let _ = tokio::task::block_in_place(|| driver.shared.spool.mark_sent(now, &rows));
}

impl Driver {
    async fn hear(&mut self, number: u64, event: LinkEvent) {
        if number != self.links || self.link.is_none() {
            return;
        }
        let now = self.shared.clock.now();
        match event {
            LinkEvent::Up => {
                self.session.handle_connected(now);
                self.last_failure.clear();
                self.tell_link(true).await;
            }
            LinkEvent::Acked => self.session.handle_acked(now),
            LinkEvent::Word(bytes) => self.post(Event::Told(bytes)).await,
            LinkEvent::Lost(why) => self.lose(&why).await,
        }
    }

    /// Does for the box's certificate what is this lane's part.
    async fn obey(&mut self, order: Order) {
        match order {
            Order::Petition(lane, envelope) if lane == self.lane && self.session.is_up() => {
                // Without an answer it is asked again, so a link that takes nothing loses nothing.
                let _ = self.link.as_ref().map(|link| link.send_aside(envelope));
            }
            Order::Prove if self.lane == Lane::Telemetry && self.session.is_up() => {
                self.lose("connecting with new papers").await;
            }
            Order::None | Order::Petition(..) | Order::Prove => {}
        }
    }

    async fn act(&mut self) {
        while let Some(action) = self.session.next_action() {
            match action {
                Action::Connect => self.connect().await,
                Action::Disconnect => self.lose("the server acknowledges nothing").await,
                Action::Read(after, limit) => match self.reader.waiting(self.lane, after, limit) {
                    Ok(rows) => self.session.handle_rows(self.shared.clock.now(), rows, limit),
                    Err(error) => {
                        self.lose(&error.to_string()).await;
                        tokio::task::block_in_place(|| self.shared.spool.failed(error));
                    }
                },
                Action::Send(waiting) => {
                    let bytes = self.envelope(&waiting);
                    if !self.link.as_ref().is_some_and(|link| link.send(bytes)) {
                        self.lose("the link takes nothing").await;
                    }
                }
            }
        }
    }

    async fn connect(&mut self) {
        if self.lane == Lane::Telemetry {
            let mut up = self.shared.emergency_up.subscribe();
            if up.wait_for(|up| *up).await.is_err() {
                return;
            }
        }
        let password = self.shared.endpoint.needs_password().then(|| {
            let counter = self.shared.proofs.fetch_add(1, Ordering::Relaxed) + 1;
            let proof = self.shared.hop.connect_proof(self.shared.boot, counter);
            proof.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        });
        self.links += 1;
        let link =
            self.shared.endpoint.connect(self.lane, password, self.links, self.inbox.clone());
        self.link = Some(link);
    }

    async fn lose(&mut self, why: &str) {
        let was_up = self.session.is_up();
        self.link = None;
        let urgent = self.lane == Lane::Emergency
            && self.reader.waiting(self.lane, RowId::START, 1).is_ok_and(|rows| !rows.is_empty());
        // What the server has is marked first, so that the rows read next are those that it has not.
        let rows = self.session.to_mark();
        let now = self.shared.clock.now();
        if tokio::task::block_in_place(|| self.shared.spool.mark_sent(now, &rows)).is_ok() {
            self.session.handle_marked(&rows);
        }
        self.session.handle_lost(now, urgent, random());
        if was_up {
            tracing::warn!(lane = ?self.lane, why, "uplink lost");
            self.tell_link(false).await;
        } else if why != self.last_failure {
            tracing::warn!(lane = ?self.lane, why, "uplink not reached, trying on");
            why.clone_into(&mut self.last_failure);
        }
    }

    async fn tell_link(&mut self, up: bool) {
        if self.lane == Lane::Emergency {
            self.shared.emergency_up.send_replace(up);
        }
        if up {
            tracing::info!(lane = ?self.lane, "uplink is up");
        }
        self.post(Event::Uplink(self.lane, up)).await;
    }

    async fn post(&mut self, event: Event) {
        // Fails only while the box stops.
        let _ = self.shared.events.send(event).await;
    }

    /// Starts marking what the server has, unless that is under way.
    fn mark(&mut self, marked: &mpsc::Sender<Vec<RowId>>) {
        let rows = self.session.to_mark();
        if self.marking || rows.is_empty() {
            return;
        }
        self.marking = true;
        let (shared, marked) = (Arc::clone(&self.shared), marked.clone());
        tokio::spawn(async move {
            tokio::time::sleep(MARK_EVERY).await;
            let done =
                tokio::task::block_in_place(|| shared.spool.mark_sent(shared.clock.now(), &rows));
            let _ = marked.send(if done.is_ok() { rows } else { Vec::new() }).await;
        });
    }

    fn wait(&self) -> Duration {
        let now = self.shared.clock.now();
        let until = self.session.poll_timeout().map_or(1_000, |at| at.since(now).get());
        Duration::from_millis(until.min(1_000))
    }

    fn envelope(&self, waiting: &Waiting) -> Vec<u8> {
        let age = self.shared.clock.now().since(waiting.stored);
        let bytes: &ByteSlice = waiting.bytes.as_slice().into();
        let mut out = Vec::with_capacity(waiting.bytes.len() + 16);
        // Encoding into memory cannot fail.
        let _ = minicbor::encode(Relay { kind: waiting.kind, age, bytes }, &mut out);
        out
    }
}

/// Waits until the box stops.
async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    // An error means that whoever could say so is gone, which says the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A word of the server, read.
pub fn read_word(bytes: &Bytes) -> Option<proto::relay::GatewayDown<'_>> {
    minicbor::decode(bytes).ok()
}

/// A random number for jitter; without a source of randomness, none.
fn random() -> u64 {
    getrandom::u64().unwrap_or(0)
}
