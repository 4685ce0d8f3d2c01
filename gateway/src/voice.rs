//! The box's own voice: its words sealed as frames, numbered one after the other.
//!
//! A number is used up only when its frame is sealed. Clones are one voice: the loop says what the box has to say,
//! the keep what a program of the household calls. Not here: what the box says (`hub`), and how its frames
//! are kept and sent (`spool`, `uplink`).

use std::sync::{Arc, Mutex, PoisonError};

use proto::frame::{Header, seal_end};
use proto::id::{BootId, DeviceId, KeyEpoch, PressId, Seq};
use proto::key::EndSeal;
use proto::unit::Mono;
use proto::up::{Up, about};

/// How the box seals what it says itself.
#[derive(Clone)]
pub struct OwnVoice {
    /// Its device id.
    pub device: DeviceId,
    /// Spool time at which this boot began.
    pub started: Mono,
    speaker: Arc<Mutex<Speaker>>,
}

struct Speaker {
    /// Name of the last frame.
    last: PressId,
    epoch: KeyEpoch,
    seal: EndSeal,
}

impl OwnVoice {
    /// Of a box and its boot, before the first frame of that.
    pub fn new(
        (device, boot): (DeviceId, BootId),
        (epoch, seal): (KeyEpoch, EndSeal),
        started: Mono,
    ) -> Self {
        let last = PressId { device, boot, seq: Seq::new(0) };
        let speaker = Arc::new(Mutex::new(Speaker { last, epoch, seal }));
        Self { device, started, speaker }
    }

    /// Seals a word as the box's next frame.
    pub(crate) fn say(&self, up: &Up) -> Option<(PressId, Vec<u8>)> {
        self.say_about(None, up)
    }

    /// The same, about one device.
    pub(crate) fn say_about(
        &self,
        device: Option<DeviceId>,
        up: &Up,
    ) -> Option<(PressId, Vec<u8>)> {
        let mut speaker = self.speaker.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = speaker.last.seq.next()?;
        let body = device.map_or_else(|| up.to_body(), |device| about::to_body(up, device)).ok()?;
        let id = PressId { seq, ..speaker.last };
        let header = Header { class: up.class(), epoch: speaker.epoch, id };
        let frame = seal_end(&header, &body, &speaker.seal).ok()?;
        speaker.last.seq = seq;
        Some((id, frame.to_vec()))
    }
}
