//! Golden bytes of version 1, part three: what a gateway says about one device of a home, byte for byte, for ever.
//!
//! These words came after those of `v01.rs` and add to them. If a test in this file fails, **do not change the
//! test**: gateways in homes speak these bytes. Give the change a new version with a file of its own.
#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use proto::frame::Class;
use proto::id::{DeviceId, HomeId};
use proto::unit::Millis;
use proto::up::{Quantity, Reading, Up, Value, about};

mod shapes;

fn reading() -> Up {
    let value = Value { quantity: Quantity::Breath, value: Some(16.0), no_data: None, age_s: 1 };
    let values = [value].into_iter().collect();
    let home = HomeId::new(77);
    Up::Reading(Reading { uptime: Millis::new(60_000), period_s: 60, values, home })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap()).collect()
}

const HOME: &str = "a40019ea6001183c02818402fa41800000f60103184d";
const DEVICE: &str = "a50019ea6001183c02818402fa41800000f60103184d0419abcd";

#[test]
fn a_summary_of_one_device_keeps_its_bytes() {
    let device = DeviceId::new(0xABCD).unwrap();
    assert_eq!(hex(&about::to_body(&reading(), device).unwrap()), DEVICE);
    assert_eq!(about::of(&bytes(DEVICE)), Some(device));
}

#[test]
fn who_does_not_know_the_key_reads_a_reading_of_the_home_and_an_old_one_is_about_no_device() {
    let read = |hex: &str| Up::from_body(Class::Reading, &bytes(hex)).unwrap();
    assert_eq!(read(DEVICE), reading());
    assert_eq!(read(HOME), reading());
    assert_eq!(hex(&reading().to_body().unwrap()), HOME);
    assert_eq!(about::of(&bytes(HOME)), None);
}

#[test]
fn the_description_names_the_key() {
    let shapes = shapes::read(include_str!("../../v1.cddl"));
    shapes.check("reading", &bytes(DEVICE));
    shapes.check("reading", &bytes(HOME));
}

#[test]
fn no_bytes_make_the_reader_panic() {
    let whole = bytes(DEVICE);
    for cut in 0..whole.len() {
        about::of(&whole[..cut]);
    }
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 0x5F;
        about::of(&changed);
    }
}
