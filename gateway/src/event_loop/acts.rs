//! What the hub has decided, performed: words on the bus, the sounder, what the box says itself, answers to devices.
//!
//! A word that the bus is too far behind to take waits here for the next turn. Not here: decisions (`hub`), what
//! the server says (`told`).

use bytes::Bytes;
use door::Who;
use proto::down::{Down, DownSeal, Receipt, Rung};
use proto::frame::Lane;
use proto::id::{DeviceId, PressId};
use proto::topic::Topic;
use proto::up::Up;

use super::EventLoop;
use crate::bus_words;
use crate::hub::Action;
use crate::spool::{OwnFrame, RungRow};

impl EventLoop {
    /// Shows a word on the bus, or keeps it until the bus has caught up.
    fn show(&mut self, topic: Topic, word: Bytes) {
        if !self.bus.publish(topic, true, word.clone()) {
            self.unsaid.insert(topic, word);
        }
    }

    /// Performs what the hub has decided.
    pub(super) fn act(&mut self) {
        let mut own = Vec::new();
        for (topic, word) in std::mem::take(&mut self.unsaid) {
            self.show(topic, word);
        }
        let mut device = None;
        while let Some(action) = self.hub.next_action() {
            match action {
                Action::About(one) => device = Some(one),
                Action::Say(up) => own.extend(self.voice.say_about(device.take(), &up)),
                Action::ShowDevice(home, device, picture) => {
                    let word = bus_words::device(home, device, picture);
                    self.show(Topic::BusState(home, device), word);
                }
                Action::ClearDevice(home, device) => {
                    self.show(Topic::BusState(home, device), Bytes::new());
                    self.show(Topic::BusReceipt(home, device), Bytes::new());
                }
                Action::ShowRung(home, press, rung) => {
                    let word = bus_words::receipt(press, rung);
                    self.show(Topic::BusReceipt(home, press.device), word);
                }
                Action::ShowAlarm(home, alarm) => {
                    let word = bus_words::alarm(home, alarm);
                    self.show(Topic::BusAlarm(home), word);
                }
                Action::Sound(on) => {
                    self.alarm.sound(on);
                    self.pulse.send_modify(|pulse| pulse.sounding = on);
                }
            }
        }
        own.extend(self.tend_sounder());
        if own.is_empty() {
            return;
        }
        let frames: Vec<OwnFrame<'_>> =
            own.iter().map(|(id, bytes)| OwnFrame { id: *id, bytes }).collect();
        match self.spool.put_own(self.clock.now(), &frames) {
            Ok(()) => self.bells.of(Lane::Telemetry).notify_one(),
            Err(error) => tracing::error!(%error, "own words are lost"),
        }
    }

    /// Makes the sounder do as it was told; a word to the server if that has changed.
    fn tend_sounder(&mut self) -> Option<(PressId, Vec<u8>)> {
        let now = self.clock.now();
        let sounder = self.alarm.tend(now);
        self.pulse.send_if_modified(|pulse| {
            let before = std::mem::replace(&mut pulse.sounder, sounder);
            before != sounder
        });
        let kind = self.alarm.news(now)?;
        let uptime = now.since(self.voice.started);
        self.voice.say(&Up::Event(proto::up::Event { kind, uptime, count: None }))
    }

    pub(super) fn tell_stored(&self, press: PressId) {
        let Some(member) = self.roster.find(press.device) else { return };
        let Some(nonce) = nonce() else { return };
        let word = Down::Receipt(Receipt { press, rung: Rung::Stored });
        if let Ok(sealed) = DownSeal::gateway(&member.key).seal(press.device, nonce, &word) {
            self.tell(press.device, &sealed);
        }
    }

    pub(super) fn tell_rung(&self, row: &RungRow) {
        match &row.sealed {
            Some(sealed) => self.tell(row.press.device, sealed),
            None => self.tell_stored(row.press),
        }
    }

    pub(super) fn tell(&self, device: DeviceId, sealed: &[u8]) {
        let payload = Bytes::copy_from_slice(sealed);
        let told = self.door.tell(Who::Device(device), Topic::DeviceDown(device), payload);
        tracing::debug!(%device, ?told, "told");
    }
}

/// A nonce from the system's source; without one nothing is sealed.
fn nonce() -> Option<[u8; 24]> {
    let mut nonce = [0; 24];
    getrandom::fill(&mut nonce).ok()?;
    Some(nonce)
}
