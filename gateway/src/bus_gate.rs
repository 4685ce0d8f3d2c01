//! Gate of the local bus: which programs of the household may follow and feed it.
//!
//! One name and password for all of them, if one is set; from another machine nobody comes in without.
//! What is said there is in no spool but for a call for help, which goes up as this box's own press: it is
//! on disk before it is acknowledged. Not here: devices (`enrol`), what is a call (`bus_calls`), how it goes up
//! (`devices`), and what the bus says (`bus_words`).

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use door::{Deny, Gate, Hello, Pass, Saying, Who};

use crate::bus_calls::{Calls, Word, read};
use crate::clock::Clock;

/// Gate of the local bus: programs of this machine, and of others if a password is set.
#[derive(Debug)]
pub struct BusGate {
    password: RwLock<Option<(String, String)>>,
    next: AtomicU32,
    clock: Clock,
    calls: Mutex<Calls>,
}

impl BusGate {
    /// `password` is a name and its password.
    pub fn new(password: Option<(String, String)>, clock: Clock) -> Self {
        let (password, next) = (RwLock::new(password), AtomicU32::new(1));
        Self { password, next, clock, calls: Mutex::default() }
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
        let who = Who::Local(self.next.fetch_add(1, Ordering::Relaxed));
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).come(self.clock.now(), who);
        Ok(Pass { who, lane: None })
    }

    fn calls(&self, saying: &Saying<'_>) -> bool {
        let word = read(saying.payload);
        if word == Word::Other {
            return false;
        }
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let help = calls.hear(self.clock.now(), saying, word);
        if help && !saying.repeated {
            tracing::warn!("a call for help on the local bus goes up as a press of this box");
        }
        help
    }
}

/// Compares without saying by its duration where the difference is.
fn same(given: &[u8], right: &[u8]) -> bool {
    let differ = given.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b));
    given.len() == right.len() && differ == 0
}
