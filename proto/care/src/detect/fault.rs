//! Faults that a device tells of itself: cover, battery, contact, mains, lost records. A task, not an alarm.
//!
//! All that is wrong with one device is one incident; each cause is told once and the fault passes with the
//! last of them. A cover that was opened and lost records never pass: somebody looks. Not here: silence.

use proto::id::DeviceId;
use proto::unit::{Mono, Percent};
use proto::up::EventKind;

use crate::detect::bare;
use crate::finding::{Evidence, Seen};
use crate::policy::{BATTERY_GOOD_PERCENT, BATTERY_LOW_PERCENT};
use crate::triage::Triage;

/// The cover was opened.
pub(crate) const TAMPER: u8 = 1;
/// The battery runs low.
pub(crate) const BATTERY: u8 = 2;
/// A contact chatters or does not come back.
pub(crate) const STUCK: u8 = 4;
/// Mains power is lost.
pub(crate) const MAINS: u8 = 8;
/// Records were dropped.
pub(crate) const LOSS: u8 = 16;

/// Takes an event of the device about itself; other kinds say nothing here.
pub(crate) fn event(device: DeviceId, kind: EventKind, at: Mono, triage: &mut Triage<'_>) {
    let (cause, seen) = match kind {
        EventKind::Tamper => (TAMPER, Seen::Tampered),
        EventKind::BatteryLow => (BATTERY, Seen::Battery),
        EventKind::Stuck => (STUCK, Seen::Stuck),
        EventKind::PowerLost => (MAINS, Seen::NoMains),
        EventKind::PowerBack => return triage.sound(device, MAINS),
        EventKind::Press
        | EventKind::Pull
        | EventKind::FallSuspected
        | EventKind::FallConfirmed
        | EventKind::Cancel
        | EventKind::FallRecovered
        | EventKind::BedIn
        | EventKind::BedOut
        | EventKind::Motion
        | EventKind::DoorOpen
        | EventKind::DoorClosed => return,
    };
    triage.fault(device, cause, at, bare(seen, at));
}

/// Takes the battery of a health frame.
pub(crate) fn battery(device: DeviceId, battery: Percent, at: Mono, triage: &mut Triage<'_>) {
    let percent = battery.get();
    if percent <= BATTERY_LOW_PERCENT {
        let value = f32::from(percent);
        let evidence = Evidence { what: Seen::Battery, supports: true, at, value };
        triage.fault(device, BATTERY, at, evidence);
    } else if percent >= BATTERY_GOOD_PERCENT {
        triage.sound(device, BATTERY);
    }
}

/// Takes a loss record: told once while the fault is open, as more of the same helps nobody.
#[expect(clippy::cast_precision_loss, reason = "a card shows about how many")]
pub(crate) fn loss(device: DeviceId, count: u32, at: Mono, triage: &mut Triage<'_>) {
    let evidence = Evidence { what: Seen::Lost, supports: true, at, value: count as f32 };
    triage.fault(device, LOSS, at, evidence);
}
