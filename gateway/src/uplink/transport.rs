//! A link to the server: the only file that names rumqttc.
//!
//! A link lives for one connection. On any error the client object is dropped and a new one made,
//! because the library forgets what it has taken when a session does not resume; the spool does not.
//! Not here: which rows are sent, and when to connect again (`uplink`).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proto::RELAY_MAX;
use proto::frame::Lane;
use proto::id::GatewayId;
use proto::seat::Seat;
use proto::topic::Topic;
use rumqttc::{
    AsyncClient, Event, EventLoop, MqttOptions, NetworkOptions, Outgoing, Packet, QoS,
    TlsConfiguration, Transport,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

use super::trust::{Calendar, ClockTolerant};
use crate::clock;
use crate::credentials::{Address, Papers};

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
    tls: Option<Arc<rustls::ClientConfig>>,
}

/// One connection of one lane.
pub struct Link {
    client: AsyncClient,
    topic: String,
    poller: JoinHandle<()>,
}

impl Endpoint {
    /// Checks certificates; connects nowhere yet.
    pub fn new(
        gateway: GatewayId,
        address: Address,
        papers: Option<&Papers>,
    ) -> Result<Self, TransportError> {
        let tls = match (address.tls, papers) {
            (true, Some(papers)) => Some(Arc::new(client_config(papers)?)),
            _ => None,
        };
        Ok(Self { gateway, address, tls })
    }

    /// Whether a password is needed, because no certificate speaks for the box.
    pub const fn needs_password(&self) -> bool {
        self.tls.is_none()
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
        if let Some(tls) = &self.tls {
            options
                .set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(tls.clone())));
        }
        let (client, mut socket) = AsyncClient::new(options, CHANNEL);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        network.set_connection_timeout(CONNECT_S);
        socket.set_network_options(network);
        let down = (lane == Lane::Emergency).then(|| Topic::GatewayDown(self.gateway).to_string());
        let poller = tokio::spawn(poll(socket, client.clone(), down, number, events));
        Link { client, topic: Topic::GatewayUp(self.gateway, lane).to_string(), poller }
    }
}

impl Link {
    /// Hands bytes to the socket; false if the link cannot take them, which means that it is over.
    pub fn send(&self, bytes: Vec<u8>) -> bool {
        self.client.try_publish(self.topic.as_str(), QoS::AtLeastOnce, false, bytes).is_ok()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.poller.abort();
    }
}

async fn poll(
    mut socket: EventLoop,
    client: AsyncClient,
    down: Option<String>,
    number: u64,
    events: Sender<(u64, LinkEvent)>,
) {
    let mut in_flight: VecDeque<u16> = VecDeque::new();
    loop {
        let event = match socket.poll().await {
            Ok(event) => event,
            Err(error) => {
                let _ = events.send((number, LinkEvent::Lost(error.to_string()))).await;
                return;
            }
        };
        let told = match event {
            Event::Incoming(Packet::ConnAck(_)) => {
                if let Some(down) = &down
                    && client.try_subscribe(down.as_str(), QoS::AtLeastOnce).is_err()
                {
                    LinkEvent::Lost("cannot ask for the down tree".to_owned())
                } else {
                    LinkEvent::Up
                }
            }
            Event::Incoming(Packet::PubAck(ack)) => match in_flight.pop_front() {
                Some(oldest) if oldest == ack.pkid => LinkEvent::Acked,
                _ => LinkEvent::Lost("acknowledgement out of order".to_owned()),
            },
            Event::Incoming(Packet::Publish(publish)) => LinkEvent::Word(publish.payload),
            Event::Outgoing(Outgoing::Publish(id)) => {
                in_flight.push_back(id);
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

fn client_config(papers: &Papers) -> Result<rustls::ClientConfig, TransportError> {
    let pem = |what| move |e| TransportError::Pem(what, e);
    let mut roots = rustls::RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(papers.ca_pem.as_bytes()) {
        roots.add(root.map_err(pem("ca_pem"))?)?;
    }
    let chain = CertificateDer::pem_slice_iter(papers.cert_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(pem("cert_pem"))?;
    let key = PrivateKeyDer::from_pem_slice(papers.cert_key_pem.as_bytes())
        .map_err(pem("cert_key_pem"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let calendar = Calendar { built: care::policy::dates::BUILT, proved: clock::is_proved };
    let trust = ClockTolerant::new(roots, Arc::clone(&provider), calendar)?;
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust))
        .with_client_auth_cert(chain, key)?;
    Ok(config)
}
