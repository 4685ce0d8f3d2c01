//! What a device is told: receipts, settings, tests, updates, keys. Sealed with XChaCha20-Poly1305 and a random nonce.
//!
//! Layout: `version ‖ sealer ‖ device ‖ nonce(24) ‖ encrypted(body) ‖ tag`; all before the
//! ciphertext is authenticated, the nonce as nonce. A receipt names the press inside the seal, so an old one tells a
//! device nothing new. Not here: who may order what (`server`), and what an update's orders say (`update`).

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use heapless::Vec;
use minicbor::{Decode, Encode};

use crate::frame::FrameError;
use crate::id::{DeviceId, KeyEpoch, PressId};
use crate::key::{EndKey, HopKey};
use crate::update::Order;
use crate::{cbor, field, version};

/// Longest sealed down frame in bytes: a chunk of an image; whatever else is said has 256 at most.
pub const DOWN_MAX: usize = 640;
const HEAD: usize = 1 + 1 + 8;
const NONCE: usize = 24;
const TAG: usize = 16;

/// A sealed down frame.
pub type DownBuf = Vec<u8, DOWN_MAX>;

/// How far a press has come. Order matters: a device only ever climbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Rung {
    /// The gateway has it on disk.
    #[n(1)]
    Stored,
    /// The server has committed it: the device may forget.
    #[n(2)]
    Received,
    /// A person has it.
    #[n(3)]
    Seen,
}

crate::numbered!(Rung: i64 {
    Stored = 1 "stored",
    Received = 2 "received",
    Seen = 3 "seen",
});

/// One word to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Down {
    /// How far a press has come.
    #[n(0)]
    Receipt(#[n(0)] Receipt),
    /// New settings; `number` rises with each order, an older one is ignored.
    #[n(1)]
    Settings(#[n(0)] SettingsOrder),
    /// Run the self-test.
    #[n(2)]
    Test(#[n(0)] u32),
    /// Blink, so that an installer finds this one.
    #[n(3)]
    Identify(#[n(0)] u32),
}

/// What a device is told of its keys; numbers go on from those of [`Order`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Keys {
    /// Speak under this epoch from now on: derive the keys, keep the number in flash, connect anew.
    #[n(7)]
    Renew(#[n(0)] KeyEpoch),
}

/// Any word to a device: one of those that all know, or one about its image or its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word<'a> {
    /// One that every device knows.
    Plain(Down),
    /// One about its image.
    Update(Order<'a>),
    /// One about its keys.
    Keys(Keys),
}

/// A rung that a press has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// Which press.
    #[n(0)]
    pub press: PressId,
    /// How far.
    #[n(1)]
    pub rung: Rung,
}

/// Settings that can be changed from afar; a missing field stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SettingsOrder {
    /// Rises with each order to this device.
    #[n(0)]
    pub number: u32,
    /// Seconds between two health frames, 10 to 3600.
    #[cbor(n(1), with = "field", has_nil)]
    pub health_s: Option<u16>,
    /// Seconds between two readings, 10 to 3600.
    #[cbor(n(2), with = "field", has_nil)]
    pub reading_s: Option<u16>,
}

/// Who sealed a down frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Sealer {
    /// The gateway, with `K_hop`: it may say `stored`, and nothing above.
    Gateway = 1,
    /// The server, with `K_e2e`.
    Server = 2,
}

/// Keys for one device's down frames; made once, as derivation costs an HKDF.
#[derive(Clone)]
pub struct DownSeal {
    sealer: Sealer,
    cipher: XChaCha20Poly1305,
}

impl DownSeal {
    /// What a gateway seals with.
    pub fn gateway(key: &HopKey) -> Self {
        Self { sealer: Sealer::Gateway, cipher: XChaCha20Poly1305::new(&key.down().into()) }
    }

    /// What the server seals with.
    pub fn server(key: &EndKey) -> Self {
        Self { sealer: Sealer::Server, cipher: XChaCha20Poly1305::new(&key.down().into()) }
    }

    /// Seals a word to `device`; `nonce` must be random, 24 bytes from the system's source.
    pub fn seal(
        &self,
        device: DeviceId,
        nonce: [u8; 24],
        word: &Down,
    ) -> Result<DownBuf, FrameError> {
        self.seal_any(device, nonce, word)
    }

    /// Seals an order about an image to `device`; the nonce as in [`seal`](Self::seal).
    pub fn seal_order(
        &self,
        device: DeviceId,
        nonce: [u8; 24],
        order: &Order<'_>,
    ) -> Result<DownBuf, FrameError> {
        self.seal_any(device, nonce, order)
    }

    /// Seals a word about a device's keys to `device`; the nonce as in [`seal`](Self::seal).
    pub fn seal_keys(
        &self,
        device: DeviceId,
        nonce: [u8; 24],
        keys: &Keys,
    ) -> Result<DownBuf, FrameError> {
        self.seal_any(device, nonce, keys)
    }

    fn seal_any<T: Encode<()>>(
        &self,
        device: DeviceId,
        nonce: [u8; 24],
        word: &T,
    ) -> Result<DownBuf, FrameError> {
        let mut out = DownBuf::new();
        let mut put =
            |bytes: &[u8]| out.extend_from_slice(bytes).map_err(|_| FrameError::Oversized);
        put(&[version::CURRENT, self.sealer as u8])?;
        put(&device.get().to_be_bytes())?;
        put(&nonce)?;
        let mut body = [0u8; DOWN_MAX - HEAD - NONCE - TAG];
        let mut cursor = minicbor::encode::write::Cursor::new(&mut body[..]);
        minicbor::encode(word, &mut cursor).map_err(|_| FrameError::Oversized)?;
        let len = cursor.position();
        put(&body[..len])?;
        let (head, text) = out.split_at_mut(HEAD + NONCE);
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce.into(), &head[..HEAD], text.into())
            .map_err(|_| FrameError::Oversized)?;
        out.extend_from_slice(&tag).map_err(|_| FrameError::Oversized)?;
        Ok(out)
    }

    /// Opens a frame that this key's holder sealed for `device`, if it says what every device knows.
    pub fn open(&self, device: DeviceId, bytes: &[u8]) -> Result<Down, FrameError> {
        self.open_in(device, bytes, &mut DownBuf::new())
    }

    /// The same; `body` is room to work in.
    pub fn open_in(
        &self,
        device: DeviceId,
        bytes: &[u8],
        body: &mut DownBuf,
    ) -> Result<Down, FrameError> {
        self.unseal(device, bytes, body)?;
        cbor::read(body).map_err(|_| FrameError::Word)
    }

    /// Opens a frame that this key's holder sealed for `device`; `body` is where a chunk's bytes then lie.
    pub fn open_any<'a>(
        &self,
        device: DeviceId,
        bytes: &[u8],
        body: &'a mut DownBuf,
    ) -> Result<Word<'a>, FrameError> {
        self.unseal(device, bytes, body)?;
        Word::read(body)
    }

    /// Takes the seal off a frame that this key's holder made for `device`; `body` then holds the word.
    // Its stack is given back before the word is read: a chip has little.
    #[inline(never)]
    pub fn unseal(
        &self,
        device: DeviceId,
        bytes: &[u8],
        body: &mut DownBuf,
    ) -> Result<(), FrameError> {
        if bytes.len() > DOWN_MAX {
            return Err(FrameError::Oversized);
        }
        let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(FrameError::Truncated)?;
        if !(version::MIN..=version::CURRENT).contains(&head[0]) {
            return Err(FrameError::Version(head[0]));
        }
        if head[1] != self.sealer as u8 || head[2..] != device.get().to_be_bytes() {
            return Err(FrameError::Seal);
        }
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(FrameError::Truncated)?;
        let (text, tag) = rest.split_last_chunk::<TAG>().ok_or(FrameError::Truncated)?;
        body.clear();
        body.extend_from_slice(text).map_err(|_| FrameError::Oversized)?;
        self.cipher
            .decrypt_inout_detached(nonce.into(), head, body.as_mut_slice().into(), tag.into())
            .map_err(|_| FrameError::Seal)
    }

    /// Who seals with these keys.
    pub const fn sealer(&self) -> Sealer {
        self.sealer
    }
}

impl<'a> Word<'a> {
    /// Reads a word whose seal is off.
    pub fn read(body: &'a [u8]) -> Result<Self, FrameError> {
        // All share one number space, so at most one of them reads it.
        Word::read_own(body)
            .or_else(|_| cbor::read(body).map(Word::Update))
            .map_err(|_| FrameError::Word)
    }

    /// The same for who takes no images.
    pub fn read_own(body: &[u8]) -> Result<Word<'static>, FrameError> {
        cbor::read(body)
            .map(Word::Plain)
            .or_else(|_| cbor::read(body).map(Word::Keys))
            .map_err(|_| FrameError::Word)
    }
}

/// Reads who sealed a frame, without a key, so that a device picks the right one.
pub fn sealer_of(bytes: &[u8]) -> Option<Sealer> {
    match bytes.get(1) {
        Some(1) => Some(Sealer::Gateway),
        Some(2) => Some(Sealer::Server),
        _ => None,
    }
}
