//! How a board reaches its gateway: the wireless network of the home, and the address of the gateway's door.
//!
//! Written when a device is fitted, never compiled in. The bytes: `version ‖ length ‖ name ‖ length ‖ passphrase ‖
//! address ‖ port ‖ CRC-32`; damaged ones are as good as none. The passphrase is never printed.
//! Not here: joining the network (the board), who the device is (`provision`), where the bytes lie (`queue`).

use core::net::{Ipv4Addr, SocketAddrV4};

use heapless::{String, Vec};

use crate::settings::crc32;

/// Longest name of a network in bytes.
pub const NETWORK_MAX: usize = 32;
/// Longest passphrase in bytes; the shortest has eight.
pub const PASSPHRASE_MAX: usize = 63;
const PASSPHRASE_MIN: usize = 8;
/// Longest stored access in bytes.
pub const ACCESS_MAX: usize = 1 + 1 + NETWORK_MAX + 1 + PASSPHRASE_MAX + 4 + 2 + 4;
/// A stored access.
pub type AccessBuf = Vec<u8, ACCESS_MAX>;

const VERSION: u8 = 1;

/// A way to one gateway.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    network: String<NETWORK_MAX>,
    passphrase: String<PASSPHRASE_MAX>,
    door: SocketAddrV4,
}

impl Access {
    /// None if the name is empty or too long, or if the passphrase has less than 8 or more than 63 bytes; an empty
    /// passphrase means an open network.
    pub fn new(network: &str, passphrase: &str, door: SocketAddrV4) -> Option<Self> {
        let sound = !network.is_empty()
            && (passphrase.is_empty() || passphrase.len() >= PASSPHRASE_MIN)
            && door.port() != 0;
        let network = String::try_from(network).ok()?;
        let passphrase = String::try_from(passphrase).ok()?;
        sound.then_some(Self { network, passphrase, door })
    }

    /// Name of the wireless network.
    pub fn network(&self) -> &str {
        &self.network
    }

    /// Its passphrase; none = open.
    pub fn passphrase(&self) -> Option<&str> {
        (!self.passphrase.is_empty()).then_some(self.passphrase.as_str())
    }

    /// The gateway's door for devices.
    pub const fn door(&self) -> SocketAddrV4 {
        self.door
    }

    /// The bytes for flash.
    pub fn to_bytes(&self) -> AccessBuf {
        let mut told = AccessBuf::new();
        let mut put = |bytes: &[u8]| {
            // There is room for the longest of each.
            let _ = told.extend_from_slice(bytes);
        };
        put(&[VERSION]);
        for text in [self.network.as_str(), self.passphrase.as_str()] {
            put(&[u8::try_from(text.len()).unwrap_or(u8::MAX)]);
            put(text.as_bytes());
        }
        put(&self.door.ip().octets());
        put(&self.door.port().to_be_bytes());
        let sum = crc32(&told).to_be_bytes();
        told.extend(sum);
        told
    }

    /// Reads bytes from flash; none if they are not whole.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (told, sum) = bytes.split_last_chunk::<4>()?;
        if crc32(told) != u32::from_be_bytes(*sum) {
            return None;
        }
        let rest = told.strip_prefix(&[VERSION])?;
        let (network, rest) = text(rest)?;
        let (passphrase, rest) = text(rest)?;
        let [a, b, c, d, high, low] = *rest else { return None };
        let port = u16::from_be_bytes([high, low]);
        Self::new(network, passphrase, SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port))
    }
}

impl core::fmt::Debug for Access {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Access").field("door", &self.door).finish_non_exhaustive()
    }
}

/// A text behind its length, and what follows it.
fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (len, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked((*len).into())?;
    Some((str::from_utf8(text).ok()?, rest))
}
