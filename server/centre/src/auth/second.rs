//! The second factor: six digits of a telephone's app (TOTP, RFC 6238), each used once.
//!
//! Off until its owner switches it on by a first right code. Secrets are sealed under a key in a file of its own, bound
//! to their owner, so that a copy of the database makes no codes. Not here: rows (`records::second`), log-in (`entry`).

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::provision::kek::{random, write_secret};

/// Seconds of a step.
const STEP: u64 = 30;
/// Digits of a code.
const DIGITS: u8 = 6;
/// Bytes of a secret, as RFC 4226 recommends.
const SECRET: usize = 20;
const NONCE: usize = 24;
const TAG: usize = 16;

/// A secret, as its owner's telephone and the rows are told it.
pub struct Made {
    /// For typing.
    pub base32: String,
    /// For the camera.
    pub uri: String,
    /// For the rows.
    pub sealed: String,
}

fn key(data: &Path, fresh: bool) -> anyhow::Result<XChaCha20Poly1305> {
    let path: PathBuf = data.join("keys").join("second");
    let key: [u8; 32] = match std::fs::read(&path) {
        Ok(bytes) => bytes.try_into().ok().context("a key of 32 bytes in keys/second")?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && fresh => {
            let key = random()?;
            write_secret(&path, &key)?;
            key
        }
        Err(error) => return Err(error).context("read keys/second"),
    };
    Ok(XChaCha20Poly1305::new(&key.into()))
}

fn totp(secret: &[u8]) -> anyhow::Result<Totp> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_skew(1)
        .with_step_duration(STEP)
        .with_secret(Secret::from(secret.to_vec()))
        .build()
        .map_err(|error| anyhow::anyhow!("a secret of a second factor: {error}"))
}

/// A new secret for this member of staff.
///
/// # Errors
/// No random numbers, or no key to seal with.
pub fn make(data: &Path, staff: &str, name: &str) -> anyhow::Result<Made> {
    let secret: [u8; SECRET] = random()?;
    let nonce: [u8; NONCE] = random()?;
    let mut text = secret;
    let tag = key(data, true)?
        .encrypt_inout_detached(&nonce.into(), staff.as_bytes(), text.as_mut_slice().into())
        .map_err(|_| anyhow::anyhow!("seal a second factor"))?;
    let base32 = Secret::from(secret.to_vec()).to_base32();
    let uri = format!(
        "otpauth://totp/Hearthline:{}?secret={base32}&issuer=Hearthline",
        name.bytes().map(|b| format!("%{b:02X}")).collect::<String>()
    );
    Ok(Made { base32, uri, sealed: [&nonce[..], &text[..], &tag[..]].map(hex::encode).concat() })
}

/// The step of time that this code is of; none if it is wrong.
///
/// # Errors
/// The row cannot be opened.
pub fn step(
    data: &Path,
    staff: &str,
    sealed: &str,
    code: &str,
    now_ms: i64,
) -> anyhow::Result<Option<i64>> {
    let secret = open(&key(data, false)?, staff, sealed).context("open a second factor")?;
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    let now = u64::try_from(now_ms.div_euclid(1_000)).unwrap_or(0);
    Ok(totp(&secret)?.check(&digits, now).and_then(|step| i64::try_from(step).ok()))
}

/// The secret of a row; none if it is not this owner's.
fn open(key: &XChaCha20Poly1305, staff: &str, sealed: &str) -> Option<[u8; SECRET]> {
    let bytes = hex::decode(sealed).ok()?;
    let (nonce, rest) = bytes.split_first_chunk::<NONCE>()?;
    let (text, tag) = rest.split_first_chunk::<SECRET>()?;
    let tag: &[u8; TAG] = tag.try_into().ok()?;
    let mut text = *text;
    key.decrypt_inout_detached(
        nonce.into(),
        staff.as_bytes(),
        text.as_mut_slice().into(),
        tag.into(),
    )
    .ok()?;
    Some(text)
}

/// The code of a secret at a time, as a telephone shows it.
///
/// # Errors
/// The text is no secret.
pub fn code(base32: &str, now_ms: i64) -> anyhow::Result<String> {
    let secret = Secret::try_from_base32(base32).map_err(|_| anyhow::anyhow!("no base32"))?;
    let now = u64::try_from(now_ms.div_euclid(1_000)).unwrap_or(0);
    Ok(totp(secret.as_ref())?.generate(now).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_fits_its_owner_its_time_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let made = make(data, "a", "1000").unwrap();
        let now = 1_700_000_000_000;
        let typed = code(&made.base32, now).unwrap();
        assert_eq!(typed.len(), 6);
        let at = |ms| step(data, "a", &made.sealed, &typed, ms).unwrap();
        assert_eq!(at(now), Some(now / 30_000));
        assert_eq!(at(now + 30_000), Some(now / 30_000));
        assert_eq!(at(now + 61_000), None);
        assert!(step(data, "b", &made.sealed, &typed, now).is_err());
        assert!(made.uri.contains("Hearthline:%31%30%30%30?secret="));
    }
}
