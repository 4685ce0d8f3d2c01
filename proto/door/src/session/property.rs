//! Properties of version 5: which may come where, each but once, with a value that is allowed.
//!
//! The codec takes them doubled, out of place, and with any value. Those that concern who receives a
//! message are kept as the bytes they came in, to be carried on. Not here: what they mean to a session.

use super::wire::{Fault, Reader};

pub(crate) const PAYLOAD_FORMAT: u8 = 1;
pub(crate) const MESSAGE_EXPIRY: u8 = 2;
pub(crate) const CONTENT_TYPE: u8 = 3;
pub(crate) const RESPONSE_TOPIC: u8 = 8;
pub(crate) const CORRELATION: u8 = 9;
pub(crate) const SUBSCRIPTION_ID: u8 = 11;
pub(crate) const SESSION_EXPIRY: u8 = 17;
pub(crate) const AUTH_METHOD: u8 = 21;
pub(crate) const AUTH_DATA: u8 = 22;
pub(crate) const REQUEST_PROBLEM: u8 = 23;
pub(crate) const WILL_DELAY: u8 = 24;
pub(crate) const REQUEST_RESPONSE: u8 = 25;
pub(crate) const REASON: u8 = 31;
pub(crate) const RECEIVE_MAXIMUM: u8 = 33;
pub(crate) const ALIAS_MAXIMUM: u8 = 34;
pub(crate) const ALIAS: u8 = 35;
pub(crate) const USER: u8 = 38;
pub(crate) const PACKET_MAXIMUM: u8 = 39;

/// Properties that a message carries to whoever receives it; user properties are among them.
const CARRIED: [u8; 5] = [PAYLOAD_FORMAT, CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION, USER];

/// The properties of one packet whose values the door looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Properties {
    pub(crate) receive_maximum: Option<u16>,
    pub(crate) packet_maximum: Option<u32>,
    pub(crate) session_expiry: Option<u32>,
    pub(crate) message_expiry: Option<u32>,
    pub(crate) will_delay: Option<u32>,
    pub(crate) alias: Option<u16>,
    pub(crate) alias_maximum: Option<u16>,
    pub(crate) subscription_id: Option<u32>,
    pub(crate) auth_method: bool,
    pub(crate) auth_data: bool,
    /// What is carried on, encoded as it came.
    pub(crate) carried: Vec<u8>,
}

/// Reads a property section in which only `allowed` and user properties may occur, each but once.
pub(crate) fn properties(reader: &mut Reader<'_>, allowed: &[u8]) -> Result<Properties, Fault> {
    let length = reader.variable()?;
    let (section, rest) = reader.0.split_at_checked(length).ok_or(Fault::Malformed)?;
    reader.0 = rest;
    let mut section = Reader(section);
    let mut seen = 0u64;
    let mut found = Properties::default();
    while !section.is_empty() {
        let whole = section.0;
        let name = section.u8()?;
        if name == USER {
            section.text()?;
            section.text()?;
        } else if !allowed.contains(&name) {
            return Err(Fault::Malformed);
        } else if seen & (1 << name) != 0 {
            return Err(Fault::Protocol);
        } else {
            seen |= 1 << name;
            value(name, &mut section, &mut found)?;
        }
        if CARRIED.contains(&name) {
            let length = whole.len() - section.0.len();
            found.carried.extend_from_slice(whole.get(..length).unwrap_or_default());
        }
    }
    Ok(found)
}

/// Reads and checks the value of one property.
fn value(name: u8, section: &mut Reader<'_>, found: &mut Properties) -> Result<(), Fault> {
    match name {
        PAYLOAD_FORMAT | REQUEST_PROBLEM | REQUEST_RESPONSE => {
            if section.u8()? > 1 {
                return Err(Fault::Protocol);
            }
        }
        MESSAGE_EXPIRY => found.message_expiry = Some(section.u32()?),
        SESSION_EXPIRY => found.session_expiry = Some(section.u32()?),
        WILL_DELAY => found.will_delay = Some(section.u32()?),
        PACKET_MAXIMUM => match section.u32()? {
            0 => return Err(Fault::Protocol),
            maximum => found.packet_maximum = Some(maximum),
        },
        RECEIVE_MAXIMUM => match section.u16()? {
            0 => return Err(Fault::Protocol),
            maximum => found.receive_maximum = Some(maximum),
        },
        ALIAS_MAXIMUM => found.alias_maximum = Some(section.u16()?),
        ALIAS => found.alias = Some(section.u16()?),
        SUBSCRIPTION_ID => match section.variable()? {
            0 => return Err(Fault::Protocol),
            id => found.subscription_id = u32::try_from(id).ok(),
        },
        RESPONSE_TOPIC => {
            if rumqttc::mqttbytes::has_wildcards(section.text()?) {
                return Err(Fault::Protocol);
            }
        }
        CONTENT_TYPE | REASON => drop(section.text()?),
        AUTH_METHOD => {
            section.text()?;
            found.auth_method = true;
        }
        CORRELATION => drop(section.binary()?),
        AUTH_DATA => {
            section.binary()?;
            found.auth_data = true;
        }
        _ => return Err(Fault::Malformed),
    }
    Ok(())
}
