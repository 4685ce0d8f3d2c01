//! Golden bytes of version 1, part three: what a home box says of itself, byte for byte, for ever.
//!
//! These words came after those of `v01.rs` and add to them. If a test in this file fails, **do not change the
//! test**: boxes in homes speak these bytes. Give the change a new version with a file of its own.

use proto::frame::Class;
use proto::unit::Millis;
use proto::up::{Event, EventKind, Up};

const WORDS: [(EventKind, &str); 2] =
    [(EventKind::SounderFailed, "a200181e0119ee48"), (EventKind::SounderWorks, "a200181f0119ee48")];

#[test]
fn words_of_the_sounder_are_these_bytes_and_are_read_back() {
    for (kind, golden) in WORDS {
        let up = Up::Event(Event { kind, uptime: Millis::new(61_000), count: None });
        assert_eq!(up.class(), Class::Event);
        let body = up.to_body().unwrap();
        let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, golden);
        assert_eq!(Up::from_body(Class::Event, &body), Ok(up));
    }
}
