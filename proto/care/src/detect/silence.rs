//! Silence of a device that should speak: unknown is not green.
//!
//! A device on mains is missed within 200 s, one on battery after two of its own periods. While the gateway is
//! down or the caller was away nothing is said: that is one cause, and it has its own alert. After it, every
//! device has its whole time again. Not here: the silence of a gateway ([`crate::gateway_watch`]).

use proto::unit::Mono;

use crate::detect::ago;
use crate::finding::{Kind, Seen, Severity};
use crate::roster::{Member, Roster};
use crate::triage::{Triage, Word};

/// A device spoke, as of `at`: what was told of its silence has passed.
pub(crate) fn heard(member: &mut Member, at: Mono, triage: &mut Triage<'_>) {
    member.heard = if member.spoke { member.heard.max(at) } else { at };
    if !member.spoke {
        member.spoke = true;
        triage.firm = true;
    }
    if member.silent && triage.now < member.heard.after(member.patience()) {
        member.silent = false;
        triage.ease(Kind::Silence, Some(member.device));
    }
}

/// Tells each device that should have spoken, as far as there is room in this step.
pub(crate) fn tick(roster: &mut Roster, listening: Mono, triage: &mut Triage<'_>) {
    let now = triage.now;
    for member in roster.watched_mut().filter(|member| !member.silent) {
        if triage.is_full() {
            return;
        }
        if now < member.due(listening) {
            continue;
        }
        member.silent = true;
        triage.raise(
            None,
            &Word {
                kind: Kind::Silence,
                severity: Severity::Fault,
                activation: None,
                device: Some(member.device),
                at: now,
                evidence: &[ago(Seen::Silent, true, member.heard, now)],
            },
        );
    }
}

/// When the next device must have spoken.
pub(crate) fn next_deadline(roster: &Roster, listening: Mono) -> Option<Mono> {
    roster.watched().filter(|member| !member.silent).map(|member| member.due(listening)).min()
}
