//! The firm's desk: its key, and images that are signed with it. None of this is ever on a server or a device.
//!
//! A key is a file that its owner alone can read; the public half is what images carry and believe. Signing writes the
//! package that a server stores. A program that can be stamped is stamped first, so that it knows of itself what its
//! manifest says; one that says something else already is refused.
//! Not here: the check of a signature (`firmware`), who is offered an image (`server`).

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ed25519_compact::{KeyPair, Noise, Seed};
use firmware::update::{Built, stamp};
use proto::update::package::Package;
use proto::update::{Hardware, Manifest};
use sha2::{Digest, Sha256};

use super::elf;
use crate::trouble::{Outcome, Trouble};

/// What a key file begins with, so that no other secret is taken for one.
const HEAD: &str = "hearthline firm key ";

/// What to sign an image as.
#[derive(Debug, Clone)]
pub struct Order {
    /// The board that it is for.
    pub hardware: Hardware,
    /// Its version, `major << 16 | minor << 8 | patch`.
    pub version: u32,
    /// Oldest version that may run once it has proved itself.
    pub minimum: u32,
}

/// The firm's key.
pub struct FirmKey(KeyPair);

impl FirmKey {
    /// Draws a new one.
    pub fn draw() -> Outcome<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|e| Trouble::new(format!("no random source: {e}")))?;
        Ok(Self(KeyPair::from_seed(Seed::new(seed))))
    }

    /// The public half, as images carry it.
    pub fn public(&self) -> [u8; 32] {
        *self.0.pk
    }

    /// Writes it to a new file that only its owner can read; a file that is there is left alone.
    pub fn save(&self, path: &Path) -> Outcome {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|e| Trouble::from(e).during(&format!("write {}", path.display())))?;
        writeln!(file, "{HEAD}{}", hex::encode(&self.0.sk.seed()[..]))?;
        Ok(file.sync_all()?)
    }

    /// Reads it from a file that nobody but its owner may read.
    pub fn load(path: &Path) -> Outcome<Self> {
        let open = |e: std::io::Error| Trouble::from(e).during(&format!("read {}", path.display()));
        let mode = std::fs::metadata(path).map_err(open)?.permissions().mode();
        if mode & 0o077 != 0 {
            let text =
                format!("others can read {}: chmod 600 it, or draw a new key", path.display());
            return Err(Trouble::new(text));
        }
        let text = std::fs::read_to_string(path).map_err(open)?;
        let seed = text.trim_end().strip_prefix(HEAD).and_then(unhex);
        let seed = seed.ok_or_else(|| Trouble::new(format!("{} is no key", path.display())))?;
        Ok(Self(KeyPair::from_seed(Seed::new(seed))))
    }

    /// Signs an image; gives its manifest.
    pub fn manifest(&self, order: &Order, image: &[u8]) -> Outcome<Manifest> {
        let size = u32::try_from(image.len()).map_err(|_| Trouble::new("image is too long"))?;
        let Order { hardware, version, minimum } = *order;
        let digest = Sha256::digest(image).into();
        let unsigned = Manifest { hardware, version, minimum, size, digest, signature: [0; 64] };
        if !unsigned.is_sound() {
            return Err(Trouble::new(format!("{unsigned:?} cannot be, see length and minimum")));
        }
        let mut noise = [0; 16];
        getrandom::fill(&mut noise).map_err(|e| Trouble::new(format!("no random source: {e}")))?;
        let signature = self.0.sk.sign(unsigned.signed(), Some(Noise::new(noise)));
        Ok(Manifest { signature: *signature, ..unsigned })
    }

    /// The package of a program: flattened if a linker made it, stamped if it can be, signed.
    pub fn package(&self, order: &Order, program: &[u8]) -> Outcome<Vec<u8>> {
        let (image, manifest) = self.image(order, program)?;
        Ok([&Package::head(&manifest)[..], &image].concat())
    }

    /// The image of a program and its manifest.
    pub fn image(&self, order: &Order, program: &[u8]) -> Outcome<(Vec<u8>, Manifest)> {
        let Order { hardware, version, .. } = *order;
        let built = Built { hardware, version, key: self.public() };
        let image = if elf::is_elf(program) {
            let mut image = elf::flatten(program)?.bytes;
            match stamp::find(&image) {
                Some(found) if found.hardware != hardware => {
                    return Err(Trouble::new(format!("this program is for {}", found.hardware)));
                }
                Some(_) => stamp::set(&mut image, &built),
                None => false,
            };
            image
        } else {
            program.to_vec()
        };
        // A finished image may not be changed; it says the same already or has nothing to say.
        if let Some(found) = stamp::find(&image).filter(|found| *found != built) {
            let text = format!(
                "this image says of itself {}, version {:#x}, or believes another key",
                found.hardware, found.version
            );
            return Err(Trouble::new(text));
        }
        let manifest = self.manifest(order, &image)?;
        Ok((image, manifest))
    }
}

/// `image keygen`: draws a key into a new file; gives the public half in hexadecimal, for `UPDATE_KEY`.
pub fn keygen(path: &Path) -> Outcome<String> {
    let key = FirmKey::draw()?;
    key.save(path)?;
    Ok(hex::encode(&key.public()[..]))
}

/// `image sign`: writes the package of a program beside it, with `.signed` after its name; gives what it is.
pub fn sign(key: &Path, order: &Order, file: &Path) -> Outcome<(PathBuf, Manifest)> {
    let program = std::fs::read(file);
    let program =
        program.map_err(|e| Trouble::from(e).during(&format!("read {}", file.display())))?;
    let package = FirmKey::load(key)?.package(order, &program)?;
    let mut name = file.as_os_str().to_owned();
    name.push(".signed");
    let out = PathBuf::from(name);
    std::fs::write(&out, &package)?;
    // What a server will read is what was meant.
    let read = Package::read(&package).map_err(|e| Trouble::new(e.to_string()))?;
    Ok((out, read.manifest))
}

/// `1.2.3` as images count it.
pub fn version(text: &str) -> Outcome<u32> {
    let wrong = || Trouble::new(format!("{text} is no version such as 1.2.3"));
    let mut parts = text.split('.').map(str::parse::<u32>);
    let mut next = || parts.next().and_then(Result::ok);
    match (next(), next(), next(), parts.next()) {
        (Some(major), Some(minor @ 0..=255), Some(patch @ 0..=255), None) if major <= 0xFFFF => {
            Ok(major << 16 | minor << 8 | patch)
        }
        _ => Err(wrong()),
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Order = Order {
        hardware: Hardware { model: 1, revision: 1 },
        version: 0x0001_0203,
        minimum: 0x0001_0000,
    };

    #[test]
    fn a_key_is_a_file_of_its_owner_alone_and_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("firm.key");
        let public = keygen(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(hex::encode(&FirmKey::load(&path).unwrap().public()[..]), public);
        assert!(keygen(&path).is_err(), "a key that is there is somebody's");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(FirmKey::load(&path).is_err(), "others can read it");
    }

    #[test]
    fn what_is_signed_is_what_a_device_believes() {
        let dir = tempfile::tempdir().unwrap();
        let (key, file) = (dir.path().join("firm.key"), dir.path().join("image.bin"));
        keygen(&key).unwrap();
        std::fs::write(&file, b"an image").unwrap();
        let (out, manifest) = sign(&key, &ORDER, &file).unwrap();
        assert_eq!(out, dir.path().join("image.bin.signed"));
        let bytes = std::fs::read(out).unwrap();
        assert_eq!(Package::read(&bytes), Ok(Package { manifest, image: b"an image" }));
        let public = FirmKey::load(&key).unwrap().public();
        let built = Built { hardware: ORDER.hardware, version: ORDER.version - 1, key: public };
        assert_eq!(firmware::update::check::check(&manifest, &built, 0, 100), Ok(()));
    }

    #[test]
    fn a_version_is_three_numbers() {
        assert_eq!(version("1.2.3").unwrap(), 0x0001_0203);
        for wrong in ["", "1.2", "1.2.3.4", "1.256.0", "a.b.c", "65536.0.0"] {
            assert!(version(wrong).is_err(), "{wrong}");
        }
    }
}
