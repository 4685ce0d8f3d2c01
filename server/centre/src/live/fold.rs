//! Alerts of equipment by their cause: what one cause has done is one matter, however many homes it touches.
//!
//! A gateway that is silent, and the homes that nobody hears because of it, are one; other faults are by what is
//! wrong and with which box. Calls of people are never folded. Pure. Not here: how it is drawn (`pages::faults`).

use care::Kind;
use care::policy::ladder::{FAULT_FIX, FAULT_WORKAROUND};

use crate::live::view::AlertView;
use records::desk::DeskRow;

/// One cause and everything that it has done, the oldest first.
#[derive(Debug, Clone)]
pub struct Matter {
    /// The alerts, with the number of each one's home.
    pub alerts: Vec<(i64, AlertView)>,
    /// Since when, wall clock, ms.
    pub since_ms: i64,
    /// How old it is by the server's clock, ms.
    pub age_ms: i64,
}

/// When something must have been done about a matter, in ms from now; below zero it is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The homes can call again, by whatever means.
    pub workaround: i64,
    /// All is as it was.
    pub fix: i64,
}

/// Whether an alert is about equipment and not about a person.
pub const fn is_equipment(kind: Kind) -> bool {
    match kind {
        Kind::Silence
        | Kind::GatewaySilence
        | Kind::Fault
        | Kind::IdentityTwice
        | Kind::NoWay
        | Kind::Upkeep
        | Kind::Unsteady
        | Kind::Boots
        | Kind::Stuck => true,
        Kind::Help
        | Kind::Fall
        | Kind::Unverified
        | Kind::Unreadable
        | Kind::Bed
        | Kind::Stillness
        | Kind::Vitals
        | Kind::Restless
        | Kind::Wander => false,
    }
}

/// When something must have been done about what has lasted so long, ms.
pub fn due(age_ms: i64) -> Due {
    let within =
        |limit: proto::unit::Millis| i64::try_from(limit.get()).unwrap_or(i64::MAX) - age_ms;
    Due { workaround: within(FAULT_WORKAROUND), fix: within(FAULT_FIX) }
}

/// What stands for a cause: alerts that share it are one matter.
pub fn cause(view: &AlertView) -> String {
    let gateway = view.gateway.as_deref().unwrap_or_default();
    let first = view.evidence.get(0).and_then(|reason| reason.get("what"));
    let what = first.and_then(serde_json::Value::as_str).unwrap_or_default();
    // Boxes and devices that wait for their fitter are one task, wherever they wait.
    if what == "not_installed" {
        return what.to_owned();
    }
    // What many boxes have lost has one cause more often than many, and nothing is to be done at each.
    if view.kind == "upkeep" && matches!(what, "lost" | "bus_lost") {
        return format!("{} {what}", view.kind);
    }
    let of_box = view.device.is_none() && !gateway.is_empty();
    if matches!(view.kind, "gateway_silence" | "no_way") || of_box && view.kind == "unsteady" {
        return format!("gateway {gateway}");
    }
    let home = if gateway.is_empty() { view.home.as_str() } else { "" };
    format!("{} {what} {gateway}{home}", view.kind)
}

/// Matters of these rows and their views, the oldest first.
pub fn matters(alerts: impl IntoIterator<Item = (DeskRow, AlertView)>) -> Vec<Matter> {
    let mut found: Vec<(String, Matter)> = Vec::new();
    for (row, view) in alerts.into_iter().filter(|(row, _)| is_equipment(row.kind)) {
        let (key, since_ms, age_ms) = (cause(&view), view.raised_ms, view.age_ms);
        match found.iter_mut().find(|(known, _)| *known == key) {
            Some((_, matter)) => {
                matter.since_ms = matter.since_ms.min(since_ms);
                matter.age_ms = matter.age_ms.max(age_ms);
                matter.alerts.push((row.home, view));
            }
            None => found.push((key, Matter { alerts: vec![(row.home, view)], since_ms, age_ms })),
        }
    }
    let mut matters: Vec<Matter> = found.into_iter().map(|(_, matter)| matter).collect();
    for matter in &mut matters {
        // The box's own alert speaks for all behind it.
        let speaks = |view: &AlertView| matches!(view.kind, "gateway_silence" | "unsteady");
        matter.alerts.sort_by_key(|(_, view)| (!speaks(view), -view.age_ms));
    }
    matters.sort_by_key(|matter| -matter.age_ms);
    matters
}

impl Matter {
    /// The alert that speaks for all.
    pub fn head(&self) -> Option<&AlertView> {
        self.alerts.first().map(|(_, view)| view)
    }

    /// How many homes it touches.
    pub fn count(&self) -> usize {
        let behind = self.alerts.iter().map(|(_, view)| view.gateway_homes_count).max();
        self.homes().len().max(behind.unwrap_or_default())
    }

    /// Homes that it touches, by their names; those behind its gateway included.
    pub fn homes(&self) -> Vec<String> {
        let own =
            self.alerts.iter().filter(|(home, _)| *home != 0).map(|(_, v)| v.home_label.clone());
        let behind = self.alerts.iter().flat_map(|(_, view)| view.gateway_homes.iter().cloned());
        let mut homes: Vec<String> = own.chain(behind).collect();
        homes.sort_unstable();
        homes.dedup();
        homes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_two_hours_for_a_workaround_and_a_day_for_the_repair() {
        let hour = 3_600_000;
        assert_eq!(due(0), Due { workaround: 2 * hour, fix: 24 * hour });
        assert_eq!(due(3 * hour), Due { workaround: -hour, fix: 21 * hour });
    }
}
