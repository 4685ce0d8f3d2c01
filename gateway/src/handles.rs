//! File handles of the box, divided: so many for devices, bus and page, and the rest for what must work.
//!
//! What a person has set must fit or the box does not start; what nobody has set is lowered until it fits.
//! Not here: the limit itself (`door::handles`).

use std::time::Duration;

use door::Limits;
use door::admission::{CLOSING_MAX, Rules};
use proto::unit::Millis;

/// Handles that no caller can take: stores, uplink, sounder, its program, signals, log.
pub const OWN: usize = 96;
/// Handles that the box cannot live without.
const LEAST: usize = 400;
/// Sessions of devices, unless somebody has set another number.
const DEVICES: usize = 2_000;
/// Programs on the local bus.
pub const LOCALS: usize = 64;
/// Requests for the page at one time.
const PAGE: usize = 24;
/// An honest caller has said who it is by then.
const GRACE: Duration = Duration::from_millis(500);

/// Who may take how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// The limit of this process.
    pub limit: usize,
    /// The door of the devices.
    pub devices: Limits,
    /// The door of the bus.
    pub bus: Limits,
    /// The page for support.
    pub page: Rules,
}

/// Divides what there is; `asked` is a number of device sessions that a person has set.
pub fn divide(limit: usize, asked: Option<usize>) -> Result<Division, String> {
    if limit < LEAST {
        return Err(format!(
            "this process may open {limit} files and needs {LEAST}, raise its limit of open files"
        ));
    }
    let (porch, share, grace) = (32, 32, GRACE);
    let bus =
        Limits { connections: LOCALS, reserve: 0, porch, share, grace, ..Limits::household() };
    let page = Rules {
        porch: PAGE,
        share: PAGE,
        grace: Millis::new(500),
        inside: 0,
        reserve: 0,
        strangers: 0,
        strangers_per_minute: 0,
    };
    let others = OWN + bus.handles() + PAGE + CLOSING_MAX;
    let left = limit.saturating_sub(others);
    let wanted = devices(asked.unwrap_or(DEVICES));
    if asked.is_some() && wanted.handles() > left {
        return Err(format!(
            "[limits] connections = {} needs {} file handles and this process may open {limit}: set {} or fewer, or raise its limit of open files",
            wanted.connections,
            wanted.handles() + limit - left,
            most(left),
        ));
    }
    Ok(Division { limit, devices: wanted.fit(left), bus, page })
}

fn narrow() -> Limits {
    Limits { grace: GRACE, ..Limits::default() }
}

/// A door for so many devices: a porch and a reserve that go with them.
fn devices(connections: usize) -> Limits {
    let porch = (connections / 2).clamp(64, 1_024);
    let reserve = (connections / 4).clamp(8, 500);
    Limits { connections, reserve, porch, share: porch.div_ceil(4), ..narrow() }
}

/// The largest number of sessions that fits.
fn most(handles: usize) -> usize {
    let fits = |connections: &usize| devices(*connections).handles() <= handles;
    (1..=handles).rev().find(fits).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_leaves_handles_for_what_must_work() {
        for limit in [LEAST, 512, 1_024, 4_096, 65_536, 1_048_576] {
            let Division { devices, bus, page, .. } = divide(limit, None).unwrap();
            let taken = devices.handles() + bus.handles() + page.porch;
            assert!(taken + OWN <= limit, "{limit}: {taken} taken");
            assert!(devices.connections >= 6, "{limit}: a home has six devices");
        }
    }

    #[test]
    fn a_number_that_was_set_is_refused_if_it_does_not_fit_and_never_lowered_in_silence() {
        let why = divide(1_024, Some(2_000)).unwrap_err();
        assert!(why.contains("connections = 2000") && why.contains("1024"), "{why}");
        let fits: usize =
            why.split("set ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert_eq!(divide(1_024, Some(fits)).unwrap().devices.connections, fits);
        assert!(divide(1_024, Some(fits + 1)).is_err());
        assert_eq!(divide(65_536, Some(2_000)).unwrap().devices.connections, 2_000);
    }

    #[test]
    fn a_default_that_does_not_fit_is_lowered() {
        let lowered = divide(1_024, None).unwrap().devices;
        assert!(lowered.connections < DEVICES && lowered.connections > 100, "{lowered:?}");
        assert!(lowered.porch >= 64, "half-open sockets turn over");
    }

    #[test]
    fn a_box_without_room_to_live_does_not_start() {
        assert!(divide(LEAST - 1, None).unwrap_err().contains("may open 399 files"));
    }
}
