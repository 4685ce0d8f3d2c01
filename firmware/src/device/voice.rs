//! How a device speaks: numbers its frames, seals them, and proves itself when it connects.
//!
//! An *open* frame has the server's tag only and is what lies in flash; the *hop* frame is made of it for each
//! publication, the same bytes each time within an epoch. Not here: what is said, and when.

use heapless::Vec;
use proto::down::DownSeal;
use proto::frame::{self, Class, HEADER_LEN, Header, TAG_LEN};
use proto::id::{BootId, DeviceId, HomeId, KeyEpoch, PressId, Seq};
use proto::key::{DeviceKey, EndSeal, HopKey, HopSeal, PROOF_LEN};
use proto::up::{Event, Role, Up};

/// Longest open frame that a device makes, in bytes: a reading of four values fits.
pub const OWN_FRAME_MAX: usize = 136;
const OWN_BODY_MAX: usize = OWN_FRAME_MAX - HEADER_LEN - TAG_LEN;
/// A frame of a device's own making as it goes by radio.
pub type HopFrame = Vec<u8, { OWN_FRAME_MAX + TAG_LEN }>;
/// An open frame of a device's own making.
pub type OwnFrame = Vec<u8, OWN_FRAME_MAX>;

/// Who a device is, as `provision` hands it out.
#[derive(Debug, Clone)]
pub struct DeviceKeys {
    /// Its id.
    pub device: DeviceId,
    /// `K_dev`.
    pub key: DeviceKey,
    /// Generation of the keys in force.
    pub epoch: KeyEpoch,
    /// What it is for.
    pub role: Role,
    /// Its home, if told; a device's frames never carry it.
    pub home: Option<HomeId>,
}

/// Numbers and seals of one boot.
#[derive(Clone)]
pub(crate) struct Voice {
    pub(crate) device: DeviceId,
    key: DeviceKey,
    epoch: KeyEpoch,
    boot: BootId,
    seq: Seq,
    connects: u32,
    hop_key: HopKey,
    hop: HopSeal,
    end: EndSeal,
}

impl Voice {
    pub(crate) fn new(keys: DeviceKeys, boot: BootId) -> Self {
        let hop_key = keys.key.hop(keys.epoch);
        Self {
            device: keys.device,
            hop: hop_key.boot(boot),
            end: keys.key.end(keys.epoch).boot(boot),
            hop_key,
            key: keys.key,
            epoch: keys.epoch,
            boot,
            seq: Seq::default(),
            connects: 0,
        }
    }

    /// Numbers and seals an utterance; none at the end of the counter, or if it is too long for a device.
    pub(crate) fn say(&mut self, up: &Up) -> Option<(PressId, OwnFrame)> {
        let seq = self.seq.next()?;
        let id = PressId { device: self.device, boot: self.boot, seq };
        let header = Header { class: up.class(), epoch: self.epoch, id };
        let body = up.to_body_in::<OWN_BODY_MAX>().ok()?;
        let open = frame::seal_end_in(&header, &body, &self.end).ok()?;
        self.seq = seq;
        Some((id, open))
    }

    /// The frame as it goes by radio, always under the gateway's key of now: a frame that an older epoch has tagged
    /// goes to a gateway that has never had the older key. One of an earlier boot costs a key derivation.
    pub(crate) fn hop(&self, open: &[u8]) -> Option<HopFrame> {
        let (header, _) = Header::parse(open).ok()?;
        if header.id.boot == self.boot {
            frame::seal_hop_in(open, &self.hop).ok()
        } else {
            frame::seal_hop_in(open, &self.hop_key.boot(header.id.boot)).ok()
        }
    }

    /// Speaks under another epoch from now on; numbers go on, so that no nonce comes back. Gives the seals of words from
    /// above.
    pub(crate) fn renew(&mut self, epoch: KeyEpoch) -> (DownSeal, DownSeal) {
        let end = self.key.end(epoch);
        self.hop_key = self.key.hop(epoch);
        self.hop = self.hop_key.boot(self.boot);
        self.end = end.boot(self.boot);
        self.epoch = epoch;
        (DownSeal::gateway(&self.hop_key), DownSeal::server(&end))
    }

    /// What the server seals words with that answer frames of this epoch.
    pub(crate) fn server_seal(&self, epoch: KeyEpoch) -> DownSeal {
        DownSeal::server(&self.key.end(epoch))
    }

    /// Generation of the keys in force.
    pub(crate) const fn epoch(&self) -> KeyEpoch {
        self.epoch
    }

    /// A password for one connection.
    pub(crate) fn proof(&mut self) -> [u8; PROOF_LEN] {
        self.connects = self.connects.saturating_add(1);
        self.hop_key.connect_proof(self.boot, self.connects)
    }

    /// Whether the counter of frames has come to its end: the device must start a new boot.
    pub(crate) fn hoarse(&self) -> bool {
        self.seq.next().is_none()
    }
}

/// Whether an open frame of our own tells a fall; the tag is not looked at, since flash is ours.
pub(crate) fn is_fall(open: &[u8]) -> bool {
    let read = frame::read_open(open).ok().filter(|(header, _)| header.class == Class::Emergency);
    let event = read.and_then(|(_, body)| Event::read(body).ok());
    event.is_some_and(|event| event.kind.is_fall())
}
