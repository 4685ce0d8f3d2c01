//! A lean MQTT 3.1.1 client: rumqttc's codec on a plain socket, and nothing that an idle link pays for.
//!
//! A *link* belongs to one task; it holds no timer and no buffer while nothing is said, so ten
//! thousand of them fit a small machine. Binary passwords are written as they are, which text-only
//! client libraries cannot. Not here: repeating what was not acknowledged, which is its owner's work.

use std::net::SocketAddr;

use bytes::{BufMut, Bytes, BytesMut};
use rumqttc::mqttbytes::v4::{ConnectReturnCode, Packet, Publish, Subscribe};
use rumqttc::mqttbytes::{Error, QoS};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::trouble::{Outcome, Trouble};

/// Largest packet that is read, bytes.
const PACKET_MAX: usize = 16 * 1024;

/// Either kind of socket.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Socket for T {}

/// Who connects.
#[derive(Debug, Clone)]
pub struct Login {
    /// Client id.
    pub client: String,
    /// User name.
    pub user: String,
    /// Password, binary.
    pub password: Option<Vec<u8>>,
    /// Seconds; 0 = none.
    pub keep_alive_s: u16,
}

/// What the other side said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// PUBACK of this packet.
    Acked(u16),
    /// A message for us; its PUBACK is already in the way out.
    Told(Bytes),
    /// Anything that needs no answer.
    Other,
}

/// One connection.
pub struct Link<S> {
    socket: S,
    incoming: BytesMut,
    outgoing: BytesMut,
    packet: u16,
}

/// Why a connection was not made.
pub enum Refusal {
    /// The door answered with this code.
    Code(u8),
    /// There was no answer to read.
    Trouble(Trouble),
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::Trouble(error.into())
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Code(code) => Self::new(format!("the door answered CONNACK {code}")),
            Refusal::Trouble(trouble) => trouble,
        }
    }
}

impl Link<TcpStream> {
    /// Connects over plain TCP.
    pub async fn plain(address: SocketAddr, login: &Login) -> Result<Self, Refusal> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Self::over(socket, login).await
    }
}

impl<S: Socket> Link<S> {
    /// Speaks CONNECT over an open socket and waits for the answer.
    pub async fn over(socket: S, login: &Login) -> Result<Self, Refusal> {
        let (incoming, mut outgoing) = (BytesMut::new(), BytesMut::new());
        write_connect(&mut outgoing, login);
        let mut link = Self { socket, incoming, outgoing, packet: 0 };
        link.flush().await?;
        let packet = link.packet().await?;
        let Packet::ConnAck(ack) = packet else {
            return Err(Trouble::new(format!("expected CONNACK, got {packet:?}")).into());
        };
        if ack.code == ConnectReturnCode::Success {
            Ok(link)
        } else {
            Err(Refusal::Code(ack.code as u8))
        }
    }

    /// The socket, once nothing more is to be said by this link.
    pub fn into_socket(self) -> S {
        self.socket
    }

    /// Puts a QoS 1 message in the way out; gives its packet id. Call [`Link::flush`] to send.
    pub fn publish(&mut self, topic: &str, payload: Bytes) -> u16 {
        let packet = self.next_packet();
        write_publish(&mut self.outgoing, topic, packet, payload);
        packet
    }

    /// Asks for a topic at QoS 1 and sends at once.
    pub async fn subscribe(&mut self, topic: &str) -> Outcome {
        let mut subscribe = Subscribe::new(topic, QoS::AtLeastOnce);
        subscribe.pkid = self.next_packet();
        written(subscribe.write(&mut self.outgoing))?;
        self.flush().await
    }

    /// Sends a ping.
    pub async fn ping(&mut self) -> Outcome {
        written(rumqttc::mqttbytes::v4::PingReq.write(&mut self.outgoing))?;
        self.flush().await
    }

    /// Sends what is in the way out.
    pub async fn flush(&mut self) -> Outcome {
        if !self.outgoing.is_empty() {
            self.socket.write_all_buf(&mut self.outgoing).await?;
            self.outgoing = BytesMut::new();
            self.socket.flush().await?;
        }
        Ok(())
    }

    /// The next thing the other side says. May be dropped while waiting; nothing is lost by it.
    pub async fn next(&mut self) -> Outcome<Said> {
        loop {
            let packet = self.packet().await?;
            if let Packet::PubAck(ack) = packet {
                return Ok(Said::Acked(ack.pkid));
            }
            if let Packet::Publish(publish) = packet {
                if publish.qos == QoS::AtLeastOnce {
                    let ack = rumqttc::mqttbytes::v4::PubAck::new(publish.pkid);
                    written(ack.write(&mut self.outgoing))?;
                    self.flush().await?;
                }
                return Ok(Said::Told(publish.payload));
            }
            if packet == Packet::Disconnect {
                return Err(Trouble::new("the door said DISCONNECT"));
            }
            if !matches!(packet, Packet::PingResp) {
                return Ok(Said::Other);
            }
        }
    }

    async fn packet(&mut self) -> Outcome<Packet> {
        loop {
            match Packet::read(&mut self.incoming, PACKET_MAX) {
                Ok(packet) => {
                    if self.incoming.is_empty() {
                        self.incoming = BytesMut::new();
                    }
                    return Ok(packet);
                }
                Err(Error::InsufficientBytes(_)) => {}
                Err(error) => return Err(Trouble::new(format!("not MQTT: {error:?}"))),
            }
            let read = self.socket.read_buf(&mut self.incoming).await?;
            if read == 0 {
                return Err(Trouble::new("the door has closed the connection"));
            }
        }
    }

    fn next_packet(&mut self) -> u16 {
        self.packet = self.packet.checked_add(1).unwrap_or(1);
        self.packet
    }
}

/// CONNECT with a clean session, by hand: the codec takes only passwords that are text.
pub fn write_connect(out: &mut BytesMut, login: &Login) {
    let mut body = BytesMut::new();
    put(&mut body, b"MQTT");
    body.put_u8(4);
    let password = if login.password.is_some() { 0x40 } else { 0 };
    body.put_u8(0x80 | password | 0x02);
    body.put_u16(login.keep_alive_s);
    put(&mut body, login.client.as_bytes());
    put(&mut body, login.user.as_bytes());
    if let Some(password) = &login.password {
        put(&mut body, password);
    }
    out.put_u8(0x10);
    let mut length = body.len();
    while length > 0x7F {
        out.put_u8(low_bits(length) | 0x80);
        length >>= 7;
    }
    out.put_u8(low_bits(length));
    out.put(body);
}

/// PUBLISH at QoS 1.
pub fn write_publish(out: &mut BytesMut, topic: &str, packet: u16, payload: Bytes) {
    let mut publish = Publish::from_bytes(topic, QoS::AtLeastOnce, payload);
    publish.pkid = packet;
    // The codec refuses only packet id 0, which callers never use.
    let _ = publish.write(out);
}

/// Takes whole PUBACKs off the front of `incoming`, skips other packets, and gives how many there were.
pub fn count_acks(incoming: &mut BytesMut, mut acked: impl FnMut(u16)) -> Outcome<usize> {
    let mut count = 0;
    loop {
        match Packet::read(incoming, PACKET_MAX) {
            Ok(Packet::PubAck(ack)) => {
                acked(ack.pkid);
                count += 1;
            }
            Ok(_) => {}
            Err(Error::InsufficientBytes(_)) => return Ok(count),
            Err(error) => return Err(Trouble::new(format!("not MQTT: {error:?}"))),
        }
    }
}

fn low_bits(length: usize) -> u8 {
    u8::try_from(length & 0x7F).unwrap_or(0)
}

fn put(body: &mut BytesMut, bytes: &[u8]) {
    body.put_u16(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
    body.put_slice(bytes);
}

fn written(result: Result<usize, Error>) -> Outcome {
    result.map(|_| ()).map_err(|e| Trouble::new(format!("cannot write a packet: {e:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connect_reads_back_with_the_codec() {
        let mut out = BytesMut::new();
        let login = Login {
            client: "c".repeat(200),
            user: "name".into(),
            password: Some(b"text".to_vec()),
            keep_alive_s: 20,
        };
        write_connect(&mut out, &login);
        let Ok(Packet::Connect(read)) = Packet::read(&mut out, 1024) else { panic!("a CONNECT") };
        assert_eq!(read.client_id, login.client);
        assert_eq!(read.keep_alive, 20);
        assert_eq!(read.login.map(|l| l.password).as_deref(), Some("text"));
    }
}
