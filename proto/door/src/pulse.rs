//! The pulse of a door: how its own caller is known, and whether its last round came back.
//!
//! Not here: the round itself (`watchdog`), or what is done about a door that is not healthy.

use std::sync::{Mutex, MutexGuard, PoisonError};

use proto::unit::{Millis, Mono};
use subtle::ConstantTimeEq;

use crate::Hello;

/// A door without a round for so long is not healthy: the watchdog itself hangs.
const OVERDUE: Millis = Millis::secs(16);
/// Client id and user name of the watchdog.
pub(crate) const NAME: &str = "watchdog";

/// What is known of its rounds.
#[derive(Default)]
pub(crate) struct Beat {
    pub(crate) login: Option<String>,
    /// Port from which it calls now.
    pub(crate) port: Option<u16>,
    /// When the last round came back; none after one that did not.
    pub(crate) last: Option<Mono>,
    pub(crate) rounds: u64,
    pub(crate) misses: u64,
}

/// The pulse of a door.
#[derive(Default)]
pub(crate) struct Pulse(Mutex<Beat>);

impl Pulse {
    /// What is known.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Beat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a caller is the watchdog; its login is used up by asking.
    pub(crate) fn admits(&self, hello: &Hello<'_>) -> bool {
        if hello.login != Some(NAME) || hello.client_id != NAME {
            return false;
        }
        let Some(given) = hello.password else { return false };
        let mut beat = self.lock();
        let fits = beat.login.as_ref().is_some_and(|login| login.as_bytes().ct_eq(given).into());
        if fits {
            beat.login = None;
        }
        fits
    }

    /// Whether the watchdog calls from this port of this machine.
    pub(crate) fn calls_from(&self, port: u16) -> bool {
        self.lock().port == Some(port)
    }

    /// Whether the last round came back, lately.
    pub(crate) fn beats(&self, now: Mono) -> bool {
        self.lock().last.is_some_and(|last| now.since(last) <= OVERDUE)
    }

    /// Rounds that came back, and that did not.
    pub(crate) fn rounds(&self) -> (u64, u64) {
        let beat = self.lock();
        (beat.rounds, beat.misses)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn hello(password: &[u8]) -> Hello<'_> {
        let peer = (Ipv4Addr::LOCALHOST, 1).into();
        let (login, password) = (Some(NAME), Some(password));
        Hello { peer, client_id: NAME, login, password, certificate: None }
    }

    #[test]
    fn a_login_of_the_watchdog_is_good_for_one_connection() {
        let pulse = Pulse::default();
        pulse.lock().login = Some("secret".into());
        assert!(!pulse.admits(&hello(b"another")));
        assert!(pulse.admits(&hello(b"secret")), "a wrong guess uses nothing up");
        assert!(!pulse.admits(&hello(b"secret")));
    }

    #[test]
    fn a_watchdog_that_hangs_is_no_pulse() {
        let pulse = Pulse::default();
        assert!(!pulse.beats(Mono::from_millis(0)), "before the first round");
        let last = Mono::from_millis(1_000);
        pulse.lock().last = Some(last);
        assert!(pulse.beats(last.after(OVERDUE)));
        assert!(!pulse.beats(last.after(OVERDUE).after(Millis::new(1))));
    }
}
