//! Words to devices: how far a press has come, whether a home has an open alarm, what image is to run.
//!
//! A receipt is sealed for the device and carried by its gateway. It is not kept here: the rung is in the
//! rows, and is told again on each copy and each reconnect. Not here: who decides that a rung is reached.

mod tellings;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use door::{Door, Told, Who};
use proto::down::{Down, DownBuf, DownSeal, Keys, Receipt, Rung};
use proto::frame::FrameError;
use proto::id::{BootId, DeviceId, GatewayId, HomeId, KeyEpoch, PressId, Seq};
use proto::relay::GatewayDown;
use proto::topic::Topic;
use proto::unit::Millis;
use proto::up::Role;
use proto::update::Order;

use crate::provision::{DeviceInfo, Registry};
use records::column::device_of;
use records::desk::ActivationRow;

use self::tellings::Tellings;

/// Tells devices.
pub struct Receipts {
    /// Which telling of each gateway is the latest.
    pub(crate) tellings: Tellings,
    registry: Arc<Registry>,
    door: OnceLock<Door>,
}

impl Receipts {
    /// Without a door yet: what is told before is told again when gateways connect.
    pub fn new(registry: Arc<Registry>) -> Self {
        Self { registry, door: OnceLock::new(), tellings: Tellings::default() }
    }

    /// From now on words leave by this door.
    pub fn at(&self, door: Door) {
        // Called once, at the start; a second door would be a second server.
        let _ = self.door.set(door);
    }

    /// Tells a device how far its press has come.
    pub fn tell(&self, press: PressId, rung: Rung) {
        let receipt = Receipt { press, rung };
        self.word(press.device, &Down::Receipt(receipt), Some(receipt));
    }

    /// Tells a device how far its press has come, by a gateway that is not its own and has carried the press.
    pub(crate) fn tell_by(&self, gateway: GatewayId, press: PressId, rung: Rung) {
        let receipt = Receipt { press, rung };
        let (device, word) = (press.device, Down::Receipt(receipt));
        self.sealed(device, Some(gateway), Some(receipt), |seal, nonce| {
            seal.seal(device, nonce, &word)
        });
    }

    /// Tells the devices of these presses how far they have come.
    pub fn climbed(&self, presses: &[ActivationRow], rung: Rung) {
        for row in presses {
            let (Some(device), Ok(seq)) = (device_of(row.device), u32::try_from(row.seq)) else {
                continue;
            };
            let boot = BootId::from_raw(row.boot.cast_unsigned());
            self.tell(PressId { device, boot, seq: Seq::new(seq) }, rung);
        }
    }

    /// Seals a word for a device and hands it to its gateway.
    pub fn word(&self, device: DeviceId, word: &Down, hint: Option<Receipt>) -> Option<Told> {
        self.sealed(device, None, hint, |seal, nonce| seal.seal(device, nonce, word))
    }

    /// Seals an order about a device's image and hands it to its gateway.
    pub fn order(&self, device: DeviceId, order: &Order<'_>) -> Option<Told> {
        self.sealed(device, None, None, |seal, nonce| seal.seal_order(device, nonce, order))
    }

    fn sealed(
        &self,
        device: DeviceId,
        by: Option<GatewayId>,
        hint: Option<Receipt>,
        seal: impl FnOnce(&DownSeal, [u8; 24]) -> Result<DownBuf, FrameError>,
    ) -> Option<Told> {
        let info = self.registry.device(device)?;
        let gateway = by.or(info.way())?;
        // What it was last heard under is what it can open.
        let key = info.end_key(info.heard)?;
        let mut nonce = [0; 24];
        getrandom::fill(&mut nonce).ok()?;
        let sealed = seal(&DownSeal::server(&key), nonce).ok()?;
        let sealed: &[u8] = &sealed;
        self.say(gateway, &GatewayDown::Forward { device, sealed: sealed.into(), hint })
    }

    /// Tells a device, which was just heard under the keys of `under`, to speak under those of now.
    pub fn renew(&self, device: DeviceId, under: KeyEpoch) -> Option<Told> {
        let info = self.registry.device(device)?;
        let (gateway, key) = (info.gateway?, info.end_key(under)?);
        let mut nonce = [0; 24];
        getrandom::fill(&mut nonce).ok()?;
        let word = Keys::Renew(info.epoch);
        let sealed = DownSeal::server(&key).seal_keys(device, nonce, &word).ok()?;
        let sealed: &[u8] = &sealed;
        self.say(gateway, &GatewayDown::Forward { device, sealed: sealed.into(), hint: None })
    }

    /// Tells the gateway of a device that it is its own, and under which keys it may speak.
    pub fn enrol(&self, info: &DeviceInfo) {
        let (Some(home), Some(gateway)) = (info.home, info.gateway) else { return };
        let (device, role, epoch) = (info.device, info.role, info.epoch);
        let hop_key = (*info.hop_key().expose()).into();
        self.say(gateway, &GatewayDown::Enrol { device, home, role, epoch, hop_key });
        if let Some((epoch, key)) = info.former() {
            let hop_key = (*key.expose()).into();
            self.say(gateway, &GatewayDown::Former { device, epoch, hop_key });
        }
    }

    /// Tells the gateway of a device that an alarm is open in its home, or over.
    pub fn alarm(&self, home: HomeId, device: DeviceId, open: bool) {
        if let Some(gateway) = self.registry.device(device).and_then(|info| info.way()) {
            self.say(gateway, &GatewayDown::Alarm { home, open });
        }
    }

    /// Asks a home for so long whether somebody is well, by every lamp and sounder in it; none = asks no longer.
    pub fn ask(&self, home: HomeId, span: Millis) {
        // Rounded up: the lamps must not go out before the question ends.
        let seconds = u32::try_from(span.get().div_ceil(1000)).unwrap_or(u32::MAX);
        for gateway in self.registry.gateways_of(home) {
            for device in self.registry.roster(gateway) {
                if device.home == Some(home) && device.role != Role::Gateway {
                    self.word(device.device, &Down::Identify(seconds), None);
                }
            }
        }
    }

    /// Tells a gateway; what cannot be told now is told again when it connects.
    pub fn say(&self, gateway: GatewayId, word: &GatewayDown<'_>) -> Option<Told> {
        let door = self.door.get()?;
        let bytes = minicbor::to_vec(word).ok()?;
        Some(door.tell(Who::Gateway(gateway), Topic::GatewayDown(gateway), Bytes::from(bytes)))
    }

    /// How many more words a listening gateway takes now; none if it does not listen.
    pub fn room(&self, gateway: GatewayId) -> Option<usize> {
        self.door.get()?.room(Who::Gateway(gateway))
    }

    /// Tells a gateway that people have an emergency which it has carried and nobody can verify.
    pub fn accepted(&self, gateway: GatewayId, press: PressId) {
        self.say(gateway, &GatewayDown::Accepted(press));
    }

    /// Whether a gateway listens now; none before there is a door.
    pub fn listens(&self, gateway: GatewayId) -> Option<bool> {
        self.door.get().map(|door| door.listens(Who::Gateway(gateway)))
    }

    /// Ends the sessions of a gateway that may no longer come.
    pub fn cut(&self, gateway: GatewayId) {
        if let Some(door) = self.door.get() {
            door.cut(Who::Gateway(gateway));
        }
    }
}
