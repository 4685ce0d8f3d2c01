//! Bytes to frames: what holds for every packet of both versions before its kind is looked at.
//!
//! A *frame* is one complete packet as it came. A *fault* is why a caller is shown out, with the
//! reason code that version 5 has for it. Here are the checks that the codec leaves out: reserved
//! flags, lengths, sizes, U+0000. Not here: what a packet asks for (`session`), CONNECT (`connect`),
//! properties (`property`).

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::deliver::Sending;

/// Packet kinds a client may send, and those it may not.
pub(crate) mod kind {
    pub(crate) const CONNECT: u8 = 1;
    pub(crate) const PUBLISH: u8 = 3;
    pub(crate) const PUBACK: u8 = 4;
    pub(crate) const PUBREL: u8 = 6;
    pub(crate) const SUBSCRIBE: u8 = 8;
    pub(crate) const UNSUBSCRIBE: u8 = 10;
    pub(crate) const PINGREQ: u8 = 12;
    pub(crate) const DISCONNECT: u8 = 14;
    pub(crate) const AUTH: u8 = 15;
}

/// Why a caller is shown out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The bytes are no packet.
    Malformed,
    /// A packet that may not come here, or twice, or with these contents.
    Protocol,
    /// Beyond a limit of this door's own.
    Quota,
    /// A topic that belongs to somebody else.
    NotAuthorized,
    /// A topic name with wildcards.
    TopicName,
    /// More unacknowledged messages than the CONNACK allowed.
    ReceiveMaximum,
    /// A topic alias beyond what is offered.
    TopicAlias,
    /// Larger than the CONNACK or the topic allows.
    TooLarge,
    /// Retained messages are not offered to this caller.
    Retain,
    /// QoS 2 is not offered.
    Qos,
    /// Subscription identifiers are not offered.
    SubscriptionId,
    /// The parser panicked on these bytes.
    Parser,
}

impl Fault {
    /// The reason code of version 5.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Malformed | Self::Parser => 0x81,
            Self::Protocol => 0x82,
            Self::NotAuthorized => 0x87,
            Self::TopicName => 0x90,
            Self::ReceiveMaximum => 0x93,
            Self::TopicAlias => 0x94,
            Self::TooLarge => 0x95,
            Self::Quota => 0x97,
            Self::Retain => 0x9A,
            Self::Qos => 0x9B,
            Self::SubscriptionId => 0xA1,
        }
    }
}

impl Fault {
    /// What to do about it, for a client of version 5.
    pub(crate) const fn advice(self) -> Option<&'static str> {
        match self {
            Self::Qos => Some("QoS 2 is not offered here, use QoS 1"),
            Self::Malformed
            | Self::Protocol
            | Self::Quota
            | Self::NotAuthorized
            | Self::TopicName
            | Self::ReceiveMaximum
            | Self::TopicAlias
            | Self::TooLarge
            | Self::Retain
            | Self::SubscriptionId
            | Self::Parser => None,
        }
    }
}

/// One complete packet.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Kind and flags.
    pub(crate) first: u8,
    /// Length of the fixed header.
    pub(crate) header: usize,
    /// The whole packet.
    pub(crate) bytes: Bytes,
}

impl Frame {
    pub(crate) const fn kind(&self) -> u8 {
        self.first >> 4
    }

    pub(crate) const fn flags(&self) -> u8 {
        self.first & 0x0F
    }

    /// What follows the fixed header.
    pub(crate) fn body(&self) -> &[u8] {
        self.bytes.get(self.header..).unwrap_or_default()
    }
}

/// Splits the next packet off `buffer`, if all of it is there. `limit` is for the whole packet;
/// `minimal` also refuses lengths that are written longer than they need be (version 5).
pub(crate) fn split(
    buffer: &mut BytesMut,
    limit: usize,
    minimal: bool,
) -> Result<Option<Frame>, Fault> {
    let Some((&first, rest)) = buffer.split_first() else { return Ok(None) };
    let flags = first & 0x0F;
    let flags_fit = match first >> 4 {
        0 => false,
        // QoS 3 does not exist, and a repeat of something that is not awaited neither.
        kind::PUBLISH => flags & 0b0110 != 0b0110 && flags & 0b1110 != 0b1000,
        kind::PUBREL | kind::SUBSCRIBE | kind::UNSUBSCRIBE => flags == 0b0010,
        _ => flags == 0,
    };
    if !flags_fit {
        return Err(Fault::Malformed);
    }
    let Some((length, size)) = variable(rest, minimal)? else { return Ok(None) };
    let header = 1 + size;
    let total = header + length;
    if total > limit {
        return Err(Fault::TooLarge);
    }
    if buffer.len() < total {
        return Ok(None);
    }
    let bytes = buffer.split_to(total).freeze();
    Ok(Some(Frame { first, header, bytes }))
}

/// A variable byte integer and how many bytes it took; none when it is not complete.
fn variable(bytes: &[u8], minimal: bool) -> Result<Option<(usize, usize)>, Fault> {
    let mut value = 0usize;
    for (place, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            let padded = minimal && place > 0 && *byte == 0;
            return if padded { Err(Fault::Malformed) } else { Ok(Some((value, place + 1))) };
        }
    }
    if bytes.len() >= 4 { Err(Fault::Malformed) } else { Ok(None) }
}

/// Writes a variable byte integer; what is larger than four bytes hold is never asked for.
pub(crate) fn put_variable(out: &mut impl BufMut, mut value: usize) {
    loop {
        let low = u8::try_from(value & 0x7F).unwrap_or(0);
        value >>= 7;
        out.put_u8(if value > 0 { low | 0x80 } else { low });
        if value == 0 {
            break;
        }
    }
}

/// Writes a PUBLISH to the client up to its packet id; `rest` is what follows, in bytes.
pub(crate) fn publish_head(out: &mut BytesMut, sending: Sending, topic: &str, rest: usize) {
    let awaited = sending.packet_id != 0;
    let length = 2 + topic.len() + 2 * usize::from(awaited) + rest;
    out.reserve(length + 5);
    out.put_u8(sending.first_byte());
    put_variable(out, length);
    out.put_u16(u16::try_from(topic.len()).unwrap_or(u16::MAX));
    out.put_slice(topic.as_bytes());
    if awaited {
        out.put_u16(sending.packet_id);
    }
}

/// Checks a text as the specification wants it: UTF-8 without U+0000.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::Malformed)?;
    if text.contains('\0') { Err(Fault::Malformed) } else { Ok(text) }
}

/// Reads the fields of one packet in order; running out of bytes is a malformed packet.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn u8(&mut self) -> Result<u8, Fault> {
        self.0.try_get_u8().map_err(|_| Fault::Malformed)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Fault> {
        self.0.try_get_u16().map_err(|_| Fault::Malformed)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        self.0.try_get_u32().map_err(|_| Fault::Malformed)
    }

    pub(crate) fn binary(&mut self) -> Result<&'a [u8], Fault> {
        let length = usize::from(self.u16()?);
        let (field, rest) = self.0.split_at_checked(length).ok_or(Fault::Malformed)?;
        self.0 = rest;
        Ok(field)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        text(self.binary()?)
    }

    pub(crate) fn variable(&mut self) -> Result<usize, Fault> {
        let (value, size) = variable(self.0, true)?.ok_or(Fault::Malformed)?;
        self.0.advance(size);
        Ok(value)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A packet id, which is never zero.
    pub(crate) fn packet_id(&mut self) -> Result<u16, Fault> {
        match self.u16()? {
            0 => Err(Fault::Protocol),
            id => Ok(id),
        }
    }
}
