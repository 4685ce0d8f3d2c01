//! Drives one lane: the session's actions become reads, sendings and marks; its timers are the runtime's.
//!
//! The emergency lane connects first; telemetry waits for it, so that the two proofs of one box reach
//! the server in order. Not here: decisions (`uplink`), MQTT (`transport`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use door::workers::caught;
use minicbor::bytes::ByteSlice;
use proto::frame::Lane;
use proto::id::BootId;
use proto::key::HopKey;
use proto::relay::{GatewayDown, Kept, Mark, Relay, RelayKind};
use proto::unit::Millis;
use tokio::sync::{mpsc, watch};

use super::renewal::Order;
use super::transport::{Endpoint, Link, LinkEvent};
use super::{Action, Bells, Session};
use crate::clock::Clock;
use crate::event::Event;
use crate::spool::{Again, Reached, Reader, RowId, Spool, Turn, Waiting};

/// Events of a link that wait for the session.
const EVENTS: usize = 128;
/// Marks are gathered this long: a mark lost in a crash means a second sending, nothing worse.
const MARK_EVERY: Duration = Duration::from_millis(50);
/// A lane turns at least so often, also while it waits for the other one.
pub const TURNS: Duration = Duration::from_secs(5);

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
    /// What the server has said over the present emergency link of what it has, for each lane.
    pub turns: [watch::Sender<Option<Turn>>; 2],
}

impl Uplink {
    /// A lane has fallen: its link is gone, and whoever relies on it hears so.
    pub async fn fallen(&self, lane: Lane) {
        if lane == Lane::Emergency {
            self.emergency_up.send_replace(false);
            for turn in &self.turns {
                turn.send_replace(None);
            }
        }
        // Fails only while the box stops.
        let _ = self.events.send(Event::Uplink(lane, false)).await;
    }
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
    let mut turns = shared.turns[lane as usize].subscribe();
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
            Ok(()) = turns.changed() => driver.turn(),
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
                if tokio::task::block_in_place(|| self.shared.spool.expects(self.lane)) {
                    self.session.handle_expecting(now);
                }
                self.last_failure.clear();
                self.turn();
                self.tell_link(true).await;
            }
            LinkEvent::Acked => self.session.handle_acked(now),
            LinkEvent::Word(bytes) => {
                self.reached(&bytes);
                self.post(Event::Told(bytes)).await;
            }
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
                Action::Send(waiting) => self.send(self.envelope(&waiting)).await,
                Action::ReadAgain(limit) => match self.reader.again(self.lane, limit) {
                    Ok(rows) => self.session.handle_again(self.shared.clock.now(), rows),
                    Err(error) => {
                        self.lose(&error.to_string()).await;
                        tokio::task::block_in_place(|| self.shared.spool.failed(error));
                    }
                },
                Action::SendAgain(again) => self.send(self.envelope_again(&again)).await,
                Action::AgainDone => {
                    // A span that stays open is looked through once more after the next start.
                    let done =
                        tokio::task::block_in_place(|| self.shared.spool.span_done(self.lane));
                    drop(done.inspect_err(|error| tracing::warn!(%error, "span stays open")));
                }
                Action::Mark => match self.position() {
                    Some(bytes) => self.send(bytes).await,
                    None => self.lose("the server has not said what it has").await,
                },
            }
        }
    }

    async fn send(&mut self, bytes: Vec<u8>) {
        if !self.link.as_ref().is_some_and(|link| link.send(bytes)) {
            self.lose("the link takes nothing").await;
        }
    }

    /// Hears what the server has of each lane, before anything else of this link can happen.
    fn reached(&self, bytes: &Bytes) {
        let Some(GatewayDown::Reached { lane, line, spool, through, restored }) = read_word(bytes)
        else {
            return;
        };
        let lane = match lane {
            0 => Lane::Emergency,
            1 => Lane::Telemetry,
            _ => return,
        };
        let told = Reached { line, spool, through: through.get(), restored };
        let now = self.shared.clock.now();
        match tokio::task::block_in_place(|| self.shared.spool.reached(now, lane, &told)) {
            Ok(turn) => {
                tracing::info!(?lane, ?told, "the server has said what it has");
                self.shared.turns[lane as usize].send_replace(Some(turn));
            }
            Err(error) => tracing::error!(%error, "what the server has cannot be noted"),
        }
    }

    /// The server has said what it has of this lane, or that counts no longer.
    fn turn(&mut self) {
        let turn = *self.shared.turns[self.lane as usize].borrow();
        match turn {
            Some(_) => self.session.handle_told(self.shared.clock.now()),
            None => self.session.handle_untold(),
        }
    }

    /// The mark of this moment, noted before it goes.
    fn position(&self) -> Option<Vec<u8>> {
        let Turn { line, spool, aside } = (*self.shared.turns[self.lane as usize].borrow())?;
        let noted = tokio::task::block_in_place(|| self.shared.spool.told(self.lane, line));
        noted.ok()?;
        let through = Millis::new(self.shared.clock.now().millis());
        Some(kept(Millis::default(), &Kept::Mark(Mark { line, spool, through, aside })))
    }

    async fn connect(&mut self) {
        if self.lane == Lane::Telemetry {
            let mut up = self.shared.emergency_up.subscribe();
            loop {
                match tokio::time::timeout(TURNS, up.wait_for(|up| *up)).await {
                    Ok(Ok(_)) => break,
                    Ok(Err(_)) => return,
                    Err(_) => {}
                }
            }
        }
        let password = self.shared.endpoint.needs_password().then(|| {
            let counter = self.shared.proofs.fetch_add(1, Ordering::Relaxed) + 1;
            let proof = self.shared.hop.connect_proof(self.shared.boot, counter);
            hex::encode(proof)
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
        if self.lane == Lane::Emergency {
            for turn in &self.shared.turns {
                turn.send_replace(None);
            }
        }
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
            let mark = async {
                tokio::task::block_in_place(|| shared.spool.mark_sent(shared.clock.now(), &rows))
            };
            // Whatever became of it, the lane hears, or it would never mark again.
            let done = caught(mark).await.is_ok_and(|done| done.is_ok());
            let _ = marked.send(if done { rows } else { Vec::new() }).await;
        });
    }

    fn wait(&self) -> Duration {
        let now = self.shared.clock.now();
        let until = self.session.poll_timeout().map_or(1_000, |at| at.since(now).get());
        Duration::from_millis(until.min(1_000))
    }

    fn envelope_again(&self, Again { waiting, ended }: &Again) -> Vec<u8> {
        let Some(at) = ended else { return self.envelope(waiting) };
        let now = self.shared.clock.now();
        let (ago, at) = (now.since(*at), Millis::new(at.millis()));
        let frame: &ByteSlice = waiting.bytes.as_slice().into();
        kept(now.since(waiting.stored), &Kept::Ended { at, ago, frame })
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

/// An envelope around a word of the box about its own store.
fn kept(age: Millis, word: &Kept<'_>) -> Vec<u8> {
    let mut inner = Vec::new();
    let mut out = Vec::new();
    // Encoding into memory cannot fail.
    let _ = minicbor::encode(word, &mut inner);
    let bytes: &ByteSlice = inner.as_slice().into();
    let _ = minicbor::encode(Relay { kind: RelayKind::Kept, age, bytes }, &mut out);
    out
}

/// Waits until the box stops.
async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    // An error means that whoever could say so is gone, which says the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A word of the server, read.
pub fn read_word(bytes: &Bytes) -> Option<GatewayDown<'_>> {
    GatewayDown::read(bytes).ok()
}

/// A random number for jitter; without a source of randomness, none.
fn random() -> u64 {
    getrandom::u64().unwrap_or(0)
}
