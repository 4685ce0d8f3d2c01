//! Passwords: hashed with Argon2id off the async threads, a few at a time.
//!
//! Length is the only rule: no composition, no rotation, paste allowed. A login of an unknown name
//! costs the same as a wrong password. Tries over the limit have a seat of their own, one after the other, so that a
//! guesser takes neither the cores nor a colleague's turn. Not here: who may try again and when (`tries`).

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

/// Fewest characters of a password.
pub(crate) const SHORTEST: usize = 10;
/// Most bytes of a password.
pub const LONGEST: usize = 256;
/// Hashes computed at once: each takes 19 MiB and some 30 ms.
const AT_ONCE: usize = 2;
/// Tries over the limit that may wait for their seat; at 30 ms each the last one waits some 8 s.
const OVER_WAITING: usize = 256;
/// Verified when the name is unknown, so that the answer takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$W4Yg0V6bLw3Z2QkUj9o5mA2m7t6v0nGm8d8b8sQ0t9E";

/// The hashing room. Clone freely.
#[derive(Debug, Clone)]
pub struct Passwords {
    room: Arc<Semaphore>,
    over: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let seats = |n| Arc::new(Semaphore::new(n));
        Self { room: seats(AT_ONCE), over: seats(1), waiting: seats(OVER_WAITING) }
    }
}

impl Passwords {
    /// Hashes a password for its row; none when the machine refuses to.
    pub async fn hash(&self, password: String) -> Option<String> {
        let _seat = self.room.clone().acquire_owned().await.ok()?;
        tokio::task::spawn_blocking(move || {
            Argon2::default().hash_password(password.as_bytes()).ok().map(|h| h.to_string())
        })
        .await
        .ok()?
    }

    /// Whether a password fits the stored hash. Without a hash the answer is no, after the same work.
    pub async fn fits(&self, password: String, hash: Option<String>) -> bool {
        let Ok(_seat) = self.room.clone().acquire_owned().await else { return false };
        Self::verify(password, hash).await
    }

    /// The same for a try over the limit: on a seat of its own, and no if too many wait for it already.
    pub(crate) async fn fits_over(&self, password: String, hash: Option<String>) -> bool {
        let Ok(_place) = self.waiting.clone().try_acquire_owned() else { return false };
        let Ok(_seat) = self.over.clone().acquire_owned().await else { return false };
        Self::verify(password, hash).await
    }

    async fn verify(password: String, hash: Option<String>) -> bool {
        let known = hash.is_some();
        let stored = hash.unwrap_or_else(|| NOBODY.to_owned());
        let fits = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&stored).is_ok_and(|hash| {
                Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
            })
        })
        .await
        .unwrap_or(false);
        fits && known
    }
}

/// Whether a new password may be used at all.
pub fn acceptable(password: &str, name: &str) -> bool {
    let length = password.chars().count();
    length >= SHORTEST
        && password.len() <= LONGEST
        && password != name
        && password.chars().next().is_some_and(|first| password.chars().any(|c| c != first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_only_its_own_hash() {
        let room = Passwords::default();
        let hash = room.hash("correct horse".into()).await;
        assert!(hash.as_deref().is_some_and(|h| h.starts_with("$argon2id$v=19$m=19456")));
        assert!(room.fits("correct horse".into(), hash.clone()).await);
        assert!(!room.fits("correct house".into(), hash).await);
        assert!(!room.fits("correct horse".into(), None).await);
        assert!(PasswordHash::new(NOBODY).is_ok(), "an unknown name must cost a real verification");
    }

    #[test]
    fn length_is_the_rule() {
        for (password, fine) in [
            ("123456789", false),
            ("aaaaaaaaaaaa", false),
            ("演示用的口令要十个字", true),
            ("plain words only", true),
        ] {
            assert_eq!(acceptable(password, "op1"), fine, "{password}");
        }
        assert!(!acceptable("a name as long", "a name as long"));
    }
}
