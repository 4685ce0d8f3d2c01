//! Sensors that speak and yet say nothing: dead, stuck, or a pendant that nobody wears. A task, never an alarm.
//!
//! - *Dead*: a motion sensor, bed or door that tells nothing new while others of the home tell life for many hours.
//! - *Stuck*: a motion sensor that never rests for an hour, day and night.
//! - *Not worn*: a pendant that tells of movement and lies still through hours of a lively day.
//!
//! Each ends when the sensor does what it did not. A home in which nothing moves accuses no sensor. Not here: silence.

use proto::id::DeviceId;
use proto::unit::{Millis, Mono};
use proto::up::Role;

use crate::detect::fault::{ALWAYS_ON as STUCK_ON, UNCHANGING, UNWORN};
use crate::finding::{Evidence, Seen};
use crate::policy::{
    ALWAYS_ON, BED_DEAD, DOOR_DEAD, LIVELY_HOURS, MOTION_DEAD, MOTION_REST, NOT_WORN,
    NOT_WORN_HOURS,
};
use crate::roster::{Member, Roster};
use crate::triage::Triage;

const MINUTE_MS: u64 = 60_000;
const HOUR_MIN: u32 = 60;

/// A device has told something new of life at `at`: it is neither dead nor put aside, and others may be.
pub(crate) fn news(
    roster: &mut Roster,
    (device, at): (DeviceId, Mono),
    night: Option<bool>,
    hour: &mut u32,
    triage: &mut Triage<'_>,
) {
    let now = minute(at);
    if let Some(member) = roster.get_mut(device).filter(|member| member.changed <= now) {
        runs(member, now, at, triage);
        (member.changed, member.lively) = (now, 0);
        triage.sound(device, UNCHANGING);
        triage.sound(device, UNWORN);
    }
    if now / HOUR_MIN > *hour {
        *hour = now / HOUR_MIN;
        triage.firm = true;
        lively(roster, (device, at), night, triage);
    }
}

/// Counts how long a motion sensor has seen movement without a rest.
fn runs(member: &mut Member, now: u32, at: Mono, triage: &mut Triage<'_>) {
    if member.role != Role::Motion {
        return;
    }
    if span(member.changed, now) >= MOTION_REST || member.run == 0 {
        member.run = now;
        triage.sound(member.device, STUCK_ON);
    } else if span(member.run, now) >= ALWAYS_ON {
        let value = minutes(member.run, now);
        let evidence = Evidence { what: Seen::AlwaysOn, supports: true, at, value };
        triage.fault(member.device, STUCK_ON, at, evidence);
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
            Role::Pendant | Role::HelpButton | Role::PullCord | Role::Gateway => continue,
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

fn minute(at: Mono) -> u32 {
    u32::try_from(at.millis() / MINUTE_MS).unwrap_or(u32::MAX)
}

fn span(from: u32, to: u32) -> Millis {
    Millis::minutes(to.saturating_sub(from).into())
}

#[expect(clippy::cast_precision_loss, reason = "a card shows hours")]
fn minutes(from: u32, to: u32) -> f32 {
    to.saturating_sub(from) as f32
}
