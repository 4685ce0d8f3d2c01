//! Gate of the local bus: which programs of the household may follow and feed it.
//!
//! One name and password for all of them, if one is set; from another machine nobody comes in without.
//! What is said there is in no spool but for a call for help, which goes up as this box's own press: it is
//! on disk before it is acknowledged. Not here: devices (`enrol`), how it goes up (`devices`), and what the
//! bus says (`bus_words`).

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use door::{Deny, Gate, Hello, Pass, Who};

/// Gate of the local bus: programs of this machine, and of others if a password is set.
#[derive(Debug)]
pub struct BusGate {
    password: RwLock<Option<(String, String)>>,
    next: AtomicU32,
}

impl BusGate {
    /// `password` is a name and its password.
    pub fn new(password: Option<(String, String)>) -> Self {
        Self { password: RwLock::new(password), next: AtomicU32::new(1) }
    }

    /// Asks whoever comes from now on for this password; whether it is another one than before.
    pub fn set(&self, password: Option<(String, String)>) -> bool {
        let mut known = self.password.write().unwrap_or_else(PoisonError::into_inner);
        let changed = *known != password;
        *known = password;
        changed
    }
}

impl Gate for BusGate {
    fn admit(&self, hello: &Hello<'_>) -> Result<Pass, Deny> {
        let wanted = self.password.read().unwrap_or_else(PoisonError::into_inner);
        match &*wanted {
            Some((name, password)) => {
                let known = hello.login == Some(name.as_str());
                let given = hello.password.unwrap_or_default();
                if !(known && same(given, password.as_bytes())) {
                    return Err(Deny::Credentials);
                }
            }
            None if hello.peer.ip().is_loopback() => {}
            None => return Err(Deny::NotAuthorized),
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Ok(Pass { who: Who::Local(number), lane: None })
    }

    fn calls(&self, _topic: &str, payload: &[u8]) -> bool {
        let help = calls_for_help(payload);
        if help {
            tracing::warn!("a call for help on the local bus goes up as a press of this box");
        }
        help
    }
}

/// Words for help of the buttons that households have.
const HELP: [&str; 3] = ["emergency", "sos", "panic"];
/// Payloads above this are no word of a button.
const WORD_MAX: usize = 8 * 1024;

/// Whether somebody calls for help: `action` or the whole payload is such a word, or `sos` is true.
fn calls_for_help(payload: &[u8]) -> bool {
    if payload.len() > WORD_MAX {
        return false;
    }
    let is_help = |word: &str| HELP.iter().any(|help| word.eq_ignore_ascii_case(help));
    // Most of what is said has none of these words anywhere, and is not read any further.
    let has =
        |help: &&str| payload.windows(help.len()).any(|w| w.eq_ignore_ascii_case(help.as_bytes()));
    if !HELP.iter().any(has) {
        return false;
    }
    match serde_json::from_slice::<serde_json::Value>(payload) {
        Ok(word) => {
            word.get("action").and_then(|action| action.as_str()).is_some_and(is_help)
                || word.get("sos").and_then(|sos| sos.as_bool()) == Some(true)
                || word.as_str().is_some_and(is_help)
        }
        Err(_) => std::str::from_utf8(payload).is_ok_and(is_help),
    }
}

/// Compares without saying by its duration where the difference is.
fn same(given: &[u8], right: &[u8]) -> bool {
    let differ = given.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b));
    given.len() == right.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_for_help_is_known_by_the_words_of_the_buttons_households_have() {
        for help in [
            r#"{"action":"emergency","battery":100}"#,
            r#"{"action":"sos"}"#,
            r#"{"sos":true,"battery_low":false}"#,
            "emergency",
            "\"SOS\"",
        ] {
            assert!(calls_for_help(help.as_bytes()), "{help}");
        }
        for other in [r#"{"action":"single"}"#, r#"{"sos":false}"#, r#"{"action":null}"#, "on", ""]
        {
            assert!(!calls_for_help(other.as_bytes()), "{other}");
        }
    }
}
