//! Packets of MQTT 3.1.1 after CONNECT: read with the codec, checked where it is lax, and written.
//!
//! The codec takes a SUBSCRIBE with reserved option bits, packet id 0, an UNSUBSCRIBE of nothing,
//! a PINGREQ with a body. Not here: what the packets do (`session`).

use bytes::{BufMut, Bytes, BytesMut};
use rumqttc::mqttbytes::{FixedHeader, QoS, has_wildcards, v4};

use super::deliver::Sending;
use super::wire::{self, Fault, Frame, Reader, kind};
use super::{Filter, Packet, Publish};

/// Reads one packet.
pub(crate) fn read(frame: Frame) -> Result<Packet, Fault> {
    let body = frame.body();
    match frame.kind() {
        kind::PUBLISH => publish(frame),
        kind::PUBACK if body.len() == 2 => Reader(body).packet_id().map(Packet::PubAck),
        kind::SUBSCRIBE => subscribe(frame),
        kind::UNSUBSCRIBE => unsubscribe(frame),
        kind::PINGREQ if body.is_empty() => Ok(Packet::Ping),
        kind::DISCONNECT if body.is_empty() => {
            Ok(Packet::Disconnect { with_will: false, expiry: None })
        }
        _ => Err(Fault::Protocol),
    }
}

fn header(frame: &Frame) -> FixedHeader {
    FixedHeader::new(frame.first, frame.header - 1, frame.bytes.len() - frame.header)
}

fn publish(frame: Frame) -> Result<Packet, Fault> {
    let read = v4::Publish::read(header(&frame), frame.bytes).map_err(|_| Fault::Malformed)?;
    if read.qos == QoS::ExactlyOnce {
        return Err(Fault::Qos);
    }
    if read.topic.is_empty() || read.topic.contains('\0') {
        return Err(Fault::Malformed);
    }
    if has_wildcards(&read.topic) {
        return Err(Fault::TopicName);
    }
    Ok(Packet::Publish(Publish {
        packet_id: read.pkid,
        repeated: read.dup,
        retain: read.retain,
        topic: read.topic,
        alias: None,
        payload: read.payload,
        properties: Bytes::new(),
        expiry: None,
    }))
}

fn subscribe(frame: Frame) -> Result<Packet, Fault> {
    let mut reader = Reader(frame.body());
    reader.packet_id()?;
    while !reader.is_empty() {
        let filter = reader.text()?;
        if filter.is_empty() || reader.u8()? & 0b1111_1100 != 0 {
            return Err(Fault::Malformed);
        }
    }
    let read = v4::Subscribe::read(header(&frame), frame.bytes).map_err(|_| Fault::Malformed)?;
    let filters = read
        .filters
        .into_iter()
        .map(|filter| Filter {
            path: filter.path,
            qos: filter.qos as u8,
            no_local: false,
            as_published: false,
            retain_handling: 0,
        })
        .collect();
    Ok(Packet::Subscribe { packet_id: read.pkid, filters, id: None })
}

fn unsubscribe(frame: Frame) -> Result<Packet, Fault> {
    let mut reader = Reader(frame.body());
    reader.packet_id()?;
    if reader.is_empty() {
        return Err(Fault::Protocol);
    }
    while !reader.is_empty() {
        if reader.text()?.is_empty() {
            return Err(Fault::Malformed);
        }
    }
    let read = v4::Unsubscribe::read(header(&frame), frame.bytes).map_err(|_| Fault::Malformed)?;
    Ok(Packet::Unsubscribe { packet_id: read.pkid, filters: read.topics })
}

/// Writes a CONNACK.
pub(crate) fn connack(out: &mut BytesMut, code: u8, present: bool) {
    out.put_slice(&[0x20, 2, u8::from(present), code]);
}

/// Writes a SUBACK: a granted quality of service for each filter, or none for a refusal.
pub(crate) fn suback(out: &mut BytesMut, packet_id: u16, granted: &[Result<u8, u8>]) {
    let return_codes = granted
        .iter()
        .map(|granted| match granted {
            Ok(0) => v4::SubscribeReasonCode::Success(QoS::AtMostOnce),
            Ok(_) => v4::SubscribeReasonCode::Success(QoS::AtLeastOnce),
            Err(_) => v4::SubscribeReasonCode::Failure,
        })
        .collect();
    // The codec only fails on lengths that a checked SUBSCRIBE cannot reach.
    let _ = v4::SubAck::new(packet_id, return_codes).write(out);
}

/// Writes an UNSUBACK.
pub(crate) fn unsuback(out: &mut BytesMut, packet_id: u16) {
    let _ = v4::UnsubAck::new(packet_id).write(out);
}

/// Writes a PUBLISH to the client.
pub(crate) fn publish_down(out: &mut BytesMut, sending: Sending, topic: &str, payload: &Bytes) {
    wire::publish_head(out, sending, topic, payload.len());
    out.put_slice(payload);
}
