//! CONNECT of both versions, and the answers that end there.
//!
//! It is read by hand: a password is binary in the specification and is a proof of 28 arbitrary
//! bytes here, while the codec takes it for a text. Not here: who is admitted (the gate).

use bytes::Bytes;

use super::property::{self, properties};
use super::wire::{Fault, Frame, Reader};
use crate::bus::fanout::EXPIRY_MAX;
use crate::bus::{Message, Will};

/// The protocol version a session speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// MQTT 3.1.1.
    V4,
    /// MQTT 5.
    V5,
}

/// A CONNECT that is sound in form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// Which version it speaks.
    pub version: Version,
    /// Its client id, perhaps empty.
    pub client_id: String,
    /// Its user name.
    pub login: Option<String>,
    /// Its password, binary.
    pub password: Option<Bytes>,
    /// Its last will.
    pub will: Option<Will>,
    /// Seconds of silence after which it expects to be dropped; 0 = never.
    pub keep_alive: u16,
    /// Unacknowledged messages it takes.
    pub receive_maximum: u16,
    /// Largest packet it takes, in bytes.
    pub packet_maximum: usize,
    /// Topic aliases that it takes.
    pub alias_maximum: u16,
    /// Whether it wants nothing of an earlier session.
    pub clean: bool,
    /// Seconds that it wants its session kept once its connection has ended.
    pub expiry: u32,
}

/// A CONNECT that is answered with a refusal, in the words of its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// CONNACK of version 3.1.1 with this code.
    V4(u8),
    /// CONNACK of version 5 with this code.
    V5(u8),
    /// Closed without an answer, as version 3.1.1 has no code for it.
    Silent,
}

const WILL_PROPERTIES: [u8; 6] = [
    property::WILL_DELAY,
    property::PAYLOAD_FORMAT,
    property::MESSAGE_EXPIRY,
    property::CONTENT_TYPE,
    property::RESPONSE_TOPIC,
    property::CORRELATION,
];

const CONNECT_PROPERTIES: [u8; 8] = [
    property::SESSION_EXPIRY,
    property::AUTH_METHOD,
    property::AUTH_DATA,
    property::REQUEST_PROBLEM,
    property::REQUEST_RESPONSE,
    property::RECEIVE_MAXIMUM,
    property::ALIAS_MAXIMUM,
    property::PACKET_MAXIMUM,
];

/// Reads a CONNECT.
pub(crate) fn read(frame: &Frame) -> Result<Connect, Refusal> {
    let mut reader = Reader(frame.body());
    let silent = |_| Refusal::Silent;
    let name = reader.binary().map_err(silent)?;
    let level = reader.u8().map_err(silent)?;
    let version = match (name, level) {
        (b"MQTT", 4) => Version::V4,
        (b"MQTT", 5) => Version::V5,
        (b"MQTT", 6..) => return Err(Refusal::V5(0x84)),
        _ => return Err(Refusal::V4(1)),
    };
    match version {
        Version::V4 => fields(version, &mut reader).map_err(silent).and_then(|connect| {
            if connect.client_id.is_empty() && !connect.clean {
                return Err(Refusal::V4(2));
            }
            Ok(connect)
        }),
        Version::V5 => match fields(version, &mut reader) {
            Ok(connect) => Ok(connect),
            // The only limit on CONNECT besides its form: no exchange of authentication packets.
            Err(Fault::NotAuthorized) => Err(Refusal::V5(0x8C)),
            Err(fault) => Err(Refusal::V5(fault.code())),
        },
    }
}

/// Everything after the level.
fn fields(version: Version, reader: &mut Reader<'_>) -> Result<Connect, Fault> {
    let flags = reader.u8()?;
    let (has_login, has_password) = (flags & 0x80 != 0, flags & 0x40 != 0);
    if flags & 1 != 0 || (version == Version::V4 && has_password && !has_login) {
        return Err(Fault::Malformed);
    }
    let keep_alive = reader.u16()?;
    let own = match version {
        Version::V4 => Default::default(),
        Version::V5 => properties(reader, &CONNECT_PROPERTIES)?,
    };
    if own.auth_method {
        return Err(Fault::NotAuthorized);
    }
    if own.auth_data {
        return Err(Fault::Protocol);
    }
    let client_id = reader.text()?.to_owned();
    let will = will(version, flags, reader)?;
    let login = if has_login { Some(reader.text()?.to_owned()) } else { None };
    let password = if has_password { Some(Bytes::copy_from_slice(reader.binary()?)) } else { None };
    if !reader.is_empty() {
        return Err(Fault::Malformed);
    }
    let clean = flags & 0x02 != 0;
    let expiry = match version {
        // A session of version 3.1.1 has no end of its own.
        Version::V4 => {
            if clean {
                0
            } else {
                EXPIRY_MAX
            }
        }
        Version::V5 => own.session_expiry.unwrap_or(0),
    };
    Ok(Connect {
        version,
        client_id,
        login,
        password,
        will,
        keep_alive,
        receive_maximum: own.receive_maximum.unwrap_or(u16::MAX),
        packet_maximum: own.packet_maximum.map_or(usize::MAX, |maximum| maximum as usize),
        alias_maximum: own.alias_maximum.unwrap_or(0),
        clean,
        expiry,
    })
}

fn will(version: Version, flags: u8, reader: &mut Reader<'_>) -> Result<Option<Will>, Fault> {
    let qos = flags >> 3 & 0b11;
    let retain = flags & 0x20 != 0;
    if flags & 0x04 == 0 {
        return if qos == 0 && !retain { Ok(None) } else { Err(Fault::Malformed) };
    }
    if qos == 3 {
        return Err(Fault::Malformed);
    }
    let own = match version {
        Version::V4 => Default::default(),
        Version::V5 => properties(reader, &WILL_PROPERTIES)?,
    };
    let topic = reader.text()?;
    if topic.is_empty() {
        return Err(Fault::Malformed);
    }
    if rumqttc::mqttbytes::has_wildcards(topic) {
        return Err(Fault::TopicName);
    }
    let payload = Bytes::copy_from_slice(reader.binary()?);
    let (topic, properties, expiry) = (topic.to_owned(), own.carried.into(), own.message_expiry);
    let message = Message { topic, payload, qos, retain, properties, expiry };
    Ok(Some(Will { message, delay: own.will_delay.unwrap_or(0) }))
}
