//! A receiver as its secret file says now: a changed secret signs the next call, one of no use leaves the last in force.
//!
//! The file is read before each call, which costs less than the call by far. Not here: the call (`webhook`), who is
//! told of a file that cannot be used (`crate::files`).

use std::sync::{Mutex, PoisonError};

use super::webhook::Webhook;
use crate::config;

/// A receiver, and its last secret that was of use.
pub struct Receiver {
    settings: config::Webhook,
    last: Mutex<Option<(Vec<u8>, Webhook)>>,
}

impl Receiver {
    /// As the configuration names it; nothing is read yet.
    pub fn new(settings: config::Webhook) -> Self {
        Self { settings, last: Mutex::new(None) }
    }

    /// How to sign for it now.
    ///
    /// # Errors
    /// The secret has never been of use, or the address may not be called.
    pub fn now(&self) -> Result<Webhook, String> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = std::fs::read(&self.settings.secret_file);
        if let (Ok(secret), Some((known, hook))) = (&secret, &*last)
            && secret == known
        {
            return Ok(hook.again());
        }
        match (open(&self.settings, secret), &*last) {
            (Ok((secret, hook)), before) => {
                if before.is_some() {
                    tracing::info!("notices are signed with another secret from now on");
                }
                let again = hook.again();
                *last = Some((secret, hook));
                Ok(again)
            }
            (Err(_), Some((_, hook))) => Ok(hook.again()),
            (Err(why), None) => Err(why),
        }
    }
}

/// Whether a receiver could be called with what its file says now.
///
/// # Errors
/// Why not.
pub fn opens(settings: &config::Webhook) -> Result<(), String> {
    open(settings, std::fs::read(&settings.secret_file)).map(drop)
}

fn open(
    settings: &config::Webhook,
    secret: std::io::Result<Vec<u8>>,
) -> Result<(Vec<u8>, Webhook), String> {
    let file = settings.secret_file.display();
    let secret = secret.map_err(|error| format!("{file}: {error}"))?;
    let hook = Webhook::new(&settings.url, &secret).map_err(|error| format!("{file}: {error}"))?;
    Ok((secret, hook))
}
