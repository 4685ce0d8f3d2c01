//! Lists of all that a word can be: a new variant has a number here, and is in its list, or this does not pass.
//!
//! Each match is whole, so that a new variant asks for its number; and whatever number is read as a word must stand
//! in the list. Numbers are for ever. Not here: bytes of whole words (`versions`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use minicbor::{Decode, Encode};
use proto::unit::NoData;
use proto::up::{EventKind, Quantity};

/// More than any number that a word has by now.
const NUMBERS: u64 = 2_000;

/// What is read of all numbers, in their order; none that is read is left out of a list that equals this.
fn readable<T: for<'b> Decode<'b, ()>>() -> Vec<T> {
    let words = (0..NUMBERS).map(|number| minicbor::to_vec(number).unwrap());
    words.filter_map(|bytes| minicbor::decode(&bytes).ok()).collect()
}

fn told<T: Encode<()>>(word: T) -> u64 {
    minicbor::decode(&minicbor::to_vec(word).unwrap()).unwrap()
}

#[test]
fn each_quantity_that_can_be_read_is_in_the_list_under_its_number() {
    let number = |quantity| match quantity {
        Quantity::InBed => 0,
        Quantity::Heart => 1,
        Quantity::Breath => 2,
        Quantity::Restless => 3,
        Quantity::Load => 4,
        Quantity::Motion => 5,
        Quantity::Door => 6,
        Quantity::Temperature => 7,
        Quantity::Humidity => 8,
        Quantity::Signal => 9,
        Quantity::Battery => 10,
    };
    assert_eq!(readable::<Quantity>(), Quantity::ALL);
    assert_eq!(Quantity::ALL.map(number), Quantity::ALL.map(told));
}

#[test]
fn each_reason_that_can_be_read_is_in_the_list_under_its_number() {
    let number = |reason| match reason {
        NoData::Off => 0,
        NoData::NotPresent => 1,
        NoData::Timeout => 2,
        NoData::Fault => 3,
        NoData::Stale => 4,
        NoData::Clipped => 5,
        NoData::Implausible => 6,
    };
    assert_eq!(readable::<NoData>(), NoData::ALL);
    assert_eq!(NoData::ALL.map(number), NoData::ALL.map(told));
}

#[test]
fn each_kind_that_can_be_read_is_in_the_list_under_its_number() {
    let number = |kind| match kind {
        EventKind::Press => 0,
        EventKind::Pull => 1,
        EventKind::FallSuspected => 2,
        EventKind::FallConfirmed => 3,
        EventKind::Cancel => 4,
        EventKind::FallRecovered => 5,
        EventKind::BedIn => 10,
        EventKind::BedOut => 11,
        EventKind::Motion => 12,
        EventKind::DoorOpen => 13,
        EventKind::DoorClosed => 14,
        EventKind::Tamper => 20,
        EventKind::BatteryLow => 21,
        EventKind::Stuck => 22,
        EventKind::PowerLost => 23,
        EventKind::PowerBack => 24,
        EventKind::SounderFailed => 30,
        EventKind::SounderWorks => 31,
        EventKind::BusLost => 32,
        EventKind::DiskFull => 33,
        EventKind::DiskRoom => 34,
    };
    assert_eq!(readable::<EventKind>(), EventKind::ALL);
    assert_eq!(EventKind::ALL.map(number), EventKind::ALL.map(told));
}
