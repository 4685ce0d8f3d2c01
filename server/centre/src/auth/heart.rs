//! Right passwords that are known by heart: recognised at once, however many wrong ones wait to be hashed.
//!
//! A password that has been proved is remembered as an HMAC under a key that is drawn at every start and never leaves
//! memory; a copy of the disk holds none of it. Bound to the stored hash, so that a changed password is forgotten by
//! itself. Not here: how passwords are stored (`password`).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

type Mark = [u8; 32];

/// What is known by heart. One per server.
pub struct Heart {
    /// None where the system gave no random numbers: then nothing is known.
    key: Option<[u8; 32]>,
    known: Mutex<HashMap<String, (String, Mark)>>,
}

impl Default for Heart {
    fn default() -> Self {
        let mut key = [0; 32];
        let drawn = getrandom::fill(&mut key).is_ok();
        Self { key: drawn.then_some(key), known: Mutex::default() }
    }
}

impl std::fmt::Debug for Heart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Heart")
    }
}

impl Heart {
    fn mark(&self, staff: &str, password: &str) -> Option<Mark> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key?).ok()?;
        mac.update(staff.as_bytes());
        mac.update(&[0]);
        mac.update(password.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }

    /// This password of `staff` has been proved against what is stored of it.
    pub fn learn(&self, staff: &str, stored: &str, password: &str) {
        let Some(mark) = self.mark(staff, password) else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(staff.to_owned(), (stored.to_owned(), mark));
    }

    /// Whether this is the password of `staff`; none if that is not known by heart.
    pub fn knows(&self, staff: &str, stored: &str, password: &str) -> Option<bool> {
        let mark = self.mark(staff, password)?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, right) = known.get(staff)?;
        (of == stored).then(|| right.ct_eq(&mark).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_proved_and_is_still_stored_is_known() {
        let heart = Heart::default();
        assert_eq!(heart.knows("a", "hash", "secret"), None);
        heart.learn("a", "hash", "secret");
        assert_eq!(heart.knows("a", "hash", "secret"), Some(true));
        assert_eq!(heart.knows("a", "hash", "other"), Some(false));
        assert_eq!(heart.knows("a", "changed", "secret"), None);
        assert_eq!(heart.knows("b", "hash", "secret"), None);
    }
}
