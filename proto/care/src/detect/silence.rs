//! Silence of a device that should speak: unknown is not green.
//!
//! - A device on mains is missed within 200 s, one on battery after two of its own periods. While the gateway is down or
//!   the caller was away nothing is said: that is one cause, and it has its own alert. After it, every device has its
//!   whole time again. Mains devices of a home without mains join its fault.
//! - One that comes back a second time within a day is *unsteady*: its alert stays and says what it is now, silent or
//!   heard, until it has spoken for a day without a gap. What then stays silent is told in its time like any other.
//!
//! Not here: the silence of a gateway ([`crate::gateway_watch`]).

use proto::id::DeviceId;
use proto::unit::Mono;

use crate::detect::fault::outage;
use crate::detect::waver::{Wavers, What, wavered};
use crate::finding::ago;
use crate::finding::{Evidence, Kind, Seen, Severity};
use crate::roster::{Mark, Member, Roster};
use crate::triage::{Triage, Word};

/// A device spoke, as of `at`: what was told of its silence has passed, or it is unsteady.
pub(crate) fn heard(member: &mut Member, at: Mono, wavers: &mut Wavers, triage: &mut Triage<'_>) {
    let spoke = member.mark(Mark::Spoke, true);
    if !spoke {
        triage.firm = true;
    }
    if !spoke || at > member.heard() {
        member.hears(at);
    }
    let late = triage.now >= member.heard().after(member.patience());
    if late {
        return;
    }
    let excused = member.mark(Mark::Excused, false);
    triage.firm |= excused;
    if member.mark(Mark::Silent, false) {
        triage.firm = true;
        if !excused {
            back(member.device, spoke, wavers, triage);
        }
    }
}

/// A device that was told as silent is back; one that had never spoken begins, and comes back from nowhere.
fn back(device: DeviceId, spoke: bool, wavers: &mut Wavers, triage: &mut Triage<'_>) {
    let now = triage.now;
    let times = if spoke { wavers.back(device, What::Word, now) } else { None };
    let held = triage.book.held_of(device).map(|held| (held.number, held.kind));
    let silent = triage.book.find(Kind::Silence, Some(device)).map(|i| i.number);
    match (held, times, silent) {
        (Some((number, kind)), times, _) => {
            triage.turn(number, kind, &[wavered(times.unwrap_or(1), now)]);
        }
        (None, Some(times), Some(number)) => {
            triage.hold(number, Kind::Unsteady, &[wavered(times, now)]);
        }
        (None, ..) => triage.ease(Kind::Silence, Some(device)),
    }
}

/// Tells each device that should have spoken, as far as there is room in this step.
pub(crate) fn tick(
    roster: &mut Roster,
    listening: Mono,
    wavers: &mut Wavers,
    triage: &mut Triage<'_>,
) {
    let now = triage.now;
    let dark = outage(roster, triage.book).map(|incident| (incident.number, incident.kind));
    while !triage.is_full() {
        let over = |m: &&Member| !m.is(Mark::Silent) && roster.due(m, listening) <= now;
        let Some(device) = roster.watched().find(over).map(|member| member.device) else { return };
        let Some(member) = roster.get_mut(device) else { return };
        member.mark(Mark::Silent, true);
        // Without mains it cannot speak: that is told already.
        let dark = dark.filter(|_| member.is(Mark::Mains));
        member.mark(Mark::Excused, dark.is_some());
        triage.firm = true;
        let silent = silent_since(member, now);
        match (dark, triage.book.held_of(device).map(|held| held.number)) {
            // One that comes and goes is noted without a word.
            (Some((_, Kind::Unsteady)), _) => {}
            (Some((number, _)), _) => tell(Some(number), device, &[silent], triage),
            (None, Some(held)) => {
                wavers.gone(device, What::Word, now);
                triage.turn(held, Kind::Silence, &[silent]);
            }
            (None, None) => {
                wavers.gone(device, What::Word, now);
                tell(None, device, &[silent], triage);
            }
        }
    }
}

/// How long it has been silent, or not yet installed.
fn silent_since(member: &Member, now: Mono) -> Evidence {
    let what = if member.is(Mark::Spoke) { Seen::Silent } else { Seen::NotInstalled };
    ago(what, true, member.heard(), now)
}

fn tell(joins: Option<u32>, device: DeviceId, evidence: &[Evidence], triage: &mut Triage<'_>) {
    let (kind, severity, at) = (Kind::Silence, Severity::Fault, triage.now);
    let device = Some(device);
    triage.raise(joins, &Word { kind, severity, activation: None, device, at, evidence });
}

/// When the next device must have spoken.
pub(crate) fn next_deadline(roster: &Roster, listening: Mono) -> Option<Mono> {
    let waits = roster.watched().filter(|member| !member.is(Mark::Silent));
    waits.map(|member| roster.due(member, listening)).min()
}
