//! A real round trip every 5 s: connect, publish, acknowledged, as any caller would.
//!
//! It goes through the listener, TLS where there is TLS, the session, the emergency queue and the
//! keep, which sees it as [`Who::Watchdog`] on [`Topic::Watchdog`]. Its login is random and good for
//! one connection from this machine itself. Not here: what is done about a door that is not healthy.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use proto::topic::Topic;
use proto::unit::{Millis, Mono};
use rumqttc::mqttbytes::{QoS, v4};
use rustls::crypto::ring;
use subtle::ConstantTimeEq;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

use crate::Hello;
#[cfg(doc)]
use crate::Who;
use crate::door::Inside;
use crate::listener::told_to_close;
use crate::tls;
use crate::workers::End;

/// Time between rounds, and for one.
pub(crate) const ROUND: Duration = Duration::from_secs(5);
/// A door without a round for so long is not healthy: the watchdog itself hangs.
const OVERDUE: Millis = Millis::secs(16);
/// Client id and user name of the watchdog.
const NAME: &str = "watchdog";
const PACKET_MAX: usize = 256;

#[derive(Default)]
struct Beat {
    login: Option<String>,
    /// Port from which it calls now.
    port: Option<u16>,
    /// When the last round came back; none after one that did not.
    last: Option<Mono>,
    rounds: u64,
    misses: u64,
}

/// The pulse of a door.
#[derive(Default)]
pub(crate) struct Pulse(Mutex<Beat>);

impl Pulse {
    fn lock(&self) -> MutexGuard<'_, Beat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a caller is the watchdog; its login is used up by asking.
    pub(crate) fn admits(&self, hello: &Hello<'_>) -> bool {
        if hello.login != Some(NAME) || hello.client_id != NAME {
            return false;
        }
        let Some(given) = hello.password else { return false };
        let mut beat = self.lock();
        let fits = beat.login.as_ref().is_some_and(|login| login.as_bytes().ct_eq(given).into());
        if fits {
            beat.login = None;
        }
        fits
    }

    /// Whether the watchdog calls from this port of this machine.
    pub(crate) fn calls_from(&self, port: u16) -> bool {
        self.lock().port == Some(port)
    }

    /// Whether the last round came back, lately.
    pub(crate) fn beats(&self, now: Mono) -> bool {
        self.lock().last.is_some_and(|last| now.since(last) <= OVERDUE)
    }

    /// Rounds that came back, and that did not.
    pub(crate) fn rounds(&self) -> (u64, u64) {
        let beat = self.lock();
        (beat.rounds, beat.misses)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(password: &[u8]) -> Hello<'_> {
        let peer = (Ipv4Addr::LOCALHOST, 1).into();
        let (login, password) = (Some(NAME), Some(password));
        Hello { peer, client_id: NAME, login, password, certificate: None }
    }

    #[test]
    fn a_login_of_the_watchdog_is_good_for_one_connection() {
        let pulse = Pulse::default();
        pulse.lock().login = Some("secret".into());
        assert!(!pulse.admits(&hello(b"another")));
        assert!(pulse.admits(&hello(b"secret")), "a wrong guess uses nothing up");
        assert!(!pulse.admits(&hello(b"secret")));
    }

    #[test]
    fn a_watchdog_that_hangs_is_no_pulse() {
        let pulse = Pulse::default();
        assert!(!pulse.beats(Mono::from_millis(0)), "before the first round");
        let last = Mono::from_millis(1_000);
        pulse.lock().last = Some(last);
        assert!(pulse.beats(last.after(OVERDUE)));
        assert!(!pulse.beats(last.after(OVERDUE).after(Millis::new(1))));
    }
}
