//! The listener of the console: who has a connection, and for how long before a request is whole.
//!
//! A head, a rest between requests, a body and an answer that is not taken each have their time. Whoever
//! sends a request of a live session has proved itself and keeps its connection; all others stand on the
//! porch, where the silent make room. Not here: what is answered (`router`).

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use door::admission::Rules;
use door::{Entrance, Exit, Leave};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_stream::Stream;
use tower::ServiceExt;

use super::address::{Astray, Here};
use super::certificate::Certificate;
use super::patient::Patient;
use crate::session::Caller;

/// Time for a request's head, also for the rest before it begins.
const HEAD: Duration = Duration::from_secs(20);
/// Time for a request's body.
const BODY: Duration = Duration::from_secs(60);
/// Rest after the system had no descriptor for a new connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Serves until `stop` is done.
pub(super) async fn serve(
    router: Router,
    listener: TcpListener,
    rules: Rules,
    certificate: Option<Certificate>,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let entrance = Entrance::new(rules);
    let mut connections = JoinSet::new();
    let tls = certificate.as_ref().map(Certificate::acceptor);
    let watch = async move {
        match certificate {
            Some(certificate) => certificate.watch().await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(watch);
    tokio::pin!(stop);
    let coming = next(&listener, &entrance);
    tokio::pin!(coming);
    loop {
        tokio::select! {
            (stream, peer, caller, exit) = &mut coming => {
                connections.spawn(connection(router.clone(), stream, peer, caller, exit, tls.clone()));
                coming.set(next(&listener, &entrance));
            }
            Some(_) = connections.join_next() => {}
            () = &mut watch => {}
            () = &mut stop => return Ok(()),
        }
    }
}

/// The next connection, as soon as there is a place for it.
async fn next(
    listener: &TcpListener,
    entrance: &Arc<Entrance>,
) -> (TcpStream, SocketAddr, Caller, Arc<Exit>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let exit = Arc::new(Exit::default());
                let holder = Arc::clone(&exit) as Arc<dyn Leave>;
                let ticket = entrance.place(peer.ip(), holder).await;
                return (stream, peer, Caller::of(ticket), exit);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection of a console");
                entrance.press();
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
    caller: Caller,
    exit: Arc<Exit>,
    tls: Option<TlsAcceptor>,
) {
    // A row must not wait for a packet to fill; a socket that refuses is only slower.
    let _ = stream.set_nodelay(true);
    let here = stream.local_addr().ok().map(Here);
    let asked = Asked { router, peer, here, caller: caller.clone() };
    let socket = Patient::new(stream, caller);
    let talk = async {
        match tls {
            None => talk(socket, asked).await,
            Some(tls) => {
                if let Ok(Ok(socket)) = timeout(HEAD, tls.accept(socket)).await {
                    talk(socket, asked).await;
                }
            }
        }
    };
    tokio::select! {
        () = talk => {}
        () = exit.told() => {}
    }
}

/// What every request of a connection brings along.
#[derive(Clone)]
struct Asked {
    router: Router,
    peer: SocketAddr,
    here: Option<Here>,
    caller: Caller,
}

async fn talk(socket: impl AsyncRead + AsyncWrite + Unpin, asked: Asked) {
    let service = service_fn(move |request| answer(asked.clone(), request));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    // A connection that breaks is its owner's affair: a console comes back by itself.
    let _ = http.serve_connection(TokioIo::new(socket), service).await;
}

async fn answer(asked: Asked, request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
    let astray = Astray::reads(&request);
    let mut request: Request = request.map(timed);
    let extensions = request.extensions_mut();
    extensions.insert(ConnectInfo(asked.peer));
    extensions.insert(asked.caller);
    asked.here.map(|here| extensions.insert(here));
    astray.map(|astray| extensions.insert(astray));
    asked.router.oneshot(request).await
}

/// A body that ends with an error if it is not whole in time.
fn timed(body: Incoming) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    Body::from_stream(Timed { body: Body::new(body), late: Box::pin(sleep(BODY)) })
}

struct Timed {
    body: Body,
    late: Pin<Box<Sleep>>,
}

impl Stream for Timed {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if self.late.as_mut().poll(cx).is_ready() => {
                    let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
                    return Poll::Ready(Some(Err(axum::Error::new(late))));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
