//! One device of the past: the real core, on a link that never fails, with a server that receives each press at once.
//!
//! Not here: what it senses (`day`), who hears it (`house`).

use firmware::device::{Action, Device, DeviceKeys, Input, LinkEvent};
use firmware::settings::Settings;
use proto::down::{Down, DownSeal, Receipt, Rung};
use proto::frame::{Class, open_hop, read_open};
use proto::id::{BootId, PressId};
use proto::key::HopSeal;
use proto::unit::{Millis, Mono};
use proto::up::{Role, Up};

use crate::enrol::Enrolled;
use crate::seed::Seed;

/// What a device has said, and when it happened.
#[derive(Debug, Clone)]
pub struct Word {
    /// Its name.
    pub id: PressId,
    /// When, on the server's clock.
    pub at: Mono,
    /// What.
    pub up: Up,
}

/// The device.
pub struct Fitted {
    /// As what.
    pub role: Role,
    device: Device,
    hop: HopSeal,
    down: DownSeal,
    booted: Mono,
    nonce: Seed,
}

impl Fitted {
    /// Powers one up.
    pub fn new(of: &Enrolled, now: Mono, mut seed: Seed) -> Self {
        let life = u32::try_from(seed.draw() & 0xFFFF_FFFF).unwrap_or(1);
        let boot = BootId::new(life, 1);
        let (hop, end) = (of.key.hop(of.epoch), of.key.end(of.epoch));
        let keys = DeviceKeys {
            device: of.device,
            key: of.key.clone(),
            epoch: of.epoch,
            role: of.role,
            home: Some(of.home),
        };
        let settings = Settings::of(of.role);
        Self {
            role: of.role,
            device: Device::new(&settings, keys, boot, now, seed.draw()),
            hop: hop.boot(boot),
            down: DownSeal::server(&end),
            booted: now,
            nonce: seed,
        }
    }

    /// When it wants to be asked again.
    pub fn due(&self) -> Option<Mono> {
        self.device.poll_timeout()
    }

    /// Takes something in and adds what it says of it.
    pub fn take(&mut self, now: Mono, input: Input<'_>, words: &mut Vec<Word>) {
        self.device.handle(now, input);
        while let Some(action) = self.device.next_action() {
            match action {
                Action::Connect(_) => self.device.handle(now, Input::Link(LinkEvent::Up)),
                Action::Keep { slot, .. } => self.device.handle(now, Input::Kept(slot)),
                Action::Publish { token, frame, .. } => {
                    self.device.handle(now, Input::Link(LinkEvent::Acked(token)));
                    self.said(now, &frame, words);
                }
                Action::Forget(_)
                | Action::Store(_)
                | Action::Disconnect
                | Action::Light(_)
                | Action::Sound(_)
                | Action::Bank(_)
                | Action::Restart => {}
            }
        }
    }

    fn said(&mut self, now: Mono, frame: &[u8], words: &mut Vec<Word>) {
        let Ok(open) = open_hop(frame, &self.hop) else { return };
        let Ok((header, body)) = read_open(&open) else { return };
        let Ok(up) = Up::for_what_it_is(header.class, body) else { return };
        let at = match &up {
            Up::Event(event) => self.booted.after(Millis::new(event.uptime.get())).min(now),
            Up::Reading(_) | Up::Health(_) | Up::Loss(_) | Up::Update(_) => now,
        };
        words.push(Word { id: header.id, at, up });
        if header.class == Class::Emergency {
            self.received(now, header.id);
        }
    }

    /// The server's receipt, so that the press is not said again.
    fn received(&mut self, now: Mono, press: PressId) {
        let mut nonce = [0; 24];
        for part in nonce.chunks_exact_mut(8) {
            part.copy_from_slice(&self.nonce.draw().to_le_bytes());
        }
        let word = Down::Receipt(Receipt { press, rung: Rung::Received });
        if let Ok(sealed) = self.down.seal(press.device, nonce, &word) {
            self.device.handle(now, Input::Down(&sealed));
        }
    }
}
