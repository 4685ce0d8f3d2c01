//! A call for help on its way to the keep: what tells its repetition from another call.
//!
//! A program that has not heard its PUBACK sends the same packet again within its session, which may be older than its
//! connection: that is one call. Not here: what is a call (the gate), and what the keep remembers.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::{BufMut, Bytes, BytesMut};

/// A call for help, as the payload of what the keep is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The packet in its session; none at QoS 0, which is never sent again.
    pub mark: Option<u64>,
    /// Its program says that it may have come before.
    pub repeated: bool,
}

impl Call {
    /// A packet of a session, told from those of all others and from other bytes under its number.
    pub fn mark(session: impl Hash, packet_id: u16, said: (&str, &[u8])) -> u64 {
        let mut hasher = DefaultHasher::new();
        (session, packet_id, said).hash(&mut hasher);
        hasher.finish()
    }

    /// As bytes.
    pub fn to_bytes(self) -> Bytes {
        let mut bytes = BytesMut::new();
        if let Some(mark) = self.mark {
            bytes.put_u8(u8::from(self.repeated));
            bytes.put_u64(mark);
        }
        bytes.freeze()
    }

    /// Out of [`Call::to_bytes`]; whatever else it is, it is a call that is no repetition.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let read = bytes.split_first().and_then(|(repeated, mark)| {
            let mark = u64::from_be_bytes(mark.try_into().ok()?);
            Some(Self { mark: Some(mark), repeated: *repeated == 1 })
        });
        read.unwrap_or(Self { mark: None, repeated: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_comes_back_from_its_bytes_and_any_bytes_are_a_call() {
        for mark in [None, Some(7)] {
            for repeated in [false, true] {
                let call = Call { mark, repeated: repeated && mark.is_some() };
                assert_eq!(Call::from_bytes(&call.to_bytes()), call);
            }
        }
        assert_eq!(Call::from_bytes(b"odd"), Call { mark: None, repeated: false });
    }
}
