//! Packets of both versions as bytes, written out by hand: the tests must not lean on the codec.

use super::PASSWORD;
use proto::topic::Topic;

/// First byte, remaining length, body.
pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    let mut length = body.len();
    loop {
        let byte = (length % 128) as u8;
        length /= 128;
        out.push(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            break;
        }
    }
    out.extend_from_slice(body);
    out
}

pub fn field(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    let mut out = (bytes.len() as u16).to_be_bytes().to_vec();
    out.extend_from_slice(bytes);
    out
}

/// A CONNECT that can be bent.
#[derive(Clone)]
pub struct Connect {
    pub name: Vec<u8>,
    pub level: u8,
    pub flags: u8,
    pub keep_alive: u16,
    pub properties: Vec<u8>,
    /// Client id, will fields, login, password, in that order.
    pub payload: Vec<Vec<u8>>,
}

impl Connect {
    pub fn new(level: u8, client_id: &str) -> Self {
        Self {
            name: b"MQTT".to_vec(),
            level,
            flags: 0b1100_0010,
            keep_alive: 60,
            properties: Vec::new(),
            payload: vec![field(client_id), field(client_id), field(PASSWORD)],
        }
    }

    pub fn stranger(level: u8, client_id: &str) -> Self {
        let payload = vec![field(client_id), field("stranger")];
        Self { flags: 0b1000_0010, payload, ..Self::new(level, client_id) }
    }

    pub fn local(level: u8, client_id: &str) -> Self {
        let payload = vec![field(client_id), field("local")];
        Self { flags: 0b1000_0010, payload, ..Self::new(level, client_id) }
    }

    /// With a will on this topic, QoS 0; `retain` as given.
    pub fn will(mut self, topic: &str, payload: &[u8], retain: bool) -> Self {
        self.flags |= if retain { 0x24 } else { 0x04 };
        let mut will = if self.level >= 5 { vec![0] } else { Vec::new() };
        will.extend(field(topic));
        will.extend(field(payload));
        self.payload.insert(1, will);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut body = field(&self.name);
        body.push(self.level);
        body.push(self.flags);
        body.extend(self.keep_alive.to_be_bytes());
        if self.level >= 5 {
            body.push(self.properties.len() as u8);
            body.extend_from_slice(&self.properties);
        }
        body.extend(self.payload.concat());
        packet(0x10, &body)
    }
}

/// A PUBLISH; packet id 0 means QoS 0. `level` 5 adds an empty property section.
pub fn publish(level: u8, topic: &str, packet_id: u16, payload: &[u8]) -> Vec<u8> {
    publish_with(level, if packet_id == 0 { 0x30 } else { 0x32 }, topic, packet_id, payload)
}

pub fn publish_with(level: u8, first: u8, topic: &str, packet_id: u16, payload: &[u8]) -> Vec<u8> {
    let mut body = field(topic);
    if first & 0b110 != 0 {
        body.extend(packet_id.to_be_bytes());
    }
    if level >= 5 {
        body.push(0);
    }
    body.extend_from_slice(payload);
    packet(first, &body)
}

pub fn subscribe(level: u8, packet_id: u16, filters: &[(&str, u8)]) -> Vec<u8> {
    let mut body = packet_id.to_be_bytes().to_vec();
    if level >= 5 {
        body.push(0);
    }
    for (filter, options) in filters {
        body.extend(field(filter));
        body.push(*options);
    }
    packet(0x82, &body)
}

pub fn unsubscribe(level: u8, packet_id: u16, filters: &[&str]) -> Vec<u8> {
    let mut body = packet_id.to_be_bytes().to_vec();
    if level >= 5 {
        body.push(0);
    }
    for filter in filters {
        body.extend(field(filter));
    }
    packet(0xA2, &body)
}

pub fn puback(packet_id: u16) -> Vec<u8> {
    packet(0x40, &packet_id.to_be_bytes())
}

pub fn up(device: u64, emergency: bool) -> String {
    let lane =
        if emergency { proto::frame::Lane::Emergency } else { proto::frame::Lane::Telemetry };
    Topic::DeviceUp(super::device(device), lane).to_string()
}
