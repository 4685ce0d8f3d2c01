//! Keys: what a device is born with, and what is derived from it for whom.
//!
//! `K_dev` never leaves the device and the server. `K_hop` goes to the device's gateway and keeps
//! the radio private; `K_e2e` stays with the server, so that a stolen gateway cannot forge a press.
//! Both are derived again for each boot: a nonce can only come back if a boot id does.
//! Not here: where keys are stored, and how random numbers are made.

use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::id::{BootId, KeyEpoch};

const SALT: &[u8] = b"hearthline/v1";

/// Bytes of a connect proof: boot, connect counter, tag.
pub const PROOF_LEN: usize = 8 + 4 + 16;

fn derive(ikm: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut out = [0; 32];
    // 32 bytes are within what HKDF-SHA256 gives, so the only error it knows cannot occur.
    let _ = Hkdf::<Sha256>::new(Some(SALT), ikm).expand_multi_info(parts, &mut out);
    out
}

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Takes 256 bits from a store or a random source.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The bits, for a store or a sealed message; never for a log.
            pub const fn expose(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

secret! {
    /// `K_dev`: 256 random bits, one device, for life.
    DeviceKey
}
secret! {
    /// `K_hop`: shared by a device and its gateway during one key epoch.
    HopKey
}
secret! {
    /// `K_e2e`: shared by a device and the server during one key epoch.
    EndKey
}

impl DeviceKey {
    /// The key for the gateway.
    pub fn hop(&self, epoch: KeyEpoch) -> HopKey {
        HopKey(derive(&self.0, &[b"hop", &epoch.get().to_be_bytes()]))
    }

    /// The key that no gateway has.
    pub fn end(&self, epoch: KeyEpoch) -> EndKey {
        EndKey(derive(&self.0, &[b"e2e", &epoch.get().to_be_bytes()]))
    }
}

/// Seals and opens what one boot of a device says to its gateway.
#[derive(Clone)]
pub struct HopSeal(pub(crate) ChaCha20Poly1305);

/// Tags and verifies what one boot of a device says to the server.
#[derive(Clone)]
pub struct EndSeal(pub(crate) ChaCha20Poly1305);

impl HopKey {
    /// The seal of one boot; costs one HKDF, so callers keep it.
    pub fn boot(&self, boot: BootId) -> HopSeal {
        let key = derive(&self.0, &[b"up", &boot.get().to_be_bytes()]);
        HopSeal(ChaCha20Poly1305::new(&key.into()))
    }

    /// Key of frames that go down to the device.
    pub(crate) fn down(&self) -> [u8; 32] {
        derive(&self.0, &[b"down"])
    }

    /// An MQTT password that is good for one connection: `counter` rises with each CONNECT of a boot.
    pub fn connect_proof(&self, boot: BootId, counter: u32) -> [u8; PROOF_LEN] {
        let mut proof = [0; PROOF_LEN];
        proof[..8].copy_from_slice(&boot.get().to_be_bytes());
        proof[8..12].copy_from_slice(&counter.to_be_bytes());
        let tag = self.proof_mac(&proof[..12]).finalize().into_bytes();
        proof[12..].copy_from_slice(&tag[..16]);
        proof
    }

    /// Reads a connect proof: who presents it knows the key. The caller refuses a pair not above the last one.
    /// A client whose library takes passwords as text presents the same bytes as hex digits.
    pub fn check_connect_proof(&self, proof: &[u8]) -> Option<(BootId, u32)> {
        let mut bytes = [0; PROOF_LEN];
        let proof = if proof.len() == 2 * PROOF_LEN {
            hex::decode_to_slice(proof, &mut bytes).ok()?;
            &bytes[..]
        } else {
            proof
        };
        let proof: &[u8; PROOF_LEN] = proof.try_into().ok()?;
        let (told, tag) = proof.split_at_checked(12)?;
        self.proof_mac(told).verify_truncated_left(tag).ok()?;
        let boot = u64::from_be_bytes(told.get(..8)?.try_into().ok()?);
        let counter = u32::from_be_bytes(told.get(8..)?.try_into().ok()?);
        Some((BootId::from_raw(boot), counter))
    }

    fn proof_mac(&self, told: &[u8]) -> Hmac<Sha256> {
        let key = derive(&self.0, &[b"connect"]);
        let mut block = [0; 64];
        block[..32].copy_from_slice(&key);
        // A key shorter than a block is padded with zeros by HMAC itself, so this is the same key.
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(told);
        mac
    }
}

impl EndKey {
    /// The seal of one boot; costs one HKDF, so callers keep it.
    pub fn boot(&self, boot: BootId) -> EndSeal {
        let key = derive(&self.0, &[b"up", &boot.get().to_be_bytes()]);
        EndSeal(ChaCha20Poly1305::new(&key.into()))
    }

    /// Key of frames that go down to the device.
    pub(crate) fn down(&self) -> [u8; 32] {
        derive(&self.0, &[b"down"])
    }
}
