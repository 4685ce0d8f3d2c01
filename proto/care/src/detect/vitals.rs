//! Vitals: breath or heart outside the limits that somebody has set for this person, for long enough to be looked at.
//!
//! Only valid values count: what is clipped, implausible, old or missing is neither a reason nor a relief. It eases
//! with the first valid value within the limits. Without limits nothing is watched. Not here: the rate (`breath`),
//! and which limits a sensor can keep ([`crate::reading::limit`]).

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::Mono;
use proto::up::Quantity;

use crate::finding::ago;
use crate::finding::{Evidence, Kind, Seen, Severity};
use crate::policy::Rules;
use crate::policy::vital::{VITALS_GAP, VITALS_SUSTAINED};
use crate::triage::{Triage, Word};

/// Most rates of one home that are outside at a time: breath and heart of each bed that is watched.
const OUTSIDE_MAX: usize = 8;

/// A rate that is outside its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Outside {
    #[n(0)]
    device: DeviceId,
    #[n(1)]
    heart: bool,
    #[n(2)]
    since: Mono,
    #[n(3)]
    last: Mono,
    #[n(4)]
    told: bool,
}

/// The rates of one home that are outside their limits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Vitals {
    #[cbor(n(0), with = "crate::list", default)]
    outside: Vec<Outside, OUTSIDE_MAX>,
}

impl Vitals {
    /// A valid rate, measured at `at`.
    pub(crate) fn rate(
        &mut self,
        device: DeviceId,
        (quantity, number): (Quantity, f32),
        at: Mono,
        rules: &Rules,
        triage: &mut Triage<'_>,
    ) {
        let heart = quantity == Quantity::Heart;
        let (low, high) = rules.limits(device, quantity);
        let within = low.is_none_or(|low| number >= f32::from(low))
            && high.is_none_or(|high| number <= f32::from(high));
        let known = self.outside.iter().position(|o| o.device == device && o.heart == heart);
        match (known, within) {
            (None, true) => {}
            (None, false) => {
                let new = Outside { device, heart, since: at, last: at, told: false };
                // There are no more beds in a home that are watched.
                triage.firm |= self.outside.push(new).is_ok();
            }
            (Some(place), _) if at < self.outside[place].last => {}
            (Some(place), true) => {
                triage.firm = true;
                let was = self.outside.remove(place);
                if was.told && !self.outside.iter().any(|o| o.told && o.device == device) {
                    triage.ease(Kind::Vitals, Some(device));
                }
            }
            (Some(place), false) => self.stays(place, number, at, triage),
        }
    }

    fn stays(&mut self, place: usize, number: f32, at: Mono, triage: &mut Triage<'_>) {
        let open = &mut self.outside[place];
        if at.since(open.last) > VITALS_GAP && !open.told {
            (open.since, triage.firm) = (at, true);
        }
        open.last = at;
        let long = at.since(open.since) >= VITALS_SUSTAINED;
        // What arrives from a backlog says nothing about now.
        if open.told || !long || triage.now.since(at) > VITALS_GAP || triage.is_full() {
            return;
        }
        open.told = true;
        let what = if open.heart { Seen::Heart } else { Seen::Breath };
        let value = Evidence { what, supports: true, at, value: number };
        let lasts = ago(Seen::Sustained, true, open.since, triage.now);
        let joins = triage.book.find(Kind::Vitals, Some(open.device)).map(|i| i.number);
        let word = Word {
            kind: Kind::Vitals,
            severity: Severity::Important,
            activation: None,
            device: Some(open.device),
            at,
            evidence: &[value, lasts],
        };
        triage.raise(joins, &word);
    }

    /// A person has looked at this device's rates and closed it: each must stay outside anew.
    pub(crate) fn looked(&mut self, device: Option<DeviceId>, now: Mono) {
        for open in self.outside.iter_mut().filter(|o| Some(o.device) == device) {
            (open.since, open.last, open.told) = (now, now.max(open.last), false);
        }
    }
}
