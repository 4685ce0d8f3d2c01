//! The test vectors that makers of devices are given, held against the code that they describe.
//!
//! `docs/vectors/*.json` is what this build makes of fixed keys, boots and words, byte by byte. The derived keys, which
//! the crate keeps to itself, are derived here a second time and proved on its frames. `VECTORS=write` in the environment
//! writes the files anew; a change of what stands there is a change of the wire and belongs into a new version.
//! Not here: what the bytes mean (`docs/device-protocol.md`).
#![expect(clippy::expect_used, reason = "a test that cannot go on fails here")]

#[path = "vectors/down.rs"]
mod down;
#[path = "vectors/frames.rs"]
mod frames;
#[path = "vectors/ids.rs"]
mod ids;
#[path = "vectors/keys.rs"]
mod keys;

use std::path::Path;

use hex::encode as hex;
use proto::id::{BootId, DeviceId, KeyEpoch};
use proto::key::DeviceKey;
use serde_json::{Value, json};

/// A device of the vectors, in one of its boots.
struct Speaker {
    device: DeviceId,
    key: DeviceKey,
    epoch: KeyEpoch,
    boot: BootId,
}

/// A button in its first boot, and one whose keys have changed and which has lived twice.
fn speakers() -> [Speaker; 2] {
    let (mut ascending, mut descending) = ([0; 32], [0; 32]);
    for (n, byte) in (0u8..).zip(&mut ascending) {
        *byte = n;
    }
    for (n, byte) in (0u8..).zip(&mut descending) {
        *byte = 255 - 3 * n;
    }
    let device = |number| DeviceId::new(number).expect("below the limit");
    [
        Speaker {
            device: device(0x0123_4567_89AB),
            key: DeviceKey::from_bytes(ascending),
            epoch: KeyEpoch::new(0),
            boot: BootId::new(0x1F2E_3D4C, 1),
        },
        Speaker {
            device: device((1 << 50) - 1),
            key: DeviceKey::from_bytes(descending),
            epoch: KeyEpoch::new(0x0102),
            boot: BootId::new(0xFEED_BEEF, 0x0000_0107),
        },
    ]
}

impl Speaker {
    /// What every vector of this speaker begins with.
    fn told(&self) -> Value {
        json!({
            "device": self.device.to_string(),
            "k_dev": hex(self.key.expose()),
            "epoch": self.epoch.get(),
            "boot": format!("{:016x}", self.boot.get()),
        })
    }
}

/// One object with the fields of two.
fn with(mut one: Value, more: Value) -> Value {
    if let (Some(one), Value::Object(more)) = (one.as_object_mut(), more) {
        one.extend(more);
    }
    one
}

/// Holds a file of `docs/vectors` against what the code makes now, or writes it.
fn hold(name: &str, made: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/vectors").join(name);
    let made = format!("{made:#}\n");
    if std::env::var_os("VECTORS").is_some_and(|word| word == "write") {
        std::fs::write(&path, &made).expect("the folder can be written");
    }
    let told = std::fs::read_to_string(&path).unwrap_or_default();
    let line = told.lines().zip(made.lines()).position(|(told, made)| told != made);
    let line = line.unwrap_or_else(|| told.lines().count().min(made.lines().count())) + 1;
    assert!(
        told == made,
        "docs/vectors/{name}, line {line}: the code makes other bytes. If the wire is meant to change, write them anew: \
         VECTORS=write cargo test --workspace --test vectors"
    );
}
