//! The watch room, played through a real door: keeps what boxes send and tells them what a server would.
//!
//! Not here: the server's judgement.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use door::{
    Arrival, CommitLimits, Deny, Door, DoorConfig, Edge, Gate, Hello, Keep, Limits, Pass, Verdict,
    Who, committer,
};
use minicbor::bytes::{ByteArray, ByteSlice};
use proto::down::{Down, DownSeal, Receipt, Rung};
use proto::frame::{Header, Lane};
use proto::id::{GatewayId, HomeId, PressId};
use proto::key::{DeviceKey, HopKey};
use proto::relay::{GatewayDown, Relay, RelayKind};
use proto::seat::Seat;
use proto::topic::Topic;
use proto::unit::Millis;
use proto::up::Role;
use tokio::sync::Notify;

use super::device::Device;
use super::{EPOCH, within};

/// One envelope as the watch room got it.
#[derive(Debug, Clone)]
pub struct Heard {
    pub lane: Lane,
    pub kind: RelayKind,
    pub age: Millis,
    pub bytes: Vec<u8>,
}

impl Heard {
    pub fn id(&self) -> Option<PressId> {
        Header::parse(&self.bytes).ok().map(|(header, _)| header.id)
    }
}

#[derive(Default)]
struct Room {
    heard: Mutex<Vec<Heard>>,
    roster: Mutex<Vec<Bytes>>,
    changed: Notify,
    door: OnceLock<Door>,
    hop: OnceLock<HopKey>,
}

/// The watch room, played by the test through a real door.
#[derive(Clone)]
pub struct WatchRoom {
    room: Arc<Room>,
    gateway: GatewayId,
}

struct Inbox(Arc<Room>);

impl Keep for Inbox {
    fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
        let mut heard = self.0.heard.lock().unwrap();
        for arrival in group {
            if let Ok(relay) = Relay::read(&arrival.payload) {
                let bytes = relay.bytes.to_vec();
                heard.push(Heard { lane: arrival.lane, kind: relay.kind, age: relay.age, bytes });
            }
            verdicts.push(Verdict::Kept);
        }
        drop(heard);
        self.0.changed.notify_waiters();
    }
}

struct RoomGate(Arc<Room>);

impl Gate for RoomGate {
    fn admit(&self, hello: &Hello<'_>) -> Result<Pass, Deny> {
        let Ok(Seat::Gateway(gateway, lane)) = hello.client_id.parse() else {
            return Err(Deny::ClientId);
        };
        if let Some(certificate) = hello.certificate {
            let right = certificate.name == gateway.to_string();
            let pass = Pass { who: Who::Gateway(gateway), lane: Some(lane) };
            return if right { Ok(pass) } else { Err(Deny::NotAuthorized) };
        }
        let proof = hello.password.and_then(|p| self.0.hop.get()?.check_connect_proof(p));
        proof.ok_or(Deny::Credentials)?;
        Ok(Pass { who: Who::Gateway(gateway), lane: Some(lane) })
    }

    fn listening(&self, who: Who) {
        let (Some(door), Who::Gateway(gateway)) = (self.0.door.get(), who) else { return };
        for word in self.0.roster.lock().unwrap().iter() {
            door.tell(who, Topic::GatewayDown(gateway), word.clone());
        }
    }
}

impl WatchRoom {
    /// Opens the room's door at `bind`.
    pub async fn open(bind: SocketAddr) -> Self {
        Self::open_with(bind, Edge::Plain { open_to_home: false }).await
    }

    /// Opens the room's door with another edge.
    pub async fn open_with(bind: SocketAddr, edge: Edge) -> Self {
        let room = Arc::new(Room::default());
        let key = DeviceKey::from_bytes([9; 32]);
        room.hop.set(key.hop(EPOCH)).ok().unwrap();
        let (commit, _thread) = committer(Inbox(Arc::clone(&room)), CommitLimits::default());
        let config = DoorConfig { bind, edge, limits: Limits::default() };
        let gate = Arc::new(RoomGate(Arc::clone(&room)));
        let door = within(async {
            loop {
                match door::open(config.clone(), gate.clone(), commit.clone(), None).await {
                    Ok(door) => break door,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        })
        .await;
        room.door.set(door).ok().unwrap();
        Self { room, gateway: GatewayId::new(900).unwrap() }
    }

    pub fn address(&self) -> SocketAddr {
        self.room.door.get().unwrap().address()
    }

    pub async fn close(&self) {
        self.room.door.get().unwrap().clone().close().await;
    }

    /// Puts a device on the roster and tells the box, now and whenever it comes.
    pub fn enrol(&self, device: &Device, home: HomeId) {
        let word = GatewayDown::Enrol {
            device: device.id,
            home,
            role: Role::HelpButton,
            epoch: EPOCH,
            hop_key: ByteArray::from(*device.key.hop(EPOCH).expose()),
        };
        let word = encode(&word);
        self.room.roster.lock().unwrap().push(word.clone());
        self.tell(word);
    }

    pub fn release(&self, device: &Device) {
        self.room.roster.lock().unwrap().clear();
        self.tell(encode(&GatewayDown::Release { device: device.id }));
    }

    /// Says to a device, through the box, how far its press has come.
    pub fn say(&self, device: &Device, press: PressId, rung: Rung) {
        let receipt = Receipt { press, rung };
        let seal = DownSeal::server(&device.key.end(EPOCH));
        let sealed = seal.seal(device.id, [7; 24], &Down::Receipt(receipt)).unwrap();
        let sealed: &ByteSlice = sealed.as_slice().into();
        let word = GatewayDown::Forward { device: device.id, sealed, hint: Some(receipt) };
        self.tell(encode(&word));
    }

    pub fn tell(&self, word: Bytes) {
        let door = self.room.door.get().unwrap();
        door.tell(Who::Gateway(self.gateway), Topic::GatewayDown(self.gateway), word);
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.room.heard.lock().unwrap().clone()
    }

    /// Waits until what was heard satisfies `wanted`.
    pub async fn until<T>(&self, wanted: impl Fn(&[Heard]) -> Option<T>) -> T {
        within(async {
            loop {
                let changed = self.room.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(found) = wanted(&self.room.heard.lock().unwrap()) {
                    break found;
                }
                changed.await;
            }
        })
        .await
    }

    pub async fn until_heard(&self, press: PressId) -> Heard {
        self.until(|all| all.iter().find(|heard| heard.id() == Some(press)).cloned()).await
    }
}

fn encode(word: &GatewayDown<'_>) -> Bytes {
    let mut out = Vec::new();
    minicbor::encode(word, &mut out).unwrap();
    Bytes::from(out)
}
