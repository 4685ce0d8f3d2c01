//! The box's own voice: its words sealed as frames, numbered one after the other.
//!
//! A number is used up only when its frame is sealed. Not here: what the box says (`hub`), and how its frames
//! are kept and sent (`spool`, `uplink`).

use proto::frame::{Header, seal_end};
use proto::id::{DeviceId, KeyEpoch, PressId, Seq};
use proto::key::EndSeal;
use proto::unit::Mono;
use proto::up::{Up, about};

/// How the box seals what it says itself.
pub struct OwnVoice {
    /// Its device id and this boot; the sequence number is that of the last frame.
    pub last: PressId,
    /// Generation of its keys.
    pub epoch: KeyEpoch,
    /// Its end seal of this boot.
    pub seal: EndSeal,
    /// Spool time at which this boot began.
    pub started: Mono,
}

impl OwnVoice {
    /// Seals a word as the box's next frame.
    pub(super) fn say(&mut self, up: &Up) -> Option<(PressId, Vec<u8>)> {
        self.say_about(None, up)
    }

    /// The same, about one device.
    pub(super) fn say_about(
        &mut self,
        device: Option<DeviceId>,
        up: &Up,
    ) -> Option<(PressId, Vec<u8>)> {
        let seq = self.last.seq.next()?;
        let body = device.map_or_else(|| up.to_body(), |device| about::to_body(up, device)).ok()?;
        let id = PressId { seq, ..self.last };
        let header = Header { class: up.class(), epoch: self.epoch, id };
        let frame = seal_end(&header, &body, &self.seal).ok()?;
        self.last.seq = seq;
        Some((id, frame.to_vec()))
    }

    /// Before the first frame of a boot.
    pub const fn before_first() -> Seq {
        Seq::new(0)
    }
}
