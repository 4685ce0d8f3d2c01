//! What the button of a room says, sealed as the button seals it.
//!
//! Not here: who carries it, and what is told of it.

use proto::frame::{Class, Header, seal_end};
use proto::id::{BootId, PressId, Seq};
use proto::unit::Millis;
use proto::up::{Event, EventKind, Health, Role, Up};

use crate::house::Room;

pub(crate) const BOOT: BootId = BootId::new(7, 1);

impl Room {
    /// A frame of the button with any class and body.
    pub(crate) fn frame(&self, seq: u32, class: Class, body: &[u8]) -> Vec<u8> {
        let (key, epoch) = (&self.button.key, self.button.epoch);
        let id = PressId { device: self.button.device, boot: BOOT, seq: Seq::new(seq) };
        let header = Header { class, epoch, id };
        seal_end(&header, body, &key.end(epoch).boot(BOOT)).unwrap().to_vec()
    }

    pub(crate) fn event(&self, seq: u32, class: Class, kind: EventKind, uptime: u64) -> Vec<u8> {
        let up = Up::Event(Event { kind, uptime: Millis::new(uptime), count: None });
        self.frame(seq, class, &up.to_body().unwrap())
    }

    pub(crate) fn press(&self, seq: u32, uptime: u64) -> Vec<u8> {
        self.event(seq, Class::Emergency, EventKind::Press, uptime)
    }

    /// A health frame: two measured values.
    pub(crate) fn health(&self, seq: u32, uptime: u64) -> Vec<u8> {
        let health = Health {
            uptime: Millis::new(uptime),
            period_s: 60,
            battery: None,
            signal: None,
            firmware: 1,
            tested: None,
            role: Role::HelpButton,
        };
        self.frame(seq, Class::Health, &Up::Health(health).to_body().unwrap())
    }
}
