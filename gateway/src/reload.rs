//! Files that a person may change while the box runs: its credentials and the password of the bus.
//!
//! They are looked at every few seconds. What cannot be read changes nothing and is said; what needs a new start
//! says so. Not here: the configuration, which is read once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::bus_gate::BusGate;
use crate::credentials::Credentials;
use crate::start::read_password;
use crate::uplink::renewal::Order;
use crate::uplink::wallet::Wallet;

/// Pause between two looks.
pub const LOOK: Duration = Duration::from_secs(2);

/// Tells whether a file has changed since the last look.
#[derive(Debug)]
pub struct Stamp {
    path: PathBuf,
    seen: Option<(SystemTime, u64)>,
}

impl Stamp {
    /// Of the file as it is now.
    pub fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), seen: look(path) }
    }

    /// Whether it is another one than at the last look.
    pub fn has_changed(&mut self) -> bool {
        let now = look(&self.path);
        let changed = now != self.seen;
        self.seen = now;
        changed
    }
}

fn look(path: &Path) -> Option<(SystemTime, u64)> {
    let known = std::fs::metadata(path).ok()?;
    Some((known.modified().ok()?, known.len()))
}

/// What follows a change.
#[derive(Clone)]
pub struct Reload {
    /// Where the credentials are, and what they said at the start.
    pub credentials: (PathBuf, Credentials),
    /// Where new papers go.
    pub wallet: Option<Arc<Wallet>>,
    /// Tells the lanes to prove them.
    pub orders: watch::Sender<Order>,
    /// The gate of the bus and its password file.
    pub bus: (Arc<BusGate>, Option<PathBuf>),
}

impl Reload {
    /// Looks until its task is ended.
    pub async fn run(mut self) {
        let mut credentials = Stamp::of(&self.credentials.0);
        let mut bus = self.bus.1.as_deref().map(Stamp::of);
        loop {
            tokio::time::sleep(LOOK).await;
            if credentials.has_changed() {
                self.new_credentials();
            }
            if bus.as_mut().is_some_and(Stamp::has_changed) {
                self.new_password();
            }
        }
    }

    fn new_credentials(&mut self) {
        let (path, known) = &mut self.credentials;
        let new = match Credentials::load(path) {
            Ok(new) => new,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "changed credentials are of no use"
                );
                return;
            }
        };
        let same = new.gateway == known.gateway
            && new.epoch == known.epoch
            && new.key.expose() == known.key.expose()
            && new.server == known.server;
        if !same {
            tracing::error!(
                "the credentials are of another box, key or server: start this box again"
            );
            return;
        }
        let fresh = new.papers.as_ref().filter(|papers| known.papers.as_ref() != Some(papers));
        if let (Some(papers), Some(wallet)) = (fresh, &self.wallet) {
            match wallet.put(papers) {
                Ok(()) => {
                    tracing::info!("new papers from the credentials");
                    self.orders.send_replace(Order::Prove);
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "changed papers are of no use"
                    );
                }
            }
        }
        *known = new;
    }

    fn new_password(&self) {
        match read_password(self.bus.1.as_ref()) {
            Ok(password) => {
                tracing::info!("the bus has a new password");
                self.bus.0.set(password);
            }
            Err(error) => tracing::error!(%error, "the bus keeps its old password"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_seen_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let mut stamp = Stamp::of(&path);
        assert!(!stamp.has_changed());
        std::fs::write(&path, "one").unwrap();
        assert!(stamp.has_changed() && !stamp.has_changed());
        std::fs::write(&path, "another").unwrap();
        assert!(stamp.has_changed() && !stamp.has_changed());
    }
}
