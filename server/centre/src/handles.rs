//! File handles of the server, divided: so many for gateways and consoles, the rest for what must work.
//!
//! What a person has set must fit or the server does not start; what nobody has set is lowered until it
//! fits, and that is in the log. When they run short all the same, that is a fault. Not here: the limit itself.

use std::sync::Arc;
use std::time::Duration;

use care::Seen;
use door::Limits;
use door::admission::{CLOSING_MAX, Rules};
use proto::unit::Millis;

use crate::faults::{Fault, Faults};
use crate::health::Health;

/// Handles that no caller can take: records, inbox, series, webhooks, signals, log.
pub const OWN: usize = 192;
/// Handles that the server cannot live without.
const LEAST: usize = 512;
/// Two sessions a gateway for 12,000 of them, all of which may come back at once through one address.
const GATEWAYS: usize = 24_000;
/// Connections of people who have logged in.
const CONSOLES: usize = 1_024;
/// Time in which an honest caller has begun to speak: on this machine, and across a country.
const NEAR: Duration = Duration::from_millis(500);
const FAR: Duration = Duration::from_secs(2);
/// How often handles are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Who may take how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// The limit of this process.
    pub limit: usize,
    /// The door for gateways.
    pub gateways: Limits,
    /// The console and the API.
    pub console: Rules,
}

/// Numbers that a person may have set, and what they depend on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// Sessions of gateways.
    pub gateways: Option<usize>,
    /// Connections of people who have logged in.
    pub consoles: Option<usize>,
    /// Gateways come from far away.
    pub tls: bool,
}

/// Divides what there is.
pub(crate) fn divide(limit: usize, asked: Asked) -> Result<Division, String> {
    if limit < LEAST {
        return Err(format!(
            "this process may open {limit} files and needs {LEAST}, raise its limit of open files"
        ));
    }
    let left = limit - OWN;
    let console = consoles(asked.consoles.unwrap_or(CONSOLES));
    let console = if asked.consoles.is_some() || taken(&console) <= left / 4 {
        console
    } else {
        fewer(left / 4)
    };
    let doors = left.saturating_sub(taken(&console));
    let gateways = gateways(asked.gateways.unwrap_or(GATEWAYS), asked.tls);
    let tight = asked.gateways.is_some() && gateways.handles() > doors;
    if tight || doors < left / 4 {
        let wanted = OWN + taken(&console) + gateways.handles();
        return Err(format!(
            "`gateways.connections` = {} and `console.connections` = {} need {wanted} file handles and this process may open {limit}: lower or remove them, or raise its limit of open files",
            gateways.connections, console.inside,
        ));
    }
    Ok(Division { limit, gateways: gateways.fit(doors), console })
}

fn gateways(connections: usize, tls: bool) -> Limits {
    let porch = (connections / 2).clamp(64, 12_000);
    Limits {
        connections,
        reserve: (connections / 4).clamp(8, 1_000),
        porch,
        share: porch.div_ceil(4),
        grace: if tls { FAR } else { NEAR },
        // The roster of a village station of 1,200 devices fits into one line.
        down_waiting: 4_096,
        ..Limits::default()
    }
}

fn consoles(inside: usize) -> Rules {
    // All come from the proxy, or from this machine: one address.
    let porch = (inside / 2).max(32);
    Rules {
        porch,
        share: porch.div_ceil(4),
        grace: Millis::new(500),
        inside,
        reserve: 0,
        strangers: 0,
        strangers_per_minute: 0,
    }
}

/// Half for people, half for the porch: what turns over quickly is not noticed.
fn fewer(handles: usize) -> Rules {
    let half = handles.saturating_sub(CLOSING_MAX) / 2;
    Rules { porch: half, share: half.div_ceil(4), inside: half, ..consoles(half) }
}

fn taken(rules: &Rules) -> usize {
    rules.porch + rules.inside + rules.reserve + CLOSING_MAX
}

/// Looks whether handles are left.
pub struct Look {
    /// The limit of this process.
    pub limit: usize,
    /// Knows the door, and is told.
    pub health: Arc<Health>,
    /// Where it is told.
    pub faults: Arc<Faults>,
}

/// Looks whether handles are left, for as long as the server runs.
pub async fn watch(look: Arc<Look>) {
    let mut tick = tokio::time::interval(LOOK);
    let mut failures = 0;
    loop {
        tick.tick().await;
        let refused = look.health.door().map_or(0, |door| door.counters().accept_failures);
        let short = refused > failures || door::handles::short(look.limit, OWN / 2);
        failures = refused;
        if short {
            tracing::error!(limit = look.limit, "file handles run short");
        }
        look.health.handles_left(!short);
        look.faults.set(Fault::upkeep(Seen::HandlesShort), short);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_leaves_handles_for_what_must_work() {
        for limit in [LEAST, 1_024, 4_096, 20_000, 65_536, 1_048_576] {
            for tls in [false, true] {
                let Division { gateways, console, .. } =
                    divide(limit, Asked { tls, ..Asked::default() }).unwrap();
                let all = gateways.handles() + taken(&console) + OWN;
                assert!(all <= limit, "{limit}: {all} taken");
                assert!(gateways.connections > 50 && console.inside > 10, "{limit}");
            }
        }
    }

    #[test]
    fn a_number_that_was_set_is_refused_if_it_does_not_fit_and_never_lowered_in_silence() {
        let gateways = Asked { gateways: Some(2_000), ..Asked::default() };
        let why = divide(1_024, gateways).unwrap_err();
        assert!(why.contains("`gateways.connections` = 2000") && why.contains("1024"), "{why}");
        assert_eq!(divide(20_000, gateways).unwrap().gateways.connections, 2_000);
        let consoles = Asked { consoles: Some(900), ..Asked::default() };
        let why = divide(1_024, consoles).unwrap_err();
        assert!(why.contains("`console.connections` = 900"), "{why}");
        assert_eq!(divide(20_000, consoles).unwrap().console.inside, 900);
    }

    #[test]
    fn the_service_of_a_linux_machine_has_handles_for_everybody() {
        let unit = include_str!("../../systemd/hearthline-server.service");
        let limit = unit.lines().find_map(|line| line.strip_prefix("LimitNOFILE=")).unwrap();
        let all = divide(limit.parse().unwrap(), Asked { tls: true, ..Asked::default() }).unwrap();
        assert_eq!((all.gateways.connections, all.console.inside), (GATEWAYS, CONSOLES));
    }

    #[test]
    fn ten_thousand_gateways_fit_under_twenty_thousand_handles() {
        let lowered = divide(20_000, Asked::default()).unwrap().gateways;
        assert!(lowered.connections >= 10_000, "{lowered:?}");
    }
}
