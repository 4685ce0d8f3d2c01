//! Where a request comes from: the peer of its connection, or whom a trusted proxy says it speaks for.
//!
//! Headers of anybody else are not believed. Of a chain of proxies the last one that is not trusted counts, since
//! whatever stands before it could be written by it. Not here: what is counted by source (`auth::tries`).

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use centre::config::Config;

/// Header in which proxies write for whom they ask.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address that counts.
#[derive(Debug, Clone, Copy)]
pub struct Source(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Source
where
    Arc<Config>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, top: &S) -> Result<Self, Infallible> {
        let config = Arc::<Config>::from_ref(top);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        Ok(Self(door::admission::group(of(peer, &config.console.proxies, &parts.headers))))
    }
}

fn of(peer: IpAddr, trusted: &[IpAddr], headers: &HeaderMap) -> IpAddr {
    let believed = |address: IpAddr| trusted.iter().any(|t| t.to_canonical() == address);
    let mut source = peer.to_canonical();
    let named = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<&str> = named.flat_map(|value| value.split(',')).collect();
    for name in named.into_iter().rev() {
        if !believed(source) {
            break;
        }
        let Some(address) = address(name.trim()) else { break };
        source = address;
    }
    source
}

/// An address as proxies write it: also with a port, also in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|at| at.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_says_for_whom_it_asks() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = [ip("127.0.0.1"), ip("10.0.0.1")];
        for (peer, header, source) in [
            ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
            ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
            ("127.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
            ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "unknown", "127.0.0.1"),
            ("127.0.0.1", "", "127.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_FOR, header.parse().unwrap());
            assert_eq!(of(ip(peer), &proxies, &headers), ip(source), "{peer} with {header}");
        }
    }
}
