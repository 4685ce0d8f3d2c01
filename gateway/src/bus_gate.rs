//! Gate of the local bus: which programs of this machine may follow and feed it.
//!
//! Loopback only; one name and password for all of them, if one is set. Not here: devices (`enrol`), and
//! what the bus says (`bus_words`).

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use door::{Deny, Gate, Hello, Pass, Who};

/// Gate of the local bus: programs of this machine, with one password if one is set.
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

    /// Asks whoever comes from now on for another password.
    pub fn set(&self, password: Option<(String, String)>) {
        *self.password.write().unwrap_or_else(PoisonError::into_inner) = password;
    }
}

impl Gate for BusGate {
    fn admit(&self, hello: &Hello<'_>) -> Result<Pass, Deny> {
        if !hello.peer.ip().is_loopback() {
            return Err(Deny::NotAuthorized);
        }
        let wanted = self.password.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, password)) = &*wanted {
            let known = hello.login == Some(name.as_str());
            let given = hello.password.unwrap_or_default();
            if !(known && same(given, password.as_bytes())) {
                return Err(Deny::Credentials);
            }
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Ok(Pass { who: Who::Local(number), lane: None })
    }
}

/// Compares without saying by its duration where the difference is.
fn same(given: &[u8], right: &[u8]) -> bool {
    let differ = given.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b));
    given.len() == right.len() && differ == 0
}
