//! Golden bytes of version 1, part nine: what a home box says of its losses and its disk, byte for byte, for ever.
//!
//! These words came after those of `v01_box.rs` and add to them. If a test in this file fails, **do not change the
//! test**: boxes in homes speak these bytes. Give the change a new version with a file of its own.

use proto::frame::Class;
use proto::unit::Millis;
use proto::up::{Event, EventKind, Up};

const WORDS: [(EventKind, Option<u32>, &str); 3] = [
    (EventKind::BusLost, Some(7), "a30018200119ee480207"),
    (EventKind::DiskFull, None, "a20018210119ee48"),
    (EventKind::DiskRoom, None, "a20018220119ee48"),
];

#[test]
fn words_of_losses_and_of_the_disk_are_these_bytes_and_are_read_back() {
    for (kind, count, golden) in WORDS {
        let up = Up::Event(Event { kind, uptime: Millis::new(61_000), count });
        assert_eq!(up.class(), Class::Event);
        let body = up.to_body().unwrap();
        let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, golden);
        assert_eq!(Up::from_body(Class::Event, &body), Ok(up));
    }
}
