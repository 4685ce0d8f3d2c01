//! Packets of MQTT 5 after CONNECT: read with the codec, checked where it is lax, and written.
//!
//! The codec counts a subscription identifier twice, refuses an empty DISCONNECT, does not look at
//! topics as text, and takes properties twice; so PUBLISH and SUBSCRIBE are read by hand.
//! Not here: what the packets do (`session`).

use bytes::{BufMut, Bytes, BytesMut};
use rumqttc::v5::mqttbytes::has_wildcards;
use rumqttc::v5::mqttbytes::v5::{self, FixedHeader};

use super::aliases::ALIAS_MAX;
use super::deliver::Sending;
use super::property::{self, properties};
use super::wire::{self, Fault, Frame, Reader, kind};
use super::{Filter, Offer, Packet, Publish};

/// User property of CONNACK: so many messages were lost while the client was away.
const LOST: &str = "lost";

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
        kind::PUBLISH => publish(&frame),
        kind::PUBACK => puback(&frame),
        kind::SUBSCRIBE => subscribe(&frame),
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

fn publish(frame: &Frame) -> Result<Packet, Fault> {
    let mut reader = Reader(frame.body());
    let topic = reader.text()?;
    if has_wildcards(topic) {
        return Err(Fault::TopicName);
    }
    let packet_id = match frame.flags() >> 1 & 0b11 {
        0 => 0,
        1 => reader.packet_id()?,
        _ => return Err(Fault::Qos),
    };
    let found = properties(&mut reader, &PUBLISH_PROPERTIES)?;
    if found.subscription_id.is_some() || (topic.is_empty() && found.alias.is_none()) {
        return Err(Fault::Protocol);
    }
    Ok(Packet::Publish(Publish {
        packet_id,
        repeated: frame.flags() & 0b1000 != 0,
        retain: frame.flags() & 1 != 0,
        topic: topic.to_owned(),
        alias: found.alias,
        payload: frame.bytes.slice(frame.bytes.len() - reader.0.len()..),
        properties: found.carried.into(),
        expiry: found.message_expiry,
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

fn subscribe(frame: &Frame) -> Result<Packet, Fault> {
    let mut reader = Reader(frame.body());
    let packet_id = reader.packet_id()?;
    let id = properties(&mut reader, &[property::SUBSCRIPTION_ID])?.subscription_id;
    if reader.is_empty() {
        return Err(Fault::Protocol);
    }
    let mut filters = Vec::new();
    while !reader.is_empty() {
        let filter = reader.text()?;
        let options = reader.u8()?;
        if filter.is_empty() || options & 0b1100_0000 != 0 || options & 0b11 == 3 {
            return Err(Fault::Malformed);
        }
        if options & 0b11_0000 == 0b11_0000 {
            return Err(Fault::Protocol);
        }
        filters.push(Filter {
            path: filter.to_owned(),
            qos: options & 0b11,
            no_local: options & 0b100 != 0,
            as_published: options & 0b1000 != 0,
            retain_handling: options >> 4 & 0b11,
        });
    }
    Ok(Packet::Subscribe { packet_id, filters, id })
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
    let mut expiry = None;
    if !reader.is_empty() {
        let allowed = [property::SESSION_EXPIRY, property::REASON];
        expiry = properties(&mut reader, &allowed)?.session_expiry;
    }
    let sent_by_clients = matches!(
        reason,
        0x00 | 0x04 | 0x80..=0x83 | 0x90 | 0x93..=0x97 | 0x98 | 0x99
    );
    if !reader.is_empty() || !sent_by_clients {
        return Err(Fault::Malformed);
    }
    Ok(Packet::Disconnect { with_will: reason != 0, expiry })
}

/// Writes a CONNACK that refuses.
pub(crate) fn refuse(out: &mut BytesMut, code: u8) {
    out.put_slice(&[0x20, 3, 0, code, 0]);
}

/// Writes a CONNACK that says what this door offers, and what an earlier session has lost.
pub(crate) fn connack(out: &mut BytesMut, offer: &Offer) {
    let flag = |offered: bool| Some(u8::from(offered));
    let lost = Some(offer.lost).filter(|lost| *lost > 0);
    let lost = lost.map(|lost| (LOST.to_owned(), lost.to_string())).into_iter();
    let properties = v5::ConnAckProperties {
        session_expiry_interval: Some(offer.session_expiry),
        receive_max: Some(offer.receive_maximum),
        max_qos: Some(1),
        retain_available: flag(offer.free_topics),
        max_packet_size: u32::try_from(offer.packet_maximum).ok(),
        assigned_client_identifier: offer.assigned.clone(),
        topic_alias_max: offer.free_topics.then_some(ALIAS_MAX),
        reason_string: None,
        user_properties: lost.collect(),
        wildcard_subscription_available: flag(offer.free_topics),
        subscription_identifiers_available: flag(offer.free_topics),
        shared_subscription_available: flag(false),
        server_keep_alive: offer.keep_alive,
        response_information: None,
        server_reference: None,
        authentication_method: None,
        authentication_data: None,
    };
    let connack = v5::ConnAck {
        session_present: offer.present,
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
    wire::put_variable(out, 3 + codes.len());
    out.put_u16(packet_id);
    out.put_u8(0);
    out.extend(codes);
}

/// Properties of a message on its way to a subscriber, encoded.
pub(crate) fn carry(carried: &[u8], expiry: Option<u32>, ids: &[u32]) -> Vec<u8> {
    let mut properties = Vec::with_capacity(carried.len() + 5 + 5 * ids.len());
    if let Some(expiry) = expiry {
        properties.put_u8(property::MESSAGE_EXPIRY);
        properties.put_u32(expiry);
    }
    for id in ids {
        properties.put_u8(property::SUBSCRIPTION_ID);
        wire::put_variable(&mut properties, *id as usize);
    }
    properties.extend_from_slice(carried);
    properties
}

/// Adds the number of the topic to the properties of a message.
pub(crate) fn put_alias(properties: &mut Vec<u8>, alias: u16) {
    properties.put_u8(property::ALIAS);
    properties.put_u16(alias);
}

/// Writes a PUBLISH to the client; its properties are encoded.
pub(crate) fn publish_down(
    out: &mut BytesMut,
    sending: Sending,
    topic: &str,
    properties: &[u8],
    payload: &Bytes,
) {
    let mut length = Vec::with_capacity(4);
    wire::put_variable(&mut length, properties.len());
    wire::publish_head(out, sending, topic, length.len() + properties.len() + payload.len());
    out.put_slice(&length);
    out.put_slice(properties);
    out.put_slice(payload);
}

/// Writes a DISCONNECT with its reason, and what to do about it where the code alone does not say and there is room.
/// Paho's client reads a code only from a packet that is longer than the shortest.
pub(crate) fn goodbye(out: &mut BytesMut, code: u8, advice: Option<&'static str>, most: usize) {
    let advice = advice.filter(|advice| advice.len() + 7 <= most.min(100));
    let Some((advice, length)) =
        advice.and_then(|text| Some((text, u8::try_from(text.len()).ok()?)))
    else {
        return out.put_slice(&[0xE0, 2, code, 0]);
    };
    out.put_slice(&[0xE0, length + 5, code, length + 3, property::REASON, 0, length]);
    out.put_slice(advice.as_bytes());
}
