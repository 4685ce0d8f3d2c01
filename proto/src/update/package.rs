//! The file that an image travels in from the firm's desk to a server: `magic ‖ length of manifest ‖ manifest ‖ image`.
//!
//! Reading checks that the image is the manifest's, byte for byte; the signature is for the device, which is the only
//! one that must believe it. Not here: signing (`tests`), and homes, where the parts travel apart.

use heapless::Vec;
use sha2::{Digest, Sha256};

use super::Manifest;
use crate::cbor;

const MAGIC: [u8; 8] = *b"HLIMAGE1";
/// Longest manifest in bytes.
const MANIFEST_MAX: usize = 160;
/// Longest head of a package in bytes.
pub const HEAD_MAX: usize = MAGIC.len() + 2 + MANIFEST_MAX;

/// What a package begins with; the image follows.
pub type Head = Vec<u8, HEAD_MAX>;

/// An image and what the firm says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package<'a> {
    /// What the firm says.
    pub manifest: Manifest,
    /// The image.
    pub image: &'a [u8],
}

/// Why bytes are not a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageError {
    /// Another kind of file, or cut short before the image.
    Kind,
    /// The manifest is not readable, or says what cannot be.
    Manifest,
    /// The image is not the one that the manifest describes.
    Image,
}

impl core::fmt::Display for PackageError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Kind => "file is no signed image, sign it with `image sign` first",
            Self::Manifest => "manifest says what cannot be, sign the image again",
            Self::Image => {
                "image is not the one that was signed, take the file from its source again"
            }
        })
    }
}

impl core::error::Error for PackageError {}

impl<'a> Package<'a> {
    /// Reads a file to its last byte and checks the image against its manifest.
    ///
    /// # Errors
    /// Bytes of another kind, an impossible manifest, an image that differs from it.
    pub fn read(bytes: &'a [u8]) -> Result<Self, PackageError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(PackageError::Kind)?;
        let (len, rest) = rest.split_first_chunk::<2>().ok_or(PackageError::Kind)?;
        let len = usize::from(u16::from_be_bytes(*len));
        let (text, image) = rest.split_at_checked(len).ok_or(PackageError::Kind)?;
        let manifest: Manifest = cbor::read(text).map_err(|_| PackageError::Manifest)?;
        if !manifest.is_sound() {
            return Err(PackageError::Manifest);
        }
        let same = u32::try_from(image.len()) == Ok(manifest.size)
            && Sha256::digest(image)[..] == manifest.digest;
        if same { Ok(Self { manifest, image }) } else { Err(PackageError::Image) }
    }

    /// What to write before the image of this manifest.
    pub fn head(manifest: &Manifest) -> Head {
        let mut text = [0; MANIFEST_MAX];
        let mut cursor = minicbor::encode::write::Cursor::new(&mut text[..]);
        // The longest manifest has 136 bytes.
        let _ = minicbor::encode(manifest, &mut cursor);
        let len = u16::try_from(cursor.position()).unwrap_or(0);
        let text = &text[..usize::from(len)];
        [&MAGIC[..], &len.to_be_bytes(), text].into_iter().flatten().copied().collect()
    }
}
