//! Faults that a device tells of itself: cover, battery, contact, mains, lost records. A task, not an alarm.
//!
//! All that is wrong with one device is one incident, but for a contact that sticks, which has its own; each cause is told
//! once and the fault passes with the last of them. A cover that was opened and lost records never pass: somebody looks.
//! A cell that recovers by itself, and mains that come and go, stay told until all has been well for a day.
//! Not here: silence.

use proto::id::DeviceId;
use proto::unit::{Mono, Percent};
use proto::up::EventKind;

use crate::contract::DEVICES_MAX;
use crate::detect::waver::{Wavers, What, wavered};
use crate::fault_bits::{BATTERY, LOSS, MAINS, TAMPER};
use crate::finding::bare;
use crate::finding::{Evidence, Kind, Seen, Severity};
use crate::policy::noise::BATTERY_FRESH_PERCENT;
use crate::policy::{BATTERY_GOOD_PERCENT, BATTERY_LOW_PERCENT, OUTAGE_WINDOW};
use crate::roster::{Mark, Roster};
use crate::triage::{Book, Incident, Triage, Word, distance};

/// Takes an event of the device about itself; other kinds say nothing here.
pub(crate) fn event(
    device: DeviceId,
    kind: EventKind,
    at: Mono,
    wavers: &mut Wavers,
    triage: &mut Triage<'_>,
) {
    let (cause, seen) = match kind {
        EventKind::Tamper => (TAMPER, Seen::Tampered),
        EventKind::BatteryLow => {
            wavers.gone(device, What::Charge, triage.now);
            (BATTERY, Seen::Battery)
        }
        EventKind::Stuck => return triage.stuck(device, at, Seen::Stuck),
        EventKind::PowerLost
        | EventKind::PowerBack
        | EventKind::SounderFailed
        | EventKind::SounderWorks
        | EventKind::BusLost
        | EventKind::DiskFull
        | EventKind::DiskRoom
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
    wavers: &mut Wavers,
    triage: &mut Triage<'_>,
) {
    let known = roster.get_mut(device).map(|member| member.mark(Mark::Dark, lost));
    if !lost {
        return mains_back(roster, device, wavers, triage);
    }
    triage.firm = true;
    let held = triage.book.held_of(device).map(|held| held.number);
    if let Some(held) = held {
        wavers.gone(device, What::Mains, triage.now);
        return triage.turn(held, Kind::Fault, &[bare(Seen::NoMains, at)]);
    }
    let outage = outage(roster, triage.book).copied();
    if outage.is_some_and(|i| i.kind == Kind::Unsteady) {
        return;
    }
    wavers.gone(device, What::Mains, triage.now);
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

/// What stands for lost mains of the home: the fault that tells it, or one that comes and goes.
pub(crate) fn outage<'a>(roster: &Roster, book: &'a Book) -> Option<&'a Incident> {
    if !roster.is_dark() {
        return None;
    }
    let dark = |i: &&Incident| {
        i.device.and_then(|device| roster.get(device)).is_some_and(|m| m.is(Mark::Dark))
    };
    book.caused(MAINS).or_else(|| book.held().find(dark))
}

/// The outage has passed when no device of the home tells of it any more. One that passes a second time within a day
/// stays told.
pub(crate) fn mains_back(
    roster: &mut Roster,
    device: DeviceId,
    wavers: &mut Wavers,
    triage: &mut Triage<'_>,
) {
    triage.firm = true;
    if let Some((number, kind)) = triage.book.held_of(device).map(|held| (held.number, held.kind)) {
        let times = wavers.back(device, What::Mains, triage.now).unwrap_or(1);
        triage.turn(number, kind, &[wavered(times, triage.now)]);
    }
    if roster.is_dark() {
        return;
    }
    roster.light(triage.now);
    for _ in 0..DEVICES_MAX {
        let Some(outage) = triage.book.caused(MAINS).copied() else { return };
        let Some(opener) = outage.device.filter(|_| !triage.is_full()) else { return };
        match wavers.back(opener, What::Mains, triage.now) {
            Some(times) if outage.causes == MAINS => {
                triage.hold(outage.number, Kind::Unsteady, &[wavered(times, triage.now)]);
            }
            Some(_) | None => triage.sound(opener, MAINS),
        }
    }
}

/// Takes the battery of a health frame.
pub(crate) fn battery(
    device: DeviceId,
    battery: Percent,
    at: Mono,
    wavers: &mut Wavers,
    triage: &mut Triage<'_>,
) {
    let (percent, now) = (battery.get(), triage.now);
    if percent <= BATTERY_LOW_PERCENT {
        let value = f32::from(percent);
        let evidence = Evidence { what: Seen::Battery, supports: true, at, value };
        wavers.gone(device, What::Charge, now);
        triage.fault(device, BATTERY, at, evidence);
        return;
    }
    let told = triage.book.find(Kind::Fault, Some(device)).is_some_and(|i| i.causes & BATTERY != 0);
    if percent < BATTERY_GOOD_PERCENT || !told || wavers.is_back(device, What::Charge) {
        return;
    }
    // It may be the hour or the warmth of the day: only a fresh cell is believed at once, and only once a day.
    triage.firm = true;
    if wavers.back(device, What::Charge, now).is_none() && percent >= BATTERY_FRESH_PERCENT {
        triage.sound(device, BATTERY);
    }
}

/// Takes a loss record: told once while the fault is open, as more of the same helps nobody.
#[expect(clippy::cast_precision_loss, reason = "a card shows about how many")]
pub(crate) fn loss(device: DeviceId, count: u64, at: Mono, triage: &mut Triage<'_>) {
    let evidence = Evidence { what: Seen::Lost, supports: true, at, value: count as f32 };
    triage.fault(device, LOSS, at, evidence);
}
