//! A real round trip every 5 s: connect, publish, acknowledged, as any caller would.
//!
//! It goes through the listener, TLS where there is TLS, the session, the emergency queue and the
//! keep, which sees it as [`Who::Watchdog`] on [`Topic::Watchdog`]. Its login is random and good for
//! one connection from this machine itself. Not here: what is done about a door that is not healthy.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use proto::topic::Topic;
use rumqttc::mqttbytes::{QoS, v4};
use rustls::crypto::ring;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

#[cfg(doc)]
use crate::Who;
use crate::inside::Inside;
use crate::listener::told_to_close;
use crate::pulse::NAME;
use crate::tls;
use crate::workers::End;

/// Time between rounds, and for one.
pub(crate) const ROUND: Duration = Duration::from_secs(5);
const PACKET_MAX: usize = 256;

/// Goes round until the door closes.
pub(crate) async fn run(
    inside: Arc<Inside>,
    address: SocketAddr,
    mut closing: watch::Receiver<bool>,
) -> End {
    let mut next = crate::clock::instant_now();
    loop {
        tokio::select! {
            () = sleep_until(next) => {}
            () = told_to_close(&mut closing) => return End::Asked,
        }
        next += ROUND;
        let round = timeout(ROUND, round(&inside, own_address(address))).await;
        let came_back = match round {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the door's own round trip failed");
                false
            }
            Err(_) => {
                tracing::warn!("the door's own round trip is not back after 5 s");
                false
            }
        };
        let now = inside.clock.now();
        let mut beat = inside.pulse.lock();
        beat.port = None;
        beat.last = came_back.then_some(now);
        if came_back {
            beat.rounds += 1;
        } else {
            beat.misses += 1;
        }
    }
}

/// Where this machine reaches itself.
fn own_address(bound: SocketAddr) -> SocketAddr {
    match bound {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, v6.port()).into(),
        SocketAddr::V4(_) | SocketAddr::V6(_) => bound,
    }
}

fn unspecified(address: SocketAddr) -> IpAddr {
    if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() }
}

async fn round(inside: &Inside, address: SocketAddr) -> io::Result<()> {
    let login = fresh_login()?;
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind((unspecified(address), 0).into())?;
    {
        let mut beat = inside.pulse.lock();
        beat.login = Some(login.clone());
        beat.port = Some(socket.local_addr()?.port());
    }
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    if inside.encrypted {
        let stream = Box::pin(tls::call_self(stream, address.ip())).await?;
        talk(stream, login).await
    } else {
        talk(stream, login).await
    }
}

fn fresh_login() -> io::Result<String> {
    let mut random = [0u8; 32];
    let source = ring::default_provider().secure_random;
    source.fill(&mut random).map_err(|_| io::Error::other("no random numbers"))?;
    Ok(hex::encode(random))
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(mut io: S, login: String) -> io::Result<()> {
    let mut out = BytesMut::new();
    let mut connect = v4::Connect::new(NAME);
    connect.set_login(NAME, login);
    connect.write(&mut out).map_err(io::Error::other)?;
    io.write_all(&out).await?;
    let mut buffer = BytesMut::new();
    let v4::Packet::ConnAck(v4::ConnAck { code: v4::ConnectReturnCode::Success, .. }) =
        receive(&mut io, &mut buffer).await?
    else {
        return Err(io::Error::other("it was not admitted"));
    };
    out.clear();
    let topic = Topic::Watchdog.to_string();
    let mut publish = v4::Publish::from_bytes(topic, QoS::AtLeastOnce, Bytes::new());
    publish.pkid = 1;
    publish.write(&mut out).map_err(io::Error::other)?;
    io.write_all(&out).await?;
    let v4::Packet::PubAck(_) = receive(&mut io, &mut buffer).await? else {
        return Err(io::Error::other("its message was not acknowledged"));
    };
    out.clear();
    v4::Disconnect.write(&mut out).map_err(io::Error::other)?;
    io.write_all(&out).await
}

async fn receive<S: AsyncRead + Unpin>(
    io: &mut S,
    buffer: &mut BytesMut,
) -> io::Result<v4::Packet> {
    loop {
        match v4::Packet::read(buffer, PACKET_MAX) {
            Ok(packet) => return Ok(packet),
            Err(rumqttc::mqttbytes::Error::InsufficientBytes(_)) => {}
            Err(error) => return Err(io::Error::other(error)),
        }
        if io.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
