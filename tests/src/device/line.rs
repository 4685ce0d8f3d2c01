//! The link of a simulated device: one task that owns the connection, and a spy that reads along.
//!
//! The spy holds the device's keys, so it can tell the book-keeper which press was named and which
//! receipt came, from the very bytes on the wire. A press is dated by the moment it was felt.
//! Not here: when to connect or repeat, which the core decides.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use firmware::body::{FromLink, Introduction, Mqtt};
use firmware::device::{LinkEvent, Token};
use proto::down::{Down, DownBuf, DownSeal};
use proto::frame::{Class, Header};
use proto::id::{KeyEpoch, PressId};
use proto::seat::{STRANGER_LOGIN, Seat};
use proto::topic::Topic;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch as latest;

use crate::clock::Watch;
use crate::device::{Notice, Seen, Shelf};
use crate::enrol::Enrolled;
use crate::mqtt::{Link, Login, Refusal, Said};
use crate::trouble::Outcome;

/// Seconds between pings, and of keep-alive.
const KEEP_ALIVE_S: u16 = 20;
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// When presses were felt that have no name yet, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Felt(Shelf<VecDeque<u64>>);

impl Felt {
    pub(super) fn push(&self, at_us: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(at_us);
    }

    pub(super) fn waiting(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn pop(&self) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// Reads along.
pub(super) struct Spy {
    of: Enrolled,
    watch: Watch,
    notices: UnboundedSender<Notice>,
    felt: Felt,
    named: BTreeSet<PressId>,
    seals: Vec<DownSeal>,
}

/// Epochs that one reads along with, from the first on: keys change once or twice in a run.
const EPOCHS: u16 = 4;

impl Spy {
    pub(super) fn new(
        of: &Enrolled,
        watch: Watch,
        notices: UnboundedSender<Notice>,
        felt: Felt,
    ) -> Self {
        let epochs = (0..EPOCHS).map(|n| KeyEpoch::new(of.epoch.get().saturating_add(n)));
        let seals = epochs.flat_map(|epoch| {
            [DownSeal::gateway(&of.key.hop(epoch)), DownSeal::server(&of.key.end(epoch))]
        });
        let (of, named, seals) = (of.clone(), BTreeSet::new(), seals.collect());
        Self { of, watch, notices, felt, named, seals }
    }

    fn said(&mut self, frame: &[u8]) {
        let Ok((header, _)) = Header::parse(frame) else { return };
        if header.class == Class::Emergency && self.named.insert(header.id) {
            let at_us = self.felt.pop().unwrap_or_else(|| self.watch.us());
            self.tell(at_us, Seen::Pressed(header.id));
        }
    }

    fn heard(&self, bytes: &[u8]) {
        let at_us = self.watch.us();
        for seal in &self.seals {
            if let Ok(Down::Receipt(receipt)) = seal.open(self.of.device, bytes) {
                self.tell(at_us, Seen::Receipt(receipt));
            }
        }
    }

    fn tell(&self, at_us: u64, seen: Seen) {
        // Nobody may be keeping the book.
        let _ = self.notices.send(Notice { device: self.of.device, at_us, seen });
    }
}

/// A publication on its way to the connection's task.
struct Outgoing {
    token: Token,
    topic: String,
    frame: Bytes,
}

/// One connection's ends on the body's side.
struct Open {
    out: UnboundedSender<Outgoing>,
    events: UnboundedReceiver<FromLink>,
    task: tokio::task::AbortHandle,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The link.
pub(super) struct Line {
    door: SocketAddr,
    spy: Spy,
    let_in: Arc<latest::Sender<bool>>,
    open: Option<Open>,
}

impl Line {
    /// `let_in`: told once the gateway has let the device in under its own name.
    pub(super) const fn new(door: SocketAddr, spy: Spy, let_in: Arc<latest::Sender<bool>>) -> Self {
        Self { door, spy, let_in, open: None }
    }
}

impl Mqtt for Line {
    fn connect(&mut self, who: Introduction) {
        let (out, orders) = unbounded_channel();
        let (tell, events) = unbounded_channel();
        let let_in = Arc::clone(&self.let_in);
        let task = tokio::spawn(run(self.door, who, orders, (tell, let_in))).abort_handle();
        self.open = Some(Open { out, events, task });
    }

    fn disconnect(&mut self) {
        self.open = None;
    }

    fn publish(&mut self, token: Token, topic: Topic, frame: &[u8]) {
        self.spy.said(frame);
        if let Some(open) = &self.open {
            let (topic, frame) = (topic.to_string(), Bytes::copy_from_slice(frame));
            // A connection that has just broken takes nothing more; the core repeats.
            let _ = open.out.send(Outgoing { token, topic, frame });
        }
    }

    async fn next(&mut self) -> FromLink {
        let Some(open) = &mut self.open else { return std::future::pending().await };
        let Some(event) = open.events.recv().await else {
            self.open = None;
            return FromLink::Event(LinkEvent::Down);
        };
        if let FromLink::Down(bytes) = &event {
            self.spy.heard(bytes);
        }
        event
    }
}

/// Connects, serves until the connection breaks; the end of the channel tells that it did.
async fn run(
    door: SocketAddr,
    who: Introduction,
    mut orders: UnboundedReceiver<Outgoing>,
    (tell, let_in): (UnboundedSender<FromLink>, Arc<latest::Sender<bool>>),
) {
    let inside = Some(let_in).filter(|_| matches!(who.seat, Seat::Device(_)));
    let user = match who.seat {
        Seat::Device(device) => device.to_string(),
        Seat::Stranger(_) | Seat::Gateway(..) => STRANGER_LOGIN.to_owned(),
    };
    let login = Login {
        client: who.seat.to_string(),
        user,
        password: who.password.map(|proof| proof.to_vec()),
        keep_alive_s: KEEP_ALIVE_S,
    };
    match tokio::time::timeout(CONNECT, Link::plain(door, &login)).await {
        Ok(Ok(link)) => {
            if let Err(trouble) = serve(link, who.subscribe, &mut orders, (&tell, inside)).await {
                tracing::debug!("link of {}: {trouble}", login.client);
            }
        }
        Ok(Err(Refusal::Code(code))) => {
            let _ = tell.send(FromLink::Event(LinkEvent::Refused(code)));
            // The core decides what comes next; until then the channel stays open and silent.
            std::future::pending::<()>().await;
        }
        Ok(Err(Refusal::Trouble(_))) | Err(_) => {}
    }
}

async fn serve(
    mut link: Link<tokio::net::TcpStream>,
    subscribe: Option<Topic>,
    orders: &mut UnboundedReceiver<Outgoing>,
    (tell, inside): (&UnboundedSender<FromLink>, Option<Arc<latest::Sender<bool>>>),
) -> Outcome {
    if let Some(topic) = subscribe {
        link.subscribe(&topic.to_string()).await?;
        // The next word is SUBACK, or the first message that overtakes it.
        if let Said::Told(word) = link.next().await? {
            hand_on(&word, tell)?;
        }
    }
    tell.send(FromLink::Event(LinkEvent::Up))?;
    if let Some(inside) = inside {
        inside.send_replace(true);
    }
    let mut flying: Vec<(u16, Token)> = Vec::new();
    let mut pings = tokio::time::interval(Duration::from_secs(u64::from(KEEP_ALIVE_S) / 2));
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some(Outgoing { token, topic, frame }) = order else { return Ok(()) };
                flying.push((link.publish(&topic, frame), token));
                link.flush().await?;
            }
            said = link.next() => match said? {
                Said::Acked(packet) => {
                    if let Some(n) = flying.iter().position(|(flies, _)| *flies == packet) {
                        let (_, token) = flying.swap_remove(n);
                        tell.send(FromLink::Event(LinkEvent::Acked(token)))?;
                    }
                }
                Said::Told(word) => hand_on(&word, tell)?,
                Said::Other => {}
            },
            _ = pings.tick() => link.ping().await?,
        }
    }
}

fn hand_on(word: &[u8], tell: &UnboundedSender<FromLink>) -> Outcome {
    if let Ok(bytes) = DownBuf::from_slice(word) {
        tell.send(FromLink::Down(bytes))?;
    }
    Ok(())
}
