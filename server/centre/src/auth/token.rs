//! Secrets that a browser holds: session tokens, one-time codes, the set-up token.
//!
//! Each is drawn from the system's source; the database sees only its SHA-256. The cookie is
//! `__Host-` bound where the edge is TLS, and a plain name on loopback. Not here: sessions' rows.

use sha2::{Digest, Sha256};

/// Name of the session cookie on a TLS edge.
const COOKIE_TLS: &str = "__Host-hl_session";
/// Name of the session cookie on loopback.
const COOKIE_PLAIN: &str = "hl_session";
/// Letters of a code that people type, in either case: none that look alike.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The system's random source failed; nothing secret can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandom;

/// A new 256-bit token, as 64 hex digits.
pub fn token() -> Result<String, NoRandom> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(hex::encode(bytes))
}

/// A new one-time code: 20 letters of 5 bits each, in groups of five.
pub fn code() -> Result<String, NoRandom> {
    let mut bytes = [0u8; 20];
    getrandom::fill(&mut bytes).map_err(|_| NoRandom)?;
    let letters = bytes.map(|b| char::from(LETTERS[usize::from(b & 31)]));
    let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// What is kept of a code: typed in small letters, with O for 0 or I for 1, with other strokes or full-width from a
/// Chinese keyboard, it is the same code.
pub fn code_hash(typed: &str) -> String {
    let half = |c: char| match u32::from(c) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    let alike = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let meant: String =
        typed.chars().map(half).filter(char::is_ascii_alphanumeric).map(alike).collect();
    hash(&meant)
}

/// What the database keeps of a secret.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.trim().as_bytes()))
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
    fn a_code_is_the_same_however_it_is_typed() {
        let kept = code_hash("0A1B2-C3D4E-F5G6H-J7K8M");
        for typed in [
            "0a1b2-c3d4e-f5g6h-j7k8m",
            "OAIB2 C3D4E F5G6H J7K8M",
            " oalb2c3d4ef5g6hj7k8m ",
            "０Ａ１Ｂ２－Ｃ３Ｄ４Ｅ－Ｆ５Ｇ６Ｈ－Ｊ７Ｋ８Ｍ",
        ] {
            assert_eq!(code_hash(typed), kept, "{typed}");
        }
        let letters: std::collections::BTreeSet<char> =
            (0..200).flat_map(|_| code().unwrap().chars().collect::<Vec<_>>()).collect();
        assert!(letters.iter().all(|c| !"OILUoilu".contains(*c) && !c.is_ascii_lowercase()));
    }

    #[test]
    fn codes_do_not_repeat() {
        let codes: std::collections::BTreeSet<_> = (0..1000).map(|_| code().unwrap()).collect();
        assert_eq!(codes.len(), 1000);
    }
}
