//! One who seals frames as a device or a gateway does: boot, sequence, end tag.
//!
//! The load plays gateways at the server's door, so it needs frames without a device core around
//! them; what it seals is what a real device would. Not here: connections (`mqtt`), or any behaviour of a device.

use bytes::Bytes;
use minicbor::bytes::ByteSlice;
use proto::RELAY_MAX;
use proto::frame::{FrameBuf, Header, seal_end};
use proto::id::{BootId, DeviceId, GatewayId, HomeId, KeyEpoch, PressId, Seq};
use proto::key::{DeviceKey, EndSeal};
use proto::relay::{Relay, RelayKind};
use proto::seat::Seat;
use proto::unit::Millis;
use proto::up::{Event, EventKind, Health, Quantity, Reading, Role, Up, Value};

use crate::enrol::GatewayBox;
use crate::mqtt::Login;
use crate::trouble::{Outcome, Trouble};

/// Seconds of keep-alive of a simulated gateway; its summaries come more often.
const KEEP_ALIVE_S: u16 = 300;
/// What a summary of one bed carries.
const SUMMARY: [(Quantity, f32); 9] = [
    (Quantity::InBed, 100.0),
    (Quantity::Heart, 62.0),
    (Quantity::Breath, 14.0),
    (Quantity::Restless, 12.0),
    (Quantity::Load, 61.5),
    (Quantity::Motion, 0.0),
    (Quantity::Temperature, 21.5),
    (Quantity::Humidity, 48.0),
    (Quantity::Signal, -61.0),
];

/// A sealer of frames in one boot.
pub struct Speaker {
    device: DeviceId,
    epoch: KeyEpoch,
    boot: BootId,
    seq: u32,
    seal: EndSeal,
}

impl Speaker {
    /// Starts the boot `boot` of a device with this key.
    pub fn new(device: DeviceId, key: &DeviceKey, epoch: KeyEpoch, boot: BootId) -> Self {
        Self { device, epoch, boot, seq: 0, seal: key.end(epoch).boot(boot) }
    }

    /// Seals one utterance as the next frame.
    pub fn say(&mut self, up: &Up) -> Outcome<(PressId, FrameBuf)> {
        self.seq += 1;
        let id = PressId { device: self.device, boot: self.boot, seq: Seq::new(self.seq) };
        let header = Header { class: up.class(), epoch: self.epoch, id };
        let body = up.to_body().map_err(Trouble::from)?;
        Ok((id, seal_end(&header, &body, &self.seal)?))
    }

    /// A press, `uptime_ms` after the start of the boot.
    pub fn press(&mut self, uptime_ms: u64) -> Outcome<(PressId, FrameBuf)> {
        let uptime = Millis::new(uptime_ms);
        self.say(&Up::Event(Event { kind: EventKind::Press, uptime, count: None }))
    }

    /// Nine values of one bed over a minute; `turn` makes the values move.
    pub fn summary(&mut self, home: HomeId, uptime_ms: u64, turn: u16) -> Outcome<FrameBuf> {
        let mut values = heapless::Vec::new();
        for (n, (quantity, value)) in (0u16..).zip(SUMMARY) {
            let moved = value + f32::from((turn + n) % 7) * 0.25;
            let value = Value { quantity, value: Some(moved), no_data: None, age_s: 0 };
            values.push(value).map_err(|_| Trouble::new("a summary has too many values"))?;
        }
        let uptime = Millis::new(uptime_ms);
        let reading = Reading { uptime, period_s: 60, values, home: Some(home) };
        Ok(self.say(&Up::Reading(reading))?.1)
    }

    /// How it is, so that the server can date what it says.
    pub fn health(&mut self, uptime_ms: u64, role: Role) -> Outcome<FrameBuf> {
        let health = Health {
            uptime: Millis::new(uptime_ms),
            period_s: 120,
            battery: None,
            signal: None,
            firmware: 0,
            tested: None,
            role,
        };
        Ok(self.say(&Up::Health(health))?.1)
    }
}

/// Values in one summary.
pub const fn summary_len() -> usize {
    SUMMARY.len()
}

/// Puts an open frame into its envelope, just received.
pub fn relay(open: &[u8]) -> Outcome<Bytes> {
    relay_aged(open, 0)
}

/// The same for a frame that the gateway has had for `age_ms`.
pub fn relay_aged(open: &[u8], age_ms: u64) -> Outcome<Bytes> {
    let bytes: &ByteSlice = open.into();
    let relay = Relay { kind: RelayKind::Open, age: Millis::new(age_ms), bytes };
    let mut buffer = [0; RELAY_MAX];
    let mut cursor = minicbor::encode::write::Cursor::new(&mut buffer[..]);
    minicbor::encode(relay, &mut cursor).map_err(|e| Trouble::new(e.to_string()))?;
    let len = cursor.position();
    Ok(Bytes::copy_from_slice(&buffer[..len]))
}

/// How a gateway logs in on a plain door for one lane, the `counter`-th time in this boot.
pub fn login(of: &GatewayBox, lane: proto::frame::Lane, boot: BootId, counter: u32) -> Login {
    let seat: GatewayId = of.gateway;
    Login {
        client: Seat::Gateway(seat, lane).to_string(),
        user: seat.to_string(),
        password: Some(of.key.hop(of.epoch).connect_proof(boot, counter).to_vec()),
        keep_alive_s: KEEP_ALIVE_S,
    }
}

/// A boot that was never used: drawn from the system's random source.
pub fn fresh_boot() -> Outcome<BootId> {
    let mut life = [0; 4];
    getrandom::fill(&mut life).map_err(|e| Trouble::new(e.to_string()))?;
    Ok(BootId::new(u32::from_le_bytes(life), 1))
}
