//! A device with a real MQTT client: connects with its proof, presses, and feels what it is told.
//!
//! Not here: the device core of the firmware, which has its own tests.

use std::net::SocketAddr;

use proto::down::{Down, DownSeal, Receipt, Rung, Sealer, sealer_of};
use proto::frame::{Header, Lane, seal_end, seal_hop};
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::key::DeviceKey;
use proto::seat::{STRANGER_LOGIN, Seat};
use proto::topic::Topic;
use proto::up::Up;
use rumqttc::{AsyncClient, MqttOptions, Packet, QoS};
use tokio::sync::mpsc;

use super::{EPOCH, press, within};

/// What a device experiences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Felt {
    Connected,
    Acked,
    Told(Sealer, Receipt),
    Lost(String),
}

/// A device with a real MQTT client.
pub struct Device {
    pub id: DeviceId,
    pub key: DeviceKey,
    pub boot: BootId,
    counter: u32,
    seq: u32,
    client: Option<AsyncClient>,
    felt: mpsc::UnboundedReceiver<Felt>,
    feel: mpsc::UnboundedSender<Felt>,
    poller: Option<tokio::task::JoinHandle<()>>,
}

impl Device {
    pub fn new(number: u64) -> Self {
        let (feel, felt) = mpsc::unbounded_channel();
        let key = [u8::try_from(number % 251).unwrap(); 32];
        Self {
            id: DeviceId::new(number).unwrap(),
            key: DeviceKey::from_bytes(key),
            boot: BootId::new(77, 1),
            counter: 0,
            seq: 0,
            client: None,
            felt,
            feel,
            poller: None,
        }
    }

    /// Connects with a fresh proof and listens; says whether the door let it in.
    pub async fn connect(&mut self, at: SocketAddr) -> Result<(), String> {
        self.counter += 1;
        let proof = self.key.hop(EPOCH).connect_proof(self.boot, self.counter);
        let proof: String = proof.iter().map(|b| format!("{b:02x}")).collect();
        let mut options =
            MqttOptions::new(Seat::Device(self.id).to_string(), at.ip().to_string(), at.port());
        options.set_credentials(self.id.to_string(), proof);
        self.join(options, Some(Topic::DeviceDown(self.id))).await
    }

    /// Connects as a stranger.
    pub async fn connect_as_stranger(&mut self, at: SocketAddr) -> Result<(), String> {
        let mut options =
            MqttOptions::new(Seat::Stranger(self.id).to_string(), at.ip().to_string(), at.port());
        options.set_credentials(STRANGER_LOGIN, "");
        self.join(options, None).await
    }

    async fn join(&mut self, mut options: MqttOptions, down: Option<Topic>) -> Result<(), String> {
        self.leave();
        options.set_clean_session(true);
        let (client, mut socket) = AsyncClient::new(options, 64);
        let (feel, id, key) = (self.feel.clone(), self.id, self.key.clone());
        while self.felt.try_recv().is_ok() {}
        let subscriber = client.clone();
        self.poller = Some(tokio::spawn(async move {
            loop {
                match socket.poll().await {
                    Ok(rumqttc::Event::Incoming(Packet::ConnAck(_))) => match down {
                        Some(down) => {
                            subscriber.try_subscribe(down.to_string(), QoS::AtLeastOnce).unwrap()
                        }
                        None => drop(feel.send(Felt::Connected)),
                    },
                    Ok(rumqttc::Event::Incoming(Packet::SubAck(_))) => {
                        drop(feel.send(Felt::Connected))
                    }
                    Ok(rumqttc::Event::Incoming(Packet::PubAck(_))) => drop(feel.send(Felt::Acked)),
                    Ok(rumqttc::Event::Incoming(Packet::Publish(publish))) => {
                        drop(feel.send(open(id, &key, &publish.payload)));
                    }
                    Ok(_) => {}
                    Err(error) => {
                        let _ = feel.send(Felt::Lost(error.to_string()));
                        break;
                    }
                }
            }
        }));
        self.client = Some(client);
        match within(self.felt.recv()).await.unwrap() {
            Felt::Connected => Ok(()),
            Felt::Lost(why) => Err(why),
            other => panic!("{other:?} before the connection stood"),
        }
    }

    pub fn leave(&mut self) {
        self.client = None;
        if let Some(poller) = self.poller.take() {
            poller.abort();
        }
    }

    /// A new frame, sealed for server and hop.
    pub fn frame(&mut self, up: &Up) -> (PressId, Vec<u8>) {
        self.seq += 1;
        let id = PressId { device: self.id, boot: self.boot, seq: Seq::new(self.seq) };
        let header = Header { class: up.class(), epoch: EPOCH, id };
        let seal = self.key.end(EPOCH).boot(self.boot);
        let open = seal_end(&header, &up.to_body().unwrap(), &seal).unwrap();
        (id, seal_hop(&open, &self.key.hop(EPOCH).boot(self.boot)).unwrap().to_vec())
    }

    pub fn press_frame(&mut self) -> (PressId, Vec<u8>) {
        self.frame(&press())
    }

    pub fn publish(&self, topic: Topic, bytes: Vec<u8>) {
        let client = self.client.as_ref().expect("connected");
        client.try_publish(topic.to_string(), QoS::AtLeastOnce, false, bytes).unwrap();
    }

    /// Presses and sends; the frame is returned so that it can be repeated.
    pub fn press(&mut self) -> (PressId, Vec<u8>) {
        let (id, bytes) = self.press_frame();
        self.publish(Topic::DeviceUp(self.id, Lane::Emergency), bytes.clone());
        (id, bytes)
    }

    pub fn repeat(&self, bytes: &[u8]) {
        self.publish(Topic::DeviceUp(self.id, Lane::Emergency), bytes.to_vec());
    }

    /// Waits until it feels this, letting other feelings pass.
    pub async fn until(&mut self, wanted: impl Fn(&Felt) -> bool) -> Felt {
        within(async {
            loop {
                let felt = self.felt.recv().await.expect("a feeling");
                if wanted(&felt) {
                    break felt;
                }
                assert!(!matches!(felt, Felt::Lost(_)), "{felt:?} while waiting");
            }
        })
        .await
    }

    /// The next feeling of this kind, also if it is a loss.
    pub async fn feel_next(&mut self, wanted: impl Fn(&Felt) -> bool) -> Felt {
        loop {
            let felt = self.felt.recv().await.expect("a feeling");
            if wanted(&felt) {
                break felt;
            }
        }
    }

    pub async fn until_told(&mut self, sealer: Sealer, press: PressId, rung: Rung) {
        let receipt = Receipt { press, rung };
        self.until(|felt| *felt == Felt::Told(sealer, receipt)).await;
    }

    pub async fn until_lost(&mut self) {
        within(async { while !matches!(self.felt.recv().await, Some(Felt::Lost(_)) | None) {} })
            .await;
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.leave();
    }
}

fn open(id: DeviceId, key: &DeviceKey, bytes: &[u8]) -> Felt {
    let sealer = sealer_of(bytes).unwrap();
    let seal = match sealer {
        Sealer::Gateway => DownSeal::gateway(&key.hop(EPOCH)),
        Sealer::Server => DownSeal::server(&key.end(EPOCH)),
    };
    match seal.open(id, bytes).unwrap() {
        Down::Receipt(receipt) => Felt::Told(sealer, receipt),
        other => panic!("{other:?} is no receipt"),
    }
}
