//! Words of the local bus: retained JSON, ids only, for displays and home automation.
//!
//! A device: `{"device":…,"home":…,"role":"bed_mat","state":"fresh","connected":true,"battery":80,
//! "in_bed":true,"door_open":null}`. A receipt: `{"device":…,"boot":"…","seq":7,"rung":"received"}`.
//! An alarm: `{"home":…,"alarm":true,"open":true,"island":false}`. Not here: who may listen (`door`).

use bytes::Bytes;
use proto::down::Rung;
use proto::id::{DeviceId, HomeId, PressId};
use serde::Serialize;

use crate::hub::{Alarm, Freshness, Picture};

#[derive(Serialize)]
struct DeviceWord {
    device: String,
    home: String,
    role: &'static str,
    state: Freshness,
    connected: bool,
    battery: Option<u8>,
    in_bed: Option<bool>,
    door_open: Option<bool>,
}

#[derive(Serialize)]
struct ReceiptWord {
    device: String,
    /// Hexadecimal: a JSON number does not hold 64 bits.
    boot: String,
    seq: u32,
    rung: &'static str,
}

#[derive(Serialize)]
struct AlarmWord {
    home: String,
    alarm: bool,
    open: bool,
    island: bool,
}

/// The state of a device.
pub fn device(home: HomeId, device: DeviceId, picture: Picture) -> Bytes {
    json(&DeviceWord {
        device: device.to_string(),
        home: home.to_string(),
        role: picture.role.word(),
        state: picture.freshness,
        connected: picture.connected,
        battery: picture.battery,
        in_bed: picture.in_bed,
        door_open: picture.door_open,
    })
}

/// The last receipt of a device.
pub fn receipt(press: PressId, rung: Rung) -> Bytes {
    json(&ReceiptWord {
        device: press.device.to_string(),
        boot: format!("{:016x}", press.boot.get()),
        seq: press.seq.get(),
        rung: rung.word(),
    })
}

/// The alarm of a home.
pub fn alarm(home: HomeId, alarm: Alarm) -> Bytes {
    let Alarm { open, island } = alarm;
    json(&AlarmWord { home: home.to_string(), alarm: open || island, open, island })
}

fn json(word: &impl Serialize) -> Bytes {
    // Structs of plain fields always have a JSON form.
    Bytes::from(serde_json::to_vec(word).unwrap_or_default())
}
