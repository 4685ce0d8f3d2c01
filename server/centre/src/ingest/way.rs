//! Whether a home has a way to the server: a gateway that its devices are to speak through and that is heard. Pure.
//!
//! A *way* is proved by a word of a gateway since this start, and is gone when the gateway is silent or revoked. Until a
//! gateway has had its time after a start nothing is known, and nothing changes. A home that never had a way waits for
//! its fitter and is no fault, unless its gateway was revoked: then somebody has to act.
//! Not here: rows and alerts (`batch::way`), silence of a gateway (`care::GatewayWatch`).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proto::id::{GatewayId, HomeId};

/// What is known of one gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It has spoken since the start, lately enough.
    Heard,
    /// It has not spoken since the start, and still has time to.
    Awaited,
    /// It is silent, or has never spoken.
    Silent,
    /// Nobody listens to it any more.
    Revoked,
}

/// What holds for one home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// At least one of its gateways is heard.
    Open,
    /// Nothing is known yet.
    Unknown,
    /// None of its gateways is heard; the first that is to blame.
    Gone(GatewayId),
    /// It waits for its fitter.
    Unfitted,
    /// It has no device.
    Empty,
}

/// What holds for a home whose devices are to speak through these; `had`: it has had a way before.
pub fn of(gateways: &BTreeMap<GatewayId, Known>, had: bool) -> Way {
    let any = |known: Known| gateways.values().any(|k| *k == known);
    let Some((first, _)) = gateways.first_key_value() else { return Way::Empty };
    if any(Known::Heard) {
        Way::Open
    } else if any(Known::Awaited) {
        Way::Unknown
    } else if had || any(Known::Revoked) {
        // A revoked one does not come back by itself, so it is named before one that is only silent.
        let revoked = gateways.iter().find(|(_, known)| **known == Known::Revoked);
        Way::Gone(revoked.map_or(*first, |(gateway, _)| *gateway))
    } else {
        Way::Unfitted
    }
}

/// What ingest remembers of the ways of all homes.
#[derive(Debug, Default)]
pub struct Ways {
    /// Homes that have had a way.
    pub had: HashSet<HomeId>,
    /// Homes of which it is told that they have none, and under which gateway.
    pub told: HashMap<HomeId, GatewayId>,
    /// Homes whose judgement was told that nobody hears them.
    pub cut: HashSet<HomeId>,
    /// Homes to look at again.
    pub look: BTreeSet<HomeId>,
    /// Homes of which it is not known yet whether devices left while nobody listened.
    pub unsettled: HashSet<HomeId>,
    heard: HashSet<GatewayId>,
    fresh: Vec<GatewayId>,
    version: Option<u64>,
}

impl Ways {
    /// Continues with what the records hold.
    pub fn new(had: HashSet<HomeId>, told: HashMap<HomeId, GatewayId>) -> Self {
        let cut = told.keys().copied().collect();
        Self { had, told, cut, ..Self::default() }
    }

    /// A gateway has spoken.
    pub fn heard(&mut self, gateway: GatewayId) {
        if self.heard.insert(gateway) {
            self.fresh.push(gateway);
        }
    }

    /// Whether it has spoken since the start.
    pub(crate) fn has_heard(&self, gateway: GatewayId) -> bool {
        self.heard.contains(&gateway)
    }

    /// Gateways that have spoken for the first time since the last call.
    pub(crate) fn take_fresh(&mut self) -> Vec<GatewayId> {
        std::mem::take(&mut self.fresh)
    }

    /// Whether who belongs where has changed since the last call.
    pub fn changed(&mut self, version: u64) -> bool {
        self.version.replace(version) != Some(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateways(known: &[Known]) -> BTreeMap<GatewayId, Known> {
        let id = |n: usize| GatewayId::new(n as u64 + 1).expect("in range");
        known.iter().enumerate().map(|(n, known)| (id(n), *known)).collect()
    }

    #[test]
    fn one_gateway_that_is_heard_is_a_way_whatever_the_others_are() {
        for other in [Known::Heard, Known::Awaited, Known::Silent, Known::Revoked] {
            for had in [false, true] {
                assert_eq!(of(&gateways(&[other, Known::Heard]), had), Way::Open);
            }
        }
    }

    #[test]
    fn after_a_start_a_gateway_has_its_time_before_anything_is_said() {
        assert_eq!(of(&gateways(&[Known::Awaited, Known::Revoked]), true), Way::Unknown);
    }

    #[test]
    fn a_home_that_had_a_way_and_has_none_is_told_and_the_revoked_gateway_is_named() {
        let all = gateways(&[Known::Silent, Known::Revoked]);
        assert_eq!(of(&all, true), Way::Gone(GatewayId::new(2).expect("in range")));
        let all = gateways(&[Known::Silent, Known::Silent]);
        assert_eq!(of(&all, true), Way::Gone(GatewayId::new(1).expect("in range")));
    }

    #[test]
    fn a_home_that_waits_for_its_fitter_is_no_fault_unless_its_gateway_was_revoked() {
        assert_eq!(of(&gateways(&[Known::Silent]), false), Way::Unfitted);
        let revoked = GatewayId::new(1).expect("in range");
        assert_eq!(of(&gateways(&[Known::Revoked]), false), Way::Gone(revoked));
        assert_eq!(of(&gateways(&[]), true), Way::Empty);
    }
}
