//! Numbers and words under which things are kept and told: what is written once is read as the same for ever.

#![expect(clippy::unwrap_used, reason = "a test says by a panic what is wrong")]

use proto::down::Rung;
use proto::unit::NoData;
use proto::up::{Quantity, Role};

/// Number on the wire, which is the stored one too.
fn told(value: impl minicbor::Encode<()>) -> u8 {
    let bytes = minicbor::to_vec(value).unwrap();
    // Numbers from 24 on have a byte of their own.
    *bytes.last().unwrap()
}

#[test]
fn lists_of_stored_numbers_and_words_are_only_ever_added_to() {
    assert_eq!(
        Role::TABLE,
        [
            (Role::HelpButton, 0, "help_button"),
            (Role::PullCord, 1, "pull_cord"),
            (Role::BedMat, 2, "bed_mat"),
            (Role::Motion, 3, "motion"),
            (Role::Door, 4, "door"),
            (Role::Pendant, 5, "pendant"),
            (Role::Gateway, 6, "gateway"),
            (Role::Other, 255, "other"),
        ]
    );
    assert_eq!(
        Rung::TABLE,
        [(Rung::Stored, 1, "stored"), (Rung::Received, 2, "received"), (Rung::Seen, 3, "seen")]
    );
    assert_eq!(
        NoData::TABLE,
        [
            (NoData::Off, 0, "off"),
            (NoData::NotPresent, 1, "notpresent"),
            (NoData::Timeout, 2, "timeout"),
            (NoData::Fault, 3, "fault"),
            (NoData::Stale, 4, "stale"),
            (NoData::Clipped, 5, "clipped"),
            (NoData::Implausible, 6, "implausible"),
        ]
    );
    assert_eq!(
        Quantity::TABLE,
        [
            (Quantity::InBed, 0, "in_bed"),
            (Quantity::Heart, 1, "heart"),
            (Quantity::Breath, 2, "breath"),
            (Quantity::Restless, 3, "restless"),
            (Quantity::Load, 4, "load"),
            (Quantity::Motion, 5, "motion"),
            (Quantity::Door, 6, "door"),
            (Quantity::Temperature, 7, "temperature"),
            (Quantity::Humidity, 8, "humidity"),
            (Quantity::Signal, 9, "signal"),
            (Quantity::Battery, 10, "battery"),
        ]
    );
}

#[test]
fn what_is_stored_under_a_number_is_read_as_the_same_and_goes_over_the_wire_under_it() {
    for (role, number, word) in Role::TABLE {
        assert_eq!((role.number(), role.word()), (*number, *word));
        assert_eq!(Role::from_number(*number).zip(Role::from_word(word)), Some((*role, *role)));
        assert_eq!(i64::from(told(role)), *number);
    }
    for (rung, number, word) in Rung::TABLE {
        assert_eq!(Rung::from_number(*number).zip(Rung::from_word(word)), Some((*rung, *rung)));
        assert_eq!(i64::from(told(rung)), *number);
    }
    for (reason, number, word) in NoData::TABLE {
        assert_eq!(
            NoData::from_number(*number).zip(NoData::from_word(word)),
            Some((*reason, *reason))
        );
        assert_eq!(told(reason), *number);
    }
    for (quantity, number, word) in Quantity::TABLE {
        let read = Quantity::from_number(*number).zip(Quantity::from_word(word));
        assert_eq!((read, told(quantity)), (Some((*quantity, *quantity)), *number));
    }
    assert_eq!((Role::from_number(7), Rung::from_number(0)), (None, None));
}
