//! A link to the server: the only file that names rumqttc.
//!
//! A link lives for one connection. On any error the client object is dropped and a new one made,
//! because the library forgets what it has taken when a session does not resume; the spool does not.
//! Not here: which rows are sent, and when to connect again (`uplink`).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use door::workers::caught;
use proto::RELAY_MAX;
use proto::frame::Lane;
use proto::id::GatewayId;
use proto::seat::Seat;
use proto::topic::Topic;
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, MqttOptions, NetworkOptions,
    Outgoing, Packet, QoS, TlsConfiguration, Transport,
};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

use super::wallet::Wallet;
use crate::credentials::Address;

/// Requests between session and socket; the session's window is the bound, this only decouples.
const CHANNEL: usize = 128;
/// Seconds for TCP, TLS and CONNACK together.
const CONNECT_S: u64 = 5;
/// Seconds between pings: a dead peer is noticed within one and a half.
const KEEP_ALIVE_S: u64 = 20;
/// Packet ids in use; more than any window, so that an id is free again long before it comes back.
const IDS: u16 = 256;
/// Largest packet of the server: a roster word is small, a sealed word at most 256 bytes.
const PACKET_MAX: usize = 4096;

/// Why links cannot be made at all.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// A certificate or key of the credentials is not what it should be.
    #[error(
        "the {0} in the credentials is not usable, make them again with `server enrol gateway`"
    )]
    Pem(&'static str, #[source] rustls::pki_types::pem::Error),
    /// Certificate and key do not go together, or a root is no root.
    #[error(
        "the certificates in the credentials do not go together, make them again with `server enrol gateway`"
    )]
    Tls(#[from] rustls::Error),
    /// No root of an authority.
    #[error(
        "ca_pem in the credentials vouches for nobody, make them again with `server enrol gateway`"
    )]
    Roots(#[from] rustls::client::VerifierBuilderError),
}

/// What a link reports.
#[derive(Debug)]
pub enum LinkEvent {
    /// The server has accepted it, and the down tree is asked for.
    Up,
    /// The oldest sending in flight is durable at the server.
    Acked,
    /// A word of the server.
    Word(Bytes),
    /// It is over.
    Lost(String),
}

/// Where and how links are made.
#[derive(Clone)]
pub struct Endpoint {
    gateway: GatewayId,
    address: Address,
    wallet: Option<Arc<Wallet>>,
}

/// One connection of one lane.
pub struct Link {
    client: AsyncClient,
    topic: String,
    /// Whether each publication that is on its way to the socket is a row of the spool, oldest first.
    rows: Arc<Mutex<VecDeque<bool>>>,
    poller: JoinHandle<()>,
}

/// What the task of a link needs.
struct Line {
    down: Option<String>,
    number: u64,
    events: Sender<(u64, LinkEvent)>,
    rows: Arc<Mutex<VecDeque<bool>>>,
    /// The papers it shows.
    shown: Option<(u64, Arc<Wallet>)>,
}

impl Endpoint {
    /// Connects nowhere yet; a server that speaks TLS is shown papers of the wallet.
    pub fn new(gateway: GatewayId, address: Address, wallet: Option<Arc<Wallet>>) -> Self {
        let wallet = wallet.filter(|_| address.tls);
        Self { gateway, address, wallet }
    }

    /// Whether a password is needed, because no certificate speaks for the box.
    pub const fn needs_password(&self) -> bool {
        self.wallet.is_none()
    }

    /// Starts a link. Its events come to `events` with `number`, so that a late word of an old link is known.
    pub fn connect(
        &self,
        lane: Lane,
        password: Option<String>,
        number: u64,
        events: Sender<(u64, LinkEvent)>,
    ) -> Link {
        let seat = Seat::Gateway(self.gateway, lane).to_string();
        let mut options = MqttOptions::new(seat, self.address.host.clone(), self.address.port);
        options.set_keep_alive(Duration::from_secs(KEEP_ALIVE_S));
        options.set_clean_session(true);
        options.set_inflight(IDS);
        options.set_max_packet_size(PACKET_MAX, RELAY_MAX + 256);
        options.set_credentials(self.gateway.to_string(), password.unwrap_or_default());
        let mut shown = None;
        if let Some(wallet) = &self.wallet
            && let Some((set, config)) = wallet.choose()
        {
            let tls = TlsConfiguration::Rustls(config);
            options.set_transport(Transport::tls_with_config(tls));
            shown = Some((set, Arc::clone(wallet)));
        }
        let (client, mut socket) = AsyncClient::new(options, CHANNEL);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        network.set_connection_timeout(CONNECT_S);
        socket.set_network_options(network);
        let down = (lane == Lane::Emergency).then(|| Topic::GatewayDown(self.gateway).to_string());
        let rows = Arc::<Mutex<VecDeque<bool>>>::default();
        let line = Line { down, number, events, rows: Arc::clone(&rows), shown };
        let (fallen, polled) = (line.events.clone(), poll(socket, client.clone(), line));
        let poller = tokio::spawn(async move {
            if let Err(why) = caught(polled).await {
                let _ = fallen.send((number, LinkEvent::Lost(why))).await;
            }
        });
        Link { client, topic: Topic::GatewayUp(self.gateway, lane).to_string(), rows, poller }
    }
}

impl Link {
    /// Hands bytes to the socket; false if the link cannot take them, which means that it is over.
    pub fn send(&self, bytes: Vec<u8>) -> bool {
        self.publish(bytes, true)
    }

    /// Hands over bytes that are no row: nobody waits for their acknowledgement.
    pub fn send_aside(&self, bytes: Vec<u8>) -> bool {
        self.publish(bytes, false)
    }

    fn publish(&self, bytes: Vec<u8>, row: bool) -> bool {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.push_back(row);
        let sent =
            self.client.try_publish(self.topic.as_str(), QoS::AtLeastOnce, false, bytes).is_ok();
        if !sent {
            rows.pop_back();
        }
        sent
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.poller.abort();
    }
}

async fn poll(mut socket: EventLoop, client: AsyncClient, line: Line) {
    let Line { down, number, events, rows, shown } = line;
    let mut in_flight: VecDeque<(u16, bool)> = VecDeque::new();
    loop {
        let event = match socket.poll().await {
            Ok(event) => event,
            Err(error) => {
                if let Some((set, wallet)) = shown.filter(|_| is_about_papers(&error)) {
                    wallet.failed(set);
                }
                let _ = events.send((number, LinkEvent::Lost(error.to_string()))).await;
                return;
            }
        };
        let told = match event {
            Event::Incoming(Packet::ConnAck(_)) => {
                if let Some((set, wallet)) = &shown {
                    wallet.worked(*set);
                }
                if let Some(down) = &down
                    && client.try_subscribe(down.as_str(), QoS::AtLeastOnce).is_err()
                {
                    LinkEvent::Lost("cannot ask for the down tree".to_owned())
                } else {
                    LinkEvent::Up
                }
            }
            Event::Incoming(Packet::PubAck(ack)) => match in_flight.pop_front() {
                Some((oldest, true)) if oldest == ack.pkid => LinkEvent::Acked,
                Some((oldest, false)) if oldest == ack.pkid => continue,
                _ => LinkEvent::Lost("acknowledgement out of order".to_owned()),
            },
            Event::Incoming(Packet::Publish(publish)) => LinkEvent::Word(publish.payload),
            Event::Outgoing(Outgoing::Publish(id)) => {
                let row = rows.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                in_flight.push_back((id, row.unwrap_or(true)));
                continue;
            }
            Event::Incoming(_) | Event::Outgoing(_) => continue,
        };
        let over = matches!(told, LinkEvent::Lost(_));
        if events.send((number, told)).await.is_err() || over {
            return;
        }
    }
}

/// Whether a link failed for what was shown or seen, and not for the network between.
fn is_about_papers(error: &ConnectionError) -> bool {
    if let ConnectionError::ConnectionRefused(code) = error {
        use ConnectReturnCode::{BadUserNamePassword, NotAuthorized};
        return matches!(code, BadUserNamePassword | NotAuthorized);
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        // rustls speaks through an error of the socket once the handshake has begun.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if error.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        cause = error.source();
    }
    false
}
