//! Faults that a device tells of itself: cover, battery, contact, mains, lost records. A task, not an alarm.
//!
//! All that is wrong with one device is one incident; each cause is told once and the fault passes with the
//! last of them. A cover that was opened and lost records never pass: somebody looks. Not here: silence.

use proto::id::DeviceId;
use proto::unit::{Mono, Percent};
use proto::up::EventKind;

use crate::detect::bare;
use crate::finding::{Evidence, Kind, Seen, Severity};
use crate::home::contract::DEVICES_MAX;
use crate::policy::{BATTERY_GOOD_PERCENT, BATTERY_LOW_PERCENT, OUTAGE_WINDOW};
use crate::roster::{Mark, Roster};
use crate::triage::{Triage, Word, distance};

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
/// A pendant is not worn.
pub(crate) const UNWORN: u8 = 32;
/// A sensor tells nothing new while others do.
pub(crate) const UNCHANGING: u8 = 64;
/// A sensor tells the same without a rest.
pub(crate) const ALWAYS_ON: u8 = 128;

/// Takes an event of the device about itself; other kinds say nothing here.
pub(crate) fn event(device: DeviceId, kind: EventKind, at: Mono, triage: &mut Triage<'_>) {
    let (cause, seen) = match kind {
        EventKind::Tamper => (TAMPER, Seen::Tampered),
        EventKind::BatteryLow => (BATTERY, Seen::Battery),
        EventKind::Stuck => (STUCK, Seen::Stuck),
        EventKind::PowerLost
        | EventKind::PowerBack
        | EventKind::SounderFailed
        | EventKind::SounderWorks
        | EventKind::Press
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

/// A device has lost its mains, or has them back. What several devices of a home lose at once is one cause, and
/// what falls silent by it is no fault of its own.
pub(crate) fn mains(
    roster: &mut Roster,
    (device, lost): (DeviceId, bool),
    at: Mono,
    triage: &mut Triage<'_>,
) {
    let known = roster.get_mut(device).map(|member| member.mark(Mark::Dark, lost));
    if !lost {
        return mains_back(roster, device, triage);
    }
    let outage = triage.book.caused(MAINS).copied();
    match outage.filter(|i| i.device != Some(device) && distance(i.at, at) < OUTAGE_WINDOW) {
        Some(_) if known == Some(true) => {}
        Some(outage) => {
            let evidence = &[bare(Seen::NoMains, at)];
            let (kind, severity, device) = (Kind::Fault, Severity::Fault, Some(device));
            let word = Word { kind, severity, activation: None, device, at, evidence };
            triage.raise(Some(outage.number), &word);
        }
        None => triage.fault(device, MAINS, at, bare(Seen::NoMains, at)),
    }
}

/// The outage has passed when no device of the home tells of it any more.
pub(crate) fn mains_back(roster: &Roster, device: DeviceId, triage: &mut Triage<'_>) {
    triage.firm = true;
    if roster.is_dark() {
        return;
    }
    triage.sound(device, MAINS);
    for _ in 0..DEVICES_MAX {
        let Some(opener) = triage.book.caused(MAINS).and_then(|i| i.device) else { return };
        if triage.is_full() {
            return;
        }
        triage.sound(opener, MAINS);
    }
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
