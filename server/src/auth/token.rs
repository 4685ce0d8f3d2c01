//! Secrets that a browser holds: session tokens, one-time codes, the set-up token.
//!
//! Each is drawn from the system's source; the database sees only its SHA-256. The cookie is
//! `__Host-` bound where the edge is TLS, and a plain name on loopback. Not here: sessions' rows.

use sha2::{Digest, Sha256};

/// Name of the session cookie on a TLS edge.
const COOKIE_TLS: &str = "__Host-hl_session";
/// Name of the session cookie on loopback.
const COOKIE_PLAIN: &str = "hl_session";
/// Letters of a code that people type: none that look alike.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKMNPQRSTVWXYZab";

/// The system's random source failed; nothing secret can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandom;

/// A new 256-bit token, as 64 hex digits.
pub fn token() -> Result<String, NoRandom> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(hex(&bytes))
}

/// A new one-time code: 20 letters of 5 bits each, in groups of five.
pub fn code() -> Result<String, NoRandom> {
    let mut bytes = [0u8; 20];
    getrandom::fill(&mut bytes).map_err(|_| NoRandom)?;
    let letters = bytes.map(|b| char::from(LETTERS[usize::from(b & 31)]));
    let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// What the database keeps of a secret.
pub fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.trim().as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// The header that gives a browser its session.
pub fn cookie(token: &str, tls: bool) -> String {
    match tls {
        true => format!("{COOKIE_TLS}={token}; Path=/; Secure; HttpOnly; SameSite=Strict"),
        false => format!("{COOKIE_PLAIN}={token}; Path=/; HttpOnly; SameSite=Strict"),
    }
}

/// The header that takes it away.
pub fn no_cookie(tls: bool) -> String {
    format!("{}; Max-Age=0", cookie("", tls))
}

/// The session token among a request's cookies.
pub fn of_cookies(header: &str, tls: bool) -> Option<&str> {
    let name = if tls { COOKIE_TLS } else { COOKIE_PLAIN };
    header
        .split(';')
        .filter_map(|part| part.trim().split_once('='))
        .find(|(key, value)| *key == name && value.len() == 64)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_comes_back_as_its_token() {
        let token = token().unwrap();
        for tls in [true, false] {
            let set = cookie(&token, tls);
            let sent = format!("a=b; {}", set.split(';').next().unwrap());
            assert_eq!(of_cookies(&sent, tls), Some(token.as_str()));
            assert_eq!(of_cookies(&sent, !tls), None);
        }
    }

    #[test]
    fn codes_do_not_repeat() {
        let codes: std::collections::BTreeSet<_> = (0..1000).map(|_| code().unwrap()).collect();
        assert_eq!(codes.len(), 1000);
    }
}
