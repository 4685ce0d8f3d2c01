//! Dwell: one room for too long, such as a bathroom in which somebody has fallen and still moves.
//!
//! A home names the sensor of the room and the least time. A *visit* begins with movement there and ends with any
//! sign elsewhere, a door too. The limit grows with the longest visit that the home has shown, which fades;
//! a visit that was told teaches no more than its limit. Only watched time is judged. Not here: a home in which
//! nothing moves at all (`stillness`).

use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};

use crate::finding::{Evidence, Kind, Seen, Severity};
use crate::finding::{ago, minutes};
use crate::policy::{DWELL_FADES, DWELL_MOST, DWELL_RECORD, Rules};
use crate::triage::{Triage, Word};

/// The visit to the watched room, and the longest of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Dwell {
    /// When the present visit began; none = nobody is in the room.
    #[n(0)]
    since: Option<Mono>,
    #[cbor(n(1), default)]
    told: bool,
    #[cbor(n(2), default)]
    longest: Millis,
}

impl Dwell {
    /// A sign of life at `at`, told by `device`.
    pub(crate) fn sign(
        &mut self,
        device: DeviceId,
        at: Mono,
        rules: &Rules,
        triage: &mut Triage<'_>,
    ) {
        let Some(room) = rules.dwell else { return };
        match (self.since, device == room.sensor) {
            // A visit and its end decide when somebody is missed, so both are stored at once.
            (None, true) => (self.since, triage.firm) = (Some(at), true),
            (Some(since), false) if at >= since => {
                let visit = at.since(since);
                let visit = if self.told { visit.min(self.limit(room.least)) } else { visit };
                let faded = self.longest.less(Millis::new(self.longest.get() / DWELL_FADES));
                (self.since, self.longest, triage.firm) = (None, faded.max(visit), true);
                if core::mem::take(&mut self.told) {
                    triage.ease(Kind::Stillness, Some(room.sensor));
                }
            }
            (None | Some(_), _) => {}
        }
    }

    /// Other people live here: no visit of theirs is known.
    pub(crate) fn forget(&mut self) {
        self.longest = Millis::default();
    }

    fn limit(&self, least: Millis) -> Millis {
        let own = Millis::new(self.longest.get() * DWELL_RECORD / 100);
        let most = Millis::new(least.get().saturating_mul(DWELL_MOST));
        least.max(own.min(most))
    }

    /// When the visit will have lasted too long, if that is within the time that counts as watched.
    pub(crate) fn next_deadline(&self, rules: &Rules, watched: Mono) -> Option<Mono> {
        let due = self.since?.after(self.limit(rules.dwell?.least));
        (!self.told && due <= watched).then_some(due)
    }

    /// Tells a visit that has lasted too long. `context`: what else was seen, for the card.
    pub(crate) fn check(
        &mut self,
        rules: &Rules,
        watched: Mono,
        context: [Option<Evidence>; 2],
        triage: &mut Triage<'_>,
    ) {
        let due = self.next_deadline(rules, watched).is_some_and(|due| due <= triage.now);
        let (Some(room), Some(since)) = (rules.dwell, self.since) else { return };
        if !due || triage.is_full() {
            return;
        }
        self.told = true;
        let mut evidence = [ago(Seen::InRoom, true, since, triage.now); 4];
        let usual = minutes(self.longest);
        evidence[1] = Evidence { what: Seen::Usual, supports: true, at: since, value: usual };
        let mut count = 2;
        for piece in context.into_iter().flatten() {
            evidence[count] = piece;
            count += 1;
        }
        triage.raise(
            None,
            &Word {
                kind: Kind::Stillness,
                severity: Severity::Important,
                activation: None,
                device: Some(room.sensor),
                at: since,
                evidence: &evidence[..count],
            },
        );
    }

    /// A person has looked and closed it: the visit begins anew.
    pub(crate) fn looked(&mut self, now: Mono) {
        (self.since, self.told) = (self.since.map(|_| now), false);
    }
}
