//! Golden bytes of version 1, part ten: a value at its sensor's limit and one that cannot be, byte for byte, for ever.
//!
//! These reasons came after those of `v01.rs` and add to them. If a test in this file fails, **do not change the
//! test**: devices and gateways in homes speak these bytes. Give the change a new version with a file of its own.

use proto::frame::Class;
use proto::unit::{Millis, NoData};
use proto::up::{Quantity, Reading, Up, Value};

const GOLDEN: [(NoData, &str); 2] = [
    (NoData::Clipped, "a30019ea6001183c02818401f60500"),
    (NoData::Implausible, "a30019ea6001183c02818401f60600"),
];

#[test]
fn a_value_at_a_limit_and_one_that_cannot_be_are_these_bytes_and_are_read_back() {
    for (reason, golden) in GOLDEN {
        let (quantity, value, no_data) = (Quantity::Heart, None, Some(reason));
        let values = std::iter::once(Value { quantity, value, no_data, age_s: 0 }).collect();
        let uptime = Millis::new(60_000);
        let up = Up::Reading(Reading { uptime, period_s: 60, values, home: None });
        let body = up.to_body().unwrap();
        let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, golden);
        assert_eq!(Up::from_body(Class::Reading, &body), Ok(up));
    }
}
