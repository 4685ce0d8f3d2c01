//! Sensors that speak and yet say nothing: dead, stuck, or a pendant that nobody wears. A task, never an alarm.
//!
//! - *Dead*: a motion sensor, bed or door that tells nothing new while others of the home tell life for many hours.
//! - *Stuck*: a motion sensor, bed or door that never rests for an hour, day and night ([`crate::run`]).
//! - *Not worn*: a pendant that tells of movement and lies still through hours of a lively day.
//!
//! Each ends when the sensor does what it did not. A home in which nothing moves accuses no sensor. Not here: silence.

use proto::id::DeviceId;
use proto::unit::Mono;
use proto::up::Role;

use crate::fault_bits::{ALWAYS_ON as STUCK_ON, UNCHANGING, UNWORN};
use crate::finding::{self, Evidence, Seen};
use crate::policy::life::ACCUSES;
use crate::policy::{
    ALWAYS_ON, BED_DEAD, DOOR_DEAD, LIVELY_HOURS, MOTION_DEAD, NOT_WORN, NOT_WORN_HOURS,
};
use crate::reading::sheet;
use crate::roster::{Mark, Member, Roster};
use crate::run::{Company, minute, span};
use crate::triage::Triage;

const HOUR_MIN: u32 = 60;

/// Whether a word is a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Belief {
    /// It is.
    Life,
    /// It is one only because another source was believed just before.
    Vouched,
    /// It is none.
    None,
}

/// A device tells of life at `at`: whether that is believed, if it is one of the home's. One that never rests is told as stuck until it does.
pub(crate) fn told(
    roster: &mut Roster,
    (device, at): (DeviceId, Mono),
    company: &Company,
    triage: &mut Triage<'_>,
) -> Option<Belief> {
    let member = roster.get_mut(device)?;
    let mut run = member.run();
    let told = run.tells(at, sheet(member.role).alone, company.beside(device));
    member.ran(run);
    let doubted = member.mark(Mark::Doubted, !told.believed);
    // Who was not believed must not be again because of a restart.
    triage.firm |= doubted == told.believed;
    if matches!(member.role, Role::Motion | Role::Door | Role::BedMat) {
        if told.rested {
            triage.sound(device, STUCK_ON);
        } else if told.lasts >= ALWAYS_ON && !triage.is_full() {
            let value = finding::minutes(told.lasts);
            let evidence = Evidence { what: Seen::AlwaysOn, supports: true, at, value };
            triage.fault(device, STUCK_ON, at, evidence);
        }
    }
    if told.believed && !told.late {
        member.lively = 0;
        triage.sound(device, UNCHANGING);
        triage.sound(device, UNWORN);
    }
    Some(match (told.believed, told.vouched) {
        (true, _) => Belief::Life,
        (false, true) => Belief::Vouched,
        (false, false) => Belief::None,
    })
}

/// A device says itself that it sticks: what it tells is no sign of life until it has rested.
pub(crate) fn sticks(roster: &mut Roster, device: DeviceId, at: Mono, triage: &mut Triage<'_>) {
    let Some(member) = roster.get_mut(device) else { return };
    let mut run = member.run();
    run.sticks(at, sheet(member.role).alone);
    member.ran(run);
    member.mark(Mark::Doubted, true);
    triage.firm = true;
}

/// A device has told something of life at `at` that is believed: others may be dead or put aside.
pub(crate) fn news(
    roster: &mut Roster,
    (device, at): (DeviceId, Mono),
    night: Option<bool>,
    (hour, company): (&mut u32, &Company),
    triage: &mut Triage<'_>,
) {
    let now = minute(at);
    let since = |member: &Member| member.run().day.max(company.beside(device));
    let steady = roster.get(device).is_some_and(|member| span(since(member), now) >= ACCUSES);
    // What has neither paused nor been joined for most of a day may itself be what is wrong: it accuses nobody.
    if now / HOUR_MIN > *hour && !steady {
        *hour = now / HOUR_MIN;
        triage.firm = true;
        lively(roster, (device, at), night, triage);
    }
}

/// An hour with life has begun: who has nothing to tell of it?
fn lively(
    roster: &mut Roster,
    (by, at): (DeviceId, Mono),
    night: Option<bool>,
    triage: &mut Triage<'_>,
) {
    let now = minute(at);
    let others = roster.watched_mut().filter(|m| m.device != by && m.speaks());
    for member in others {
        let limit = match member.role {
            Role::Motion => Some(MOTION_DEAD),
            Role::BedMat => Some(BED_DEAD),
            Role::Door => Some(DOOR_DEAD),
            Role::Pendant if night == Some(false) => None,
            Role::Pendant | Role::HelpButton | Role::PullCord | Role::Gateway | Role::Other => {
                continue;
            }
        };
        if member.changed == 0 {
            member.changed = now;
        }
        member.lively = member.lively.saturating_add(1);
        let dead = limit.is_some_and(|limit| span(member.changed, now) >= limit);
        if dead && member.lively >= LIVELY_HOURS && !triage.is_full() {
            let value = minutes(member.changed, now);
            let evidence = Evidence { what: Seen::Unchanging, supports: true, at, value };
            triage.fault(member.device, UNCHANGING, at, evidence);
        }
    }
}

/// A pendant has told that it does not move: is it worn?
pub(crate) fn rests(roster: &mut Roster, device: DeviceId, at: Mono, triage: &mut Triage<'_>) {
    let now = minute(at);
    let Some(member) = roster.get_mut(device).filter(|m| m.role == Role::Pendant) else { return };
    if member.changed == 0 {
        member.changed = now;
    }
    if span(member.changed, now) >= NOT_WORN && member.lively >= NOT_WORN_HOURS {
        let value = minutes(member.changed, now);
        let evidence = Evidence { what: Seen::NotWorn, supports: true, at, value };
        triage.fault(device, UNWORN, at, evidence);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a card shows hours")]
fn minutes(from: u32, to: u32) -> f32 {
    to.saturating_sub(from) as f32
}
