//! Ten thousand idle gateways in one process: a socket, a reader and a sealer each, no timer.
//!
//! One connection a bed, in the telemetry lane; whoever drives the crowd writes to the socket
//! directly, and the reader only counts acknowledgements. Not here: presses, whose beds hold a
//! second connection in the emergency lane (`beds`).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::BytesMut;
use proto::frame::Lane;
use proto::id::{BootId, HomeId};
use proto::topic::Topic;
use proto::up::Role;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::enrol::Place;
use crate::mqtt::{Link, count_acks, write_publish};
use crate::speaker::{Speaker, login, relay};
use crate::trouble::{Outcome, Trouble};

/// Connections that are being made at one time while the crowd gathers.
pub const GATHERING: usize = 256;

/// One bed's gateway, connected.
pub struct Bed {
    home: HomeId,
    topic: String,
    socket: Arc<TcpStream>,
    speaker: Speaker,
    packet: u16,
    turn: u16,
}

/// All of them.
pub struct Crowd {
    beds: Vec<Bed>,
    acked: Arc<AtomicU64>,
    broken: Arc<AtomicU64>,
    sent: u64,
}

impl Crowd {
    /// Connects a gateway for each place.
    pub async fn gather(door: SocketAddr, places: &[Place], boot: BootId) -> Outcome<Self> {
        let (acked, broken) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let room = Arc::new(Semaphore::new(GATHERING));
        let mut coming = JoinSet::new();
        for place in places.iter().cloned() {
            let room = Arc::clone(&room).acquire_owned().await?;
            coming.spawn(async move {
                let login = login(&place.gateway, Lane::Telemetry, boot, 1);
                let link = Link::plain(door, &login).await;
                drop(room);
                link.map(|link| (place, link)).map_err(Trouble::from)
            });
        }
        let mut beds = Vec::with_capacity(places.len());
        while let Some(come) = coming.join_next().await {
            let (place, link) = come??;
            let socket = Arc::new(link.into_socket());
            tokio::spawn(read(Arc::clone(&socket), Arc::clone(&acked), Arc::clone(&broken)));
            let of = &place.gateway;
            let topic = Topic::GatewayUp(of.gateway, Lane::Telemetry).to_string();
            let speaker = Speaker::new(of.gateway.as_device(), &of.key, of.epoch, boot);
            beds.push(Bed { home: place.home, topic, socket, speaker, packet: 0, turn: 0 });
        }
        Ok(Self { beds, acked, broken, sent: 0 })
    }

    /// How many beds.
    pub fn len(&self) -> usize {
        self.beds.len()
    }

    /// Whether nobody came.
    pub fn is_empty(&self) -> bool {
        self.beds.is_empty()
    }

    /// Sends one minute's summary of bed `n`.
    pub async fn summary(&mut self, n: usize, uptime_ms: u64) -> Outcome {
        let Some(bed) = self.beds.get_mut(n) else { return Ok(()) };
        bed.turn = bed.turn.wrapping_add(1) % 1000;
        let frame = bed.speaker.summary(bed.home, uptime_ms, bed.turn)?;
        self.sent += 1;
        bed.send(&frame).await
    }

    /// Sends a health frame of bed `n`, as a gateway does when it connects.
    pub async fn health(&mut self, n: usize, uptime_ms: u64) -> Outcome {
        let Some(bed) = self.beds.get_mut(n) else { return Ok(()) };
        let frame = bed.speaker.health(uptime_ms, Role::Gateway)?;
        self.sent += 1;
        bed.send(&frame).await
    }

    /// Messages sent so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Messages acknowledged so far.
    pub fn acked(&self) -> u64 {
        self.acked.load(Ordering::Acquire)
    }

    /// Connections that the server has closed.
    pub fn broken(&self) -> u64 {
        self.broken.load(Ordering::Acquire)
    }
}

impl Bed {
    async fn send(&mut self, frame: &[u8]) -> Outcome {
        self.packet = self.packet.checked_add(1).unwrap_or(1);
        let mut out = BytesMut::with_capacity(frame.len() + 96);
        write_publish(&mut out, &self.topic, self.packet, relay(frame)?);
        while !out.is_empty() {
            match self.socket.try_write(&out) {
                Ok(written) => drop(out.split_to(written)),
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                    self.socket.writable().await?;
                }
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }
}

async fn read(socket: Arc<TcpStream>, acked: Arc<AtomicU64>, broken: Arc<AtomicU64>) {
    let mut rest = BytesMut::new();
    while socket.readable().await.is_ok() {
        match take(&socket, &mut rest) {
            Ok(0) => {}
            Ok(count) => {
                acked.fetch_add(count, Ordering::AcqRel);
            }
            Err(_) => break,
        }
    }
    broken.fetch_add(1, Ordering::AcqRel);
}

/// Reads what is there and counts its PUBACKs; keeps a buffer only for a packet cut in two.
fn take(socket: &TcpStream, rest: &mut BytesMut) -> Outcome<u64> {
    let mut buffer = [0; 1024];
    match socket.try_read(&mut buffer) {
        Ok(0) => Err(Trouble::new("the server has closed a bed's connection")),
        Ok(read) => {
            rest.extend_from_slice(&buffer[..read]);
            let count = count_acks(rest, |_| {})?;
            if rest.is_empty() {
                *rest = BytesMut::new();
            }
            Ok(count as u64)
        }
        Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => Ok(0),
        Err(e) => Err(e.into()),
    }
}
