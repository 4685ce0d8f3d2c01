//! Properties of version 5: which may come where, each but once, with a value that is allowed.
//!
//! The codec takes them doubled, out of place, and with any value. Not here: what they mean to a
//! session, which looks at a few of them only.

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

/// The properties of one packet whose values the door looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Properties {
    pub(crate) receive_maximum: Option<u16>,
    pub(crate) packet_maximum: Option<u32>,
    pub(crate) alias: bool,
    pub(crate) subscription_id: bool,
    pub(crate) auth_method: bool,
    pub(crate) auth_data: bool,
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
        let name = section.u8()?;
        if name == USER {
            section.text()?;
            section.text()?;
            continue;
        }
        if !allowed.contains(&name) {
            return Err(Fault::Malformed);
        }
        if seen & (1 << name) != 0 {
            return Err(Fault::Protocol);
        }
        seen |= 1 << name;
        value(name, &mut section, &mut found)?;
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
        MESSAGE_EXPIRY | SESSION_EXPIRY | WILL_DELAY => {
            section.u32()?;
        }
        PACKET_MAXIMUM => match section.u32()? {
            0 => return Err(Fault::Protocol),
            maximum => found.packet_maximum = Some(maximum),
        },
        RECEIVE_MAXIMUM => match section.u16()? {
            0 => return Err(Fault::Protocol),
            maximum => found.receive_maximum = Some(maximum),
        },
        ALIAS_MAXIMUM => drop(section.u16()?),
        ALIAS => {
            section.u16()?;
            found.alias = true;
        }
        SUBSCRIPTION_ID => {
            if section.variable()? == 0 {
                return Err(Fault::Protocol);
            }
            found.subscription_id = true;
        }
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
