//! Silence of a device that should speak: unknown is not green.
//!
//! A device on mains is missed within 200 s, one on battery after two of its own periods. While the gateway is
//! down or the caller was away nothing is said: that is one cause, and it has its own alert. After it, every
//! device has its whole time again. Mains devices of a home without mains join its fault. Not here: the silence of a gateway ([`crate::gateway_watch`]).

use proto::unit::Mono;

use crate::detect::ago;
use crate::detect::fault::MAINS;
use crate::finding::{Kind, Seen, Severity};
use crate::roster::{Mark, Member, Roster};
use crate::triage::{Triage, Word};

/// A device spoke, as of `at`: what was told of its silence has passed.
pub(crate) fn heard(member: &mut Member, at: Mono, triage: &mut Triage<'_>) {
    let spoke = member.mark(Mark::Spoke, true);
    if !spoke {
        triage.firm = true;
    }
    if !spoke || at > member.heard() {
        member.hears(at);
    }
    if member.is(Mark::Silent) && triage.now < member.heard().after(member.patience()) {
        member.mark(Mark::Silent, false);
        triage.ease(Kind::Silence, Some(member.device));
    }
}

/// Tells each device that should have spoken, as far as there is room in this step.
pub(crate) fn tick(roster: &mut Roster, listening: Mono, triage: &mut Triage<'_>) {
    let now = triage.now;
    let dark = roster.is_dark();
    let outage = triage.book.caused(MAINS).filter(|_| dark).map(|i| i.number);
    for member in roster.watched_mut().filter(|member| !member.is(Mark::Silent)) {
        if triage.is_full() {
            return;
        }
        if now < member.due(listening) {
            continue;
        }
        member.mark(Mark::Silent, true);
        triage.raise(
            // Without mains it cannot speak: that is told already.
            outage.filter(|_| member.is(Mark::Mains)),
            &Word {
                kind: Kind::Silence,
                severity: Severity::Fault,
                activation: None,
                device: Some(member.device),
                at: now,
                evidence: &[ago(Seen::Silent, true, member.heard(), now)],
            },
        );
    }
}

/// When the next device must have spoken.
pub(crate) fn next_deadline(roster: &Roster, listening: Mono) -> Option<Mono> {
    roster
        .watched()
        .filter(|member| !member.is(Mark::Silent))
        .map(|member| member.due(listening))
        .min()
}
