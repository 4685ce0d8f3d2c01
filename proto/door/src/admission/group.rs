//! Which addresses count as one: a host of version 4, a network of version 6.
//!
//! Whoever has one address of version 6 mostly has 2^64 of them. Not here: what is counted (`porch`).

use std::net::{IpAddr, Ipv6Addr};

/// Bits of an address of version 6 that name the network.
const NETWORK: u128 = !0 << 64;

/// The address under which a caller is counted.
pub fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & NETWORK)),
    }
}
