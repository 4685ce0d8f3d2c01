//! The TCP and TLS edge: who gets a connection, and for how long before it is somebody.
//!
//! Every handshake and every client is a task of its own, so that one that is silent holds up
//! nobody. *Entrance* counts: in all, with a reserve above for emergencies, and per address while
//! a caller is nobody yet. Not here: what a client says (`connection`, `session`).

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proto::unit::Millis;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::connection::{self, Caller};
use crate::door::{Edge, Inside};
use crate::limits::Limits;
use crate::tls;

/// Connections that may wait to be accepted: a whole district that comes back at once.
const BACKLOG: u32 = 8_192;
/// Rest after the system had no descriptor for a new connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
/// How long sessions may take to say goodbye when the door closes.
const GOODBYES: Duration = Duration::from_secs(2);

/// Listens; the address can be taken again at once after a restart.
pub(crate) fn listen(bind: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if bind.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(bind)?;
    socket.listen(BACKLOG)
}

#[derive(Default)]
struct Counted {
    open: usize,
    nobody_yet: HashMap<IpAddr, usize>,
}

/// Counts connections.
#[derive(Default)]
pub(crate) struct Entrance(Mutex<Counted>);

impl Entrance {
    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn let_in(&self, address: IpAddr, limits: &Limits) -> bool {
        let mut counted = self.lock();
        let here = counted.nobody_yet.get(&address).copied().unwrap_or(0);
        let room = counted.open < limits.connections.saturating_add(limits.reserve)
            && here < limits.unadmitted_per_address;
        if room {
            counted.open += 1;
            counted.nobody_yet.insert(address, here + 1);
        }
        room
    }

    fn admitted(&self, address: IpAddr) {
        let mut counted = self.lock();
        if let Some(here) = counted.nobody_yet.get_mut(&address) {
            *here -= 1;
            if *here == 0 {
                counted.nobody_yet.remove(&address);
            }
        }
    }

    /// Connections open now.
    pub(crate) fn open(&self) -> u64 {
        u64::try_from(self.lock().open).unwrap_or(u64::MAX)
    }

    /// Whether only the reserve is left, which is for emergencies.
    pub(crate) fn crowded(&self, limits: &Limits) -> bool {
        self.lock().open > limits.connections
    }
}

/// The place of one connection; given back when dropped.
pub(crate) struct Ticket {
    inside: Arc<Inside>,
    address: IpAddr,
    nobody_yet: bool,
}

impl Ticket {
    fn take(inside: &Arc<Inside>, address: IpAddr) -> Option<Self> {
        inside.entrance.let_in(address, &inside.limits).then(|| Self {
            inside: Arc::clone(inside),
            address,
            nobody_yet: true,
        })
    }

    /// Its holder is somebody now and no longer counts for its address.
    pub(crate) fn admitted(&mut self) {
        if std::mem::take(&mut self.nobody_yet) {
            self.inside.entrance.admitted(self.address);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.admitted();
        self.inside.entrance.lock().open -= 1;
    }
}

/// Accepts until told to close, then waits for all sessions to end.
pub(crate) async fn run(
    socket: TcpListener,
    edge: Edge,
    inside: Arc<Inside>,
    mut closing: watch::Receiver<bool>,
    done: watch::Sender<bool>,
) {
    let acceptor = match edge {
        Edge::Plain { .. } => None,
        Edge::Tls(config) => Some(TlsAcceptor::from(config)),
    };
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, peer)) => welcome(stream, peer, acceptor.as_ref(), &inside, &mut clients),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection, raise the limit of open files");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = clients.join_next() => {}
            () = told_to_close(&mut closing) => break,
        }
    }
    drop(socket);
    inside.roster.close();
    let goodbyes = async { while clients.join_next().await.is_some() {} };
    if timeout(GOODBYES, goodbyes).await.is_err() {
        clients.shutdown().await;
    }
    done.send_replace(true);
}

/// Waits for the word to close; a door that nobody holds any more closes too.
pub(crate) async fn told_to_close(closing: &mut watch::Receiver<bool>) {
    let _ = closing.wait_for(|closing| *closing).await;
}

fn welcome(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<&TlsAcceptor>,
    inside: &Arc<Inside>,
    clients: &mut JoinSet<()>,
) {
    let Some(ticket) = Ticket::take(inside, peer.ip()) else {
        inside.count(|counters| counters.turned_away += 1);
        return;
    };
    inside.count(|counters| counters.accepted += 1);
    // Without it a PUBACK may wait 40 ms for company; where it cannot be set, all still works.
    let _ = stream.set_nodelay(true);
    let inside = Arc::clone(inside);
    match acceptor {
        None => {
            let caller = Caller { peer, own: own(&stream, peer), certificate: None };
            clients.spawn(connection::serve(stream, caller, ticket, inside));
        }
        Some(acceptor) => {
            let acceptor = acceptor.clone();
            clients.spawn(handshake(acceptor, stream, peer, ticket, inside));
        }
    }
}

/// Whether a caller is this machine calling itself.
fn own(stream: &TcpStream, peer: SocketAddr) -> bool {
    peer.ip().is_loopback() || stream.local_addr().is_ok_and(|local| local.ip() == peer.ip())
}

async fn handshake(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
    ticket: Ticket,
    inside: Arc<Inside>,
) {
    let own = own(&stream, peer);
    let limit = inside.limits.handshake;
    let secured = Box::pin(timeout(limit, acceptor.accept(stream))).await;
    let Ok(Ok(stream)) = secured else {
        inside.count(|counters| counters.denied += 1);
        return;
    };
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let certificate = shown.and_then(tls::paper::read).map(|paper| paper.certificate);
    if certificate.is_none() && !own {
        inside.count(|counters| counters.denied += 1);
        return;
    }
    let caller = Caller { peer, own, certificate: certificate.map(Box::new) };
    connection::serve(Box::new(stream), caller, ticket, inside).await;
}

/// A span as the runtime wants it.
pub(crate) fn span(duration: Duration) -> Millis {
    Millis::new(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
