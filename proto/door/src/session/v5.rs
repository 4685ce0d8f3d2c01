//! Packets of MQTT 5 after CONNECT: read with the codec, checked where it is lax, and written.
//!
//! The codec counts a subscription identifier twice, refuses an empty DISCONNECT, does not look at
//! topics as text, and takes properties twice; so the form is checked first.
//! Not here: what the packets do (`session`).

use bytes::{BufMut, Bytes, BytesMut};
use rumqttc::v5::mqttbytes::v5::{self, FixedHeader};
use rumqttc::v5::mqttbytes::{QoS, has_wildcards};

use super::property::{self, properties};
use super::wire::{Fault, Frame, Reader, kind, text};
use super::{Filter, Offer, Packet, Publish};

const PUBLISH_PROPERTIES: [u8; 7] = [
    property::PAYLOAD_FORMAT,
    property::MESSAGE_EXPIRY,
    property::ALIAS,
    property::RESPONSE_TOPIC,
    property::CORRELATION,
    property::CONTENT_TYPE,
    property::SUBSCRIPTION_ID,
];

/// Reads one packet.
pub(crate) fn read(frame: Frame) -> Result<Packet, Fault> {
    match frame.kind() {
        kind::PUBLISH => publish(frame),
        kind::PUBACK => puback(&frame),
        kind::SUBSCRIBE => subscribe(frame),
        kind::UNSUBSCRIBE => unsubscribe(frame),
        kind::PINGREQ if frame.body().is_empty() => Ok(Packet::Ping),
        kind::PINGREQ => Err(Fault::Malformed),
        kind::DISCONNECT => disconnect(&frame),
        kind::AUTH | kind::CONNECT => Err(Fault::Protocol),
        _ => Err(Fault::Protocol),
    }
}

fn header(frame: &Frame) -> FixedHeader {
    FixedHeader::new(frame.first, frame.header - 1, frame.bytes.len() - frame.header)
}

fn publish(frame: Frame) -> Result<Packet, Fault> {
    let mut reader = Reader(frame.body());
    let topic = reader.text()?;
    if has_wildcards(topic) {
        return Err(Fault::TopicName);
    }
    let empty = topic.is_empty();
    match frame.flags() >> 1 & 0b11 {
        0 => {}
        1 => drop(reader.packet_id()?),
        _ => return Err(Fault::Qos),
    }
    let found = properties(&mut reader, &PUBLISH_PROPERTIES)?;
    if found.subscription_id {
        return Err(Fault::Protocol);
    }
    if found.alias {
        return Err(Fault::TopicAlias);
    }
    if empty {
        return Err(Fault::Protocol);
    }
    let read = v5::Publish::read(header(&frame), frame.bytes).map_err(|_| Fault::Malformed)?;
    let topic = text(&read.topic)?.to_owned();
    Ok(Packet::Publish(Publish {
        packet_id: read.pkid,
        retain: read.retain,
        topic,
        payload: read.payload,
    }))
}

fn puback(frame: &Frame) -> Result<Packet, Fault> {
    let mut reader = Reader(frame.body());
    let packet_id = reader.packet_id()?;
    if !reader.is_empty() {
        let reason = reader.u8()?;
        if !matches!(reason, 0x00 | 0x10 | 0x80 | 0x83 | 0x87 | 0x90 | 0x91 | 0x97 | 0x99) {
            return Err(Fault::Protocol);
        }
    }
    if !reader.is_empty() {
        properties(&mut reader, &[property::REASON])?;
    }
    if reader.is_empty() { Ok(Packet::PubAck(packet_id)) } else { Err(Fault::Malformed) }
}

fn subscribe(frame: Frame) -> Result<Packet, Fault> {
    let mut reader = Reader(frame.body());
    reader.packet_id()?;
    if properties(&mut reader, &[property::SUBSCRIPTION_ID])?.subscription_id {
        return Err(Fault::SubscriptionId);
    }
    if reader.is_empty() {
        return Err(Fault::Protocol);
    }
    while !reader.is_empty() {
        let filter = reader.text()?;
        let options = reader.u8()?;
        if filter.is_empty() || options & 0b1100_0000 != 0 || options & 0b11 == 3 {
            return Err(Fault::Malformed);
        }
        if options & 0b11_0000 == 0b11_0000 {
            return Err(Fault::Protocol);
        }
    }
    let read = v5::Subscribe::read(header(&frame), frame.bytes).map_err(|_| Fault::Malformed)?;
    let filters = read
        .filters
        .into_iter()
        .map(|filter| Filter {
            path: filter.path,
            qos: filter.qos as u8,
            no_local: filter.nolocal,
            as_published: filter.preserve_retain,
            retain_handling: filter.retain_forward_rule as u8,
        })
        .collect();
    Ok(Packet::Subscribe { packet_id: read.pkid, filters })
}

fn unsubscribe(frame: Frame) -> Result<Packet, Fault> {
    let mut reader = Reader(frame.body());
    reader.packet_id()?;
    properties(&mut reader, &[])?;
    if reader.is_empty() {
        return Err(Fault::Protocol);
    }
    while !reader.is_empty() {
        if reader.text()?.is_empty() {
            return Err(Fault::Malformed);
        }
    }
    let read = v5::Unsubscribe::read(header(&frame), frame.bytes).map_err(|_| Fault::Malformed)?;
    Ok(Packet::Unsubscribe { packet_id: read.pkid, filters: read.filters })
}

fn disconnect(frame: &Frame) -> Result<Packet, Fault> {
    let mut reader = Reader(frame.body());
    let reason = if reader.is_empty() { 0 } else { reader.u8()? };
    if !reader.is_empty() {
        properties(&mut reader, &[property::SESSION_EXPIRY, property::REASON])?;
    }
    let sent_by_clients = matches!(
        reason,
        0x00 | 0x04 | 0x80..=0x83 | 0x90 | 0x93..=0x97 | 0x98 | 0x99
    );
    if !reader.is_empty() || !sent_by_clients {
        return Err(Fault::Malformed);
    }
    Ok(Packet::Disconnect { with_will: reason != 0 })
}

/// Writes a CONNACK that refuses.
pub(crate) fn refuse(out: &mut BytesMut, code: u8) {
    out.put_slice(&[0x20, 3, 0, code, 0]);
}

/// Writes a CONNACK that says what this door offers. No session outlives its connection.
pub(crate) fn connack(out: &mut BytesMut, offer: &Offer) {
    let flag = |offered: bool| Some(u8::from(offered));
    let properties = v5::ConnAckProperties {
        session_expiry_interval: Some(0),
        receive_max: Some(offer.receive_maximum),
        max_qos: Some(1),
        retain_available: flag(offer.free_topics),
        max_packet_size: u32::try_from(offer.packet_maximum).ok(),
        assigned_client_identifier: offer.assigned.clone(),
        topic_alias_max: None,
        reason_string: None,
        user_properties: Vec::new(),
        wildcard_subscription_available: flag(offer.free_topics),
        subscription_identifiers_available: flag(false),
        shared_subscription_available: flag(false),
        server_keep_alive: offer.keep_alive,
        response_information: None,
        server_reference: None,
        authentication_method: None,
        authentication_data: None,
    };
    let connack = v5::ConnAck {
        session_present: false,
        code: v5::ConnectReturnCode::Success,
        properties: Some(properties),
    };
    // The codec only fails on lengths that these few properties cannot reach.
    let _ = connack.write(out);
}

/// Writes a SUBACK: a granted quality of service for each filter, or the reason of a refusal.
pub(crate) fn suback(out: &mut BytesMut, packet_id: u16, granted: &[Result<u8, u8>]) {
    codes(
        out,
        0x90,
        packet_id,
        granted.iter().map(|granted| match granted {
            Ok(code) | Err(code) => *code,
        }),
    );
}

/// Writes an UNSUBACK: whether each filter was a subscription.
pub(crate) fn unsuback(out: &mut BytesMut, packet_id: u16, existed: &[bool]) {
    codes(out, 0xB0, packet_id, existed.iter().map(|existed| if *existed { 0x00 } else { 0x11 }));
}

/// Packet id, no properties, one code for each filter: the codec has no writer for these as server.
fn codes(out: &mut BytesMut, first: u8, packet_id: u16, codes: impl ExactSizeIterator<Item = u8>) {
    out.put_u8(first);
    let mut length = 3 + codes.len();
    loop {
        let low = u8::try_from(length & 0x7F).unwrap_or(0);
        length >>= 7;
        out.put_u8(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    out.put_u16(packet_id);
    out.put_u8(0);
    out.extend(codes);
}

/// Writes a PUBLISH to the client; packet id 0 stands for QoS 0.
pub(crate) fn publish_down(
    out: &mut BytesMut,
    topic: &str,
    payload: Bytes,
    packet_id: u16,
    retain: bool,
) {
    let qos = if packet_id == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
    let mut publish = v5::Publish::new(topic, qos, payload, None);
    publish.pkid = packet_id;
    publish.retain = retain;
    let _ = publish.write(out);
}

/// Writes a DISCONNECT with its reason.
pub(crate) fn goodbye(out: &mut BytesMut, code: u8) {
    out.put_slice(&[0xE0, 2, code, 0]);
}
