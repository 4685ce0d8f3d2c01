//! The key that wraps device keys; it lies in a file of its own, never in the database.
//!
//! A stolen database opens no device, a stolen file alone opens none either. Without the file no
//! device can be verified: a backup holds both, apart. Wrapping is XChaCha20-Poly1305, with the
//! device's number authenticated, so that a wrapped key fits one row only. Not here: what keys are for.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use proto::id::DeviceId;
use proto::key::DeviceKey;

const VERSION: u8 = 1;
const NONCE: usize = 24;
const KEY: usize = 32;
const TAG: usize = 16;

/// Bytes of a wrapped key.
pub(crate) const WRAPPED: usize = 1 + NONCE + KEY + TAG;

/// Why keys cannot be wrapped or unwrapped.
#[derive(Debug, thiserror::Error)]
pub enum KekError {
    /// The file cannot be made or read.
    #[error("use key file {path}: check rights and free space")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is not 32 bytes long.
    #[error("read key file {path}: it must be 32 bytes, restore it from the backup")]
    Length {
        /// Which file.
        path: PathBuf,
    },
    /// There are devices in the database and no key file.
    #[error(
        "find key file {path}: the database holds devices that only it opens, restore it from the backup"
    )]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// A wrapped key does not open: other key file, or changed row.
    #[error("unwrap the key of device {device}: the key file is not the one it was wrapped with")]
    Seal {
        /// Whose key.
        device: DeviceId,
    },
    /// The system has no random numbers.
    #[error("draw random numbers from the system")]
    Random,
}

/// Random bytes from the system.
pub fn random<const N: usize>() -> Result<[u8; N], KekError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KekError::Random)?;
    Ok(bytes)
}

/// Writes a new file that only this user may read, durably.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A bare file name lies in the directory we are in.
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    if let Some(dir) = dir {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let part = path.with_extension("part");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    File::open(dir.unwrap_or(Path::new(".")))?.sync_all()
}

/// The wrapping key.
pub struct Kek(XChaCha20Poly1305);

impl Kek {
    /// Reads `data/keys/kek`; makes it if `fresh`, that is if no device is enrolled yet.
    pub fn open(data: &Path, fresh: bool) -> Result<Self, KekError> {
        let path = data.join("keys").join("kek");
        let mut key = [0; KEY];
        match File::open(&path) {
            Ok(mut file) => {
                let whole = file.metadata().is_ok_and(|m| m.len() == KEY as u64);
                if !whole || file.read_exact(&mut key).is_err() {
                    return Err(KekError::Length { path });
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && fresh => {
                key = random()?;
                write_secret(&path, &key).map_err(|source| KekError::File { path, source })?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(KekError::Missing { path });
            }
            Err(source) => return Err(KekError::File { path, source }),
        }
        Ok(Self(XChaCha20Poly1305::new(&key.into())))
    }

    /// Wraps a key for the row of its device.
    pub fn wrap(&self, device: DeviceId, key: &DeviceKey) -> Result<Vec<u8>, KekError> {
        let nonce: [u8; NONCE] = random()?;
        let mut text = *key.expose();
        let tag = self
            .0
            .encrypt_inout_detached(&nonce.into(), &bound(device), text.as_mut_slice().into())
            .map_err(|_| KekError::Seal { device })?;
        let mut out = Vec::with_capacity(WRAPPED);
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&text);
        out.extend_from_slice(&tag);
        Ok(out)
    }

    /// Unwraps what [`Kek::wrap`] made for this device.
    pub fn unwrap(&self, device: DeviceId, wrapped: &[u8]) -> Result<DeviceKey, KekError> {
        let open = || {
            let (version, rest) = wrapped.split_first()?;
            let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
            let (text, tag) = rest.split_first_chunk::<KEY>()?;
            let tag: &[u8; TAG] = tag.try_into().ok()?;
            let mut text = *text;
            self.0
                .decrypt_inout_detached(
                    nonce.into(),
                    &bound(device),
                    text.as_mut_slice().into(),
                    tag.into(),
                )
                .ok()?;
            (*version == VERSION).then(|| DeviceKey::from_bytes(text))
        };
        open().ok_or(KekError::Seal { device })
    }
}

fn bound(device: DeviceId) -> [u8; 8] {
    device.get().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_wrapped_key_opens_for_its_own_device_only() {
        let dir = tempfile::tempdir().unwrap();
        let kek = Kek::open(dir.path(), true).unwrap();
        let (one, two) = (DeviceId::new(1).unwrap(), DeviceId::new(2).unwrap());
        let wrapped = kek.wrap(one, &DeviceKey::from_bytes([7; 32])).unwrap();
        assert_eq!(wrapped.len(), WRAPPED);
        let again = Kek::open(dir.path(), false).unwrap();
        assert_eq!(again.unwrap(one, &wrapped).unwrap().expose(), &[7; 32]);
        assert!(again.unwrap(two, &wrapped).is_err());
        assert!(!wrapped.windows(32).any(|w| w == [7; 32]));
    }

    #[test]
    fn the_key_file_is_private_and_never_made_twice() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Kek::open(dir.path(), false), Err(KekError::Missing { .. })));
        Kek::open(dir.path(), true).unwrap();
        let path = dir.path().join("keys/kek");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(&path, b"short").unwrap();
        assert!(matches!(Kek::open(dir.path(), true), Err(KekError::Length { .. })));
    }
}
