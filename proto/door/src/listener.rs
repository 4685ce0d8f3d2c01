//! The TCP and TLS edge: who gets a connection, and for how long before it is somebody.
//!
//! Every handshake and every client is a task of its own, so that one that is silent holds up
//! nobody. A connection is served once the entrance has a place for it; until then it and all behind it
//! wait in the system's queue. Not here: who has a place (`admission`), what a client says (`session`).

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::connection::{self, Caller};
use crate::entrance::{Leave, Ticket};
use crate::inside::{Edge, Inside, Rule};
use crate::line::Line;
use crate::tls;
use crate::workers::End;

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

/// A connection that has a place.
struct Arrived {
    stream: TcpStream,
    peer: SocketAddr,
    own: bool,
    line: Arc<Line>,
    ticket: Ticket,
}

/// The next connection, as soon as there is a place for it.
async fn next(socket: &TcpListener, inside: &Arc<Inside>) -> Arrived {
    let (stream, peer) = loop {
        match socket.accept().await {
            Ok(accepted) => break accepted,
            Err(error) => {
                // Whoever has said nothing yet gives its handle back.
                tracing::warn!(%error, "cannot accept a connection, raise the limit of open files");
                inside.count(|counters| counters.accept_failures += 1);
                inside.entrance.press();
                sleep(ACCEPT_PAUSE).await;
            }
        }
    };
    let own = own(&stream, peer);
    let line = Arc::new(Line::new(inside.limits.down_waiting));
    let holder = Arc::clone(&line) as Arc<dyn Leave>;
    let ticket = if own && inside.pulse.calls_from(peer.port()) {
        inside.entrance.own_place(peer.ip(), holder)
    } else {
        inside.entrance.place(peer.ip(), holder).await
    };
    Arrived { stream, peer, own, line, ticket }
}

/// What a listener needs of its door, in each of its lives.
pub(crate) type Rest = (Edge, Arc<Inside>, watch::Receiver<bool>, watch::Sender<bool>);

/// The same port again where the first listener has fallen.
pub(crate) async fn again(address: SocketAddr, first: Option<TcpListener>, rest: Rest) -> End {
    let socket = match first.map_or_else(|| listen(address), Ok) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::error!(%address, %error, "the door cannot listen again");
            return End::Unasked;
        }
    };
    let (edge, inside, closing, done) = rest;
    run(socket, edge, inside, closing, done).await;
    End::Asked
}

/// Accepts until told to close, then waits for all sessions to end.
async fn run(
    socket: TcpListener,
    edge: Edge,
    inside: Arc<Inside>,
    mut closing: watch::Receiver<bool>,
    done: watch::Sender<bool>,
) {
    let acceptor = match edge {
        Edge::Plain { .. } | Edge::Household(None) => None,
        Edge::Tls(config) | Edge::Household(Some(config)) => Some(TlsAcceptor::from(config)),
    };
    let mut clients = JoinSet::new();
    {
        let coming = next(&socket, &inside);
        tokio::pin!(coming);
        loop {
            tokio::select! {
                arrived = &mut coming => {
                    welcome(arrived, acceptor.as_ref(), &inside, &mut clients);
                    coming.set(next(&socket, &inside));
                }
                Some(_) = clients.join_next() => {}
                () = told_to_close(&mut closing) => break,
            }
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
    arrived: Arrived,
    acceptor: Option<&TlsAcceptor>,
    inside: &Arc<Inside>,
    clients: &mut JoinSet<()>,
) {
    inside.count(|counters| counters.accepted += 1);
    // Without it a PUBACK may wait 40 ms for company; where it cannot be set, all still works.
    let _ = arrived.stream.set_nodelay(true);
    let inside = Arc::clone(inside);
    match acceptor {
        None => {
            let Arrived { stream, peer, own, line, ticket } = arrived;
            let caller = Caller { peer, own, certificate: None };
            clients.spawn(connection::serve(stream, caller, (ticket, line), inside));
        }
        Some(acceptor) => {
            clients.spawn(handshake(acceptor.clone(), arrived, inside));
        }
    }
}

/// Whether a caller is this machine calling itself.
fn own(stream: &TcpStream, peer: SocketAddr) -> bool {
    peer.ip().is_loopback() || stream.local_addr().is_ok_and(|local| local.ip() == peer.ip())
}

async fn handshake(acceptor: TlsAcceptor, arrived: Arrived, inside: Arc<Inside>) {
    let Arrived { stream, peer, own, line, ticket } = arrived;
    let limit = inside.limits.handshake;
    let secured = async {
        let mut looked = false;
        poll_fn(|cx| {
            let ready = stream.poll_read_ready(cx);
            if ready.is_pending() && !std::mem::replace(&mut looked, true) {
                ticket.looked();
            }
            ready
        })
        .await?;
        if looked {
            ticket.heard();
        }
        acceptor.accept(stream).await
    };
    let secured = Box::pin(timeout(limit, secured));
    let secured = tokio::select! {
        secured = secured => secured,
        () = line.crowded() => return,
    };
    let Ok(Ok(stream)) = secured else {
        inside.count(|counters| counters.denied += 1);
        return;
    };
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let certificate = shown.and_then(tls::paper::read).map(|paper| paper.certificate);
    if certificate.is_none() && !own && inside.rule == Rule::Certified {
        inside.count(|counters| counters.denied += 1);
        return;
    }
    let caller = Caller { peer, own, certificate: certificate.map(Box::new) };
    connection::serve(Box::new(stream), caller, (ticket, line), inside).await;
}
